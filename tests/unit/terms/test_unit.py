"""A quantity's unit never reads as a second figure."""

import pytest

from billow.terms.unit import unit_after_quantity


@pytest.mark.parametrize(
    ("unit", "read"),
    [
        ("Hours", "Hours"),
        ("1 Hour", "Hour"),
        ("1 GB/Month", "GB/Month"),
        ("10 GB", "\N{MULTIPLICATION SIGN} 10 GB"),
        ("10K", "\N{MULTIPLICATION SIGN} 10K"),
        ("1/Month", "\N{MULTIPLICATION SIGN} 1/Month"),
        ("1 1000 Calls", "\N{MULTIPLICATION SIGN} 1 1000 Calls"),
        ("1", "\N{MULTIPLICATION SIGN} 1"),
        ("", ""),
    ],
)
def test_a_unit_that_begins_with_a_figure_cannot_be_taken_for_a_part_of_the_quantity(unit: str, read: str) -> None:
    assert unit_after_quantity(unit=unit) == read
