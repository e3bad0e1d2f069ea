"""From an empty installation to the first approved invoices, by clicks alone, with a worker at work."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from billow.records.billing.models import BillingProfile, Delivery, Invoice, ManagedAccount
from billow.records.costs.models import Integration
from tests.factories.costs import Charge, focus_csv
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import closed_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CUSTOMERS = (
    "name,contact_email,currency,billing_email\n"
    "Thessaly Olives,olives@nimbus.example,USD,accounts@olives.example\n"
    "Volos Shipping,volos@nimbus.example,USD,accounts@volos.example\n"
)


def press_next(page: Page, button: str) -> None:
    """Go to the overview and press the one button of the next step."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Overview").click()
    expect(page.locator(".next-step .primary")).to_have_text(button)
    page.locator(".next-step .primary").click()


def bring_in_the_bill(page: Page, folder: Path) -> None:
    press_next(page, "Add an integration")
    page.get_by_label("Name").fill("AWS payer")
    page.get_by_role("button", name="Add integration").click()
    charges = [
        Charge(sub_account=account, cost=cost, day=day)
        for account, cost in (("1001", "120.50"), ("1002", "80.25"))
        for day in (1, 2, 0)
    ]
    bill = folder / "bill.csv"
    bill.write_bytes(focus_csv(period=closed_month(), charges=charges))
    page.get_by_label("Files", exact=True).set_input_files(bill)
    page.get_by_role("button", name="Only check").click()
    expect(page.get_by_text("Checked; nothing was changed.")).to_be_visible()
    page.get_by_label("Files", exact=True).set_input_files(bill)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("The bill was taken.")).to_be_visible()


def add_the_customers(page: Page, folder: Path) -> None:
    press_next(page, "Import a CSV file")
    file = folder / "customers.csv"
    file.write_text(CUSTOMERS, encoding="utf-8")
    page.get_by_label("CSV file", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("row").filter(has_text="Volos Shipping")).to_contain_text("accounts@volos.example")
    page.get_by_role("button", name="Add 2 accounts").click()
    expect(page.get_by_text("2 accounts were added")).to_be_visible()


def delegate_the_costs(page: Page) -> None:
    press_next(page, "Delegate costs")
    for account, customer in (("1001", "Thessaly Olives"), ("1002", "Volos Shipping")):
        page.get_by_label(f"Choose Account {account}").check()
        page.get_by_role("combobox", name="Customer").select_option(label=customer)
        page.get_by_role("button", name="Delegate").click()
        expect(page.get_by_text(f"delegated to {customer}")).to_be_visible()
    expect(page.get_by_role("heading", name="Every cost of")).to_be_visible()


def add_a_rule_for_all(page: Page) -> None:
    press_next(page, "Add a billing rule")
    page.get_by_role("link", name="Adjustment").click()
    page.get_by_label("Title").fill("Managed services")
    page.get_by_label("Percent of the cost").fill("110")
    page.locator("[name=apply_to_all]").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".effects tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Managed services")


def test_an_empty_installation_leads_to_the_first_approved_invoices(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    page = working_console.open(people.alice, "/")
    expect(page.locator(".set-up")).to_contain_text("0 of 6 done")
    press_next(page, "Create a billing profile")
    page.get_by_label("Name", exact=True).fill("Main")
    page.get_by_label("Company name").fill("Nimbus Partners AE")
    page.get_by_role("button", name="Add profile").click()
    expect(page.get_by_text("Main was added")).to_be_visible()
    bring_in_the_bill(page, tmp_path)
    add_the_customers(page, tmp_path)
    delegate_the_costs(page)

    add_a_rule_for_all(page)

    press_next(page, "Generate 2 invoices")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Generate").click()
    dialog.get_by_role("button", name="Done").click()

    # No reload: the overview goes on by itself.
    approve = page.get_by_role("button", name="Approve 2 drafts")
    expect(approve).to_be_visible(timeout=40_000)
    approve.click()
    expect(dialog.get_by_role("row").last).to_contain_text("60.23")  # the margin: a tenth of 361.50 and of 240.75
    expect(dialog.get_by_role("row").last).to_contain_text("662.48")
    dialog.get_by_role("button", name="Approve & send").click()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name="is closed")).to_be_visible()
    expect(page.locator(".set-up")).to_have_count(0)

    assert (BillingProfile.objects.count(), Integration.objects.count(), ManagedAccount.objects.count()) == (1, 1, 2)
    assert list(Invoice.objects.values_list("status", flat=True)) == ["approved", "approved"]
    working_console_mailed(page)


def working_console_mailed(page: Page) -> None:
    """Wait until both mails went out."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices").click()
    expect(page.locator("#rows .mark-word.good")).to_have_count(2, timeout=40_000)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"accepted"}
    assert len(list(Path(settings.OUTBOX).rglob("*.eml"))) == 2


def test_drafts_are_approved_from_the_overview_with_the_keyboard_alone(console: Console, people: People) -> None:
    profile = make_profile(management_account=people.msp)
    for name in ("Thessaly Olives", "Volos Shipping"):
        account = make_managed_account(management_account=people.msp, name=name)
        make_draft(account=account, profile=profile, period=closed_month())
    page = console.open(people.alice, "/")
    button = page.get_by_role("button", name="Approve 2 drafts")
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Approve & send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading")).to_contain_text("2 invoices approved")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="is closed")).to_be_visible()
    assert set(Invoice.objects.values_list("status", flat=True)) == {"approved"}


def test_a_viewer_sees_the_close_and_nothing_to_press_that_writes(console: Console, people: People) -> None:
    make_draft(
        account=make_managed_account(management_account=people.msp),
        profile=make_profile(management_account=people.msp),
        period=closed_month(),
    )
    page = console.open(people.bob, "/")
    month = closed_month()
    page.get_by_role("combobox", name="Month").select_option(str(month.previous))
    page.wait_for_url(f"**/?period={month.previous}")
    expect(page.get_by_role("link", name="1 Ready")).to_be_visible()
    page.get_by_role("link", name="Month after").click()
    page.locator(".next-step").get_by_role("link", name="Review 1 draft").click()
    expect(page.locator("#rows .pill.attention")).to_have_count(1)
    page.goto("/settings/integrations")
    expect(page.get_by_role("heading", name="No integration yet")).to_be_visible()
    expect(page.get_by_role("link", name="New integration")).to_have_count(0)


def test_a_file_with_faults_is_corrected_and_nothing_was_stored_meanwhile(
    console: Console, people: People, tmp_path: Path
) -> None:
    page = console.open(people.alice, "/accounts/import")
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS.replace("USD,accounts@volos", "XXX,accounts@volos"), encoding="utf-8")
    page.get_by_label("CSV file", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_contain_text("1 of 2 rows has to be corrected")
    expect(page.get_by_label("What is wrong with row 2")).to_contain_text("currency Currency must be")
    assert not ManagedAccount.objects.exists()
    file.write_text(CUSTOMERS, encoding="utf-8")
    page.get_by_label("CSV file", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Add 2 accounts").dblclick()
    expect(page.get_by_text("2 accounts were added")).to_be_visible()
    assert ManagedAccount.objects.count() == 2
