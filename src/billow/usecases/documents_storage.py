"""Keep bytes under their own SHA-256 in the installation's file storage: written once, never changed."""

import hashlib
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

logger = logging.getLogger(__name__)


class UnableToReadDocument(Exception):
    """The stored bytes are missing, are not what was stored, or cannot be reached; ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UnableToReachDocuments(UnableToReadDocument):
    """The storage cannot be read or written now; trying again later may help."""

    def __init__(self) -> None:
        super().__init__(
            "documents_unreachable",
            "The documents' storage cannot be used now. Look at its disk or its connection, then try again.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Where bytes are kept, and what they are."""

    storage_key: str
    sha256: str
    size_bytes: int


def store(*, content: bytes, extension: str) -> StoredFile:
    """Keep the bytes and return where; the same bytes lie in the same place and are kept once.

    When this returns the whole file is on disk, so that a row written afterwards never points at half a file. Raise
    UnableToReachDocuments if the storage cannot be used now.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    stored = StoredFile(
        storage_key=storage_key(sha256=sha256, extension=extension), sha256=sha256, size_bytes=len(content)
    )
    storage = _storage()
    try:
        if not _is_intact(storage, stored):
            if isinstance(storage, FileSystemStorage):
                _write_at_once(Path(storage.path(stored.storage_key)), content)
            else:
                # An object is replaced whole or not at all.
                storage.save(stored.storage_key, ContentFile(content))
    except OSError as failed:
        logger.warning("%s cannot be stored: %s", stored.storage_key, failed)
        raise UnableToReachDocuments from failed
    return stored


def read(*, stored: StoredFile) -> bytes:
    """Return the bytes; raise UnableToReadDocument if they are missing, changed, or out of reach."""
    try:
        content = _content(_storage(), stored.storage_key)
    except OSError as failed:
        logger.warning("%s cannot be read: %s", stored.storage_key, failed)
        raise UnableToReachDocuments from failed
    if content is None:
        raise UnableToReadDocument("document_missing", f"The stored file {stored.storage_key} is missing.")
    if len(content) != stored.size_bytes or hashlib.sha256(content).hexdigest() != stored.sha256:
        raise UnableToReadDocument(
            "document_changed",
            f"The stored file {stored.storage_key} is not what was stored: {len(content)} bytes with another SHA-256 "
            f"than the {stored.size_bytes} that were recorded.",
        )
    return content


def discard(*, storage_key: str) -> None:
    """Remove a file that nothing names any more, if it is there; never one of a document that was issued.

    Raise UnableToReachDocuments if the storage cannot be used now.
    """
    try:
        _storage().delete(storage_key)
    except OSError as failed:
        logger.warning("%s cannot be removed: %s", storage_key, failed)
        raise UnableToReachDocuments from failed


def storage_key(*, sha256: str, extension: str) -> str:
    """Return the place of a file with this hash, relative to the storage's root."""
    return f"{sha256[:2]}/{sha256}.{extension}"


def local_path(*, storage_key: str) -> Path:
    """Return where the file lies: its path on this machine, or its key where the storage has no paths."""
    storage = _storage()
    return Path(storage.path(storage_key)) if isinstance(storage, FileSystemStorage) else Path(storage_key)


def _storage() -> Storage:
    return storages["default"]


def _content(storage: Storage, key: str) -> bytes | None:
    try:
        with storage.open(key, "rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def _is_intact(storage: Storage, stored: StoredFile) -> bool:
    content = _content(storage, stored.storage_key)
    return content is not None and hashlib.sha256(content).hexdigest() == stored.sha256


def _write_at_once(path: Path, content: bytes) -> None:
    """Write beside the place, flush to disk, and rename: whoever looks sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
