"""Bring an installation back from a backup file: checked whole before anything is touched."""

import hashlib
import json
import os
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.loader import MigrationLoader

from billow.records.accounts.models import ManagementAccount
from billow.records.protection import Trigger
from billow.usecases.backup import FOLDERS, FORMAT, MANIFEST, ROWS_FOLDER, SQLITE_MEMBER, Progress
from billow.usecases.deliver import settle_restored
from billow.usecases.keys import read_key
from billow.usecases.postgresql_rows import load_tables
from billow.usecases.refused import Refused

_ALLOWED = (*FOLDERS, ROWS_FOLDER)
_BLOCK = 1024 * 1024
_LARGEST_MANIFEST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back, and when it was written."""

    files: int
    created_at: str
    software_version: str


def is_empty_installation() -> bool:
    """Tell whether a restore would overwrite nothing."""
    if any(
        (settings.DATA / name).is_dir() and any((settings.DATA / name).iterdir()) for name in ("documents", "costs")
    ):
        return False
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return True
    table = ManagementAccount._meta.db_table
    return table not in connection.introspection.table_names() or not ManagementAccount.objects.exists()


def restore(
    *,
    file: Path,
    now: datetime,
    overwrite: bool = False,
    on_progress: Progress = lambda _step, _done, _total: None,
) -> Restored:
    """Replace this installation by the backup's; refuse to overwrite one that is in use unless told to.

    Stop every other Billow process first.
    """
    if not overwrite and not is_empty_installation():
        raise Refused("not_empty", f"{settings.DATA} holds an installation; repeat with --yes to replace it")
    _refuse_while_serving()
    settings.DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    staging = settings.DATA / f".restore-{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    staging.mkdir(mode=0o700)
    try:
        manifest = _unpack(file, staging, on_progress)
        _check_origin(manifest)
        on_progress("database", 0, None)
        _replace(staging, manifest)
        # What waited for its mail then may have left since.
        settle_restored(backed_up_at=str(manifest["created_at"]), now=now)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Restored(
        files=len(manifest["files"]),
        created_at=str(manifest["created_at"]),
        software_version=str(manifest["software_version"]),
    )


def _refuse_while_serving() -> None:
    try:
        process = int((settings.DATA / "web.pid").read_text())
        os.kill(process, 0)
    except (OSError, ValueError):
        return
    raise Refused("still_serving", f"Process {process} serves this data folder; stop it, then restore")


def _unpack(file: Path, staging: Path, on_progress: Progress) -> dict[str, Any]:
    """Write the archive's files into the empty folder and return its manifest, once every hash is right."""
    found: dict[str, dict[str, object]] = {}
    try:
        with tarfile.open(file, mode="r|gz") as tar:
            for member in tar:
                name = _safe_name(member, found)
                on_progress("unpacking", len(found), None)
                content = tar.extractfile(member)
                if content is None:
                    raise _damaged(f"{name} is no file")
                found[name] = _extract(content.read, staging / name)
    except FileNotFoundError as missing:
        raise Refused("no_such_file", f"There is no file {file}") from missing
    except (tarfile.TarError, zlib.error, EOFError, OSError) as broken:
        raise _damaged(str(broken) or type(broken).__name__) from broken
    return _checked_manifest(staging, found)


def _safe_name(member: tarfile.TarInfo, found: Mapping[str, object]) -> str:
    """Return the member's name if it may be written; nothing outside the known folders ever is."""
    path = PurePosixPath(member.name)
    known = member.name in {MANIFEST, SQLITE_MEMBER} or any(
        PurePosixPath(folder) in path.parents for folder in _ALLOWED
    )
    odd = path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name
    if odd or not known or not member.isreg() or str(path) != member.name:
        raise _damaged(f"{member.name!r} does not belong into a backup")
    if member.name in found:
        raise _damaged(f"{member.name!r} is in it twice")
    return member.name


def _extract(read: Callable[[int], bytes], target: Path) -> dict[str, object]:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        while block := read(_BLOCK):
            digest.update(block)
            size += len(block)
            output.write(block)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _checked_manifest(staging: Path, found: dict[str, dict[str, object]]) -> dict[str, Any]:
    own = found.pop(MANIFEST, None)
    if own is None or int(str(own["bytes"])) > _LARGEST_MANIFEST:
        raise _damaged("it has no manifest, so it is not whole")
    try:
        manifest: dict[str, Any] = json.loads((staging / MANIFEST).read_bytes())
        version, files, _ = manifest["format"], dict(manifest["files"]), manifest["created_at"]
    except (ValueError, KeyError, TypeError) as wrong:
        raise _damaged("its manifest cannot be read") from wrong
    if version != FORMAT:
        raise Refused("other_version", f"The backup has format {version}; this version of Billow reads {FORMAT}")
    different = sorted(name for name in {*files, *found} if files.get(name) != found.get(name))
    if different:
        raise _damaged(f"{len(different)} files are missing or changed, first {different[0]}")
    return manifest


def _check_origin(manifest: Mapping[str, Any]) -> None:
    if manifest["database"] != connection.vendor:
        raise Refused(
            "other_database",
            f"The backup is of a {manifest['database']} database and this installation uses {connection.vendor}; "
            "set BILLOW_DATABASE_URL to a database of that kind",
        )
    loader = MigrationLoader(None)
    applied = {tuple(entry) for entry in manifest["migrations"]}
    known = set(loader.disk_migrations)
    if not applied <= known or (connection.vendor == "postgresql" and applied != known):
        raise Refused(
            "other_version",
            f"The backup was made by Billow {manifest['software_version']}; restore it with that version, then upgrade",
        )


def _replace(staging: Path, manifest: Mapping[str, Any]) -> None:
    """Put the new files in the place of the old ones, or everything back where it was."""
    aside = staging / "aside"
    places = [(staging / name, settings.DATA / name, aside / name) for name in FOLDERS]
    if connection.vendor == "sqlite":
        connections.close_all()
        database = Path(connection.settings_dict["NAME"])
        places.append((staging / SQLITE_MEMBER, database, aside / database.name))
        for suffix in ("-wal", "-shm"):
            leftover = database.with_name(database.name + suffix)
            places.append((staging / leftover.name, leftover, aside / leftover.name))
    else:
        call_command("migrate", verbosity=0, interactive=False)
    moved: list[tuple[Path, Path]] = []
    try:
        for new, place, old in places:
            for source, target in ((place, old), (new, place)):
                if source.exists():
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    shutil.move(source, target)
                    moved.append((source, target))
        _adopt_keys()
        _bring_up(staging, manifest)
    except BaseException:
        connections.close_all()
        _discard_leftovers()
        for source, target in reversed(moved):
            shutil.move(target, source)
        _adopt_keys()
        raise


def _bring_up(staging: Path, manifest: Mapping[str, Any]) -> None:
    """Make the database that came back ready for use, and see that it protects what was issued."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            load_tables(folder=staging / ROWS_FOLDER, tables=manifest["tables"])
            _check_protection()
        return
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as damaged:
        raise _damaged(f"its database cannot be used: {damaged}") from damaged
    _check_protection()


def _discard_leftovers() -> None:
    """Remove what SQLite keeps beside a database that is given up."""
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)


def _adopt_keys() -> None:
    """Use the keys that came back for the rest of this process."""
    for setting, variable, name in (
        ("SECRET_KEY", "BILLOW_SECRET_KEY", "secret_key"),
        ("ENCRYPTION_KEY", "BILLOW_ENCRYPTION_KEY", "encryption_key"),
    ):
        try:
            setattr(settings, setting, read_key(data=settings.DATA, variable=variable, name=name))
        except FileNotFoundError:
            continue  # it comes from a variable on the machine that was backed up


def _check_protection() -> None:
    """Raise Refused if a trigger that protects issued documents is missing."""
    wanted = {
        name
        for migration in MigrationLoader(None).disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, Trigger)
        for name in operation.trigger_names(connection.vendor)
    }
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        missing = sorted(wanted - {str(row[0]) for row in cursor.fetchall()})
    if missing:
        raise Refused("unprotected", f"Write protection is missing after the restore: {', '.join(missing)}")


def _damaged(reason: str) -> Refused:
    return Refused("damaged_backup", f"The backup cannot be used ({reason}); nothing was changed")
