"""On which day charge and credit rules book."""

from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.booking import booking_day, recurrence_of
from billow.billingrules.rule import ChargeRule, Recurrence
from billow.terms.period import BillingPeriod


def fee(start: date, end: date | None = None, recurrence: Recurrence | None = None) -> ChargeRule:
    return ChargeRule(
        token="r",
        title="Fee",
        service="Support",
        category="Fee",
        sub_category="Monthly",
        amount=Decimal(100),
        start_date=start,
        end_date=end,
        recurrence=recurrence,
    )


def booked(rule: ChargeRule, *months: int) -> list[date | None]:
    return [booking_day(rule=rule, period=BillingPeriod(2026, month)) for month in months]


def test_without_an_end_a_charge_is_booked_once_on_its_start_day() -> None:
    assert booked(fee(date(2026, 2, 14)), 1, 2, 3) == [None, date(2026, 2, 14), None]


def test_an_end_in_the_same_month_still_means_once() -> None:
    assert recurrence_of(rule=fee(date(2026, 2, 1), date(2026, 2, 28))) is Recurrence.ONE_TIME


def test_an_end_in_a_later_month_means_every_month_on_the_start_day_clamped() -> None:
    rule = fee(date(2026, 1, 31), date(2026, 4, 30))
    assert booked(rule, 1, 2, 3, 4, 5) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        None,
    ]


def test_a_month_that_ends_before_the_booking_day_is_not_booked() -> None:
    assert booked(fee(date(2026, 1, 20), date(2026, 3, 15)), 2, 3) == [date(2026, 2, 20), None]


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [(Recurrence.MONTHLY, [date(2026, 1, 5), date(2026, 2, 5)]), (Recurrence.ONE_TIME, [date(2026, 1, 5), None])],
)
def test_a_stated_recurrence_overrides_what_the_dates_suggest(recurrence: Recurrence, expected: list[date]) -> None:
    end = date(2026, 6, 30) if recurrence is Recurrence.ONE_TIME else None
    assert booked(fee(date(2026, 1, 5), end, recurrence), 1, 2) == expected
