"""The installation's own keys: made once, readable by the owner of the data folder only.

Nothing here needs Django: keys must exist before its settings are read.
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

FOLDERS = ("keys", "documents", "costs", "outbox")


def create_keys(*, data: Path) -> tuple[Path, ...]:
    """Make the data folder and whichever key neither a variable nor a file gives; return the files made."""
    for folder in (data, *(data / name for name in FOLDERS)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = []
    for variable, name, new_key in _KEYS:
        file = data / "keys" / name
        if not os.environ.get(variable, "").strip() and _create(file, new_key()):
            made.append(file)
    return tuple(made)


def read_key(*, data: Path, variable: str, name: str) -> str:
    """Return a key from its variable, else from its file."""
    return os.environ.get(variable, "").strip() or (data / "keys" / name).read_text(encoding="ascii").strip()


_KEYS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("BILLOW_SECRET_KEY", "secret_key", lambda: secrets.token_urlsafe(48)),
    ("BILLOW_ENCRYPTION_KEY", "encryption_key", lambda: Fernet.generate_key().decode("ascii")),
)


def _create(file: Path, key: str) -> bool:
    """Write the key unless the file exists; nobody ever sees it half written, and one of two writers wins."""
    if file.exists():
        return False
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as output:
            output.write(f"{key}\n")
            output.flush()
            os.fsync(output.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
            return True
        return False
    finally:
        draft.unlink(missing_ok=True)
