"""What is wrong with some input, in a form that a person can act on."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much an issue matters: an error stops the work, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about an input, naming the place and the fix.

    ``code`` is stable and machine-readable (``missing_column``); ``message`` is one
    sentence for a person that says what is wrong and how to mend it. ``row`` counts data rows from 1
    as a spreadsheet would without its header.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    path: str = ""
    row: int | None = None
    column: str | None = None
    value: str | None = None

    @property
    def is_error(self) -> bool:
        """Tell whether the issue stops the work."""
        return self.severity is Severity.ERROR


def has_errors(issues: "tuple[Issue, ...] | list[Issue]") -> bool:
    """Tell whether any issue stops the work."""
    return any(issue.is_error for issue in issues)
