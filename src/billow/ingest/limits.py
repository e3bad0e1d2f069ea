"""What an import accepts at most: guards against hostile or broken files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimits:
    """Bounds of one delivery.

    A compressed file is a bomb if it unpacks to more than ``max_unpacked_bytes``, or, beyond
    ``ratio_from_bytes``, to more than ``max_ratio`` times its size.
    """

    max_unpacked_bytes: int = 256 * 1024**3
    max_ratio: int = 200
    ratio_from_bytes: int = 64 * 1024**2
    max_rows: int = 2_000_000_000
    max_columns: int = 2_000
    max_shown_issues: int = 100
    read_block_bytes: int = 8 * 1024**2
