"""A delivered text file as a stream of UTF-8 bytes, checked on the way."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import IO

from billow.ingest.limits import ImportLimits
from billow.ingest.problems import shown
from billow.terms.issue import Issue

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_QUOTE = b'"'


class UnableToReadText(Exception):
    """The stream is not sound text; ``issue`` says what is wrong where."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


class TextStream(io.RawIOBase):
    """Reads a file, unpacked if it is gzip, and stops at bytes that no bill can have.

    After the end ``quotes_are_paired`` tells whether a quoted field was left open. The CSV reader reads ahead in a
    thread of its own, also after it gave up: closing waits for that, and a closed stream is at its end.
    """

    def __init__(
        self, *, path: Path, name: str, is_gzip: bool, limits: ImportLimits, on_bytes: Callable[[int], None]
    ) -> None:
        self._raw: IO[bytes] = path.open("rb")
        self._stream: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw
        self._name = name
        self._is_gzip = is_gzip
        self._size = path.stat().st_size
        self._limits = limits
        self._on_bytes = on_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._unpacked = 0
        self._reported = 0
        self._lines = 0
        self._quotes = 0
        self._line_start = b""
        self._one_at_a_time = RLock()
        self.failure: UnableToReadText | None = None

    @property
    def quotes_are_paired(self) -> bool:
        """Tell whether every quote that was opened so far was closed."""
        return self._quotes % 2 == 0

    def readable(self) -> bool:
        """Tell that the stream can be read."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fill the buffer with checked bytes."""
        chunk = self.read_chunk(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def read(self, size: int | None = -1) -> bytes:
        """Return up to ``size`` checked bytes; empty at the end."""
        return self.read_chunk(self._limits.read_block_bytes if size is None or size < 0 else size)

    def read_chunk(self, size: int) -> bytes:
        """Return up to ``size`` checked bytes; raise UnableToReadText at the first bad one."""
        with self._one_at_a_time:
            return b"" if self.closed else self._read_checked(size)

    def close(self) -> None:
        """Close the file."""
        with self._one_at_a_time:
            if not self.closed:
                self._stream.close()
                self._raw.close()
            super().close()

    def _read_checked(self, size: int) -> bytes:
        try:
            chunk = self._unpack(size)
            self._check_size(chunk)
            self._check_text(chunk)
        except UnableToReadText as failure:
            self.failure = failure
            raise
        position = self._raw.tell()
        self._on_bytes(position - self._reported)
        self._reported = position
        return chunk

    def _unpack(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError as error:
            raise self._unable("truncated_file", "The gzip file ends too early; download it again.") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise self._unable("damaged_file", f"The gzip file is damaged ({error}); download it again.") from error

    def _check_size(self, chunk: bytes) -> None:
        self._unpacked += len(chunk)
        if not self._is_gzip:
            return
        too_dense = self._unpacked > max(self._limits.ratio_from_bytes, self._size * self._limits.max_ratio)
        if too_dense or self._unpacked > self._limits.max_unpacked_bytes:
            raise self._unable(
                "zip_bomb",
                f"The file of {self._size:,} bytes unpacks to more than {self._unpacked:,}; no bill does. "
                "Check where it comes from, or unpack it yourself and import the CSV.",
            )

    def _check_text(self, chunk: bytes) -> None:
        if self._lines == 0 and self._unpacked == len(chunk) and chunk.startswith(_UTF16_MARKS):
            raise self._unable("wrong_encoding", "The file is UTF-16; save it as CSV UTF-8.", row=None)
        if b"\x00" in chunk:
            raise self._unable(
                "wrong_encoding", "The file holds zero bytes, so it is not UTF-8 text; export it as CSV."
            )
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise self._bad_letter(self._line_start + chunk, len(self._line_start) + error.start) from error
        self._lines += chunk.count(b"\n")
        self._quotes += chunk.count(_QUOTE)
        end = chunk.rfind(b"\n") + 1
        self._line_start = chunk[end:] if end else (self._line_start + chunk)[-1024 * 1024 :]

    def _bad_letter(self, seen: bytes, at: int) -> UnableToReadText:
        before = seen[: max(at, 0)]
        line_number = self._lines + before[len(self._line_start) :].count(b"\n")
        start = before.rfind(b"\n") + 1
        line = seen[start:].split(b"\n", 1)[0].decode("latin-1")
        fields = next(csv.reader([line]), [])
        position, value = next(((i, text) for i, text in enumerate(fields) if not _is_utf8(text)), (0, ""))
        column = self._column_name(position) if line_number else None
        return self._unable(
            "wrong_encoding",
            f"The file is not UTF-8: {shown(value)!r} is written in another encoding (Windows-1252 perhaps). "
            "Save it as CSV UTF-8.",
            row=line_number or None,
            column=column,
            value=shown(value),
        )

    def _column_name(self, position: int) -> str | None:
        try:
            names = read_header(self._raw.name, is_gzip=self._is_gzip)
        except (OSError, UnicodeDecodeError):
            return None
        return names[position] if position < len(names) else None

    def _unable(
        self, code: str, message: str, *, row: int | None = None, column: str | None = None, value: str | None = None
    ) -> UnableToReadText:
        return UnableToReadText(Issue(code=code, message=message, path=self._name, row=row, column=column, value=value))


def read_header(path: str, *, is_gzip: bool) -> list[str]:
    """Return the first line's fields."""
    opener: Callable[..., IO[str]] = gzip.open if is_gzip else open
    with opener(path, "rt", encoding="utf-8-sig", newline="", errors="replace") as stream:
        line = stream.readline(1024 * 1024)
    return next(csv.reader([line.rstrip("\r\n")]), [])


def _is_utf8(text: str) -> bool:
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
