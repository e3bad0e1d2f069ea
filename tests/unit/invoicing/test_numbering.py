"""Numbers and due dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.invoicing.numbering import UnableToNumber, check_pattern, due_date, format_number


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("INV-{year}-{sequence:05}", "INV-2026-00042"),
        ("{sequence}", "42"),
        ("INV-{YYYY}-{####}", "INV-2026-0042"),
        ("{YYYY}{MM}.{month}_{sequence:3}", "202603.03_042"),
    ],
)
def test_a_pattern_makes_the_number(pattern: str, number: str) -> None:
    assert format_number(pattern=pattern, year=2026, month=3, sequence=42) == number


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("INV-{year}", "must contain {sequence} exactly once"),
        ("{sequence}{####}", "exactly once"),
        ("{sequence}-{customer}", "unknown field {customer}"),
        ("{sequence:x}", "unknown field"),
        ("{}{sequence}", "unknown field {}"),
        ("../{sequence}", "letters, digits"),
        ("INV {sequence} ", "letters, digits"),
        ("{sequence:05", "must contain"),
        ("A-VERY-LONG-PREFIX-FOR-A-NUMBER-{sequence}", "longer than 30"),
        ("{sequence:99}", "longer than 30"),
    ],
)
def test_a_pattern_that_cannot_number_is_refused_with_the_reason(pattern: str, words: str) -> None:
    with pytest.raises(UnableToNumber) as caught:
        check_pattern(pattern=pattern)
    assert words in str(caught.value)


def test_sequences_count_from_one() -> None:
    with pytest.raises(UnableToNumber, match="count from 1"):
        format_number(pattern="{sequence}", year=2026, month=1, sequence=0)


@given(st.lists(st.integers(1, 10**7), unique=True, min_size=2, max_size=2), st.sampled_from(["{sequence}", "{##}"]))
def test_different_places_in_the_series_never_share_a_number(places: list[int], field: str) -> None:
    numbers = {format_number(pattern=f"A{field}", year=2026, month=1, sequence=place) for place in places}
    assert len(numbers) == 2


@pytest.mark.parametrize(
    ("issued", "days", "due"),
    [
        (date(2026, 1, 31), 10, date(2026, 2, 10)),
        (date(2026, 1, 31), 30, date(2026, 3, 2)),
        (date(2028, 1, 31), 30, date(2028, 3, 1)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
    ],
)
def test_the_due_date_counts_calendar_days(issued: date, days: int, due: date) -> None:
    assert due_date(issue_date=issued, payment_terms_days=days) == due
