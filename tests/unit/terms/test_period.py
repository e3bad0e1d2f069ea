from datetime import UTC, date, datetime

import pytest

from billow.terms.period import BillingPeriod, InvalidBillingPeriod


def test_a_period_is_half_open_and_knows_its_last_day() -> None:
    february = BillingPeriod.parse("2028-02")
    assert (february.start, february.end, february.last_day) == (date(2028, 2, 1), date(2028, 3, 1), date(2028, 2, 29))
    assert february.start_at == datetime(2028, 2, 1, tzinfo=UTC)
    assert february.contains(date(2028, 2, 29))
    assert not february.contains(date(2028, 3, 1))


def test_the_year_turns_in_both_directions() -> None:
    assert BillingPeriod(2025, 12).next == BillingPeriod(2026, 1)
    assert BillingPeriod(2026, 1).previous == BillingPeriod(2025, 12)
    assert str(BillingPeriod.of(date(2026, 1, 31))) == "2026-01"


def test_a_day_beyond_the_month_is_its_last() -> None:
    assert BillingPeriod(2026, 2).day(31) == date(2026, 2, 28)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "", "January"])
def test_text_that_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidBillingPeriod, match="2026-03"):
        BillingPeriod.parse(text)
