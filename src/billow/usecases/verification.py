"""What a verification looked at and found."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Progress = Callable[[str, int], None]
"""Told what kind of thing is being checked, and how many of it were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is not as it was: ``where`` names the file, or the invoice number and line number."""

    code: str
    where: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was looked at, by kind, and what is wrong with it."""

    checked: Mapping[str, int]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Findings:
    """Collects problems and counts while a verification runs."""

    on_progress: Progress | None = None
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def count(self, kind: str, number: int = 1) -> None:
        """Note that so many more things of a kind were looked at."""
        self.counts[kind] += number
        if self.on_progress is not None:
            self.on_progress(kind, self.counts[kind])

    def add(self, code: str, where: str, message: str) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(code=code, where=where, message=message))

    def finish(self) -> Verification:
        """Return what was looked at and found."""
        return Verification(checked=dict(self.counts), problems=tuple(self.problems))
