"""The typesetter: one Typst compiler per process, kept warm and renewed before it grows large."""

import functools
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import typst

from billow.documents.fonts import typst_fonts

DOCUMENTS_PER_COMPILER = 500
ROWS_OF_A_LARGE_DOCUMENT = 400

_DOCUMENTS_REMEMBERED = 12
_TEMPLATES = Path(__file__).parent / "templates"


class PressError(Exception):
    """Typst refused the document."""


class Press:
    """Prints templates to PDF, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compilers: dict[bool, typst.Compiler] = {}
        self._printed = 0

    def print(self, *, template: str, inputs: Mapping[str, str], dated: datetime, rows: int, with_cjk: bool) -> bytes:
        """Return the PDF of a template; ``rows`` tells how large the document is."""
        with self._lock:
            try:
                document = self._compiler(with_cjk=with_cjk).compile(
                    _TEMPLATES / template,
                    format="pdf",
                    sys_inputs=dict(inputs),
                    pdf_standards=["a-3a", "ua-1"],
                    timestamp=dated,
                )
            except typst.TypstError as error:
                raise PressError(_told(error)) from error
            finally:
                self._wear_out(rows)
        if not isinstance(document, bytes):
            raise PressError("the typesetter gave no document")
        return document

    def _compiler(self, *, with_cjk: bool) -> typst.Compiler:
        if with_cjk not in self._compilers:
            self._compilers[with_cjk] = typst.Compiler(
                root=_TEMPLATES, font_paths=typst_fonts(with_cjk=with_cjk), ignore_system_fonts=True
            )
        return self._compilers[with_cjk]

    def _wear_out(self, rows: int) -> None:
        self._printed += 1
        if rows >= ROWS_OF_A_LARGE_DOCUMENT:
            self._forget()
        if self._printed >= DOCUMENTS_PER_COMPILER:
            self._compilers.clear()
            self._printed = 0

    def _forget(self) -> None:
        """Print blank pages until Typst drops the large document from its cache.

        The cache belongs to the process and outlives a compiler; an entry goes when about ten
        documents have not used it. Without this, 1,000-line documents pile up 100 MB each.
        """
        compiler = self._compiler(with_cjk=False)
        for _ in range(_DOCUMENTS_REMEMBERED):
            compiler.compile(_TEMPLATES / "blank.typ", format="pdf", sys_inputs={})


@functools.cache
def press() -> Press:
    """Return the process's press."""
    return Press()


def _told(error: typst.TypstError) -> str:
    hints = f" ({'; '.join(error.hints)})" if error.hints else ""
    return f"{error.message}{hints}"
