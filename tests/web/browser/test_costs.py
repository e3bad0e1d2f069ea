"""Alice looks where the money went: the picture, a service, the account behind it, and the invoice."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from billow.records.billing.models import Invoice
from billow.usecases.generate_invoices import generate_due, request_generation
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOW = datetime.now(UTC)


def test_from_the_whole_to_one_service_and_back_by_keyboard(console: Console, people: People, tmp_path: Path) -> None:
    make_month(people=people, customers=["Thessaly Olives", "Volos Boats"], folder=tmp_path)
    page = console.open(people.alice, "/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Costs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All Resources")
    whole = page.locator(".cost-sums strong").inner_text()
    picture = page.locator("svg.chart-picture.wide")
    expect(picture).to_be_visible()
    assert picture.locator("rect").count() > 0
    page.locator("#choose-groupings").select_option(label="Account")
    expect(page.get_by_role("columnheader", name="Account")).to_be_visible()
    assert "groupings=provider%2Caccount_id" in page.url
    first = page.locator(".cost-table tbody a").first
    name = first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    chip = page.get_by_role("list", name="Narrowed to")
    expect(chip).to_contain_text(name.split(" · ")[-1])
    expect(page.locator(".cost-sums strong").first).not_to_have_text(whole)
    page.go_back()
    expect(page.locator(".cost-sums strong").first).to_have_text(whole)
    page.locator("#choose-compare").select_option(label="With the time before")
    expect(page.get_by_role("columnheader", name="Before")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("provider,account_id,currency,")


def test_a_tag_is_asked_for_by_its_key_and_wrong_days_are_said(
    console: Console, people: People, tmp_path: Path
) -> None:
    make_month(people=people, customers=["Thessaly Olives"], folder=tmp_path)
    page = console.open(people.alice, "/costs")
    page.locator("#choose-groupings").select_option(label="Tag…")
    page.get_by_label("Tag key").fill("team")
    page.get_by_label("Tag key").press("Enter")
    expect(page.locator(".cost-table thead th").first).to_have_text("team")
    page.locator("#choose-interval").select_option(label="From – to")
    page.locator("#choose-start").fill("2030-01-31")
    page.locator("#choose-start").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("date")
    expect(page.locator("#choose-interval")).to_be_visible()


def test_an_invoice_leads_to_the_costs_behind_it(console: Console, people: People, tmp_path: Path) -> None:
    month, actor, now = make_month(people=people, customers=["Olives"], folder=tmp_path), people.alice.actor, NOW
    request_generation(actor=actor, account_tokens=[month.accounts[0].token], period=month.period, now=now)
    generate_due(worker="test", now=lambda: now)
    invoice = Invoice.objects.get()
    page = console.open(people.alice, f"/invoices/{invoice.token}")
    page.get_by_role("main").get_by_role("link", name="Costs").click()
    expect(page.get_by_text(f"The same to the cent as the subtotal of invoice {invoice.number}")).to_be_visible()
    page.get_by_role("link", name="Open the invoice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(invoice.number)
