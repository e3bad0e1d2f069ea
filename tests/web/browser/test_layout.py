"""Every page, narrow and wide, light and dark: nothing overflows, and nothing that a screen reader would miss."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Page

from billow.records.accounts.models import MailedLink
from billow.records.billing.models import Invoice
from billow.usecases.mailed_links import hash_of
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import closed_month, make_every_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (360, 768, 1280, 1600)
LOOKS = [
    (1280, "light"),
    (360, "dark"),
    pytest.param(360, "light", marks=pytest.mark.slow),
    pytest.param(1280, "dark", marks=pytest.mark.slow),
]
"""Windows in which axe looks at every page; the slow ones rarely differ from the others."""
AXE = Path(str(axe_core_python.__file__)).with_name("axe.min.js")


def pages_of(found: dict[str, Invoice]) -> dict[str, str]:
    each = {name: f"/invoices/{invoice.token}" for name, invoice in found.items()}
    msp = found["draft"].management_account
    account = f"/accounts/{found['draft'].managed_account.token}"
    integration = f"/settings/integrations/{msp.integrations.get().token}"
    tabs = {
        f"account {tab}": f"{account}{tab}"
        for tab in ("", "/integrations", "/rules", "/invoices", "/people", "/delete")
    }
    return {
        "overview": "/",
        "overview of an empty month": "/?period=2024-01",
        "accounts": "/accounts",
        "no account": "/accounts?q=nowhere",
        "new account": "/accounts/new",
        "import accounts": "/accounts/import",
        "integrations": "/settings/integrations",
        "new integration": "/settings/integrations/new",
        **{f"integration {part}": f"{integration}{part}" for part in ("", "/unallocated", "/delegations", "/delete")},
        **tabs,
        "profiles": "/settings/billing-profiles",
        "profile": f"/settings/billing-profiles/{msp.billing_profiles.get().token}",
        "new profile": "/settings/billing-profiles/new",
        "rates": "/settings/exchange-rates",
        "rules": "/settings/billing-rules",
        "rule kinds": "/settings/billing-rules/new",
        "new sql rule": "/settings/billing-rules/new/custom",
        "new support fee": "/settings/billing-rules/new/support_fee",
        "rule": f"/settings/billing-rules/{msp.billing_rules.get(title='Without tax').token}",
        "list": "/invoices",
        "nothing matches": "/invoices?status=generating",
        "not closed": "/invoices?period=2099-01",
        "all months": f"/invoices?period=all&account={found['draft'].managed_account.token}",
        "lines": f"/invoices/{found['draft'].token}?expand=all",
        "you": "/you",
        "credit": f"/invoices/{found['approved'].token}/credit",
        "compared": f"/invoices/{found['approved'].token}/compare",
        "search": "/search",
        "found": "/search?q=INV",
        "found nothing": "/search?q=nowhere",
        "is it you": "/you/confirm",
        "set up codes": "/you/codes",
        "new passkey": "/you/passkeys/new",
        "not found": "/invoices/nothing",
        **each,
    }


def violations(page: Page) -> list[str]:
    """Return what axe finds; its script is handed over by the test, not by the page, and so needs no policy."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        json.dumps({"rule": entry["id"], "where": [node["html"][:160] for node in entry["nodes"][:3]]})
        for entry in found
    ]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def too_wide(page: Page, *, widths: Iterable[int] = WIDTHS) -> list[int]:
    """Return the widths at which the page scrolls sideways; it is drawn anew for each, not loaded anew."""
    before = page.viewport_size
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if overflow(page):
            found.append(width)
    if before is not None:
        page.set_viewport_size(before)
    return found


def test_no_page_scrolls_sideways(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice)
    for name, address in pages_of(found).items():
        page.goto(address)
        assert (name, too_wide(page)) == (name, [])
    page.goto("/invoices")
    page.locator("#select-all").check()
    assert too_wide(page) == []
    page.locator(".toolbar [data-act=approve]").click()
    page.get_by_role("dialog").wait_for()
    assert too_wide(page) == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_page(width: int, scheme: str, console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice, width=width, scheme=scheme)
    for name, address in pages_of(found).items():
        page.goto(address)
        assert (name, violations(page)) == (name, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_dialogs_menus_selection_and_sign_in(
    scheme: str, console: Console, people: People
) -> None:
    make_every_status(people=people)
    page = console.open(people.alice, scheme=scheme)
    page.locator("#rows details.menu").first.locator("summary").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("#select-all").check()
    assert violations(page) == []
    for act in ("approve", "cancel", "download"):
        page.locator(f".toolbar [data-act={act}]").click()
        page.get_by_role("dialog").wait_for()
        assert (act, violations(page)) == (act, [])
        page.keyboard.press("Escape")
    page.locator(".person summary").click()
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").click()
    assert violations(page) == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_pages_before_the_door_fit_and_axe_finds_nothing(
    width: int, scheme: str, console: Console, people: People
) -> None:
    page = console.window(width=width, scheme=scheme).new_page()
    for address in ("/sign-in", "/sign-in?done=password", "/forgot-password", "/choose-password"):
        page.goto(address)
        assert (address, overflow(page), violations(page)) == (address, 0, [])
    page.goto("/forgot-password")
    page.get_by_role("button", name="Send the link").click()
    page.get_by_text("Write your e-mail address.").wait_for()
    assert violations(page) == []
    secret = "a-secret-of-this-test"
    MailedLink.objects.create(
        user=people.alice.user,
        purpose="invitation",
        created_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        secret_hash=hash_of(secret),
    )
    page.goto(f"/links/{secret}")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("too short").first.wait_for()
    assert (overflow(page), violations(page)) == (0, [])


@pytest.mark.parametrize("address", ["/", "/invoices", "/settings/integrations", "/accounts/import", "/you"])
def test_touch_targets_are_large_enough_on_a_phone(address: str, console: Console, people: People) -> None:
    make_every_status(people=people)
    page = console.open(people.alice, address, width=360)
    small = page.evaluate(
        """[...document.querySelectorAll('main a, main button, main summary, main select, main label.tick')]
        .filter(e => e.checkVisibility() && !e.closest('p, h1, .counts, .number-cell, .toolbar .all, .quiet-link'))
        .map(e => [e.innerText || e.ariaLabel, Math.round(e.getBoundingClientRect().height)])
        .filter(([, height]) => height < 40)"""
    )
    assert small == []


def test_the_chosen_theme_wins_over_the_system(console: Console, people: People) -> None:
    page = console.open(people.alice, scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".person summary").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_load_state()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_not_yet_closed_month_is_named(console: Console, people: People) -> None:
    make_every_status(people=people)
    page = console.open(people.alice, "/invoices?period=2099-01")
    assert "2099" in page.locator(".stepper-now").inner_text()
    page.get_by_role("link", name="Latest closed month").first.click()
    page.locator(".progress-words").filter(has_text="of 7 approved").wait_for()
    assert str(closed_month().year) in page.locator(".stepper-now").inner_text()
