from datetime import UTC, date, datetime
from decimal import Decimal

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.usecases.field_checks import MOST_ADDRESSES, Findings, is_country, is_email_address
from billow.usecases.refused import Refused


@pytest.mark.parametrize(
    "address", ["a@b.example", "a+b@corp.local", "root@localhost", "jörg@müller.de", "o'neil@b.test"]
)
def test_addresses_that_mail_can_reach_are_accepted(address: str) -> None:
    assert is_email_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@gmail", "a b@c.de", "Ada <a@b.de>", "a@b.de, c@d.de", "a@b.de\nBcc: c@d.de", "a@b..de", "@b.de"],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    assert not is_email_address(address)


def test_countries_are_alpha_2_in_any_case_and_echoed_as_written() -> None:
    findings = Findings()
    assert findings.read_country("de") == "de"
    assert not findings.issues
    assert [is_country(text) for text in ("GR", "XX", "DEU", "", "d")] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8.25", "8.25"),
        (25, "25"),
        (" 1e3 ", "1000"),
        ("-0.5", "-0.5"),
        (Decimal("0.1"), "0.1"),
        ("999999999999", None),
    ],
)
def test_numbers_are_read_exactly(text: object, number: str | None) -> None:
    findings = Findings()
    assert findings.read_decimal(text, column="amount") == Decimal(number or str(text))
    assert not findings.issues


@pytest.mark.parametrize(
    "text",
    [
        *("", "NaN", "Infinity", "1,5", "1_000", "$5", "٣", "1e400", "1e13", "1000000000000", "0.12345678901"),
        *(True, None, float("1.5"), [1], Decimal("NaN")),
    ],
)
def test_what_is_no_plain_number_is_refused(text: object) -> None:
    findings = Findings()
    assert findings.read_decimal(text, column="amount") is None
    assert findings.failed


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_numbers_and_dates(text: str) -> None:
    findings = Findings()
    number = findings.read_decimal(text, column="amount")
    assert number is None or number.is_finite()
    findings.read_date(text, column="date")
    findings.read_text(text, column="name")
    findings.read_country(text)
    findings.read_currency(text, column="currency")


def test_dates_may_carry_a_time_and_must_exist() -> None:
    findings = Findings()
    assert findings.read_date("2024-06-28T00:00:00Z", column="start_date") == date(2024, 6, 28)
    assert findings.read_date(datetime(2024, 6, 28, 9, tzinfo=UTC), column="start_date") == date(2024, 6, 28)
    assert findings.read_date("", column="start_date") is None
    assert not findings.issues
    for wrong in ("2024-02-30", "28.06.2024", "20240628", "2024-6-8", "soon"):
        assert findings.read_date(wrong, column="start_date") is None
    assert len(findings.issues) == 5


def test_every_problem_is_in_the_refusal() -> None:
    findings = Findings()
    findings.read_text("", column="name", required=True)
    findings.read_address("nobody", column="contact_email")
    findings.warn("odd", "iban", "The iban is odd")
    with pytest.raises(Refused) as refused:
        findings.refuse_if_any()
    assert [issue.column for issue in refused.value.issues] == ["name", "contact_email"]
    assert [issue.code for issue in findings.warnings] == ["odd"]


def test_lists_have_limits_and_keep_their_order() -> None:
    findings = Findings()
    assert findings.read_addresses("b@x.example, a@x.example") == ["b@x.example", "a@x.example"]
    assert not findings.issues
    findings.read_addresses([f"a{number}@x.example" for number in range(MOST_ADDRESSES + 1)])
    findings.read_custom_fields([{"name": f"Field {number}"} for number in range(26)])
    findings.read_custom_fields([{"name": "x" * 101, "value": "y" * 501}, {"value": "nameless"}, "text"])
    assert [issue.code for issue in findings.issues] == [
        *("too_many", "too_many", "too_long", "too_long", "blank", "not_a_field"),
    ]


def test_control_characters_are_refused() -> None:
    findings = Findings()
    findings.read_text("Ada\x00", column="name")
    findings.read_text("Ada\nBcc: x", column="name")
    assert [issue.code for issue in findings.issues] == ["control_character"] * 2


def test_countries_are_those_of_iso_3166() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ours = {first + second for first in letters for second in letters if is_country(first + second)}
    assert ours == {country.alpha_2 for country in pycountry.countries}
