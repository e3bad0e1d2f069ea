"""FOCUS names of columns as exporters write them."""

from collections.abc import Sequence

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.columns import missing_column, repeated_columns
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
    there = {column.stored for column in columns}
    missing = tuple(
        missing_column(name=name, path=path, why="which FOCUS makes mandatory")
        for name in REQUIRED_COLUMNS
        if name not in there
    )
    return columns, (*missing, *repeated_columns(columns=columns, path=path))
