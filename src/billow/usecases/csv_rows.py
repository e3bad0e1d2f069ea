"""Read a small CSV file that a person uploads: a header in any order, and every fault with its row."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from billow.terms.issue import Issue
from billow.usecases.refused import Refused

MOST_BYTES = 5 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRow:
    """One data row; ``number`` counts from 1, without the header."""

    number: int
    cells: Mapping[str, str]


def read_csv_rows(
    *, data: bytes, columns: Sequence[str], required: Sequence[str], most_rows: int, free_prefix: str | None = None
) -> tuple[CsvRow, ...]:
    """Return the rows of a comma, semicolon or tab separated file in UTF-8; raise Refused with every fault.

    Column names are read in any case. Unknown columns are refused, except those that begin with ``free_prefix``.
    """
    lines = _lines(data)
    header = _header(lines[0][1], columns, required, free_prefix)
    issues: list[Issue] = []
    rows: list[CsvRow] = []
    for number, (line_number, cells) in enumerate(lines[1:], start=1):
        if len(cells) != len(header):
            message = f"Row {number}: has {len(cells)} cells, the header has {len(header)} (line {line_number})"
            issues.append(Issue("ragged_row", message, row=number))
            continue
        rows.append(CsvRow(number=number, cells=dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    if len(lines) - 1 > most_rows:
        issues.insert(0, Issue("too_many_rows", f"The file has {len(lines) - 1:,} rows; at most {most_rows:,} fit"))
    if len(lines) == 1:
        issues.append(Issue("no_rows", "The file has a header and no rows"))
    refuse_rows(issues=issues)
    return tuple(rows)


def refuse_rows(*, issues: Sequence[Issue]) -> None:
    """Raise Refused with all of these faults, saying that nothing was stored."""
    if issues:
        count = "One problem" if len(issues) == 1 else f"{len(issues):,} problems"
        raise Refused("bad_rows", f"{count} in the file; nothing was stored", issues)


def with_row(*, number: int, issues: Iterable[Issue]) -> list[Issue]:
    """Return the findings with ``Row N: `` before each message."""
    return [
        Issue(
            issue.code,
            f"Row {number}: {issue.message}",
            severity=issue.severity,
            path=issue.path,
            row=number,
            column=issue.column,
            value=issue.value,
        )
        for issue in issues
    ]


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Return (line number, cells) of every line that is not blank; the first is the header."""
    if len(data) > MOST_BYTES:
        raise Refused("too_large", f"The file has {len(data):,} bytes; at most {MOST_BYTES:,} fit")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        message = f"The file is not UTF-8 text (byte {wrong.start + 1}); save it as CSV UTF-8"
        raise Refused("not_utf8", message) from wrong
    if "\0" in text:
        raise Refused("not_utf8", "The file holds zero bytes, so it is not UTF-8 text; save it as CSV UTF-8")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as wrong:
        raise Refused("not_csv", f"Line {reader.line_num} of the file is not CSV: {wrong}") from wrong
    if not lines:
        raise Refused("empty_file", "The file is empty; it needs a header and rows")
    return lines


def _header(
    names: Sequence[str], columns: Sequence[str], required: Sequence[str], free_prefix: str | None
) -> tuple[str, ...]:
    issues: list[Issue] = []
    header = []
    for name in (name.strip() for name in names):
        free = free_prefix is not None and name.lower().startswith(free_prefix)
        header.append(name if free else name.lower())
        if not free and name.lower() not in columns:
            known = ", ".join((*columns, *([f"{free_prefix}…"] if free_prefix else [])))
            issues.append(Issue("unknown_column", f"There is no column {name!r}; columns are {known}", column=name))
    issues.extend(
        Issue("missing_column", f"The header has no column {name!r}", column=name)
        for name in required
        if name not in header
    )
    issues.extend(
        Issue("double_column", f"The header names {name!r} twice", column=name)
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    )
    refuse_rows(issues=issues)
    return tuple(header)
