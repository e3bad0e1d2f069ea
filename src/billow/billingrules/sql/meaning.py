"""Turn the grammar of values and conditions into what they mean, kinds settled."""

from decimal import Decimal

from sqlglot import exp

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Comparison,
    Concatenation,
    Condition,
    Constant,
    Either,
    Every,
    Function,
    IsMissing,
    Kind,
    Membership,
    Missing,
    Number,
    Opposite,
    Pattern,
    Sum,
    Text,
    Value,
    columns_in,
)
from billow.billingrules.sql.cautions import caution_of_missing_number, cautions_of_comparison
from billow.billingrules.sql.faults import UnableToRead, unable
from billow.billingrules.sql.grammar import Tree, leaf_position
from billow.billingrules.sql.kinds import Kinds, case_values
from billow.billingrules.sql.limits import MAX_IN_VALUES, MAX_PATTERN, MAX_STEPS, MAX_TEXT
from billow.billingrules.sql.numbers import is_zero, looks_like_number, number_of
from billow.billingrules.sql.scope import Looking, Scope, column_of
from billow.billingrules.sql.tokens import Token, TokenKind, shorten
from billow.billingrules.sql.words import AGGREGATE, ARGUMENT_COUNTS
from billow.terms.issue import Issue

_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_CONDITIONS = (*_COMPARISONS, exp.And, exp.Or, exp.Not, exp.In, exp.Like, exp.Between, exp.Is)
_ARTICLE = {Kind.TEXT: "a text", Kind.NUMBER: "a number"}
_CAST = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "DECIMAL"}
_MAX_PLACES = 18


class Meaning:
    """Reads the values and conditions of one statement; ``cautions`` gathers what is allowed but looks wrong."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.kinds = Kinds(tree)
        self.cautions: list[Issue] = []
        self._steps = 0

    # Values

    def value(self, node: exp.Expr, *, kind: Kind, scope: Scope, is_compared: bool = False) -> Value:
        """Return a value of the kind; a number that is compared with texts counts as written."""
        node = self._entered(node)
        try:
            return self._value(node, kind=kind, scope=scope, is_compared=is_compared)
        finally:
            self._steps -= 1

    def _value(self, node: exp.Expr, *, kind: Kind, scope: Scope, is_compared: bool) -> Value:  # noqa: PLR0911
        if isinstance(node, exp.Paren):
            return self.value(node.this, kind=kind, scope=scope, is_compared=is_compared)
        if isinstance(node, _CONDITIONS):
            raise self._unable(
                "value_expected",
                node,
                "a condition stands where a value is needed; write CASE WHEN … THEN … ELSE … END",
            )
        if isinstance(node, exp.Case):
            return self._case(node, kind=kind, scope=scope, is_compared=is_compared)
        if leaf_position(node) is not None and not isinstance(node, exp.Anonymous):
            return self._leaf(node, kind=kind, scope=scope, is_compared=is_compared)
        self._check_kind(node, kind=kind)
        if type(node) in _ARITHMETIC:
            return self._arithmetic(node, scope=scope)
        match node:
            case exp.Neg():
                operand = self.value(node.this, kind=Kind.NUMBER, scope=scope)
                if isinstance(operand, Number):
                    return Number(value=-operand.value)
                return Arithmetic(operator="*", left=Number(value=Decimal(-1)), right=operand)
            case exp.DPipe():
                return self._concatenation(self._chain(node, exp.DPipe), scope=scope)
            case exp.Cast():
                return self._cast(node, kind=kind, scope=scope)
            case exp.Anonymous():
                return self._call(node, kind=kind, scope=scope)
        raise self._unable("value_expected", node, "a value is needed here, as costs.amount, 1.08 or 'text'")

    def _leaf(self, node: exp.Expr, *, kind: Kind, scope: Scope, is_compared: bool) -> Value:
        token = self.tree.token_at(node)
        if token.kind is TokenKind.COLUMN:
            column = column_of(token, scope=scope)
            if column.kind is not kind:
                raise self._wrong_kind(token, kind=kind)
            return column
        if token.kind is TokenKind.KEYWORD:
            raise self._misplaced_constant(token)
        if kind is Kind.NUMBER:
            return self._number(token)
        if token.kind is TokenKind.NUMBER and not is_compared:
            raise unable(
                "not_a_text",
                place=token.place,
                message=f"{shorten(token.shown)} is a number, and a text is needed; write '{shorten(token.shown)}'",
                value=token.shown,
            )
        return self._text(token)

    def _text(self, token: Token) -> Text:
        if len(token.value) > MAX_TEXT:
            raise unable(
                "text_too_long", place=token.place, message=f"a text has at most {MAX_TEXT:,} characters; shorten it"
            )
        return Text(value=token.value)

    def _number(self, token: Token) -> Number:
        if token.kind is TokenKind.TEXT and not looks_like_number(token.value):
            raise unable(
                "not_a_number",
                place=token.place,
                message=f"{shorten(token.shown)} is a text, and a number is needed; write a number, as 1.08",
                value=token.shown,
            )
        number = number_of(token.value)
        if number is None:
            raise unable(
                "number_too_long",
                place=token.place,
                message=f"{shorten(token.shown)} has too many digits; write at most 20 before the point, 18 after it",
                value=token.shown,
            )
        return Number(value=number)

    def _misplaced_constant(self, token: Token) -> UnableToRead:
        if token.is_word("NULL"):
            return unable(
                "null_misplaced",
                place=token.place,
                message="NULL has no place here; write IS NULL in conditions, 0 for no amount, and '' for no text "
                "(SET column = NULL makes a text missing)",
            )
        return unable(
            "value_expected",
            place=token.place,
            message=f"{token.shown} is a condition and stands where a value is needed; write a number or a text",
            value=token.shown,
        )

    def _check_kind(self, node: exp.Expr, *, kind: Kind) -> None:
        leaning = self.kinds.of(node)
        if leaning is not None and leaning.is_settled and leaning.kind is not kind:
            raise self._wrong_kind(self.tree.token_at(node), kind=kind)

    def _wrong_kind(self, token: Token, *, kind: Kind) -> UnableToRead:
        other = Kind.NUMBER if kind is Kind.TEXT else Kind.TEXT
        shown = shorten(token.shown) if token.kind is TokenKind.COLUMN else "…"
        return unable(
            f"not_{'a_number' if kind is Kind.NUMBER else 'a_text'}",
            place=token.place,
            message=f"this is {_ARTICLE[other]}, and {_ARTICLE[kind]} is needed; write CAST({shown} AS {_CAST[kind]})",
            value=token.shown,
        )

    def _arithmetic(self, node: exp.Expr, *, scope: Scope) -> Value:
        """Read a chain of ``+ - * /`` from its innermost left end, without recursion along the chain."""
        chain: list[exp.Expr] = []
        while type(node) in _ARITHMETIC:
            chain.append(node)
            node = node.this
        if len(chain) > MAX_STEPS:
            raise self._too_deep(node)
        result = self.value(node, kind=Kind.NUMBER, scope=scope)
        for step in reversed(chain):
            right = self.value(step.expression, kind=Kind.NUMBER, scope=scope)
            operator = _ARITHMETIC[type(step)]
            if operator == "/" and is_zero(right):
                raise self._unable(
                    "division_by_zero", step.expression, "nothing can be divided by zero; write another number"
                )
            result = Arithmetic(operator=operator, left=result, right=right)
        return result

    def _chain(self, node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
        """Return the operands of a chain of one operator from left to right."""
        operands: list[exp.Expr] = []
        while type(node) is kind:
            operands.append(node.expression)
            node = node.this
        return [node, *reversed(operands)]

    def _concatenation(self, nodes: list[exp.Expr], *, scope: Scope) -> Value:
        return Concatenation(parts=tuple(self.value(node, kind=Kind.TEXT, scope=scope) for node in nodes))

    def _cast(self, node: exp.Cast, *, kind: Kind, scope: Scope) -> Value:
        leaning = self.kinds.of(node.this)
        is_written_out = isinstance(node.this, exp.Literal)
        if leaning is None or leaning.kind is kind or not leaning.is_settled or is_written_out:
            return self.value(node.this, kind=kind, scope=scope, is_compared=True)
        return Cast(operand=self.value(node.this, kind=leaning.kind, scope=scope), kind=kind)

    def _case(self, node: exp.Case, *, kind: Kind, scope: Scope, is_compared: bool) -> Value:
        if not node.args["ifs"]:
            raise self._unable("not_understood", node, "write at least one WHEN … THEN … between CASE and END")
        if kind is Kind.NUMBER and node.args.get("default") is None:
            raise self._unable(
                "else_missing", node, "a number is needed in every case; write ELSE and a number before END"
            )
        values = [
            self.text_or_missing(value, scope=scope, is_compared=is_compared)
            if kind is Kind.TEXT
            else self.value(value, kind=kind, scope=scope)
            for value in case_values(node)
        ]
        conditions = [self.condition(branch.this, scope=scope) for branch in node.args["ifs"]]
        otherwise = values[len(conditions)] if len(values) > len(conditions) else Missing()
        branches = tuple(zip(conditions, values[: len(conditions)], strict=True))
        return Case(branches=branches, otherwise=otherwise, kind=kind)

    def text_or_missing(self, node: exp.Expr, *, scope: Scope, is_compared: bool = False) -> Value:
        """Return a text, or NULL where it stands alone."""
        if leaf_position(node) is not None and self.tree.token_at(node).is_word("NULL"):
            return Missing()
        return self.value(node, kind=Kind.TEXT, scope=scope, is_compared=is_compared)

    # Functions

    def _call(self, node: exp.Anonymous, *, kind: Kind, scope: Scope) -> Value:
        token, arguments = self.tree.token_at(node), node.expressions
        self._check_argument_count(token, count=len(arguments))
        if token.value == AGGREGATE:
            return self._sum(token, arguments[0], scope=scope)
        if token.value == "CONCAT":
            return self._concatenation(arguments, scope=scope)
        function = Function(token.value)
        match function:
            case Function.ROUND | Function.SUBSTR:
                first = self.value(arguments[0], kind=kind, scope=scope)
                read = (first, *(self._whole_number(item, function=function) for item in arguments[1:]))
            case _:
                read = tuple(self.value(item, kind=kind, scope=scope) for item in arguments)
        return Call(function=function, arguments=read)

    def _check_argument_count(self, token: Token, *, count: int) -> None:
        least, most = ARGUMENT_COUNTS[token.value]
        if least <= count and (most is None or count <= most):
            return
        words = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        raise unable(
            "wrong_argument_count",
            place=token.place,
            message=f"{token.value} takes {words} value{'' if words == '1' else 's'} in its brackets, not {count}",
            value=token.shown,
        )

    def _whole_number(self, node: exp.Expr, *, function: Function) -> Number:
        """Return the places of ROUND, or a position of SUBSTR, which must be written out."""
        token = self.tree.token_at(node)
        is_plain = isinstance(node, exp.Literal) and token.kind is TokenKind.NUMBER and token.value.isdigit()
        most = _MAX_PLACES if function is Function.ROUND else MAX_TEXT
        if not is_plain or len(token.value) > 6 or int(token.value) > most:
            raise self._unable(
                "whole_number_expected",
                node,
                f"{function} takes a whole number from 0 to {most:,} here; write it out, as 2",
            )
        return Number(value=Decimal(token.value))

    def _sum(self, token: Token, node: exp.Expr, *, scope: Scope) -> Value:
        if scope.looking is not Looking.SUMS:
            raise unable(
                "sum_misplaced",
                place=token.place,
                message="SUM stands in the values of INSERT INTO costs (…) SELECT … FROM costs, and not in another SUM",
            )
        inside = Scope(dataset=scope.dataset, looking=Looking.CHARGES)
        operand = self.value(node, kind=Kind.NUMBER, scope=inside)
        if not columns_in(operand):
            raise unable(
                "sum_misplaced", place=token.place, message="SUM adds up a column of charges; write SUM(costs.amount)"
            )
        return Sum(operand=operand)

    # Conditions

    def condition(self, node: exp.Expr, *, scope: Scope) -> Condition:
        """Return a condition; raise UnableToRead if the node is a value or no condition of rules."""
        node = self._entered(node)
        try:
            return self._condition(node, scope=scope)
        finally:
            self._steps -= 1

    def _condition(self, node: exp.Expr, *, scope: Scope) -> Condition:  # noqa: PLR0911 - one for each kind of node
        if type(node) in _COMPARISONS:
            return self._comparison(node, scope=scope)
        match node:
            case exp.Paren():
                return self.condition(node.this, scope=scope)
            case exp.And():
                return Every(conditions=tuple(self.condition(item, scope=scope) for item in self._chain(node, exp.And)))
            case exp.Or():
                return Either(conditions=tuple(self.condition(item, scope=scope) for item in self._chain(node, exp.Or)))
            case exp.Not():
                return Opposite(condition=self.condition(node.this, scope=scope))
            case exp.In():
                return self._membership(node, scope=scope)
            case exp.Like():
                return self._pattern(node, scope=scope)
            case exp.Between():
                return self._between(node, scope=scope)
            case exp.Is():
                return self._is_missing(node, scope=scope)
        if leaf_position(node) is not None and self.tree.token_at(node).is_word("TRUE", "FALSE"):
            return Constant(holds=self.tree.token_at(node).is_word("TRUE"))
        raise self._unable(
            "condition_expected",
            node,
            "a condition is needed here, and this is a value; write costs.service = 'x', or another comparison",
        )

    def _comparison(self, node: exp.Expr, *, scope: Scope) -> Condition:
        left, right = self._alike([node.this, node.expression], scope=scope)
        self._caution(node.this, node.expression, values=(left, right))
        return Comparison(operator=_COMPARISONS[type(node)], left=left, right=right)

    def _between(self, node: exp.Between, *, scope: Scope) -> Condition:
        operand, low, high = self._alike([node.this, node.args["low"], node.args["high"]], scope=scope)
        self._caution(node.this, values=(operand, low, high))
        return Every(
            conditions=(
                Comparison(operator=">=", left=operand, right=low),
                Comparison(operator="<=", left=operand, right=high),
            )
        )

    def _membership(self, node: exp.In, *, scope: Scope) -> Condition:
        if not node.expressions:
            raise self._unable("not_understood", node, "write at least one value in the brackets of IN")
        if len(node.expressions) > MAX_IN_VALUES:
            raise self._unable(
                "too_many_values",
                node,
                f"an IN list has at most {MAX_IN_VALUES:,} values; write two lists joined by OR",
            )
        operand, *values = self._alike([node.this, *node.expressions], scope=scope)
        self._caution(node.this, values=(operand, *values))
        return Membership(operand=operand, values=tuple(values))

    def _pattern(self, node: exp.Like, *, scope: Scope) -> Condition:
        operand = self.value(node.this, kind=Kind.TEXT, scope=scope)
        pattern = self.value(node.expression, kind=Kind.TEXT, scope=scope)
        if sum(len(part.value) for part in _texts(pattern)) > MAX_PATTERN:
            raise self._unable(
                "pattern_too_long", node.expression, f"a pattern has at most {MAX_PATTERN:,} characters; shorten it"
            )
        self._caution(node.this, values=(operand,))
        condition = Pattern(operand=operand, pattern=pattern)
        return Opposite(condition=condition) if node.args.get("negate") else condition

    def _is_missing(self, node: exp.Is, *, scope: Scope) -> Condition:
        if not isinstance(node.expression, exp.Null):
            raise self._unable("not_understood", node.expression, "IS stands in IS NULL and IS NOT NULL only; write =")
        leaning = self.kinds.of(node.this)
        operand = self.value(node.this, kind=leaning.kind if leaning else Kind.TEXT, scope=scope)
        if leaning is not None and leaning.kind is Kind.NUMBER:
            self.cautions.append(caution_of_missing_number(place=self.tree.token_at(node).place))
        return IsMissing(operand=operand)

    def _alike(self, nodes: list[exp.Expr], *, scope: Scope) -> list[Value]:
        """Return values that are compared with each other, all of one kind."""
        leaning = self.kinds.shared(nodes)
        kind = leaning.kind if leaning else Kind.TEXT
        return [self.value(node, kind=kind, scope=scope, is_compared=True) for node in nodes]

    def _caution(self, *nodes: exp.Expr, values: tuple[Value, ...]) -> None:
        self.cautions.extend(cautions_of_comparison(values, place=self.tree.token_at(nodes[0]).place))

    # Places and depth

    def _entered(self, node: exp.Expr) -> exp.Expr:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise self._too_deep(node)
        return self.tree.resolved(node)

    def _too_deep(self, node: exp.Expr) -> UnableToRead:
        return self._unable(
            "too_deep", node, f"more than {MAX_STEPS} operations inside one another; split the rule into several"
        )

    def _unable(self, code: str, node: exp.Expr, message: str) -> UnableToRead:
        token = self.tree.token_at(node)
        return unable(code, place=token.place, message=message, value=token.shown)


def _texts(value: Value) -> list[Text]:
    if isinstance(value, Concatenation):
        return [part for part in value.parts if isinstance(part, Text)]
    return [value] if isinstance(value, Text) else []
