"""Billing rules in a real browser: what a rule would do is seen before it is saved, and SQL is checked while typed."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from billow.records.billing.models import BillingRule
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_month
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_mistyped_discount_is_seen_in_money_before_it_is_saved(
    console: Console, people: People, tmp_path: Path
) -> None:
    make_month(people=people, customers=["Thessaly Olives", "Volos Shipping"], folder=tmp_path)
    page = console.open(people.alice, "/settings/billing-rules", scheme="dark")
    page.get_by_role("link", name="New billing rule").click()
    page.get_by_role("link", name="Adjustment").click()
    page.get_by_label("Title").fill("Nine and a half percent off")
    page.get_by_label("Percent of the cost").fill("9.5")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Look twice")).to_be_visible()
    expect(page.locator(".effects tbody tr")).to_have_count(2)
    assert violations(page) == []

    page.get_by_label("Percent of the cost").fill("90.5")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("alert")).to_contain_text("changed since it was previewed")
    assert not BillingRule.objects.filter(title__startswith="Nine").exists()
    page.get_by_role("button", name="Add the rule").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nine and a half percent off")
    assert BillingRule.objects.filter(title__startswith="Nine").count() == 1


def test_sql_is_checked_while_it_is_typed(console: Console, people: People) -> None:
    page = console.open(people.alice, "/settings/billing-rules/new/custom", width=360)
    sql = page.get_by_label("SQL", exact=True)
    sql.fill("UPDATE costs\nSET costs.cots = 1")
    expect(page.locator("#sql-check")).to_contain_text("Line 2, column 5")
    assert violations(page) == []
    sql.fill("UPDATE costs SET costs.amount = costs.amount * 1.1")
    expect(page.locator("#sql-check")).to_contain_text("The statement is understood")
    assert overflow(page) == 0
