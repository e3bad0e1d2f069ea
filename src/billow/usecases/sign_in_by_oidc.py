"""Let in whom the company's identity provider knows, and who is a user here already."""

import hashlib
import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import IntegrityError, transaction

from billow.records.accounts.models import IdentityLink, User
from billow.usecases.about_person import actor_for, note
from billow.usecases.attempts import refuse_too_many, remember, tries_at
from billow.usecases.oidc_provider import (
    UnableToAskProvider,
    UnableToTrustToken,
    claims_of,
    more_about,
    provider_of,
    tokens_for,
)
from billow.usecases.oidc_settings import OidcSettings
from billow.usecases.refused import Refused
from billow.usecases.sign_in import may_enter, welcome

logger = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=10)
"""How long somebody may take at the provider."""

MOST_FAILURES = {"address": 30}
"""Answers that were refused within the window, from one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser goes, and what the door keeps until it is back."""

    address: str
    kept: dict[str, str]


def sign_on_name() -> str:
    """Return how the provider is called on the sign-in page; empty where there is none."""
    oidc: OidcSettings | None = settings.OIDC
    return "" if oidc is None else oidc.name


def depart(*, now: datetime) -> Departure:
    """Return the way to the provider, for one answer to one browser."""
    oidc = _settings()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    try:
        endpoint = provider_of(oidc).authorization
    except UnableToAskProvider as away:
        logger.warning("sign-on: %s", away)
        raise _away(oidc) from away
    question = urlencode(
        {
            "response_type": "code",
            "client_id": oidc.client_id,
            "redirect_uri": oidc.callback,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "since": now.isoformat()}
    return Departure(address=f"{endpoint}{'&' if '?' in endpoint else '?'}{question}", kept=kept)


def arrive(*, answer: Mapping[str, str], kept: Mapping[str, str] | None, address: str, now: datetime) -> User:
    """Return who came back from the provider; raise Refused for everything that is not quite so."""
    oidc = _settings()
    tries = tries_at("oidc ", parts={"address": address}, most=MOST_FAILURES)
    refuse_too_many(tries, now=now)
    try:
        _check_answer(answer, kept, oidc, now)
        assert kept is not None, "the answer was checked against it"
        claims = _claims(answer["code"], kept, oidc)
        user = _user_of(claims, oidc, now)
    except Refused:
        remember(tries, now=now)
        raise
    welcome(user, method="oidc", now=now)
    return user


def _check_answer(answer: Mapping[str, str], kept: Mapping[str, str] | None, oidc: OidcSettings, now: datetime) -> None:
    if kept is None or now - datetime.fromisoformat(kept["since"]) > PATIENCE:
        raise Refused("ask_again", "That took too long, or was done already. Try again.")
    if not hmac.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise _refused("the state is another one", oidc)
    if answer.get("iss") not in {None, oidc.issuer}:
        raise _refused("the answer comes from another provider", oidc)
    if answer.get("error") or not answer.get("code"):
        raise _refused("the provider let nobody in", oidc)


def _claims(code: str, kept: Mapping[str, str], oidc: OidcSettings) -> Mapping[str, Any]:
    try:
        tokens = tokens_for(code, verifier=kept["verifier"], settings=oidc)
        claims = claims_of(str(tokens.get("id_token", "")), nonce=kept["nonce"], settings=oidc)
        return more_about(claims, access_token=tokens.get("access_token"), settings=oidc)
    except UnableToAskProvider as away:
        logger.warning("sign-on: %s", away)
        raise _away(oidc) from away
    except UnableToTrustToken as forged:
        raise _refused(f"the token is not to be trusted: {forged}", oidc) from forged


def _user_of(claims: Mapping[str, Any], oidc: OidcSettings, now: datetime) -> User:
    links = IdentityLink.objects.select_related("user__management_account", "user__managed_account")
    link = links.filter(issuer=oidc.issuer, subject=claims["sub"]).first()
    user = link.user if link is not None else _user_with_address(claims, oidc)
    if not may_enter(user) or user.managed_account_id is not None:
        note(user, actor=actor_for(user), action="sign_in_refused", changes={"method": "oidc"}, now=now)
        raise _unknown(user.email, oidc)
    if link is not None:
        IdentityLink.objects.filter(pk=link.pk).update(last_used_at=now)
        return user
    if IdentityLink.objects.filter(user=user, issuer=oidc.issuer).exists():
        note(user, actor=actor_for(user), action="sign_in_refused", changes={"method": "oidc"}, now=now)
        message = f"Somebody else came from {oidc.name} with this address before. Ask an owner, or whoever runs this."
        raise Refused("another_person", message)
    try:
        with transaction.atomic():
            IdentityLink.objects.create(
                user=user, issuer=oidc.issuer, subject=claims["sub"], created_at=now, last_used_at=now
            )
            note(user, actor=actor_for(user), action="identity_linked", changes={"issuer": oidc.issuer}, now=now)
    except IntegrityError as clash:
        raise Refused("ask_again", "You came twice at once. Try again.") from clash
    return user


def _user_with_address(claims: Mapping[str, Any], oidc: OidcSettings) -> User:
    """Return the user with the address that the provider has verified."""
    email = claims.get("email")
    is_verified = claims.get("email_verified", oidc.trusts_addresses)
    if not isinstance(email, str) or not (is_verified is True or is_verified == "true"):
        message = f"{oidc.name} does not say that your e-mail address is verified. Ask whoever runs it."
        raise Refused("not_verified", message)
    people = User.objects.select_related("management_account", "managed_account")
    user = people.filter(email=email.strip().lower()).first()
    if user is None:
        raise _unknown(email, oidc)
    return user


def _settings() -> OidcSettings:
    oidc: OidcSettings | None = settings.OIDC
    if oidc is None:
        raise Refused("not_found", "Resource not found")
    return oidc


def _refused(reason: str, oidc: OidcSettings) -> Refused:
    logger.warning("sign-on refused: %s", reason)
    return Refused("sign_on_refused", f"Signing in with {oidc.name} did not work. Try again, or sign in another way.")


def _away(oidc: OidcSettings) -> Refused:
    message = f"{oidc.name} does not answer as it should. Try again in a minute, or sign in another way."
    return Refused("provider_away", message)


def _unknown(email: str, oidc: OidcSettings) -> Refused:
    message = f"{oidc.name} knows you as {email[:254]}, but nobody here has this address. Ask an owner to add you."
    return Refused("unknown_person", message)
