"""What ingest hands to the store: Parquet files, and how their columns become FOCUS columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_DECIMAL_DIGITS = 38
STORED_SCALE = 18
NARROW_DIGITS = 18
NULL_TEXTS = ("", "NULL", "null")
"""What exporters write for a missing value."""


@dataclass(frozen=True, slots=True)
class DecimalShape:
    """How many digits some decimals need before and after the point."""

    integer_digits: int = 0
    scale: int = 0

    def joined(self, other: "DecimalShape") -> "DecimalShape":
        """Return the shape that holds the values of both."""
        return DecimalShape(max(self.integer_digits, other.integer_digits), max(self.scale, other.scale))

    @property
    def sql_type(self) -> str:
        """The narrowest stored type that holds the shape exactly."""
        digits = self.integer_digits + self.scale
        if digits > NARROW_DIGITS:
            return f"DECIMAL({MAX_DECIMAL_DIGITS},{STORED_SCALE})"
        return f"DECIMAL({max(digits, 1)},{self.scale})"


@dataclass(frozen=True, slots=True)
class DeliveredColumn:
    """A column by its name in the delivered file and its name in the store.

    ``origin`` is its name in the file the person gave, where ``delivered`` names one in a rewritten copy.
    """

    delivered: str
    stored: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """One Parquet file that the store can read without looking at single rows.

    Decimal columns are DECIMAL or integer, times are timestamps or dates. ``name`` is the file the
    person gave, for messages; ``path`` may be a rewritten copy with the same rows in the same order.
    ``shapes`` has an entry for each delivered decimal column, by stored name.
    """

    path: Path
    name: str
    columns: tuple[DeliveredColumn, ...]
    rows: int
    shapes: Mapping[str, DecimalShape] = field(default_factory=dict)
