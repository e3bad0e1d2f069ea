"""Costs as CSV: what one exports to look at elsewhere."""

import csv
import io
from collections.abc import Iterable, Sequence

from billow.documents.csv import safe_cell


def render_costs_csv(*, columns: Sequence[str], numbers: frozenset[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return UTF-8 CSV (RFC 4180, CRLF); text that a spreadsheet would take for a formula begins with an apostrophe.

    ``numbers`` are the columns whose texts are plain decimals.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe_cell(column) for column in columns])
    plain = [column in numbers for column in columns]
    for row in rows:
        writer.writerow([cell if is_plain else safe_cell(cell) for cell, is_plain in zip(row, plain, strict=True)])
    return text.getvalue().encode("utf-8")
