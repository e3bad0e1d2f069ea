"""What to tell a person about an exception that ended a command."""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError

from billow.terms.issue import Issue
from billow.usecases.refused import Refused

# What the databases say, and what it means: the first that fits.
_NOT_INITIALISED = ("no such table", "unable to open database", "does not exist")
_NO_SPACE = ("disk i/o error", "disk is full", "no space left")
_NO_ACCESS = ("readonly database", "read-only", "permission denied", "password authentication failed")


def reasons_of(error: Exception) -> list[tuple[str, str]] | Sequence[Issue]:
    """Return the findings of a refusal, or one code with one sentence."""
    if isinstance(error, Refused):
        errors = [issue for issue in error.issues if issue.is_error]
        return errors or [(error.code, error.message)]
    if isinstance(error, ImproperlyConfigured):
        return [("configuration", str(error))]
    if settings.configured and settings.DEBUG:
        traceback.print_exc()
    if isinstance(error, OperationalError | ProgrammingError):
        reason = _database_reason(str(error))
        if reason is not None:
            return [reason]
    return [("unexpected", f"{type(error).__name__}: {error} (BILLOW_DEBUG=true shows where)")]


def _database_reason(said: str) -> tuple[str, str] | None:
    lowered = said.lower()
    if any(words in lowered for words in _NO_ACCESS) or _is_somebody_elses():
        return "no_access", f"The database in {_place()} may not be used by this user; check who owns it"
    if any(words in lowered for words in _NO_SPACE):
        return "no_space", f"The database in {_place()} could not be written; make room on the disk and try again"
    if any(words in lowered for words in _NOT_INITIALISED):
        return "not_initialised", "There is no Billow database yet; run `billow init` first"
    if "database is locked" in lowered:
        return "database_busy", "Another process has been writing for too long; try again when it is done"
    if "connection" in lowered:
        return (
            "database_unreachable",
            f"BILLOW_DATABASE_URL names a database that does not answer: {said.splitlines()[0]}",
        )
    return None


def _is_somebody_elses() -> bool:
    """Tell whether a SQLite database lies where this user cannot look or write."""
    file = _sqlite_file()
    folder = next((each for each in (file, *file.parents) if os.path.lexists(each)), None) if file else None
    return folder is not None and not os.access(folder, os.R_OK | os.X_OK if folder.is_dir() else os.R_OK | os.W_OK)


def _place() -> str:
    file = _sqlite_file()
    return str(file.parent) if file else "BILLOW_DATABASE_URL"


def _sqlite_file() -> Path | None:
    database = settings.DATABASES["default"]
    return Path(database["NAME"]) if database["ENGINE"].endswith("sqlite3") else None
