"""What may be wrong with the names of any bill's columns."""

from collections import Counter
from collections.abc import Sequence

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.problems import listed
from billow.terms.issue import Issue


def missing_column(*, name: str, path: str, why: str) -> Issue:
    """Say that a column is missing; ``why`` follows its name: "which … makes mandatory"."""
    message = f"The column {name}, {why}, is missing; add it to the export."
    return Issue(code="missing_column", message=message, path=path, column=name)


def repeated_columns(*, columns: Sequence[DeliveredColumn], path: str) -> tuple[Issue, ...]:
    """Name the delivered columns that would become one, whatever their case."""
    counts = Counter(column.stored.casefold() for column in columns)
    spellings = {
        folded: [column.delivered for column in columns if column.stored.casefold() == folded]
        for folded, count in counts.items()
        if count > 1
    }
    return tuple(
        Issue(
            code="duplicate_column",
            message=f"The columns {listed(names)} have the same name; remove or rename one of them.",
            path=path,
            column=names[0],
        )
        for names in spellings.values()
    )
