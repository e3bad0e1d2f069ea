"""Find the delivered files and tell what they are by their first bytes."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from billow.ingest.problems import Problems
from billow.ingest.progress import Meter
from billow.terms.issue import Issue

DATA_SUFFIXES = (".csv", ".csv.gz", ".parquet")
PARQUET_MAGIC = b"PAR1"
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
_HASH_BLOCK = 4 * 1024**2


class FileKind(StrEnum):
    """How a delivered file is written."""

    CSV = "csv"
    GZIP_CSV = "gzip csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A delivered file as it was given: name, hash and size of its bytes."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A delivered file on disk."""

    path: Path
    name: str
    kind: FileKind
    bytes: int


def find_files(*, paths: Sequence[Path], problems: Problems) -> tuple[FoundFile, ...]:
    """Return the data files of a delivery, folders opened up; what is no data file in a folder is passed over."""
    found: list[FoundFile] = []
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = [(file, str(file.relative_to(path))) for file in _data_files(path)]
            if not inside:
                message = "The folder holds no bill; give a folder with .csv, .csv.gz or .parquet files."
                problems.add(Issue(code="no_files", message=message, path=str(path)))
        elif path.is_file():
            inside = [(path, path.name)]
        else:
            problems.add(Issue(code="no_such_file", message="There is no such file or folder.", path=str(path)))
            continue
        for file, name in inside:
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                kind = _kind_of(resolved, name, problems)
                if kind is not None:
                    found.append(FoundFile(resolved, name, kind, resolved.stat().st_size))
    return _with_distinct_names(sorted(found, key=lambda file: (file.name, str(file.path))))


def hash_sources(*, files: Sequence[FoundFile], problems: Problems, meter: Meter) -> tuple[SourceFile, ...]:
    """Hash the files' bytes; the same bytes under two names would bill twice and are a problem."""
    sources: list[SourceFile] = []
    names: dict[str, str] = {}
    for file in files:
        digest = hashlib.sha256()
        with file.path.open("rb") as stream:
            while block := stream.read(_HASH_BLOCK):
                digest.update(block)
                meter.advance(len(block))
        sha256 = digest.hexdigest()
        if sha256 in names:
            message = f"The file has the same bytes as {names[sha256]}; remove one, or its charges would count twice."
            problems.add(Issue(code="duplicate_file", message=message, path=file.name))
        names[sha256] = file.name
        sources.append(SourceFile(file.name, sha256, file.bytes))
    return tuple(sources)


def _with_distinct_names(files: Sequence[FoundFile]) -> tuple[FoundFile, ...]:
    """Call files of the same name by their whole path, so that a message points at one of them."""
    counts = Counter(file.name for file in files)
    return tuple(file if counts[file.name] == 1 else replace(file, name=str(file.path)) for file in files)


def _data_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.lower().endswith(DATA_SUFFIXES)
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def _kind_of(path: Path, name: str, problems: Problems) -> FileKind | None:
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except PermissionError:
        message = "This user may not read the file; check who owns it."
        problems.add(Issue(code="unreadable_file", message=message, path=name))
        return None
    if not start:
        problems.add(Issue(code="empty_file", message="The file is empty; export it again.", path=name))
        return None
    kind = FileKind.CSV
    wrong: tuple[str, str] | None = None
    if start == PARQUET_MAGIC:
        kind = FileKind.PARQUET
    elif start[:2] == GZIP_MAGIC:
        kind = FileKind.GZIP_CSV
    elif name.lower().endswith(".parquet"):
        wrong = (
            "not_parquet",
            "The file is named .parquet but is not Parquet; export it again or give it its right ending.",
        )
    elif name.lower().endswith(".gz"):
        wrong = ("not_gzip", "The file is named .gz but is not gzip; download it again or give it its right ending.")
    elif start == ZIP_MAGIC:
        wrong = (
            "unsupported_file",
            "The file is a zip archive or a spreadsheet; unpack it, or save it as CSV (UTF-8).",
        )
    if wrong is not None:
        problems.add(Issue(code=wrong[0], message=wrong[1], path=name))
        return None
    return kind
