"""Months."""

from datetime import date

import pytest

from billow.terms.period import BillingPeriod, InvalidBillingPeriod


def test_a_month_is_half_open_and_names_its_last_day() -> None:
    february = BillingPeriod.parse("2024-02")
    assert (february.start, february.last_day, february.end) == (date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1))


def test_months_follow_each_other_over_the_year_end() -> None:
    december = BillingPeriod(2025, 12)
    assert december.next == BillingPeriod(2026, 1)
    assert december.next.previous == december


def test_a_day_beyond_the_months_length_is_its_last() -> None:
    assert BillingPeriod(2026, 2).day(31) == date(2026, 2, 28)


@pytest.mark.parametrize("text", ["2026-13", "2026-3", "26-03", "2026-03-01", "", "march"])
def test_other_texts_are_refused_with_the_right_way_to_write_it(text: str) -> None:
    with pytest.raises(InvalidBillingPeriod, match="write a month such as 2026-03"):
        BillingPeriod.parse(text)
