"""Ask the identity provider: where its endpoints are, what a code is worth, and with which keys it signs."""

import json
import logging
import ssl
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from jwt import PyJWK, PyJWKSet

from billow.usecases.oidc_settings import OidcSettings, may_be_asked

logger = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key that the provider alone has; none that our own secret could make."""

_TIMEOUT_S = 10
_LARGEST_ANSWER = 1024 * 1024
_KEPT_S = 600
_ASKED_AGAIN_AFTER_S = 30
_LEEWAY_S = 60


class UnableToAskProvider(Exception):
    """The provider cannot be reached, or its answer is none."""


class UnableToTrustToken(Exception):
    """The token is not what the provider would say to us, here and now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The provider's endpoints, and when they were asked for."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    takes_basic: bool
    asked_at: int


@dataclass(slots=True)
class _Known:
    """What this process knows of a provider."""

    provider: Provider | None = None
    keys: PyJWKSet | None = None
    keys_asked_at: int = 0


@cache
def _known(issuer: str) -> _Known:  # noqa: ARG001  # what is known is kept by issuer
    return _Known()


def provider_of(settings: OidcSettings) -> Provider:
    """Return the provider's endpoints, asking for them every few minutes; raise UnableToAskProvider."""
    known = _known(settings.issuer)
    if known.provider is None or _now_s() - known.provider.asked_at > _KEPT_S:
        document = _ask(f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration", settings)
        if document.get("issuer") != settings.issuer:
            raise UnableToAskProvider(f"the provider calls itself {document.get('issuer')!r}, not {settings.issuer!r}")
        known.provider = Provider(
            authorization=_endpoint(document, "authorization_endpoint"),
            token=_endpoint(document, "token_endpoint"),
            keys=_endpoint(document, "jwks_uri"),
            userinfo=_endpoint(document, "userinfo_endpoint") if document.get("userinfo_endpoint") else "",
            takes_basic="client_secret_basic"
            in document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]),
            asked_at=_now_s(),
        )
    return known.provider


def tokens_for(code: str, *, verifier: str, settings: OidcSettings) -> Mapping[str, Any]:
    """Exchange the code for tokens; raise UnableToAskProvider."""
    provider, headers = provider_of(settings), {}
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.callback,
        "code_verifier": verifier,
    }
    if provider.takes_basic:
        pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
    return _ask(provider.token, settings, form=form, headers=headers)


def claims_of(token: str, *, nonce: str, settings: OidcSettings) -> Mapping[str, Any]:
    """Return what a token says, once it is the provider's, for us, of now, and the answer to our question."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise UnableToTrustToken(f"it is signed by {header.get('alg')!r}")
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_key_for(header, settings),
            algorithms=list(ALGORITHMS),
            audience=settings.client_id,
            issuer=settings.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as wrong:
        raise UnableToTrustToken(str(wrong)) from wrong
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.client_id:
        raise UnableToTrustToken("it was issued to somebody else")
    if not isinstance(claims.get("nonce"), str) or claims["nonce"] != nonce:
        raise UnableToTrustToken("it answers another question")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise UnableToTrustToken("it names nobody")
    return claims


def more_about(claims: Mapping[str, Any], *, access_token: object, settings: OidcSettings) -> Mapping[str, Any]:
    """Return the claims with those that the provider tells only when asked, where the address is not among them."""
    provider = provider_of(settings)
    if "email" in claims or not provider.userinfo or not isinstance(access_token, str):
        return claims
    more = _ask(provider.userinfo, settings, headers={"Authorization": f"Bearer {access_token}"})
    if more.get("sub") != claims["sub"]:
        raise UnableToTrustToken("the provider told about somebody else")
    return {**more, **claims}


def _now_s() -> int:
    return time.monotonic_ns() // 10**9


def _key_for(header: Mapping[str, Any], settings: OidcSettings) -> PyJWK:
    known, name = _known(settings.issuer), header.get("kid")
    for is_new in (False, True):
        asked = _now_s() - known.keys_asked_at if known.keys is not None else _KEPT_S + 1
        if asked > _KEPT_S or (is_new and asked > _ASKED_AGAIN_AFTER_S):
            # A key that nobody knows may be new; a stranger's token must not make us ask all the time.
            known.keys = _keys(settings)
            known.keys_asked_at = _now_s()
        keys = [key for key in (known.keys.keys if known.keys else ()) if key.public_key_use in {None, "sig"}]
        found = [key for key in keys if key.key_id == name] if name else keys
        if len(found) == 1:
            return found[0]
    raise UnableToTrustToken("it is signed with a key that the provider does not show")


def _keys(settings: OidcSettings) -> PyJWKSet:
    try:
        return PyJWKSet.from_dict(dict(_ask(provider_of(settings).keys, settings)))
    except jwt.PyJWTError as wrong:
        raise UnableToAskProvider(f"the provider's keys cannot be read: {wrong}") from wrong


def _endpoint(document: Mapping[str, Any], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or not may_be_asked(address):
        raise UnableToAskProvider(f"the provider's {name} is {address!r}, to which no secret may travel")
    return address


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nobody: what is asked for holds secrets."""
        return


def _ask(
    address: str,
    settings: OidcSettings,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    body = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(  # noqa: S310  # may_be_asked has looked at the scheme
        address, data=body, headers={"Accept": "application/json", **(headers or {})}
    )
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        opener = urllib.request.build_opener(_NoRedirects(), urllib.request.HTTPSHandler(context=context))
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            read = json.loads(answer.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as refused:
        raise UnableToAskProvider(f"{address} answered {refused.code}: {_reason(refused)}") from None
    except (OSError, ValueError) as away:
        raise UnableToAskProvider(f"{address}: {away}") from away
    if not isinstance(read, dict):
        raise UnableToAskProvider(f"{address} answered with something else than an object")
    return read


def _reason(refused: urllib.error.HTTPError) -> str:
    """Return the provider's own word for what is wrong, which holds no secret, and nothing else of its answer."""
    try:
        word = json.loads(refused.read(_LARGEST_ANSWER)).get("error", "")
    except (OSError, ValueError, AttributeError):
        return "no reason"
    return word[:60] if isinstance(word, str) and word.replace("_", "").isalnum() else "no reason"
