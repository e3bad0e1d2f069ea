"""Where the outbox folder lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """The folder that mails are written to."""

    folder: Path
