"""Sign-on through an identity provider: it is believed only what it says to us, here, now, about somebody of ours."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from billow.records.accounts.models import IdentityLink, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.usecases.oidc_settings import OidcSettings, UnableToReadOidcSettings, read_oidc_settings
from billow.usecases.sign_in_by_oidc import MOST_FAILURES
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.people import People, make_people

BASE = "https://billing.nimbus.example"
ALICE = {"sub": "00u1", "email": "Alice@Nimbus.example", "email_verified": True}


@pytest.fixture
def people(db: None) -> People:
    return make_people()


def settings_for(provider: IdentityProvider, **other: Any) -> OidcSettings:
    given = {
        "issuer": provider.address,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "name": "Nimbus ID",
        "ca_file": "",
        "trusts_addresses": False,
        "base_url": BASE,
    }
    found = read_oidc_settings(**{**given, **other})
    assert found is not None
    return found


@pytest.fixture
def provider(settings: Any) -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        provider.says = dict(ALICE)
        settings.OIDC = settings_for(provider)
        yield provider


def come_back(client: Client, provider: IdentityProvider, wished: str = "/accounts") -> str:
    """Leave for the provider and return the path it sends the browser back to."""
    answer = client.get("/sign-in/oidc", {"next": wished})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{provider.address}/authorize?")
    back = provider.visit(answer.headers["Location"])
    assert back.startswith(f"{BASE}/sign-in/oidc/callback?")
    return back.removeprefix(BASE)


def sign_on(provider: IdentityProvider, client: Client | None = None) -> tuple[int, str]:
    browser = client or Client()
    answer = browser.get(come_back(browser, provider))
    return answer.status_code, answer.headers.get("Location", "") or answer.content.decode()


def stays_out(provider: IdentityProvider, said: str) -> None:
    client = Client()
    status, text = sign_on(provider, client)
    assert status == 422, text
    assert said in text
    assert client.get("/invoices").status_code == 302
    assert not IdentityLink.objects.exists()


def test_somebody_whom_the_provider_knows_comes_in_under_a_new_session_key(
    people: People, provider: IdentityProvider
) -> None:
    client = Client()
    back = come_back(client, provider)
    key = client.session.session_key
    answer = client.get(back)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts")
    assert client.session.session_key != key
    assert client.get("/you").context["person"] == people.alice.user
    actions = [(entry.action, entry.changes) for entry in AuditEntry.objects.order_by("pk")]
    assert actions == [("identity_linked", {"issuer": provider.address}), ("signed_in", {"method": "oidc"})]


def test_from_then_on_the_providers_own_name_counts_not_the_address(people: People, provider: IdentityProvider) -> None:
    assert sign_on(provider)[0] == 302
    provider.says = {"sub": "00u1", "email": "bob@nimbus.example", "email_verified": True}
    client = Client()
    assert sign_on(provider, client)[0] == 302
    assert client.get("/you").context["person"] == people.alice.user
    assert IdentityLink.objects.count() == 1


def test_an_address_that_went_to_somebody_else_is_no_way_in(people: People, provider: IdentityProvider) -> None:
    assert sign_on(provider)[0] == 302
    provider.says["sub"] = "00u2"
    status, text = sign_on(provider)
    assert (status, "Somebody else came from Nimbus ID" in text) == (422, True)
    assert AuditEntry.objects.latest("pk").action == "sign_in_refused"


@pytest.mark.parametrize("email", ["eve@evil.example", "charlie@nimbus.example"])
def test_nobody_becomes_a_user_by_coming(email: str, people: People, provider: IdentityProvider) -> None:
    provider.says["email"] = email
    before = User.objects.count()
    stays_out(provider, f"knows you as {email}, but nobody here has this address")
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": 1},
        {"email_verified": ["true"]},
        {"email_verified": None},
        {"email": None},
        {"email": ["alice@nimbus.example"]},
    ],
)
def test_an_address_that_nobody_verified_is_not_believed(
    claims: dict[str, Any], people: People, provider: IdentityProvider
) -> None:
    provider.says |= claims
    stays_out(provider, "does not say that your e-mail address is verified")


def test_a_provider_that_never_says_so_is_believed_only_by_a_setting(
    people: People, provider: IdentityProvider, settings: Any
) -> None:
    del provider.says["email_verified"]
    stays_out(provider, "does not say that your e-mail address is verified")
    settings.OIDC = settings_for(provider, trusts_addresses=True)
    provider.says["email_verified"] = False
    stays_out(provider, "does not say that your e-mail address is verified")
    del provider.says["email_verified"]
    assert sign_on(provider)[0] == 302


def test_customers_services_and_people_switched_off_stay_out(
    people: People, provider: IdentityProvider, olives: ManagedAccount
) -> None:
    for change in ({"is_active": False}, {"is_service": True}, {"managed_account": olives}):
        User.objects.filter(pk=people.alice.user.pk).update(is_active=True, is_service=False, managed_account=None)
        User.objects.filter(pk=people.alice.user.pk).update(**change)
        stays_out(provider, "nobody here has this address")


def lies(**claims: Any) -> Callable[[dict[str, Any]], None]:
    return lambda signed: signed.update(claims)


@pytest.mark.parametrize(
    "lie",
    [
        lies(aud="another"),
        lies(aud=[CLIENT, "another"]),
        lies(aud=[CLIENT, "another"], azp="another"),
        lies(iss="https://evil.example"),
        lies(exp=int(time.time()) - 120),
        lies(iat=int(time.time()) + 3600),
        lies(nbf=int(time.time()) + 3600),
        lies(nonce="another"),
        lies(nonce=None),
        lies(sub=""),
        lies(sub=7),
        *((lambda claims, name=name: claims.pop(name)) for name in ("exp", "iat", "aud", "iss", "sub", "nonce")),
    ],
)
def test_a_token_that_is_not_for_us_here_and_now_is_not_believed(
    lie: Callable[[dict[str, Any]], None], people: People, provider: IdentityProvider
) -> None:
    provider.lie = lie
    stays_out(provider, "Signing in with Nimbus ID did not work")


@pytest.mark.parametrize("kind", ["another key", "unknown key", "our secret", "nothing", "public key", "no token"])
def test_a_token_that_the_provider_did_not_sign_is_not_believed(
    kind: str, people: People, provider: IdentityProvider
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    public = b"0" * 300
    unsigned: Any = None
    provider.sign = {
        "another key": lambda claims: provider.signed(claims, key=other),
        "unknown key": lambda claims: provider.signed(claims, key=other, kid="unknown"),
        "our secret": lambda claims: provider.signed(claims, key=SECRET * 3, algorithm="HS256"),
        "nothing": lambda claims: jwt.encode(claims, unsigned, "none", headers={"kid": provider.key_id}),
        "public key": lambda claims: provider.signed(claims, key=public, algorithm="HS256"),
        "no token": lambda claims: "x.y.z",
    }[kind]
    stays_out(provider, "Signing in with Nimbus ID did not work")


def test_a_new_key_of_the_provider_is_asked_for(
    people: People, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_on(provider)[0] == 302
    provider.key, provider.key_id = rsa.generate_private_key(65537, 2048), "second"
    asked = provider.asked.count("/keys")
    assert sign_on(provider)[0] == 422, "a stranger's token does not make us ask all the time"
    assert provider.asked.count("/keys") == asked
    monkeypatch.setattr("billow.usecases.oidc_provider._ASKED_AGAIN_AFTER_S", -1)
    assert sign_on(provider)[0] == 302


def test_the_answer_must_be_to_this_browsers_own_question(people: People, provider: IdentityProvider) -> None:
    client = Client()
    back = come_back(client, provider)
    stranger = Client()
    assert stranger.get(back).status_code == 422, "a link that somebody sends signs nobody in"
    come_back(stranger, provider)
    assert stranger.get(back).status_code == 422, "nor after asking oneself"
    assert client.get(back).status_code == 302
    client.post("/sign-out")
    assert client.get(back).status_code == 422, "and no answer counts twice"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state={state}",
        "error=access_denied&state={state}",
        "code=x&state=é",
        "code=x&state={state}",
        "code={code}&state={state}&iss=https://evil.example",
        "code={code}&state=",
    ],
)
def test_half_an_answer_is_refused_in_words(query: str, people: People, provider: IdentityProvider) -> None:
    client = Client()
    come_back(client, provider)
    code = next(iter(provider.codes))
    answer = client.get(
        f"/sign-in/oidc/callback?{query.format(state=client.session['oidc_asked']['state'], code=code)}"
    )
    assert answer.status_code == 422
    assert "Nimbus ID" in answer.content.decode()
    assert "oidc_asked" not in client.session


def test_who_takes_too_long_starts_again(people: People, provider: IdentityProvider) -> None:
    client = Client()
    back = come_back(client, provider)
    session = client.session
    session["oidc_asked"] = {**session["oidc_asked"], "since": "2026-01-01T00:00:00+00:00"}
    session.save()
    answer = client.get(back)
    assert (answer.status_code, "took too long" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/token", (500, {})),
        ("/token", (200, [])),
        ("/token", (200, b"<html>")),
        ("/token", (302, {})),
        ("/keys", (200, {"keys": "none"})),
        ("/keys", (503, {})),
    ],
)
def test_a_provider_that_is_unwell_is_said_so(
    path: str, answer: tuple[int, object], people: People, provider: IdentityProvider
) -> None:
    provider.answers[path] = answer
    stays_out(provider, "does not answer as it should")


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_visited(
    document: dict[str, Any], people: People, provider: IdentityProvider
) -> None:
    provider.document = document
    answer = Client().get("/sign-in/oidc")
    assert (answer.status_code, "does not answer as it should" in answer.content.decode()) == (422, True)


def test_a_provider_that_tells_the_address_only_when_asked(people: People, provider: IdentityProvider) -> None:
    provider.says = {"sub": "00u1"}
    provider.userinfo = {**ALICE, "sub": "somebody else"}
    stays_out(provider, "did not work")
    provider.userinfo = dict(ALICE)
    assert sign_on(provider)[0] == 302


def test_a_provider_that_wants_the_secret_in_the_form(people: People, provider: IdentityProvider) -> None:
    provider.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert sign_on(provider)[0] == 302


@pytest.mark.parametrize("wished", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(wished: str, people: People, provider: IdentityProvider) -> None:
    client = Client()
    assert client.get(come_back(client, provider, wished)).headers["Location"] == "/"


def test_trying_is_stopped(people: People, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_FAILURES, "address", 2)
    assert [Client().get("/sign-in/oidc/callback?code=x&state=y").status_code for _ in range(3)] == [422, 422, 429]


def test_without_a_provider_there_is_no_such_way(people: People) -> None:
    assert "oidc" not in Client().get("/sign-in").content.decode()
    assert Client().get("/sign-in/oidc").status_code == 404
    assert Client().get("/sign-in/oidc/callback?code=x&state=y").status_code == 404


def test_secrets_are_not_logged(
    people: People, provider: IdentityProvider, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client()
    back = come_back(client, provider)
    verifier = client.session["oidc_asked"]["verifier"]
    assert client.get(back).status_code == 302
    settings.OIDC = settings_for(provider, client_secret="another secret")
    assert sign_on(provider)[0] == 422
    assert "invalid_client" in caplog.text
    for secret in (
        SECRET,
        "another secret",
        "another%20secret",
        verifier,
        "open sesame",
        back.partition("code=")[2][:16],
    ):
        assert secret not in caplog.text
    assert "another secret" not in repr(settings.OIDC)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"issuer": ""}, "BILLOW_OIDC_ISSUER is missing"),
        ({"client_id": ""}, "needs BILLOW_OIDC_CLIENT_ID"),
        ({"client_secret": ""}, "needs BILLOW_OIDC_CLIENT_ID"),
        ({"issuer": "http://login.example.com"}, "write the provider's address"),
        ({"issuer": "login.example.com"}, "write the provider's address"),
        ({"issuer": "https://user:pass@login.example.com"}, "write the provider's address"),
        ({"issuer": "https://[login"}, "write the provider's address"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(given: dict[str, Any], said: str) -> None:
    provider = IdentityProvider(address="https://login.example.com")
    assert settings_for(provider).callback == f"{BASE}/sign-in/oidc/callback"
    with pytest.raises(UnableToReadOidcSettings, match=said):
        settings_for(provider, **given)
