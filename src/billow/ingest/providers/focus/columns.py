"""FOCUS names of columns as exporters write them."""

from collections import Counter
from collections.abc import Sequence

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.problems import listed
from billow.terms.focus import FOCUS_COLUMNS, REQUIRED_COLUMNS
from billow.terms.issue import Issue

_FOCUS_NAME_BY_FOLDED = {column.name.casefold(): column.name for column in FOCUS_COLUMNS}
_RECOGNISED_BY = 3


def stored_name(name: str) -> str:
    """Return FOCUS's spelling of a column name, or the name itself if FOCUS has no such column.

    Catalogues such as Glue write all names in lower case, so the case does not count.
    """
    return _FOCUS_NAME_BY_FOLDED.get(name.strip().casefold(), name.strip())


def looks_like_focus(names: Sequence[str]) -> bool:
    """Tell whether enough of the mandatory columns are there to speak of a FOCUS file."""
    return len({stored_name(name) for name in names} & set(REQUIRED_COLUMNS)) >= _RECOGNISED_BY


def plan(*, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
    """Map delivered names to stored ones; name missing and repeated columns."""
    columns = tuple(DeliveredColumn(delivered=name, stored=stored_name(name)) for name in names)
    return columns, (*_missing(columns, path), *_repeated(columns, path))


def _missing(columns: Sequence[DeliveredColumn], path: str) -> tuple[Issue, ...]:
    there = {column.stored for column in columns}
    return tuple(
        Issue(
            code="missing_column",
            message=f"The column {name}, which FOCUS makes mandatory, is missing; add it to the export.",
            path=path,
            column=name,
        )
        for name in REQUIRED_COLUMNS
        if name not in there
    )


def _repeated(columns: Sequence[DeliveredColumn], path: str) -> tuple[Issue, ...]:
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
