"""How a use case says no, for one wish and for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from billow.terms.issue import Issue


class Refused(Exception):
    """The wish was understood and nothing was changed.

    ``code`` is stable and machine-readable, ``message`` one sentence for a person that says what to do;
    ``issues`` holds the single findings where there are several.
    """

    def __init__(self, code: str, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.issues = tuple(issues)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item of a bulk wish: done, or refused with a code and a message."""

    token: str
    label: str
    done: bool
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of every item, in the order asked."""

    items: tuple[ItemResult, ...]

    @property
    def all_done(self) -> bool:
        """Tell whether nothing was refused."""
        return all(item.done for item in self.items)

    @property
    def none_done(self) -> bool:
        """Tell whether everything was refused."""
        return not any(item.done for item in self.items)
