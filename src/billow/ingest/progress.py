"""How far a long import is, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` units ("bytes" or "rows") of one step ("hash", "read" or "write")."""

    step: str
    done: int
    total: int
    unit: str


@dataclass(slots=True)
class Meter:
    """Adds up what a step has done and reports it."""

    step: str
    total: int
    unit: str
    listener: Callable[[Progress], None] | None
    done: int = field(default=0)

    def advance(self, amount: int) -> None:
        """Report that much more as done."""
        self.done += amount
        if self.listener is not None:
            self.listener(Progress(self.step, self.done, self.total, self.unit))
