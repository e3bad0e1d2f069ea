"""Which columns a part of a statement may look at."""

import difflib
from dataclasses import dataclass
from enum import StrEnum

from billow.billingrules.datasets import KEYED_GROUPS, column_names, find_column
from billow.billingrules.expression import Column, Dataset
from billow.billingrules.sql.faults import UnableToRead, unable
from billow.billingrules.sql.tokens import Token, shorten


class Looking(StrEnum):
    """What the values of a part may look at."""

    CHARGES = "charges"
    SUMS = "sums"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The dataset, and whether values look at each charge, at sums, or at nothing."""

    dataset: Dataset
    looking: Looking


def column_of(token: Token, *, scope: Scope) -> Column:
    """Return the column that a token names, or raise UnableToRead if the scope has none of that name."""
    dataset = token.dataset or scope.dataset
    if scope.looking is Looking.NOTHING:
        raise unable(
            "column_misplaced",
            place=token.place,
            message=f"{shorten(token.shown)} cannot be looked at in VALUES, where there is no charge; write "
            "INSERT INTO costs (…) SELECT …, SUM(costs.amount) FROM costs",
            value=token.shown,
        )
    if dataset is not scope.dataset:
        raise unable(
            "datasets_mixed",
            place=token.place,
            message=f"the statement works on {scope.dataset}, so it cannot look at {shorten(token.shown)}; write "
            f"a column of {scope.dataset}, or make a rule of its own",
            value=token.shown,
        )
    if scope.looking is Looking.SUMS:
        raise unable(
            "column_misplaced",
            place=token.place,
            message=f"{shorten(token.shown)} differs from charge to charge; write SUM({shorten(token.shown)}) of a "
            "number, or a condition behind WHERE",
            value=token.shown,
        )
    return named_column(token, dataset=dataset)


def named_column(token: Token, *, dataset: Dataset) -> Column:
    """Return the dataset's column that a token names; raise UnableToRead with the nearest names if there is none."""
    column = find_column(dataset, name=token.value)
    if column is None:
        raise _unknown_column(token, dataset=dataset)
    return column


def _unknown_column(token: Token, *, dataset: Dataset) -> UnableToRead:
    names = {name.casefold(): name for name in column_names(dataset)}
    nearest = difflib.get_close_matches(token.value.casefold()[:100], names, n=3)
    if nearest:
        hint = "write " + " or ".join(f"{dataset}.{names[name]}" for name in nearest)
    elif dataset is Dataset.COSTS:
        hint = "columns of costs are " + ", ".join(column_names(dataset))
    else:
        groups = sorted({name.partition("/")[0] for name in column_names(dataset)} | set(KEYED_GROUPS[dataset]))
        hint = "columns of aws are written aws.group/Column, with one of the groups " + ", ".join(groups)
    return unable(
        "unknown_column",
        place=token.place,
        message=f"unknown column {dataset}.{shorten(token.value)}; {hint}",
        value=token.shown,
    )
