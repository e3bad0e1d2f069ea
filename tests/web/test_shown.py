"""How amounts and times read."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.interfaces.web.shown.amounts import amount, exact_text, percent, sum_by_currency
from billow.interfaces.web.shown.times import moment
from billow.terms.money import to_minor


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234567.005", "USD", "1,234,567.01"),
        ("-0.005", "EUR", "\N{MINUS SIGN}0.01"),
        ("-0.004", "EUR", "0.00"),
        ("1234.5", "JPY", "1,235"),
        ("0.0005", "KWD", "0.001"),
    ],
)
def test_an_amount_has_exactly_the_decimals_of_its_currency(value: str, currency: str, text: str) -> None:
    shown = amount(Decimal(value), currency=currency)
    assert shown is not None
    assert shown.text == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=9))
def test_what_is_printed_is_the_rounded_value_and_nothing_else(value: Decimal) -> None:
    shown = amount(value, currency="USD")
    assert shown is not None
    printed = Decimal(shown.text.replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert int(printed * 100) == to_minor(value, currency="USD")
    assert Decimal(shown.exact.replace(",", "").replace("\N{MINUS SIGN}", "-")) == value


def test_exact_text_keeps_every_digit_and_no_needless_zero() -> None:
    assert exact_text(Decimal("1234.120000000000000001")) == "1,234.120000000000000001"
    assert exact_text(Decimal("12.500000")) == "12.50"
    assert exact_text(Decimal(3)) == "3.00"


def test_a_share_of_nothing_is_empty_and_sums_keep_currencies_apart() -> None:
    assert percent(Decimal(5), of=Decimal(0)) == ""
    assert percent(Decimal(1), of=Decimal(3)) == "33.3\N{NARROW NO-BREAK SPACE}%"
    sums = sum_by_currency([("USD", Decimal("0.10")), ("EUR", Decimal(1)), ("USD", Decimal("0.20")), ("USD", None)])
    assert sums == {"EUR": Decimal(1), "USD": Decimal("0.30")}


def test_a_moment_is_as_short_as_it_can_be() -> None:
    zone, now = ZoneInfo("Europe/Athens"), datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert moment(datetime(2026, 11, 2, 7, 5, tzinfo=UTC), zone=zone, now=now).short == "09:05"
    assert moment(datetime(2026, 10, 31, 22, 30, tzinfo=UTC), zone=zone, now=now).short == "1 Nov, 00:30"
    assert moment(datetime(2025, 11, 2, 7, tzinfo=UTC), zone=zone, now=now).short == "2 Nov 2025"
