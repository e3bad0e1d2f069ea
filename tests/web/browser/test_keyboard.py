"""The approve flow with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from billow.records.billing.models import Invoice
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_every_status
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")).strip()


def press_until(page: Page, key: str, text: str, *, at_most: int = 60) -> None:
    for _ in range(at_most):
        if focused(page).startswith(text):
            return
        page.keyboard.press(key)
    pytest.fail(f"{text!r} was not reached with {key}; the focus is on {focused(page)!r}")


def test_an_invoice_is_approved_without_a_mouse(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "filter-account"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    assert focused(page) == found["draft"].number
    page.keyboard.press("x")
    expect(page.locator("#selected")).to_have_text("1 selected")
    press_until(page, "Shift+Tab", "Approve & send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert focused(page).startswith("Approve & send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text="approved")).to_be_visible()
    found["draft"].refresh_from_db()
    assert found["draft"].status == "approved"


def test_escape_closes_a_question_undone_and_gives_the_focus_back(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice)
    button = page.get_by_role("button", name=f"Approve & send {found['draft'].number}")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()
    assert Invoice.objects.get(pk=found["draft"].pk).status == "awaiting_approval"


def test_shortcuts_walk_rows_months_and_show_themselves(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice)
    for _ in range(2):
        page.keyboard.press("j")
    assert focused(page) == found["approved"].number
    page.keyboard.press("k")
    assert focused(page) == found["draft"].number
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(page.locator("#selected")).to_be_hidden()
    before = page.locator(".stepper-now").inner_text()
    page.keyboard.press("[")
    expect(page.locator(".stepper-now")).not_to_have_text(before)
    page.keyboard.press("]")
    expect(page.locator(".stepper-now")).to_have_text(before)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(found["draft"].number)


def test_menus_open_and_close_with_the_keyboard(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice)
    menu = page.locator(f"summary[aria-label='More about {found['draft'].number}']")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Regenerate…").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Regenerate…").first).to_be_hidden()


def test_an_invoice_and_a_customer_are_found_from_anywhere(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    number, name = found["draft"].number, found["approved"].managed_account.name
    page = console.open(people.alice, "/settings/exchange-rates")
    page.keyboard.press("/")
    page.keyboard.type(number.lower())
    expect(page.locator("#find-found a").filter(has_text=number)).to_be_visible()
    assert (overflow(page), violations(page)) == (0, [])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/invoices/{found['draft'].token}")
    page.goto("/accounts")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(name)
    link = page.locator("#find-found a").filter(has_text=name).first
    expect(link).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(link).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("nobody at all")
    expect(page.get_by_text("No number, customer or address")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize(("width", "way"), [(1000, ".find-link"), (360, ".person summary")])
def test_narrow_windows_reach_the_search_too(width: int, way: str, console: Console, people: People) -> None:
    found = make_every_status(people=people)
    page = console.open(people.alice, width=width)
    page.locator(way).click()
    if width == 360:
        page.get_by_role("link", name="Search").click()
    page.wait_for_url("**/search")
    page.keyboard.type(found["draft"].number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/invoices/{found['draft'].token}")
