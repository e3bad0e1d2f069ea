"""Problems found while reading, collected up to a limit, with counts of all of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from billow.terms.issue import Issue, Severity

MAX_VALUE_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a value of a batch; ``index`` is its place there, ``count`` how many rows it stands for."""

    column: str
    index: int
    code: str
    value: str | None
    reason: str
    severity: Severity = Severity.ERROR
    count: int = 1


@dataclass(slots=True)
class Problems:
    """Issues in the order found; of each kind, file and column the first ``limit`` are kept, the rest is counted."""

    limit: int
    issues: list[Issue] = field(default_factory=list)
    counts: Counter[tuple[str, str, str | None, Severity]] = field(default_factory=Counter)
    places: set[tuple[str, int, str]] = field(default_factory=set)

    def add(self, issue: Issue, *, count: int = 1) -> None:
        """Add an issue that stands for ``count`` rows."""
        kind = (issue.code, issue.path, issue.column, issue.severity)
        self.counts[kind] += count
        if issue.row is not None and issue.column is not None:
            self.places.add((issue.path, issue.row, issue.column))
        if self._kept(kind) < self.limit:
            self.issues.append(issue)

    def names(self, *, path: str, row: int, column: str) -> bool:
        """Tell whether something was said about that value already."""
        return (path, row, column) in self.places

    def has_errors(self, *, path: str | None = None) -> bool:
        """Tell whether anything found refuses the delivery, or one file of it."""
        return any(kind[3] is Severity.ERROR and path in (None, kind[1]) for kind in self.counts)

    def as_issues(self) -> tuple[Issue, ...]:
        """Return at most ``limit`` issues, errors first, and one line for what is not shown of each kind."""
        shown = sorted(self.issues, key=lambda issue: not issue.is_error)[: self.limit]
        kept = Counter((issue.code, issue.path, issue.column, issue.severity) for issue in shown)
        more = [
            Issue(
                code="more_issues",
                message=f"{self.counts[kind] - kept[kind]:,} more of {kind[0]}"
                + (f" in column {kind[2]}" if kind[2] else "")
                + " are not listed; they have the same cause or the same fix.",
                severity=kind[3],
                path=kind[1],
                column=kind[2],
            )
            for kind in self.counts
            if self.counts[kind] > kept[kind]
        ]
        return (*shown, *more)

    def _kept(self, kind: tuple[str, str, str | None, Severity]) -> int:
        return sum((issue.code, issue.path, issue.column, issue.severity) == kind for issue in self.issues)


def shown(value: object) -> str:
    """Return a value as a message may quote it."""
    text = str(value)
    return text if len(text) <= MAX_VALUE_CHARACTERS else text[: MAX_VALUE_CHARACTERS - 1] + "…"


def listed(names: Iterable[str]) -> str:
    """Return names as running text."""
    return ", ".join(names)
