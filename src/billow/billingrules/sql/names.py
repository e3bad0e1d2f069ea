"""Names without a dataset: where they may stand, and what to write where they may not."""

from billow.billingrules.datasets import column_names
from billow.billingrules.expression import Dataset
from billow.billingrules.sql.faults import UnableToRead, unable
from billow.billingrules.sql.shape import Shape
from billow.billingrules.sql.tokens import Token, TokenKind, shorten
from billow.billingrules.sql.words import HINTS

_BEFORE_DATASET = ("UPDATE", "FROM", "INTO")


def dataset_of(shape: Shape) -> Dataset:
    """Return what the statement works on, after checking that every dataset and bare name stands where it may."""
    for position, token in enumerate(shape.tokens):
        before = shape.tokens[position - 1] if position else None
        names_dataset = before is not None and before.is_word(*_BEFORE_DATASET)
        if names_dataset and token.kind is not TokenKind.DATASET:
            raise _unknown_dataset(token)
        if token.kind is TokenKind.DATASET and not names_dataset:
            raise _dataset_alone(token)
        if names_dataset:
            _check_behind(shape, position=position)
        if token.kind is TokenKind.NAME and not _may_be_bare(shape, position=position):
            raise _without_dataset(token, is_type=before is not None and before.is_word("AS"))
    return _checked_datasets(shape)


def _checked_datasets(shape: Shape) -> Dataset:
    named = [token for token in shape.tokens if token.kind is TokenKind.DATASET]
    if not named:
        last = shape.tokens[-1]
        raise unable("unknown_dataset", place=last.place, message="the dataset is missing; write aws or costs")
    for token in named:
        if shape.statement == "INSERT" and token.dataset is not Dataset.COSTS:
            raise unable(
                "insert_into_aws",
                place=token.place,
                message="lines can be added to costs only, from sums over costs; write INSERT INTO costs",
                value=token.shown,
            )
    dataset = named[0].dataset
    assert dataset is not None
    return dataset


def _check_behind(shape: Shape, *, position: int) -> None:
    """Refuse all but the next part of the statement behind a dataset: no other name for it, nothing in brackets."""
    behind = shape.tokens[position + 1] if position + 1 < len(shape.tokens) else None
    keyword = shape.tokens[position - 1].value
    if behind is None or behind.is_word("SET" if keyword == "UPDATE" else "WHERE"):
        return
    if behind.is_word("VALUES", "SELECT") or (keyword == "INTO" and behind.is_sign("(")):
        return
    expected = {"UPDATE": "SET", "FROM": "WHERE or the end", "INTO": "the columns in brackets"}[keyword]
    hint = HINTS.get(behind.value.upper()) if behind.kind is TokenKind.NAME else None
    raise unable(
        "not_understood",
        place=behind.place,
        message=f"{shorten(behind.shown)} does not fit behind the dataset; "
        + (hint or f"write {expected} there, and no other name for the dataset"),
        value=behind.shown,
    )


def _may_be_bare(shape: Shape, *, position: int) -> bool:
    """Tell whether a column may stand here without its dataset: left in SET, and in the column list of INSERT."""
    if shape.statement == "UPDATE":
        before, after = shape.tokens[position - 1], shape.tokens[position + 1 : position + 2]
        is_left = before.is_word("SET") or (before.is_sign(",") and shape.depths[position] == 0)
        in_set = shape.frame["SET"] < position < shape.frame.get("WHERE", len(shape.tokens))
        return in_set and is_left and bool(after) and after[0].is_sign("=")
    if shape.statement == "INSERT":
        return position < shape.frame.get("VALUES", shape.frame.get("SELECT", 0))
    return False


def _unknown_dataset(token: Token) -> UnableToRead:
    message = f"{shorten(token.shown)} is not a dataset; write aws or costs"
    if token.kind is TokenKind.COLUMN:
        message = f"{shorten(token.shown)} is a column; the dataset alone stands here: {token.dataset}"
    return unable("unknown_dataset", place=token.place, message=message, value=token.shown)


def _dataset_alone(token: Token) -> UnableToRead:
    example = "aws.lineItem/UnblendedCost" if token.dataset is Dataset.AWS else "costs.amount"
    return unable(
        "not_understood",
        place=token.place,
        message=f"{token.shown} is a dataset; write one of its columns, without spaces: {example}",
        value=token.shown,
    )


def _without_dataset(token: Token, *, is_type: bool) -> UnableToRead:
    word, folded = shorten(token.shown), token.value.casefold()
    for dataset in Dataset:
        known = next((name for name in column_names(dataset) if name.casefold() == folded), None)
        if not is_type and (known is not None or (dataset is Dataset.COSTS and folded == "date")):
            return unable(
                "dataset_missing",
                place=token.place,
                message=f"columns are written with their dataset; write {dataset}.{known or 'accrued_at'}",
                value=token.shown,
            )
    hint = HINTS.get(token.value.upper()) if not token.shown.startswith('"') else None
    if hint is not None:
        return unable(
            "not_understood", place=token.place, message=f"{word} is not understood; {hint}", value=token.shown
        )
    groups = {name.partition("/")[0].casefold(): name.partition("/")[0] for name in column_names(Dataset.AWS)}
    group = groups.get(folded.partition("/")[0])
    if group is not None:
        message = f"columns are written with their dataset; write aws.{group}/…"
        return unable("dataset_missing", place=token.place, message=message, value=token.shown)
    message = f"{word} is not understood; write texts in single quotes, and columns with their dataset, as costs.amount"
    return unable("not_understood", place=token.place, message=message, value=token.shown)
