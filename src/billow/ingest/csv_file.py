"""A delivered CSV file as batches of text columns, with the numbers of its data rows."""

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.csv as pacsv

from billow.coststore.delivery import NULL_TEXTS
from billow.ingest.limits import ImportLimits
from billow.ingest.problems import Problems, shown
from billow.ingest.sources import FileKind, FoundFile
from billow.ingest.text_stream import TextStream, UnableToReadText, read_header
from billow.terms.issue import Issue

_PEEK_BYTES = 64 * 1024
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def csv_column_names(*, file: FoundFile, limits: ImportLimits, problems: Problems) -> tuple[str, ...] | None:
    """Return the header's names, or None after saying why the file cannot be read."""
    issue: Issue | None = None
    header: list[str] = []
    try:
        with _open(file, limits, lambda _: None) as stream:
            stream.read_chunk(_PEEK_BYTES)
        header = read_header(str(file.path), is_gzip=file.kind is FileKind.GZIP_CSV)
        issue = _header_issue(header, file, limits)
    except UnableToReadText as failure:
        issue = failure.issue
    except EOFError:
        issue = _issue("truncated_file", "The gzip file ends too early; download it again.", file)
    except csv.Error:
        issue = _issue("wrong_encoding", "The first line is not the header of a CSV file.", file)
    if issue is not None:
        problems.add(issue)
        return None
    return tuple(name.strip() or f"column_{number}" for number, name in enumerate(header, start=1))


def _header_issue(header: list[str], file: FoundFile, limits: ImportLimits) -> Issue | None:
    if not any(name.strip() for name in header):
        return _issue("empty_file", "The file has no header line; export it again.", file)
    for delimiter, word in _OTHER_DELIMITERS.items():
        if sum(name.count(delimiter) for name in header) > len(header):
            return _issue("wrong_delimiter", f"The columns are separated by {word}; export the file with commas.", file)
    if len(header) > limits.max_columns:
        return _issue("too_many_columns", f"The file has more than {limits.max_columns} columns.", file)
    return None


@dataclass(slots=True, kw_only=True)
class CsvRows:
    """The rows of a CSV file under its header; unreadable ones go to ``problems``."""

    file: FoundFile
    names: tuple[str, ...]
    limits: ImportLimits
    problems: Problems
    on_bytes: Callable[[int], None]
    left_out: list[int] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the readable rows as text columns; empty fields and the word NULL are null."""
        with _open(self.file, self.limits, self.on_bytes) as stream:
            try:
                yield from self._parsed(stream)
            except pa.ArrowInvalid as error:
                if stream.failure is None and not _is_without_rows(error):
                    self.problems.add(_parse_issue(error, self.file))
            except UnableToReadText:
                pass
            if stream.failure is not None:
                self.problems.add(stream.failure.issue)
            elif not stream.quotes_are_paired:
                message = 'A quoted field is never closed; the file is cut off, or a " inside a field is not doubled.'
                self.problems.add(_issue("unclosed_quote", message, self.file))

    def number_of(self, position: int) -> int:
        """Return the data row, from 1, of the readable row at a position from 0: unreadable ones count too."""
        row = position + 1
        while (moved := position + 1 + bisect_right(self.left_out, row)) != row:
            row = moved
        return row

    def _parsed(self, stream: TextStream) -> Iterator[pa.RecordBatch]:
        yield from pacsv.open_csv(
            stream,
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=self.limits.read_block_bytes, column_names=list(self.names), skip_rows=1
            ),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._leave_out),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in self.names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=list(NULL_TEXTS),
            ),
        )

    def _leave_out(self, row: pacsv.InvalidRow) -> str:
        number = row.number - 1
        self.left_out.append(number)
        self.problems.add(_ragged_row(row, number, self.file, self.names))
        return "skip"


def _ragged_row(row: pacsv.InvalidRow, number: int, file: FoundFile, names: tuple[str, ...]) -> Issue:
    few = row.actual_columns < row.expected_columns
    return Issue(
        code="ragged_row",
        message=f"Row {number} has {row.actual_columns} fields, the header has {row.expected_columns}; "
        + ("fields are missing, or the file is cut off." if few else 'put fields that hold commas in "quotes".'),
        path=file.name,
        row=number,
        column=names[row.actual_columns] if few else names[-1],
        value=shown(row.text),
    )


def _is_without_rows(error: pa.ArrowInvalid) -> bool:
    """Tell whether the reader only misses rows after the header, which is said of any file without rows."""
    return "Could not skip initial" in str(error) or "Empty CSV" in str(error)


def _parse_issue(error: pa.ArrowInvalid, file: FoundFile) -> Issue:
    if "straddling" in str(error):
        message = "A row is far too long; a quoted field is perhaps never closed."
        return _issue("row_too_long", message, file)
    return _issue("bad_csv", f"The file is not sound CSV: {str(error).splitlines()[0]}", file)


def _open(file: FoundFile, limits: ImportLimits, on_bytes: Callable[[int], None]) -> TextStream:
    return TextStream(
        path=file.path, name=file.name, is_gzip=file.kind is FileKind.GZIP_CSV, limits=limits, on_bytes=on_bytes
    )


def _issue(code: str, message: str, file: FoundFile) -> Issue:
    return Issue(code=code, message=message, path=file.name)
