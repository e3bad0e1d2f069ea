"""Write the whole installation into one file while it runs.

The database is copied first, as of one instant; files come after it. That is consistent because every file is
written under its own hash before a row refers to it, and never changed or removed.
"""

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from billow import __version__
from billow.usecases.postgresql_rows import dump_tables
from billow.usecases.refused import Refused

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE_MEMBER = "database.sqlite3"
ROWS_FOLDER = "rows"
FOLDERS = ("keys", "documents", "costs/partitions", "outbox")
"""What is kept of the data folder."""

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """What was written; ``holds_key`` says that whoever has the file can read the banking data in it."""

    file: Path
    bytes: int
    files: int
    holds_key: bool


@dataclass(slots=True)
class _Archive:
    """A tar file that notes the hash of everything put into it."""

    tar: tarfile.TarFile
    files: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashing = _Hashing(content)
        self.tar.addfile(member, hashing)
        self.files[name] = {"sha256": hashing.digest.hexdigest(), "bytes": size}

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as content:
            self.add(name, content, os.fstat(content.fileno()).st_size)


class _Hashing:
    """Reads through and hashes."""

    def __init__(self, content: IO[bytes]) -> None:
        self.content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.content.read(size)
        self.digest.update(block)
        return block


def backup(
    *, file: Path, now: datetime, overwrite: bool = False, on_progress: Progress = lambda _step, _done, _total: None
) -> BackupMade:
    """Write database, cost store, documents, outbox and keys into a gzipped tar file that only its owner may read."""
    if file.exists() and not overwrite:
        raise Refused("file_exists", f"{file} exists already; name another file, or repeat with --yes")
    draft = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            files = _write(output, now, on_progress)
            output.flush()
            os.fsync(output.fileno())
        draft.replace(file)
    except OSError as failed:
        raise Refused("unable_to_write", f"{file} could not be written: {failed.strerror or failed}") from failed
    finally:
        draft.unlink(missing_ok=True)
    return BackupMade(file=file, bytes=file.stat().st_size, files=len(files), holds_key="keys/encryption_key" in files)


def _write(output: IO[bytes], now: datetime, on_progress: Progress) -> dict[str, dict[str, object]]:
    # What lies in the store is compressed already: a stronger level would cost time and save nothing.
    with (
        gzip.GzipFile(fileobj=output, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        tempfile.TemporaryDirectory(dir=settings.DATA, prefix=".backup-") as folder,
    ):
        archive = _Archive(tar)
        on_progress("database", 0, None)
        tables = _add_database(archive, Path(folder))
        paths = list(_files())
        for done, (name, path) in enumerate(paths):
            on_progress("files", done, len(paths))
            archive.add_file(name, path)
        manifest_files = dict(archive.files)
        manifest = {
            "format": FORMAT,
            "software_version": __version__,
            "created_at": now.isoformat(),
            "database": connection.vendor,
            "migrations": sorted(MigrationRecorder(connection).applied_migrations()),
            "tables": tables,
            "files": manifest_files,
        }
        text = json.dumps(manifest, indent=1).encode()
        archive.add(MANIFEST, io.BytesIO(text), len(text))
    return dict(manifest_files)


def _add_database(archive: _Archive, folder: Path) -> dict[str, list[str]]:
    """Add the database as of one instant; return the columns of the tables, for PostgreSQL."""
    if connection.vendor == "sqlite":
        copy = folder / SQLITE_MEMBER
        name = str(connection.settings_dict["NAME"])
        with closing(sqlite3.connect(name, timeout=60)) as live, closing(sqlite3.connect(copy)) as snapshot:
            live.backup(snapshot)
            snapshot.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the live one uses
        archive.add_file(SQLITE_MEMBER, copy)
        return {}
    tables = dump_tables(folder=folder)
    for table in tables:
        archive.add_file(f"{ROWS_FOLDER}/{table}", folder / table)
        (folder / table).unlink()
    return tables


def _files() -> Iterator[tuple[str, Path]]:
    for name in FOLDERS:
        root = settings.DATA / name
        for path in sorted(root.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                yield f"{name}/{path.relative_to(root).as_posix()}", path
