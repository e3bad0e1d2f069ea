"""The note beside a partition's Parquet files: what is in them, for checking them later."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from billow.coststore.partition import CostTotals

MANIFEST_NAME = "manifest.json"
MANIFEST_VERSION = 2
_READABLE_VERSIONS = (1, 2)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A Parquet file of a partition with the hash of its bytes."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a partition folder holds: files of charges, and the file of their numbered lines if they have numbers."""

    integration_token: str
    billing_period: str
    sha256: str
    rows: int
    totals: tuple[CostTotals, ...]
    files: tuple[StoredFile, ...]
    lines: StoredFile | None = None


def write_manifest(*, manifest: Manifest, folder: Path) -> None:
    """Write the note into the folder, forced to the disk."""
    content = {"version": MANIFEST_VERSION, **asdict(manifest)}
    with (folder / MANIFEST_NAME).open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, default=str)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(*, folder: Path) -> Manifest:
    """Read the note of a partition folder; raise OSError or ValueError where it is not sound."""
    content: dict[str, Any] = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    if content.pop("version", None) not in _READABLE_VERSIONS:
        raise ValueError(f"{folder / MANIFEST_NAME} was written by another version of Billow")
    totals = tuple(
        CostTotals(currency=entry.pop("currency"), **{name: Decimal(value) for name, value in entry.items()})
        for entry in content.pop("totals")
    )
    files = tuple(StoredFile(**entry) for entry in content.pop("files"))
    lines = content.pop("lines", None)
    return Manifest(totals=totals, files=files, lines=None if lines is None else StoredFile(**lines), **content)


def hash_file(*, path: Path) -> StoredFile:
    """Return the file's name, size and the SHA-256 of its bytes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(name=path.name, sha256=digest, bytes=path.stat().st_size)
