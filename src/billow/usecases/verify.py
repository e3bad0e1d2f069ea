"""Prove that what was issued is what is stored: numbers, chain, documents, lines, totals, imports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from billow.records.accounts.models import ManagementAccount


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


def verify(
    *, management_account: ManagementAccount | None = None, on_progress: Callable[[str, int], None] | None = None
) -> Verification:
    """Check everything that one management account (None: the whole installation) issued; change nothing.

    ``on_progress`` is told what kind of thing is being checked and how many of it were.
    """
    raise NotImplementedError
