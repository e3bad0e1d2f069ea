"""Managed accounts in a real browser: search as one types, a new customer, rules in order by hand and by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from billow.records.billing.models import ManagedAccount
from tests.factories.agreements import assign, make_adjustment
from tests.factories.parties import make_managed_account
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_customer_is_added_delegated_to_and_found(console: Console, people: People, tmp_path: Path) -> None:
    make_month(people=people, customers=["Thessaly Olives", "Volos Shipping"], folder=tmp_path)
    page = console.open(people.alice, "/accounts")
    expect(page.locator("#cost-month")).not_to_be_empty()
    expect(page.locator("tbody tr").first).to_contain_text("USD")
    page.locator("#field-q").fill("volos")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_url("**q=volos*")

    page.get_by_role("link", name="New managed account").click()
    page.get_by_label("Name", exact=True).fill("Zagori Honey")
    page.get_by_role("button", name="Add account").click()
    expect(page.get_by_role("alert")).to_contain_text("Contact email can't be blank")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Zagori Honey")
    page.get_by_label("Contact e-mail").fill("zagori@nimbus.example")
    page.get_by_label("Name of field 1").fill("VAT ID")
    page.get_by_label("Value of field 1").fill("EL1")
    page.get_by_label("Name of field 2").fill("PO")
    page.get_by_role("button", name="Add account").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Zagori Honey was added")

    page.get_by_label("Accounts, subscriptions or projects").fill("9001")
    page.get_by_role("button", name="Delegate").click()
    expect(page.locator("tbody")).to_contain_text("Account 9001")
    page.get_by_role("link", name="End…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Last day").fill("2026-01-31")
    dialog.get_by_role("button", name="End on this day").click()
    expect(page.locator("tbody .pill")).to_have_text("Ended")
    account = ManagedAccount.objects.get(name="Zagori Honey")
    assert [field["name"] for field in account.custom_fields] == ["VAT ID", "PO"]


def test_rules_are_ordered_by_dragging_and_by_keyboard(console: Console, people: People) -> None:
    account = make_managed_account(management_account=people.msp)
    for title in ("First", "Second", "Third"):
        assign(account=account, rule=make_adjustment(management_account=people.msp, percentage="110", title=title))
    page = console.open(people.alice, f"/accounts/{account.token}/rules")
    titles = page.locator(".rule-words .row-link")
    page.locator(".rule-list li").nth(2).drag_to(
        page.locator(".rule-list li").nth(0), target_position={"x": 60, "y": 4}
    )
    expect(page.get_by_role("status")).to_contain_text("The new order was saved")
    expect(titles).to_have_text(["Third", "First", "Second"])

    page.get_by_role("button", name="Move Third down").focus()
    page.keyboard.press("Enter")
    expect(titles).to_have_text(["First", "Third", "Second"])
    rows = account.rule_assignments.select_related("billing_rule").order_by("position")
    assert [row.billing_rule.title for row in rows] == ["First", "Third", "Second"]


def test_deleting_asks_for_the_name_first(console: Console, people: People) -> None:
    account = make_managed_account(management_account=people.msp)
    page = console.open(people.alice, f"/accounts/{account.token}")
    page.get_by_role("link", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete the account").click()
    expect(dialog).to_contain_text("This is not the account's name")
    dialog.get_by_label("Write Thessaly Olives to delete it").fill("Thessaly Olives")
    dialog.get_by_role("button", name="Delete the account").click()
    expect(page.get_by_role("heading", name="No managed accounts yet")).to_be_visible()
