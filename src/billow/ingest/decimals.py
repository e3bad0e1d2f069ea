"""Text into exact decimals of the store's width, a column at a time."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc

from billow.coststore.delivery import MAX_DECIMAL_DIGITS, STORED_SCALE, DecimalShape

STORED_DECIMAL = pa.decimal128(MAX_DECIMAL_DIGITS, STORED_SCALE)
MAX_INTEGER_DIGITS = MAX_DECIMAL_DIGITS - STORED_SCALE
_PLAIN = r"^[+-]?\d{1,20}(\.\d{0,18})?$"
NUMBER_PATTERN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$"
_NUMBER = re.compile(NUMBER_PATTERN, re.ASCII)
_TOO_MANY_DIGITS = rf"\d{{{MAX_INTEGER_DIGITS + 1}}}"
_EXPONENT_SIGNS = ("e", "E")
_STEP = Decimal(1).scaleb(-STORED_SCALE)
_MAX_PLACES = 100


@dataclass(frozen=True, slots=True)
class BadNumber:
    """A value that cannot be stored: its index in the column, and a code with the reason."""

    index: int
    code: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoundedNumber:
    """A value finer than the store's decimals, and what rounding half to even added to it."""

    index: int
    difference: Decimal


@dataclass(frozen=True, slots=True)
class Decimals:
    """A converted column; bad values are null in it."""

    values: pa.Array
    bad: tuple[BadNumber, ...]
    rounded: tuple[RoundedNumber, ...]


def to_decimals(texts: pa.Array) -> Decimals:
    """Convert number texts exactly; scientific notation is a decimal like any other."""
    if _may_overflow(texts):
        return _one_by_one_where_odd(texts)
    try:
        return Decimals(pc.cast(texts, STORED_DECIMAL), (), ())
    except pa.ArrowInvalid:
        return _one_by_one_where_odd(texts)


def _may_overflow(texts: pa.Array) -> bool:
    """Tell whether a text may be a number that does not fit: Arrow's cast makes another number of some of those.

    Short texts without an exponent are sure to fit, and most columns hold nothing else.
    """
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    too_long = longest > MAX_INTEGER_DIGITS and pc.any(pc.match_substring_regex(texts, _TOO_MANY_DIGITS)).as_py()
    return bool(too_long) or any(pc.any(pc.match_substring(texts, sign)).as_py() for sign in _EXPONENT_SIGNS)


def shape_of(values: pa.Array, *, at_least: DecimalShape) -> DecimalShape:
    """Return the digits that the values need, not fewer than ``at_least``."""
    if values.null_count == len(values):
        return at_least
    bounds = pc.min_max(values).as_py()
    largest = max(abs(bounds["min"]), abs(bounds["max"]))
    integer_digits = max(largest.adjusted() + 1, 0) if largest else 0
    return DecimalShape(max(integer_digits, at_least.integer_digits), _scale_of(values, at_least.scale))


def _scale_of(values: pa.Array, at_least: int) -> int:
    for scale in range(at_least, STORED_SCALE):
        try:
            pc.cast(values, pa.decimal128(MAX_DECIMAL_DIGITS, scale))
        except pa.ArrowInvalid:
            continue
        return scale
    return STORED_SCALE


def _one_by_one_where_odd(texts: pa.Array) -> Decimals:
    odd = pc.fill_null(pc.invert(pc.match_substring_regex(texts, _PLAIN)), False)
    replacements: list[str | None] = []
    bad: list[BadNumber] = []
    rounded: list[RoundedNumber] = []
    for index in pc.indices_nonzero(odd).to_pylist():
        text = texts[index].as_py()
        value = _exact(text)
        if isinstance(value, str):
            bad.append(BadNumber(index, value, text, _REASONS[value]))
            replacements.append(None)
            continue
        stored = value.quantize(_STEP, rounding=ROUND_HALF_EVEN)
        if stored.adjusted() >= MAX_INTEGER_DIGITS:
            bad.append(BadNumber(index, "number_out_of_range", text, _REASONS["number_out_of_range"]))
            replacements.append(None)
            continue
        if stored != value:
            rounded.append(RoundedNumber(index, stored - value))
        replacements.append(f"{stored:f}")
    plain = pc.replace_with_mask(texts, odd, pa.array(replacements, type=texts.type))
    return Decimals(pc.cast(plain, STORED_DECIMAL), tuple(bad), tuple(rounded))


_REASONS = {
    "not_a_number": "is not a plain number; write it with a point, without currency signs and thousands separators",
    "number_out_of_range": f"does not fit: at most {MAX_INTEGER_DIGITS} digits may stand before the point",
}


def _exact(text: str) -> Decimal | str:
    """Return the value, or the code of what is wrong with it."""
    stripped = text.strip()
    if not _NUMBER.match(stripped):
        return "not_a_number"
    try:
        value = Decimal(stripped)
    except InvalidOperation:
        return "not_a_number"
    if value and not -_MAX_PLACES <= value.adjusted() < MAX_INTEGER_DIGITS:
        return "number_out_of_range"
    return value
