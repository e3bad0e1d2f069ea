"""A billing manager closes the month: generate, watch, review, approve and send, with a worker at work."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from billow.records.billing.models import Delivery, Invoice
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_month_is_generated_reviewed_approved_and_mailed(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    month = make_month(people=people, customers=["Thessaly Olives", "Volos Shipping", "Zagori Honey"], folder=tmp_path)
    page = working_console.open(people.alice)
    expect(page.get_by_text("Ready to invoice", exact=True).nth(1)).to_be_visible()

    page.get_by_role("button", name="Generate all 3").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Generate 3 invoices?")
    dialog.get_by_role("button", name="Generate 3").click()
    expect(dialog.get_by_role("heading")).to_have_text("Generation of 3 invoices has started")
    dialog.get_by_role("button", name="Done").click()

    # No reload: the rows change by themselves.
    expect(page.locator("#rows .pill.attention")).to_have_count(3, timeout=40_000)
    expect(page.locator("#live")).not_to_have_attribute("hx-trigger", "every 2s")

    page.get_by_role("link", name="INV-").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-")
    page.get_by_role("button", name="Amazon EC2").click()
    page.locator(".explain summary").first.click()
    expect(page.locator(".steps-down").first).to_contain_text("Managed services 10 %")
    assert page.locator("object").get_attribute("type") == "application/pdf"

    page.get_by_role("button", name="Approve & send").click()
    expect(dialog).to_contain_text("invoices@customer1.example")
    dialog.get_by_role("button", name="Approve & send").click()
    expect(page.get_by_role("status").filter(has_text="approved")).to_be_visible()
    expect(page.locator(".invoice-name")).to_contain_text("Sent", timeout=40_000)

    page.get_by_role("navigation", name="Back").get_by_role("link").first.click()
    page.get_by_role("button", name="Approve & send all 2").click()
    expect(dialog).to_contain_text("2 e-mails to 2 customers")
    dialog.get_by_role("button", name="Approve & send 2").click()
    dialog.get_by_role("button", name="Done").click()
    expect(page.locator("#rows .mark-word.good")).to_have_count(3, timeout=40_000)
    expect(page.locator(".progress-words")).to_have_text("3 of 3 approved")

    assert {invoice.managed_account_id for invoice in Invoice.objects.filter(status="approved")} == {
        account.pk for account in month.accounts
    }
    assert set(Delivery.objects.values_list("status", flat=True)) == {"accepted"}
    assert len(list(Path(settings.OUTBOX).rglob("*.eml"))) == 3


def test_a_failure_is_seen_mended_and_retried_with_the_same_number(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    month = make_month(people=people, customers=["Thessaly Olives"], folder=tmp_path)
    account = month.accounts[0]
    account.currency = "EUR"
    account.save()
    page = working_console.open(people.alice)
    page.get_by_role("button", name="Generate Thessaly Olives").click()
    page.get_by_role("dialog").get_by_role("button", name="Generate").click()
    expect(page.locator("#rows .pill.bad")).to_be_visible(timeout=40_000)
    expect(page.locator(".row-problem")).to_contain_text("USD to EUR")
    number = Invoice.objects.get().number

    account.currency = "USD"
    account.save()
    page.get_by_role("button", name=f"Retry {number}").click()
    page.get_by_role("dialog").get_by_role("button", name="Regenerate").click()
    expect(page.locator("#rows .pill.attention")).to_be_visible(timeout=40_000)
    expect(page.locator("#rows .row-link")).to_have_text(number)


def test_a_session_that_ends_in_the_middle_leads_to_sign_in_and_back(
    console: Console, people: People, tmp_path: Path
) -> None:
    month = make_month(people=people, customers=["Thessaly Olives"], folder=tmp_path)
    page = console.open(people.alice, f"/invoices?period={month.period}&status=ready")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Generate Thessaly Olives").click()
    expect(page.get_by_role("heading", name="Sign in to Billow")).to_be_visible()
    expect(page.get_by_text("you will come back")).to_be_visible()
    page.get_by_label("E-mail address").fill(people.alice.user.email)
    page.get_by_label("Password").fill("a long road to Larissa")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/invoices?period={month.period}&status=ready")
    assert not Invoice.objects.exists()
