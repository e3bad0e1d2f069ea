"""Keep bytes under their own SHA-256 in the installation's file storage: written once, never changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Where bytes are kept, and what they are."""

    storage_key: str
    sha256: str
    size_bytes: int
