"""The API's reference in a real browser: narrow and wide, light and dark, reached by the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_and_axe_finds_nothing(width: int, scheme: str, console: Console, people: People) -> None:
    page = console.open(people.alice, "/v2/docs", width=width, scheme=scheme)
    assert overflow(page) == 0
    assert violations(page) == []


def test_contents_lead_to_an_operation_and_each_example_stands_beside_its_fields(
    console: Console, people: People
) -> None:
    page = console.open(people.alice, "/v2/docs", width=1280)
    page.get_by_role("navigation").get_by_role("link", name="Create an invoice").click()
    article = page.locator("#createInvoice")
    expect(article).to_be_in_viewport()
    body = article.locator(".block", has_text="Example: A month")
    fields, example = (body.locator(each).bounding_box() for each in (".fields", ".examples"))
    assert fields is not None
    assert example is not None
    assert example["x"] > fields["x"] + fields["width"]
    assert abs(example["y"] - fields["y"]) < 20
