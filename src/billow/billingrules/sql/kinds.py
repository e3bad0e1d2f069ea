"""Whether a value is a text or a number, found out before it is read.

A number in quotes may be either, and so may a number that is compared with a text: such values lean to one kind
and take the other where it is needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from billow.billingrules.datasets import find_column
from billow.billingrules.expression import Kind
from billow.billingrules.sql.grammar import Tree, leaf_position
from billow.billingrules.sql.numbers import looks_like_number
from billow.billingrules.sql.tokens import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """The kind a value has, and whether it is settled or may still become the other."""

    kind: Kind
    is_settled: bool


_TEXT = Leaning(kind=Kind.TEXT, is_settled=True)
_NUMBER = Leaning(kind=Kind.NUMBER, is_settled=True)
_MAYBE_TEXT = Leaning(kind=Kind.TEXT, is_settled=False)
_MAYBE_NUMBER = Leaning(kind=Kind.NUMBER, is_settled=False)

_OF_CALLS = {
    "LOWER": _TEXT,
    "UPPER": _TEXT,
    "SUBSTR": _TEXT,
    "CONCAT": _TEXT,
    "ABS": _NUMBER,
    "ROUND": _NUMBER,
    "SUM": _NUMBER,
}


class Kinds:
    """Answers for the values of one statement, each looked at once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._known: dict[int, Leaning | None] = {}

    def of(self, node: exp.Expr) -> Leaning | None:
        """Return the kind of a value; None if anything goes (NULL, or no value at all)."""
        key = id(node)
        if key not in self._known:
            self._known[key] = self._find(self.tree.resolved(node))
        return self._known[key]

    def shared(self, nodes: Iterable[exp.Expr]) -> Leaning | None:
        """Return the kind on which several values meet: that of the first settled one, else what they lean to."""
        leanings = [leaning for leaning in map(self.of, nodes) if leaning is not None]
        settled = next((leaning for leaning in leanings if leaning.is_settled), None)
        if settled is not None or not leanings:
            return settled
        return leanings[0] if all(leaning == leanings[0] for leaning in leanings) else _MAYBE_NUMBER

    def _find(self, node: exp.Expr) -> Leaning | None:  # noqa: PLR0911 - one for each kind of node
        match node:
            case exp.DPipe():
                return _TEXT
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div() | exp.Neg():
                return _NUMBER
            case exp.Paren():
                return self.of(node.this)
            case exp.Cast():
                return _NUMBER if node.to.this is exp.DataType.Type.DECIMAL else _TEXT
            case exp.Case():
                return self.shared(case_values(node))
            case exp.Anonymous():
                return self._of_call(node)
        return self._of_leaf(node)

    def _of_call(self, node: exp.Anonymous) -> Leaning | None:
        name = self.tree.token_at(node).value
        return _OF_CALLS[name] if name in _OF_CALLS else self.shared(node.expressions)

    def _of_leaf(self, node: exp.Expr) -> Leaning | None:
        if leaf_position(node) is None:
            return None
        token = self.tree.token_at(node)
        if token.kind is TokenKind.NUMBER:
            return _MAYBE_NUMBER
        if token.kind is TokenKind.TEXT:
            return _MAYBE_TEXT if looks_like_number(token.value) else _TEXT
        column = find_column(token.dataset, name=token.value) if token.dataset is not None else None
        return Leaning(kind=column.kind, is_settled=True) if column is not None else None


def case_values(node: exp.Case) -> list[exp.Expr]:
    """Return the values of a case, the last for ELSE if it is written."""
    default = node.args.get("default")
    return [branch.args["true"] for branch in node.args["ifs"]] + ([default] if default is not None else [])
