"""Folders for files that are being written, and the removal of those whose writer died."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_SUFFIX = ".lock"


@contextmanager
def open_staging(*, folder: Path) -> Iterator[Path]:
    """Give a fresh folder that is removed at the end, however the end comes.

    The folder's lock file is held for as long as the process lives, so that leftovers of a killed
    process can be told from the work of a live one, in other containers too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    lock = folder / f"{name}{LOCK_SUFFIX}"
    descriptor = _lock(lock)
    staging = folder / name
    try:
        staging.mkdir()
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def discard_abandoned(*, folder: Path) -> tuple[Path, ...]:
    """Remove the staging folders that no living process holds, and return them."""
    discarded = []
    for lock in sorted(folder.glob(f"*{LOCK_SUFFIX}")):
        descriptor = _lock_if_free(lock)
        if descriptor is None:
            continue
        staging = lock.with_suffix("")
        shutil.rmtree(staging, ignore_errors=True)
        lock.unlink(missing_ok=True)
        os.close(descriptor)
        discarded.append(staging)
    return tuple(discarded)


def _lock(lock: Path) -> int:
    """Lock a new file, again if a sweeper removed it before it was locked."""
    while True:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if lock.exists() and lock.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def _lock_if_free(lock: Path) -> int | None:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
