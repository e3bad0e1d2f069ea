"""Columns of number texts against Python's own decimals."""

from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.coststore.delivery import DecimalShape
from billow.ingest.decimals import shape_of, to_decimals

STEP = Decimal("1E-18")
WRITTEN = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19, places=None).filter(
    lambda value: not value or value.adjusted() >= -90
)


@given(st.lists(st.tuples(WRITTEN, st.sampled_from(["{}", "{:f}", "{:E}", " {}"])), min_size=1, max_size=20))
def test_a_column_holds_each_value_rounded_half_even_and_tells_the_difference(
    written: list[tuple[Decimal, str]],
) -> None:
    converted = to_decimals(pa.array([form.format(value) for value, form in written]))

    stored = converted.values.to_pylist()
    assert converted.bad == ()
    assert stored == [value.quantize(STEP, rounding=ROUND_HALF_EVEN) for value, _ in written]
    differences = {entry.index: entry.difference for entry in converted.rounded}
    assert [value + differences.get(index, 0) for index, (value, _) in enumerate(written)] == stored


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("9" * 20, True),
        ("-" + "9" * 20 + "." + "9" * 18, True),
        ("0" * 40 + "7", True),
        ("9e19", True),
        ("9" * 21, False),
        ("9" * 30, False),
        ("9" * 39, False),
        ("-" + "9" * 39 + ".5", False),
        ("1e20", False),
        ("1e30", False),
        ("1E+38", False),
    ],
)
def test_a_number_that_does_not_fit_is_refused_and_never_stored_as_another(text: str, fits: bool) -> None:
    converted = to_decimals(pa.array(["1.5", text]))

    assert converted.values.to_pylist() == [Decimal("1.5"), Decimal(text) if fits else None]
    assert [(entry.index, entry.code) for entry in converted.bad] == ([] if fits else [(1, "number_out_of_range")])


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), min_size=1, max_size=20))
def test_any_text_is_a_number_a_null_or_named_as_bad(texts: list[str | None]) -> None:
    converted = to_decimals(pa.array(texts, pa.string()))

    bad = {entry.index for entry in converted.bad}
    for index, (text, value) in enumerate(zip(texts, converted.values.to_pylist(), strict=True)):
        assert (value is None) == (text is None or index in bad)


@given(st.lists(st.decimals(min_value=-(10**19), max_value=10**19, places=18), min_size=1, max_size=20))
def test_the_shape_holds_every_value_and_is_the_smallest_that_does(values: list[Decimal]) -> None:
    shape = shape_of(pa.array(values, pa.decimal128(38, 18)), at_least=DecimalShape())

    digits = [value.normalize().as_tuple() for value in values]
    assert shape.scale == max(max(-int(parts.exponent), 0) for parts in digits)
    assert shape.integer_digits == max(len(str(abs(int(value)))) if abs(value) >= 1 else 0 for value in values)
