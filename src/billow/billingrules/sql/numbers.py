"""Numbers as rules write them: exact, of a size that an amount can have."""

import re
from decimal import Context, Decimal, DecimalException

from billow.billingrules.expression import Arithmetic, Number, Value
from billow.billingrules.sql.limits import MAX_DIGITS_AFTER_POINT, MAX_DIGITS_BEFORE_POINT

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FOLDING = Context(prec=80, Emax=10_000, Emin=-10_000)
_OPERATIONS = {"+": _FOLDING.add, "-": _FOLDING.subtract, "*": _FOLDING.multiply, "/": _FOLDING.divide}


def looks_like_number(text: str) -> bool:
    """Tell whether a quoted text is a number and nothing else, so that it may stand where a number is needed."""
    return _PLAIN.fullmatch(text) is not None


def number_of(text: str) -> Decimal | None:
    """Return the number, or None if it has more digits than an amount can have."""
    whole, _, fraction = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > MAX_DIGITS_BEFORE_POINT or len(fraction.rstrip("0")) > MAX_DIGITS_AFTER_POINT:
        return None
    sign = "-" if text.startswith("-") else ""
    return Decimal(
        f"{sign}{whole.lstrip('0') or '0'}.{fraction[:MAX_DIGITS_AFTER_POINT]}" if fraction else f"{sign}{whole}"
    )


def is_zero(value: Value) -> bool:
    """Tell whether a value is zero whatever the charge: a number, or a calculation with numbers alone."""
    try:
        return _folded(value) == 0
    except DecimalException:
        return False


def _folded(value: Value) -> Decimal | None:
    if isinstance(value, Number):
        return value.value
    if not isinstance(value, Arithmetic):
        return None
    left, right = _folded(value.left), _folded(value.right)
    if left is None or right is None:
        return None
    return _OPERATIONS[value.operator](left, right)
