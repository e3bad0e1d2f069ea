"""Two people at one form: who saves last is told that somebody else saved before, instead of undoing it unseen."""

from datetime import datetime
from typing import Protocol

from billow.usecases.refused import Refused


class Changeable(Protocol):
    """A record that knows when it was last changed."""

    updated_at: datetime


def refuse_if_changed(record: Changeable, *, name: str, seen: datetime | None) -> None:
    """Raise Refused if the record, as it is under the lock, changed after it was seen; None asks for nothing."""
    if seen is not None and record.updated_at != seen:
        raise Refused(
            "changed_meanwhile",
            f"{name} was changed by somebody else since you opened it. Reload the page to see it as it is now, or save "
            "again to put what stands here in its place.",
        )
