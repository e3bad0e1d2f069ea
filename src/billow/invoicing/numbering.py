"""Invoice numbers from a pattern such as ``INV-{year}-{sequence:05}``."""

import re
from datetime import date, timedelta

DEFAULT_PATTERN = "INV-{year}-{sequence:05}"

MAX_NUMBER_LENGTH = 30
"""Longest number a pattern may make, so that it fits every e-invoice format."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"^sequence(?::0?(\d{1,2}))?$")
_HASHES = re.compile(r"^#+$")
_PRINTABLE = re.compile(r"^[A-Za-z0-9 ._-]*$")


class UnableToNumber(Exception):
    """The number pattern cannot make invoice numbers; the message says how to mend it."""


def check_pattern(*, pattern: str) -> None:
    """Raise UnableToNumber unless the pattern makes distinct, printable numbers.

    Fields: ``{year}`` or ``{YYYY}``, ``{month}`` or ``{MM}`` (two digits), and exactly one of
    ``{sequence}``, ``{sequence:05}`` or ``{####}``.
    """
    fields = _FIELD.findall(pattern)
    for field in fields:
        if _width_of(field) is None and field not in _DATE_FIELDS:
            raise UnableToNumber(f"Number pattern {pattern!r} has an unknown field {{{field}}}; use {_KNOWN}")
    if sum(_width_of(field) is not None for field in fields) != 1:
        raise UnableToNumber(f"Number pattern {pattern!r} must contain {{sequence}} exactly once")
    rest = _FIELD.sub("", pattern)
    if not _PRINTABLE.match(rest) or rest != rest.strip():
        raise UnableToNumber(f"Number pattern {pattern!r} may contain letters, digits, inner spaces and . _ - only")
    if len(_render(pattern, year=9999, month=12, sequence=9_999_999)) > MAX_NUMBER_LENGTH:
        raise UnableToNumber(f"Number pattern {pattern!r} makes numbers longer than {MAX_NUMBER_LENGTH} characters")


def format_number(*, pattern: str, year: int, month: int, sequence: int) -> str:
    """Return the number of the given place in the series; raise UnableToNumber if the pattern is wrong."""
    check_pattern(pattern=pattern)
    if sequence < 1:
        raise UnableToNumber(f"Invoice numbers count from 1, not from {sequence}")
    return _render(pattern, year=year, month=month, sequence=sequence)


def due_date(*, issue_date: date, payment_terms_days: int) -> date:
    """Return the day the payment is due: that many calendar days after the issue date."""
    return issue_date + timedelta(days=payment_terms_days)


_DATE_FIELDS = ("year", "YYYY", "month", "MM")
_KNOWN = "{year}, {month} and {sequence} (or {sequence:05} for five digits)"


def _width_of(field: str) -> int | None:
    if _HASHES.match(field):
        return len(field)
    match = _SEQUENCE.match(field)
    return None if match is None else int(match.group(1) or 1)


def _render(pattern: str, *, year: int, month: int, sequence: int) -> str:
    def fill(match: re.Match[str]) -> str:
        field = match.group(1)
        width = _width_of(field)
        if width is not None:
            return f"{sequence:0{width}d}"
        return f"{year:04d}" if field in ("year", "YYYY") else f"{month:02d}"

    return _FIELD.sub(fill, pattern)
