import dataclasses
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from billow.delivery.letter import InvoiceFacts, write_letter
from billow.delivery.words import WORDS
from billow.terms.period import BillingPeriod

FACTS = InvoiceFacts(
    number="INV-2026-00012",
    company="Nordlicht Cloud GmbH",
    buyer="Kunde & Söhne",
    period=BillingPeriod(2026, 3),
    currency="EUR",
    total_minor=123_450,
    issue_date=date(2026, 4, 2),
    due_date=date(2026, 4, 16),
    locale="en-GB",
    takes_replies=True,
)


def test_the_text_says_what_period_how_much_and_until_when() -> None:
    letter = write_letter(facts=FACTS)
    assert letter.subject == "Invoice INV-2026-00012 from Nordlicht Cloud GmbH"
    assert letter.text == (
        "Hello Kunde & Söhne,\n"
        "\n"
        "Your invoice for 1 – 31 March 2026 is attached as a PDF.\n"
        "\n"
        "Invoice:        INV-2026-00012\n"
        "Amount due:     €1,234.50\n"
        "Billing period: 1 – 31 March 2026\n"
        "Issue date:     2 April 2026\n"
        "Due date:       16 April 2026\n"
        "\n"
        "Please pay by 16 April 2026; the details are on the invoice.\n"
        "\n"
        "A question about this invoice? Just reply to this e-mail.\n"
        "\n"
        "-- \n"
        "Nordlicht Cloud GmbH sent this e-mail automatically.\n"
    )


def test_a_credit_balance_asks_nobody_to_pay() -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, total_minor=-500))
    assert "Credit balance: €5.00" in letter.text
    assert "There is nothing to pay." in letter.text
    assert "Due date" not in letter.text + letter.html


def test_nothing_due_is_said_so() -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, total_minor=0))
    assert "Total:          €0.00" in letter.text
    assert "Please pay" not in letter.text


def test_an_invoice_due_at_once_says_so() -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, due_date=FACTS.issue_date))
    assert "Please pay on receipt" in letter.text


def test_a_currency_without_decimals_has_none() -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, currency="JPY", total_minor=123_450))
    assert "¥123,450\n" in letter.text


def test_without_a_reply_address_nobody_is_asked_to_reply() -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, takes_replies=False))
    assert "Please contact Nordlicht Cloud GmbH." in letter.text
    assert "reply" not in letter.html


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "$subject {number}", '"><img src=x>', "&amp; & Co."])
def test_names_are_data_in_text_and_html(name: str) -> None:
    letter = write_letter(facts=dataclasses.replace(FACTS, company=name, buyer=name))
    assert f"Hello {name}," in letter.text
    reader = Reader()
    reader.feed(letter.html)
    assert f"Hello {name}," in reader.text
    assert not {"script", "img", "link"} & set(reader.tags)


def test_the_html_says_everything_that_the_text_says() -> None:
    reader = Reader()
    letter = write_letter(facts=FACTS)
    reader.feed(letter.html)
    for value in ("INV-2026-00012", "€1,234.50", "1 – 31 March 2026", "2 April 2026", "16 April 2026", "Just reply"):
        assert value in letter.text
        assert value in reader.text


def test_the_html_loads_nothing_from_elsewhere_and_knows_dark_mode() -> None:
    html = write_letter(facts=FACTS).html
    assert not re.search(r"https?:|src=|url\(|@import", html)
    assert "prefers-color-scheme: dark" in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "$" not in html


def test_every_language_has_the_same_words() -> None:
    english = WORDS["en"]
    for language, words in WORDS.items():
        assert words.keys() == english.keys(), language
        for key in words:
            assert set(re.findall(r"{(\w+)}", words[key])) == set(re.findall(r"{(\w+)}", english[key])), (language, key)


class Reader(HTMLParser):
    """Reads a page as a person does."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
