"""Ring for background work. The row is the truth: a lost ring is rung again by the sweeper."""

from collections.abc import Callable
from enum import StrEnum


class Work(StrEnum):
    """What a worker can be rung for."""

    GENERATE = "generate"
    DELIVER = "deliver"
    CALL = "call"
    EXPORT = "export"


_ringers: list[Callable[[Work, str], None]] = []


def connect(ringer: Callable[[Work, str], None]) -> None:
    """Let this function pass on every ring (the jobs door does so at start-up)."""
    _ringers[:] = [ringer]


def ring(*, work: Work, token: str) -> None:
    """Ask for work on the row with this token, inside the caller's transaction."""
    for ringer in _ringers:
        ringer(work, token)
