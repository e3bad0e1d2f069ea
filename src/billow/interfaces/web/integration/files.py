"""Bills that come with a form: checked by name, number and size, and laid down where an import reads them."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext as _

from billow.terms.issue import Issue
from billow.usecases.refused import Refused

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    File = UploadedFile[bytes]

ENDINGS = (".csv", ".csv.gz", ".parquet")
MOST_FILES = 50
MOST_BYTES = 200 * 2**20


@contextmanager
def uploaded_bills(request: HttpRequest) -> Iterator[Sequence[Path]]:
    """Lay the form's files down in a folder of their own for as long as the block lasts; raise Refused for others."""
    files = request.FILES.getlist("file")
    if not files:
        raise Refused("no_file", _("Choose the files of the bill first"))
    _refuse_strangers(files)
    with tempfile.TemporaryDirectory(prefix="billow-bill-") as folder:
        yield [_lay_down(file, number, Path(folder)) for number, file in enumerate(files)]


def _refuse_strangers(files: "Sequence[File]") -> None:
    """Raise Refused for files that no bill is made of, too many, or too large for a browser."""
    if len(files) > MOST_FILES:
        text = _("%(number)d files are too many for one upload; at most %(most)d fit. Use `billow costs import`.")
        raise Refused("too_many_files", text % {"number": len(files), "most": MOST_FILES})
    whole = sum(file.size or 0 for file in files)
    if whole > MOST_BYTES:
        text = _("The files have %(size)s MB together; a browser may send %(most)s MB. Use `billow costs import`.")
        raise Refused("too_large", text % {"size": f"{whole // 2**20:,}", "most": MOST_BYTES // 2**20})
    issues = [
        Issue(
            "unsupported_file",
            _("%(name)s is no bill: files end in .csv, .csv.gz or .parquet") % {"name": _name(file)},
            path=_name(file),
        )
        for file in files
        if not _name(file).lower().endswith(ENDINGS)
    ]
    if issues:
        raise Refused("bad_bill", _("Nothing was imported"), issues)


def _name(file: "File") -> str:
    return Path((file.name or "bill").replace("\\", "/")).name[:200]


def _lay_down(file: "File", number: int, folder: Path) -> Path:
    """Write the file under its own name, in a folder of its own so that equal names do not meet."""
    place = folder / f"{number:03}"
    place.mkdir()
    path = place / _name(file)
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path
