"""What is wrong with a rule's SQL, always with its line and column."""

from dataclasses import dataclass

from billow.terms.issue import Issue, Severity

SQL_FIELD = "sql_query"
_LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a rule's text; lines and columns count from 1."""

    line: int
    column: int


class UnableToRead(Exception):
    """A text is not a statement that rules may make; carries the issue that says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def unable(code: str, *, place: Place, message: str, value: str | None = None) -> UnableToRead:
    """Return the refusal of what stands at a place."""
    return UnableToRead(_issue(code, place=place, message=message, value=value, severity=Severity.ERROR))


def caution(code: str, *, place: Place, message: str, value: str | None = None) -> Issue:
    """Return the warning about what stands at a place."""
    return _issue(code, place=place, message=message, value=value, severity=Severity.WARNING)


def _issue(code: str, *, place: Place, message: str, value: str | None, severity: Severity) -> Issue:
    return Issue(
        code,
        f"Line {place.line}, column {place.column}: {message}",
        severity=severity,
        row=place.line,
        column=SQL_FIELD,
        value=value if value is None else value[:_LONGEST_VALUE],
    )
