"""A real browser with an authenticator inside it: a passkey is made, lets its owner in, and nobody else."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from billow.records.accounts.models import Passkey, User
from billow.records.audit.models import AuditEntry
from tests.people import People
from tests.web.browser.conftest import Console, serve
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def named_console(
    browser: Browser, people: People, start: Callable[..., Any], process_environment: dict[str, str]
) -> Iterator[Console]:
    """Give the console at an address with a name: browsers offer passkeys nowhere else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process_environment["BILLOW_BASE_URL"] = f"http://localhost:{port}"
    yield from serve(browser, start, host="localhost", port=port)


def device(page: Page, *, recognises: bool = True) -> tuple[CDPSession, str]:
    """Put an authenticator into the browser, as a laptop with a fingerprint reader has one."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": recognises,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def make_passkey(page: Page, name: str = "Laptop") -> None:
    page.goto("/you/passkeys/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the passkey").click()


def sign_out(page: Page) -> None:
    page.goto("/you")
    page.locator(".person summary").click()
    page.locator(".menu-list").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_a_passkey_is_made_and_lets_its_owner_in(
    scheme: str, width: int, named_console: Console, people: People
) -> None:
    page = named_console.open(people.alice, "/you", scheme=scheme, width=width)
    device(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").wait_for()
    assert (overflow(page), violations(page)) == (0, [])
    make_passkey(page)
    page.locator("#passkeys strong", has_text="Laptop").wait_for()
    assert (overflow(page), violations(page)) == (0, [])
    row = Passkey.objects.get()
    assert (row.user, row.last_used_at) == (people.alice.user, None)

    make_passkey(page, "The same again")
    page.get_by_text("has a passkey for your account already").wait_for()
    assert violations(page) == []

    sign_out(page)
    page.goto("/sign-in?next=/accounts")
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: address.endswith("/accounts") and "/sign-in" not in address)
    assert AuditEntry.objects.filter(action="signed_in").latest("pk").changes == {"method": "passkey"}
    row.refresh_from_db()
    assert row.last_used_at is not None
    page.goto("/you")
    assert "by passkey from" in page.locator("#browsers").inner_text()

    page.get_by_role("button", name="Remove Laptop").click()
    page.get_by_text("Laptop was removed").wait_for()
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("This passkey does not let you in").wait_for()
    assert violations(page) == []
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="passkey")] == [
        "passkey_added",
        "passkey_removed",
    ]


def test_a_device_that_does_not_recognise_its_owner_lets_nobody_in(named_console: Console, people: People) -> None:
    page = named_console.open(people.alice, "/you")
    session, key = device(page)
    make_passkey(page)
    page.locator("#passkeys strong", has_text="Laptop").wait_for()
    sign_out(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("No passkey was given").wait_for()
    assert violations(page) == []


def test_a_copied_key_an_old_answer_and_a_user_switched_off_stay_out(named_console: Console, people: People) -> None:
    page = named_console.open(people.alice, "/you")
    session, key = device(page)
    make_passkey(page)
    page.locator("#passkeys strong", has_text="Laptop").wait_for()
    sign_out(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "passkey" in request.url else None)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    answer = next(body for body in sent if "clientDataJSON" in body)

    sign_out(page)
    page.evaluate("fetch('/sign-in/passkey/question', {method: 'POST', body: new FormData(document.forms[1])})")
    replayed = page.request.post(
        "/sign-in/passkey",
        data=answer,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": named_console.address},
    )
    assert replayed.status in {403, 422}, "an answer is good for its own question only"

    row = Passkey.objects.get()
    Passkey.objects.update(sign_count=row.sign_count + 100)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("This passkey does not let you in").wait_for()
    assert AuditEntry.objects.latest("pk").action == "sign_in_refused"

    Passkey.objects.update(sign_count=0)
    User.objects.filter(pk=people.alice.user.pk).update(is_active=False)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("This passkey does not let you in").wait_for()
    credentials = session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert json.dumps(credentials[0]["privateKey"]) not in json.dumps(list(AuditEntry.objects.values("changes")))
