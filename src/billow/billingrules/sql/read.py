"""Read a rule's SQL: the one way from what somebody wrote to what a rule does."""

from functools import lru_cache

from billow.billingrules.sql.faults import Place, UnableToRead, unable
from billow.billingrules.sql.limits import MAX_LENGTH
from billow.billingrules.sql.names import dataset_of
from billow.billingrules.sql.shape import check_neighbours, shape_of
from billow.billingrules.sql.tokens import tokens_of
from billow.billingrules.statement import Statement
from billow.terms.issue import Issue

_REMEMBERED = 512
_BEGINNING = Place(line=1, column=1)


def read_statement(*, sql: str) -> tuple[Statement | None, tuple[Issue, ...]]:
    """Return the statement that a text makes, with warnings; or None and every error found, each with its place."""
    if len(sql) > MAX_LENGTH:
        message = (
            f"a statement has at most {MAX_LENGTH:,} characters, this has {len(sql):,}; split it into several rules"
        )
        return None, (unable("too_long", place=_BEGINNING, message=message).issue,)
    try:
        return _read(sql)
    except RecursionError:
        # Only where the caller's own calls are nested very deeply; therefore not remembered.
        message = "this is nested too deeply to be read here; split the rule into several"
        return None, (unable("too_deep", place=_BEGINNING, message=message).issue,)


@lru_cache(maxsize=_REMEMBERED)
def _read(sql: str) -> tuple[Statement | None, tuple[Issue, ...]]:
    # The parser takes long to load and is needed by those alone who have rules in SQL.
    from billow.billingrules.sql.grammar import tree_of
    from billow.billingrules.sql.statements import statement_of

    try:
        shape = shape_of(tokens_of(sql))
        dataset = dataset_of(shape)
        check_neighbours(shape)
        return statement_of(tree_of(shape), dataset=dataset)
    except UnableToRead as wrong:
        return None, (wrong.issue,)
