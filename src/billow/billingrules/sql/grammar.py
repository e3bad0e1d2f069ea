"""Let the parser find the grammar of a statement, and let nothing through that the language does not know.

The parser never sees what somebody wrote: every column, text, number, constant and function is replaced by the
position of its token. So it cannot misread them, each leaf of its tree leads back to a place in the rule, and what
it makes of the operators between them is all that is taken from it. Deeply nested brackets are parsed apart, so
that its recursion stays shallow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from billow.billingrules.sql.faults import UnableToRead, unable
from billow.billingrules.sql.shape import Shape
from billow.billingrules.sql.tokens import Token, TokenKind, shorten
from billow.billingrules.sql.words import CONSTANTS

_REMEMBERED, _SHORT = 256, 1_000
_LEVELS_AT_ONCE = 6
"""So many brackets inside one another are parsed together; each costs the parser some twenty calls."""

_OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.And,
    exp.Or,
)
_ALLOWED: Mapping[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys(_OPERATORS, frozenset({"this", "expression"})),
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.Column: frozenset({"this"}),
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.DataType: frozenset({"this"}),
    exp.Delete: frozenset({"this", "where"}),
    exp.Div: frozenset({"this", "expression"}),
    exp.From: frozenset({"this"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.If: frozenset({"this", "true"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Insert: frozenset({"this", "expression"}),
    exp.Is: frozenset({"this", "expression"}),
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Neg: frozenset({"this"}),
    exp.Not: frozenset({"this"}),
    exp.Null: frozenset(),
    exp.Paren: frozenset({"this"}),
    exp.Schema: frozenset({"this", "expressions"}),
    exp.Select: frozenset({"expressions", "from_", "where"}),
    exp.Table: frozenset({"this"}),
    exp.Tuple: frozenset({"expressions"}),
    exp.Update: frozenset({"this", "expressions", "where"}),
    exp.Values: frozenset({"expressions"}),
    exp.Where: frozenset({"this"}),
}
"""Every kind of node that rules know, with the parts that it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A statement's grammar: ``parts`` are the brackets that were parsed apart, by the position of their token."""

    tokens: tuple[Token, ...]
    root: exp.Expr
    parts: Mapping[int, exp.Expr]

    def resolved(self, node: exp.Expr) -> exp.Expr:
        """Return the node itself, or the bracket parsed apart for which it stands."""
        position = leaf_position(node)
        return node if position is None else self.parts.get(position, node)

    def token_at(self, node: exp.Expr) -> Token:
        """Return the first token of a node."""
        while (position := leaf_position(node)) is None:
            child = next(iter(node.iter_expressions()), None)
            if child is None:
                return self.tokens[0]
            node = child
        return self.tokens[position]


def leaf_position(node: exp.Expr) -> int | None:
    """Return which token a leaf stands for; None if the node is no leaf."""
    if isinstance(node, exp.Column):
        node = node.this
    if isinstance(node, exp.Identifier):
        return int(node.name) if node.args.get("quoted") else None
    if isinstance(node, exp.Literal):
        return int(node.name)
    return int(node.name[1:]) if isinstance(node, exp.Anonymous) else None


def tree_of(shape: Shape) -> Tree:
    """Return the grammar of a statement; raise UnableToRead where it has none."""
    apart = _brackets_apart(shape)
    root = _parse(shape, start=0, end=len(shape.tokens) - 1, apart=apart, is_part=False)
    parts = {
        start: _parse(shape, start=start, end=end, apart={k: v for k, v in apart.items() if k != start}, is_part=True)
        for start, end in apart.items()
    }
    return Tree(tokens=shape.tokens, root=root, parts=parts)


def _brackets_apart(shape: Shape) -> dict[int, int]:
    """Return the brackets and cases to parse on their own, by the positions of their first and last token."""
    apart: dict[int, int] = {}
    levels: list[tuple[int, int]] = []
    for opener in sorted(shape.closing):
        while levels and shape.closing[levels[-1][0]] < opener:
            levels.pop()
        level = levels[-1][1] + 1 if levels else 1
        before = shape.tokens[opener - 1] if opener else None
        is_call = before is not None and (before.kind is TokenKind.FUNCTION or before.is_word("CAST"))
        is_value = is_call or (
            before is not None and (not before.is_word("IN", "VALUES", "INTO") and before.kind is not TokenKind.DATASET)
        )
        if level >= _LEVELS_AT_ONCE and is_value:
            apart[opener - 1 if is_call else opener] = shape.closing[opener]
            level = 0
        levels.append((opener, level))
    return apart


def _parse(shape: Shape, *, start: int, end: int, apart: Mapping[int, int], is_part: bool) -> exp.Expr:
    """Parse some tokens, each on a line of its own, so that the parser's line numbers lead back to them."""
    positions = list(_shown_positions(start, end=end, apart=apart))
    text = "\n".join(_masked(shape, position=position, is_apart=position in apart) for position in positions)
    try:
        # Long trees are not kept: the memory that rules may take has its limit.
        root, unknown = (_remembered if len(text) <= _SHORT else _parsed)(text, is_part)
    except SqlglotError as wrong:
        raise _not_understood(shape, positions=positions, wrong=wrong) from wrong
    if unknown is not None:
        holder = Tree(tokens=shape.tokens, root=root, parts={})
        token = holder.token_at(unknown) if any(True for _ in unknown.iter_expressions()) else shape.tokens[start]
        raise _unknown_node(unknown, token=token)
    return root


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str, is_part: bool) -> tuple[exp.Expr, exp.Expr | None]:
    """Return what ``_parsed`` does: statements that differ in names and values only share a tree."""
    return _parsed(text, is_part)


def _parsed(text: str, is_part: bool) -> tuple[exp.Expr, exp.Expr | None]:
    """Return a tree, and its first node that rules do not know."""
    root = sqlglot.parse_one(text, into=exp.Condition) if is_part else sqlglot.parse_one(text)
    assert isinstance(root, exp.Expr)
    return root, next((node for node in root.walk() if not _is_known(node)), None)


def _is_known(node: exp.Expr) -> bool:
    allowed = _ALLOWED.get(type(node))
    return allowed is not None and {name for name, value in node.args.items() if value} <= allowed


def _shown_positions(start: int, *, end: int, apart: Mapping[int, int]) -> Iterator[int]:
    position = start
    while position <= end:
        yield position
        position = apart.get(position, position) + 1


def _masked(shape: Shape, *, position: int, is_apart: bool) -> str:
    token = shape.tokens[position]
    if is_apart or token.kind in {TokenKind.COLUMN, TokenKind.NAME}:
        return f'"{position}"'
    if token.kind is TokenKind.TEXT:
        return f"'{position}'"
    if token.kind is TokenKind.NUMBER:
        return str(position)
    if token.kind is TokenKind.FUNCTION:
        return f"f{position}"
    if token.is_word(*CONSTANTS) and not (token.is_word("NULL") and _follows_is(shape, position=position)):
        return f'"{position}"'
    return token.value


def _follows_is(shape: Shape, *, position: int) -> bool:
    before = shape.tokens[max(position - 2, 0) : position]
    return bool(before) and (before[-1].is_word("IS") or (before[-1].is_word("NOT") and before[0].is_word("IS")))


def _not_understood(shape: Shape, *, positions: list[int], wrong: SqlglotError) -> UnableToRead:
    details = getattr(wrong, "errors", None) or [{}]
    line = details[0].get("line") or len(positions)
    token = shape.tokens[positions[min(line, len(positions)) - 1]]
    return unable(
        "not_understood",
        place=token.place,
        message=f"{shorten(token.shown)} does not fit here, or something is missing beside it; write values as "
        "costs.amount * 1.08, conditions as costs.service = 'x' AND …, cases as CASE WHEN … THEN … ELSE … END",
        value=token.shown,
    )


def _unknown_node(node: exp.Expr, *, token: Token) -> UnableToRead:
    hints: Mapping[type[exp.Expr], str] = {
        exp.Case: "write CASE WHEN column = 'x' THEN … ELSE … END, with a whole condition behind each WHEN",
        exp.In: "write the values in brackets: IN ('a', 'b')",
        exp.Tuple: "write one value inside the brackets",
    }
    hint = hints.get(type(node), "docs/rules.md lists what rules may say")
    return unable("not_understood", place=token.place, message=f"this is not understood; {hint}", value=token.shown)
