"""What was wrong is mended where it stands and the number stays; and two people are at one invoice at once."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from billow.records.billing.models import BillingProfile, CreditNote, Delivery, Invoice
from billow.usecases.generate_invoices import generate_due, request_generation
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import Month, make_month
from tests.web.browser.test_costs import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def drafted(people: People, folder: Path) -> tuple[Month, Invoice]:
    """Make the draft of one customer, with the month that it came from."""
    month = make_month(people=people, customers=["Thessaly Olives"], folder=folder)
    tokens = [month.accounts[0].token]
    request_generation(actor=people.alice.actor, account_tokens=tokens, period=month.period, now=NOW)
    generate_due(worker="test", now=lambda: NOW)
    return month, Invoice.objects.get()


def regenerate(page: Page, invoice: Invoice) -> None:
    """See that the draft is out of date, press the button, and wait for the new version."""
    page.goto(f"/invoices/{invoice.token}")
    expect(page.get_by_text("Out of date.")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Regenerate").click()
    page.get_by_role("dialog").get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("Version 2")).to_be_visible(timeout=40_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(invoice.number)
    expect(page.get_by_text("Out of date.")).to_be_hidden()


def test_a_wrong_profile_is_mended_and_the_number_stays(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    _, invoice = drafted(people, tmp_path)
    profile = BillingProfile.objects.get()
    page = working_console.open(people.alice, f"/settings/billing-profiles/{profile.token}")
    page.get_by_label("City", exact=True).fill("Volos")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("City", exact=True)).to_have_value("Volos")
    regenerate(page, invoice)
    invoice.refresh_from_db()
    assert invoice.current_version is not None
    assert '"city":"Volos"' in invoice.current_version.snapshot


def test_a_wrong_rule_is_mended_and_the_difference_is_seen(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    month, invoice = drafted(people, tmp_path)
    rule = month.accounts[0].rule_assignments.get().billing_rule
    page = working_console.open(people.alice, f"/settings/billing-rules/{rule.token}")
    page.get_by_label("Percent of the cost").fill("120")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_text("Save the rule")).to_be_hidden()
    regenerate(page, invoice)
    page.get_by_role("link", name="Compare Version 1 with the current one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{invoice.number}, compared")
    expect(page.locator(".figures-total")).to_contain_text("+")
    expect(page.locator("#rules-title")).to_be_visible()


def test_wrong_customer_data_is_mended_and_the_number_stays(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    month, invoice = drafted(people, tmp_path)
    page = working_console.open(people.alice, f"/accounts/{month.accounts[0].token}")
    page.get_by_label("City", exact=True).fill("Larissa")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("City", exact=True)).to_have_value("Larissa")
    regenerate(page, invoice)
    invoice.refresh_from_db()
    assert invoice.current_version is not None
    assert '"city":"Larissa"' in invoice.current_version.snapshot


def test_two_people_approve_at_once_and_one_mail_goes_out(console: Console, people: People, tmp_path: Path) -> None:
    _, invoice = drafted(people, tmp_path)
    first = console.open(people.alice, f"/invoices/{invoice.token}")
    second = console.open(people.alice, f"/invoices/{invoice.token}")
    for page in (first, second):
        page.get_by_role("button", name="Approve & send").click()
        expect(page.get_by_role("dialog").get_by_role("heading")).to_contain_text("Approve")
    first.get_by_role("dialog").locator("button.go, button.primary").last.dblclick(no_wait_after=True)
    expect(first.get_by_role("dialog")).to_contain_text("approved")
    second.get_by_role("dialog").locator("button.go, button.primary").last.click()
    expect(second.get_by_role("dialog")).to_contain_text("is approved")
    invoice.refresh_from_db()
    assert invoice.status == "approved"
    assert Delivery.objects.filter(invoice=invoice).count() == 1


def test_one_regenerates_while_the_other_approves(console: Console, people: People, tmp_path: Path) -> None:
    _, invoice = drafted(people, tmp_path)
    first = console.open(people.alice, f"/invoices/{invoice.token}")
    second = console.open(people.alice, f"/invoices/{invoice.token}")
    first.get_by_role("button", name="Approve & send").click()
    expect(first.get_by_role("dialog").get_by_role("heading")).to_contain_text("Approve")
    second.get_by_role("main").get_by_role("button", name="Regenerate").click()
    second.get_by_role("dialog").get_by_role("button", name="Regenerate").click()
    expect(second.get_by_text("Being generated.")).to_be_visible()
    first.get_by_role("dialog").locator("button.go, button.primary").last.click()
    expect(first.get_by_role("dialog")).to_contain_text("generat")
    invoice.refresh_from_db()
    assert invoice.status == "generating"
    assert not Delivery.objects.exists()


def test_a_line_is_credited_by_keyboard_and_stands_on_the_page(
    console: Console, people: People, tmp_path: Path
) -> None:
    _, invoice = drafted(people, tmp_path)
    page = console.open(people.alice, f"/invoices/{invoice.token}")
    page.get_by_role("button", name="Approve & send").click()
    page.get_by_role("dialog").locator("button.go, button.primary").last.click()
    link = page.get_by_role("link", name="Credit…")
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="These lines").press("Space")
    page.get_by_role("checkbox").first.press("Space")
    page.get_by_label("Reason").fill("Billed twice")
    page.keyboard.press("Enter")
    issue = page.get_by_role("button", name="Issue the credit note")
    issue.focus()
    page.keyboard.press("Enter")
    note = CreditNote.objects.get
    expect(page.locator("#credit-notes")).to_contain_text("Billed twice")
    assert page.locator("#credit-notes").get_by_text(note().number).first.is_visible()
