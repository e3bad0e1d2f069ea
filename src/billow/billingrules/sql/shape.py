"""The frame of a statement and its brackets, checked before anything is read into depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billow.billingrules.sql.faults import Place, UnableToRead, unable
from billow.billingrules.sql.limits import MAX_NESTED_LISTS, MAX_NESTING, MAX_PREFIXES
from billow.billingrules.sql.tokens import Token, TokenKind, shorten
from billow.billingrules.sql.words import (
    CAST_TYPES,
    CONSTANTS,
    FRAME_KEYWORDS,
    FRAMES,
    SHAPES,
    STATEMENT_KEYWORDS,
)

_OPERANDS = frozenset({TokenKind.COLUMN, TokenKind.NAME, TokenKind.TEXT, TokenKind.NUMBER})
_BINARY_SIGNS = ("=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "||")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of a statement from its words alone: ``closing`` tells where each bracket and case ends."""

    tokens: tuple[Token, ...]
    frame: Mapping[str, int]
    closing: Mapping[int, int]
    depths: tuple[int, ...]

    @property
    def statement(self) -> str:
        """Return the first word: UPDATE, DELETE or INSERT."""
        return self.tokens[0].value


def shape_of(tokens: Sequence[Token]) -> Shape:
    """Return the shape of one statement, its final semicolon left out; raise UnableToRead if it has none."""
    statement = _without_semicolon(tokens)
    _check_beginning(statement)
    closing, depths = _nesting(statement)
    frame = _frame(statement, depths=depths)
    _check_prefixes(statement)
    return Shape(tokens=statement, frame=frame, closing=closing, depths=depths)


def _without_semicolon(tokens: Sequence[Token]) -> tuple[Token, ...]:
    ends = [position for position, token in enumerate(tokens) if token.is_sign(";")]
    if not ends:
        return tuple(tokens)
    if ends[0] < len(tokens) - 1:
        raise unable(
            "second_statement",
            place=tokens[ends[0] + 1].place,
            message="a rule is one statement, and it ended at the semicolon before; make a second rule of what follows",
        )
    return tuple(tokens[:-1])


def _check_beginning(tokens: tuple[Token, ...]) -> None:
    if not tokens:
        raise unable(
            "blank_sql",
            place=Place(line=1, column=1),
            message=f"SQL query is required for custom rules; write one statement, as {SHAPES['UPDATE']}",
        )
    if not tokens[0].is_word(*STATEMENT_KEYWORDS):
        raise unable(
            "unknown_statement",
            place=tokens[0].place,
            message=f"{shorten(tokens[0].shown)} is not understood here; a rule is one UPDATE, DELETE or INSERT "
            f"statement, as {SHAPES['UPDATE']}",
            value=tokens[0].shown,
        )


def _nesting(tokens: tuple[Token, ...]) -> tuple[dict[int, int], tuple[int, ...]]:
    """Return where each bracket and case closes, and how deep each token stands."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    depths: list[int] = []
    for position, token in enumerate(tokens):
        if token.is_sign(")") or token.is_word("END"):
            closing[_opener(tokens, opened=opened, position=position)] = position
        depths.append(len(opened))
        if token.is_sign("(") or token.is_word("CASE"):
            opened.append(position)
            _check_depth(tokens, opened=opened)
    if opened:
        token = tokens[opened[-1]]
        missing = ")" if token.is_sign("(") else "END"
        raise unable("unclosed_bracket", place=token.place, message=f"{token.shown} is never closed; add {missing}")
    return closing, tuple(depths)


def _opener(tokens: tuple[Token, ...], *, opened: list[int], position: int) -> int:
    token = tokens[position]
    expected = "(" if token.is_sign(")") else "CASE"
    if not opened:
        raise unable(
            "unclosed_bracket",
            place=token.place,
            message=f"{token.shown} closes nothing; take it out or add {expected}",
        )
    if tokens[opened[-1]].value != expected:
        before = tokens[opened[-1]]
        raise unable(
            "unclosed_bracket",
            place=token.place,
            message=f"{token.shown} does not close the {before.shown} of line {before.place.line}, column "
            f"{before.place.column}; add {')' if before.is_sign('(') else 'END'} before it",
        )
    return opened.pop()


def _check_depth(tokens: tuple[Token, ...], *, opened: list[int]) -> None:
    place = tokens[opened[-1]].place
    if len(opened) > MAX_NESTING:
        raise unable(
            "too_deep",
            place=place,
            message=f"brackets and cases may stand inside one another {MAX_NESTING} times; split the rule into several",
        )
    lists = sum(1 for position in opened if position and tokens[position - 1].is_word("IN"))
    if lists > MAX_NESTED_LISTS:
        raise unable(
            "too_deep",
            place=place,
            message=f"IN lists may stand inside one another {MAX_NESTED_LISTS} times; split the rule",
        )


def _frame(tokens: tuple[Token, ...], *, depths: tuple[int, ...]) -> dict[str, int]:
    """Return where each word of the frame stands, after checking that they are in their order."""
    first = tokens[0].value
    possible = FRAMES[first]
    found: list[str] = []
    places: dict[str, int] = {}
    for position, token in enumerate(tokens):
        if not token.is_word(*FRAME_KEYWORDS):
            continue
        if depths[position]:
            raise _misplaced(token, first=first, nested=True)
        found.append(token.value)
        possible = tuple(order for order in possible if order[: len(found)] == tuple(found))
        if not possible:
            raise _misplaced(token, first=first, nested=False)
        places[token.value] = position
    if tuple(found) not in possible:
        missing = min(possible, key=len)[len(found)]
        raise unable(
            "not_understood",
            place=tokens[-1].place,
            message=f"the statement ends without {missing}; write it as {SHAPES[first]}",
        )
    return places


def _misplaced(token: Token, *, first: str, nested: bool) -> UnableToRead:
    if token.is_word("SELECT") and nested:
        return unable(
            "sub_query",
            place=token.place,
            message="sub-queries are not understood; write conditions with columns of the statement's own dataset",
        )
    return unable(
        "not_understood",
        place=token.place,
        message=f"{token.shown} does not fit here; write the statement as {SHAPES[first]}",
        value=token.shown,
    )


def check_neighbours(shape: Shape) -> None:
    """Refuse values side by side and signs without a value: SQL would read names, aliases or nothing into them."""
    tokens = shape.tokens
    for position, token in enumerate(tokens):
        before = tokens[position - 1] if position else None
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        if before is not None and _ends_value(before) and _begins_value(token):
            raise unable(
                "not_understood",
                place=token.place,
                message=f"{shorten(token.shown)} stands right behind {shorten(before.shown)}; write a comma, AND or "
                "another sign between them",
                value=token.shown,
            )
        if _needs_value_before(token) and not (before and (_ends_value(before) or before.is_word("NOT"))):
            raise _alone(token, side="before")
        if _needs_value_behind(token) and not (after and _may_begin(after)):
            raise _alone(token, side="behind")
        if token.is_word("AS"):
            _check_cast_type(token, after=after, then=tokens[position + 2] if position + 2 < len(tokens) else None)
        elif token.is_word(*CAST_TYPES) and not (before and before.is_word("AS")):
            raise _alone_word(token)


def _needs_value_before(token: Token) -> bool:
    is_binary = token.is_sign(*_BINARY_SIGNS) and not token.is_sign("+", "-")
    return is_binary or token.is_word("AND", "OR", "LIKE", "IN", "BETWEEN", "IS", "THEN", "ELSE")


def _needs_value_behind(token: Token) -> bool:
    is_joining = token.is_word("AND", "OR", "LIKE", "BETWEEN", "WHEN", "THEN", "ELSE", "SET", "WHERE", "SELECT")
    return is_joining or token.is_sign(",", *_BINARY_SIGNS)


def _alone(token: Token, *, side: str) -> UnableToRead:
    hint = "; SUM needs a column: SUM(costs.amount)" if token.is_sign("*") else ""
    return unable("not_understood", place=token.place, message=f"a value is missing {side} {token.shown}{hint}; add it")


def _alone_word(token: Token) -> UnableToRead:
    return unable(
        "not_understood",
        place=token.place,
        message=f"{token.shown} stands in CAST(… AS {token.value}) only",
        value=token.shown,
    )


def _check_cast_type(token: Token, *, after: Token | None, then: Token | None) -> None:
    if after is None or not after.is_word(*CAST_TYPES):
        raise unable(
            "not_understood",
            place=(after or token).place,
            message="AS stands in CAST(… AS DECIMAL) and CAST(… AS VARCHAR) only; leave other names and types out",
        )
    if then is None or not then.is_sign(")"):
        raise unable(
            "not_understood",
            place=(then or after).place,
            message=f"{after.value} takes no length; write CAST(… AS {after.value}), and ROUND(…, 2) for two places",
        )


def _ends_value(token: Token) -> bool:
    return token.kind in _OPERANDS or token.is_sign(")") or token.is_word("END", *CONSTANTS)


def _begins_value(token: Token) -> bool:
    return (
        token.kind in {*_OPERANDS, TokenKind.FUNCTION}
        or token.is_sign("(")
        or token.is_word("CASE", "CAST", *CONSTANTS)
    )


def _may_begin(token: Token) -> bool:
    return _begins_value(token) or token.is_sign("+", "-") or token.is_word("NOT")


def _check_prefixes(tokens: tuple[Token, ...]) -> None:
    row = 0
    for position, token in enumerate(tokens):
        is_prefix = token.is_word("NOT") or (
            token.is_sign("+", "-") and not (position and _ends_value(tokens[position - 1]))
        )
        row = row + 1 if is_prefix else 0
        if row > MAX_PREFIXES:
            raise unable(
                "too_deep",
                place=token.place,
                message=f"more than {MAX_PREFIXES} NOT or signs in a row; two of them undo each other, take them out",
            )
