"""Columns are offered while SQL is written: by keyboard, by mouse, and said to a screen reader."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW = "/settings/billing-rules/new/custom"


@pytest.fixture
def page(console: Console, people: People) -> Iterator[Page]:
    yield console.open(people.alice, NEW, scheme="dark")


def sql(page: Page) -> Locator:
    return page.get_by_label("SQL", exact=True)


def offers(page: Page) -> list[str]:
    return page.locator("#sql-offers [role=option] code").all_inner_texts()


def write(page: Page, text: str) -> None:
    sql(page).fill("")
    sql(page).press_sequentially(text)


def test_a_statement_is_written_with_a_few_letters_of_each_name(page: Page) -> None:
    write(page, "UPDATE cos")
    assert offers(page)[0] == "costs."
    sql(page).press("Escape")
    expect(page.locator("#sql-offers")).to_be_hidden()
    sql(page).press_sequentially("ts\nSET costs.am")
    expect(page.get_by_role("option", name="costs.amount")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#sql-offers + p")).to_contain_text("columns fit")
    assert violations(page) == []
    sql(page).press("Enter")
    expect(page.locator("#sql-offers")).to_be_hidden()
    sql(page).press_sequentially(" = usag")
    assert offers(page)[:2] == ["costs.usage_amount", "costs.usage_unit"]
    active = sql(page).get_attribute("aria-activedescendant")
    sql(page).press("ArrowDown")
    assert sql(page).get_attribute("aria-activedescendant") != active
    sql(page).press("ArrowUp")
    sql(page).press("Tab")
    expect(sql(page)).to_be_focused()
    sql(page).press_sequentially(" * 2")
    sql(page).press("Enter")
    sql(page).press_sequentially("WHERE costs.provider = 'aws'")
    wanted = "UPDATE costs\nSET costs.amount = costs.usage_amount * 2\nWHERE costs.provider = 'aws'"
    expect(sql(page)).to_have_value(wanted)
    expect(page.locator("#sql-check")).to_contain_text("The statement is understood")


def test_columns_of_aws_are_found_by_the_name_behind_the_slash(page: Page) -> None:
    write(page, "UPDATE aws SET Unbl")
    assert offers(page)[0] == "aws.lineItem/UnblendedCost"
    page.get_by_role("option", name="aws.lineItem/UnblendedCost").click()
    expect(sql(page)).to_have_value("UPDATE aws SET aws.lineItem/UnblendedCost")
    sql(page).press("Control+z")
    expect(sql(page)).to_have_value("UPDATE aws SET Unbl")
    write(page, "DELETE FROM costs WHERE costs.tag")
    sql(page).press("Enter")
    expect(sql(page)).to_have_value("DELETE FROM costs WHERE costs.tags.")


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE costs",
        "SELECT",
        "WHERE costs.provider = 'cos",
        "-- cos",
        "SET costs.amount = 1 -- it's cos",
        "12",
        "zzz",
    ],
)
def test_nothing_is_offered_in_texts_comments_and_after_whole_words(text: str, page: Page) -> None:
    write(page, text)
    expect(page.locator("#sql-offers")).to_be_hidden()
    sql(page).press("Enter")
    expect(sql(page)).to_have_value(f"{text}\n")


def test_an_insert_names_its_columns_without_the_dataset_and_all_are_offered_when_asked(page: Page) -> None:
    write(page, "INSERT INTO costs (prov")
    assert offers(page) == ["provider"]
    sql(page).press("Tab")
    sql(page).press_sequentially(", ")
    sql(page).press("Control+ ")
    assert "cost_type" in offers(page)
    assert len(offers(page)) > 10
    sql(page).press("Escape")
    expect(sql(page)).to_have_value("INSERT INTO costs (provider, ")


def test_offers_fit_on_a_phone_and_leave_with_the_focus(console: Console, people: People) -> None:
    page = console.open(people.alice, NEW, width=360)
    write(page, "UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/Unbl")
    expect(page.locator("#sql-offers")).to_be_visible()
    assert overflow(page) == 0
    assert violations(page) == []
    box = page.locator("#sql-offers").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.get_by_label("Title").focus()
    expect(page.locator("#sql-offers")).to_be_hidden()
