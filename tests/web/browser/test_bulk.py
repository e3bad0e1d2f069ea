"""Many invoices at once: selection across pages, live rows, and a page that stays quick."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from billow.records.billing.models import Invoice
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CUSTOMERS = 200


def test_two_hundred_invoices_are_generated_selected_across_pages_and_cancelled(
    working_console: Console, people: People, tmp_path: Path
) -> None:
    make_month(people=people, customers=[f"Customer {number:03}" for number in range(CUSTOMERS)], folder=tmp_path)
    page = working_console.open(people.alice)
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name=f"Generate all {CUSTOMERS}").click()
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.get_by_role("heading")).to_contain_text(f"{CUSTOMERS} invoices")
    dialog.get_by_role("button", name="Done").click()
    expect(page.locator(".count.attention strong")).to_have_text(str(CUSTOMERS), timeout=120_000)
    expect(page.locator("#rows tbody tr")).to_have_count(100)

    page.locator("#select-all").check()
    expect(page.locator("#selected")).to_have_text("100 selected")
    page.get_by_role("button", name=f"Select all {CUSTOMERS} in this filter").click()
    expect(page.locator("#selected")).to_have_text(f"{CUSTOMERS} selected")
    page.locator(".toolbar [data-act=cancel]").click()
    expect(dialog.get_by_role("heading")).to_have_text(f"Cancel {CUSTOMERS} drafts?")
    dialog.get_by_label("Reason").fill("A rehearsal")
    dialog.get_by_role("button", name="Cancel invoices").click()
    expect(dialog.get_by_role("heading")).to_have_text(f"{CUSTOMERS} invoices cancelled", timeout=60_000)
    assert Invoice.objects.filter(status="cancelled", cancel_reason="A rehearsal").count() == CUSTOMERS


def test_one_zip_of_the_ticked_rows(working_console: Console, people: People, tmp_path: Path) -> None:
    make_month(people=people, customers=["Thessaly Olives", "Volos Shipping"], folder=tmp_path)
    page = working_console.open(people.alice)
    page.get_by_role("button", name="Generate all 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Generate").click()
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.locator("#rows .pill.attention")).to_have_count(2, timeout=40_000)
    page.locator("#select-all").check()
    page.locator(".toolbar [data-act=download]").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "invoices.zip"
    expect(page.get_by_role("dialog")).to_be_hidden()
