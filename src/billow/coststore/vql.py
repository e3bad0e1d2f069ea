"""The filter language of cost reports and cost queries, read into a condition.

Source: the vendor's query language for cost reports (fields and operators); of it, what a charge of the cost store
can answer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from billow.coststore.condition import (
    AllOf,
    AnyOf,
    Condition,
    CostField,
    FieldTest,
    Match,
    TagTest,
    TextTest,
    names_provider,
)

MOST_CHARACTERS = 10_000
MOST_TESTS = 500
MOST_BRACKETS = 40
MOST_WILDCARDS = 16

FIELDS = {
    "costs.provider": CostField.PROVIDER,
    "costs.provider_account_id": CostField.BILLING_ACCOUNT_ID,
    "costs.account_id": CostField.ACCOUNT_ID,
    "costs.service": CostField.SERVICE,
    "costs.region": CostField.REGION,
    "costs.resource_id": CostField.RESOURCE_ID,
    "costs.category": CostField.COST_CATEGORY,
    "costs.subcategory": CostField.COST_SUBCATEGORY,
    "costs.charge_type": CostField.CHARGE_TYPE,
    "costs.marketplace": CostField.MARKETPLACE,
}
TAG_NAME, TAG_VALUE = "tags.name", "tags.value"
_KNOWN = (*FIELDS, TAG_NAME, TAG_VALUE)

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<sign>!~\*|~\*|!=|<>|=|\(|\)|,)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    )""",
    re.VERBOSE,
)
_SIGNS = {
    "=": (Match.EQUALS, False),
    "!=": (Match.EQUALS, True),
    "<>": (Match.EQUALS, True),
    "~*": (Match.CONTAINS, False),
    "!~*": (Match.CONTAINS, True),
}
_WORDS = {"IN": Match.EQUALS, "LIKE": Match.LIKE}


class UnableToReadFilter(Exception):
    """The filter is not one; the message names the place, ``position`` counts characters from 1."""

    def __init__(self, reason: str, *, position: int) -> None:
        super().__init__(f"Filter, position {position}: {reason}")
        self.position = position


def read_filter(text: str) -> Condition:
    """Return the condition that the text states; raise UnableToReadFilter if it states none."""
    if len(text) > MOST_CHARACTERS:
        raise UnableToReadFilter(f"a filter has at most {MOST_CHARACTERS} characters", position=MOST_CHARACTERS + 1)
    reader = _Reader(tuple(_tokens(text)), end=len(text) + 1)
    condition = reader.read()
    if not names_provider(condition):
        raise UnableToReadFilter(
            "every expression must name its provider, such as costs.provider = 'aws' AND (…)", position=1
        )
    return condition


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text.upper() == word


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            sign = text[start]
            what = "this quoted text is never closed" if sign == "'" else f"{sign!r} means nothing here"
            hint = "; texts stand in single quotes" if sign == '"' else ""
            raise UnableToReadFilter(f"{what}{hint}", position=start + 1)
        kind = found.lastgroup or ""
        value = found.group(kind)
        position = found.start(kind) + 1
        if kind == "text":
            value = value[1:-1].replace("''", "'")
            if any(ord(sign) < 32 or "\ud800" <= sign <= "\udfff" for sign in value):
                raise UnableToReadFilter("a text holds a control character; remove it", position=position)
        yield _Token(kind, value, position)
        place = found.end()


@dataclass(frozen=True, slots=True)
class _TagPart:
    """A test of a tag's name or value, before it is joined with its neighbours."""

    is_name: bool
    test: TextTest
    position: int


class _Reader:
    """Reads tokens from left to right; AND binds closer than OR."""

    def __init__(self, tokens: Sequence[_Token], *, end: int) -> None:
        self._tokens = tokens
        self._end = _Token("end", "", end)
        self._place = 0
        self._tests = 0

    def read(self) -> Condition:
        condition = self._any(depth=0)
        if self._next.kind != "end":
            raise self._wrong("expected AND, OR or the end")
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else self._end

    def _take(self) -> _Token:
        token = self._next
        self._place += 1
        return token

    def _wrong(self, expected: str, token: _Token | None = None) -> UnableToReadFilter:
        token = token or self._next
        found = "the filter ends" if token.kind == "end" else f"there is {token.text!r}"
        return UnableToReadFilter(f"{expected}, but {found}", position=token.position)

    def _any(self, *, depth: int) -> Condition:
        parts = [self._all(depth=depth)]
        while self._next.is_word("OR"):
            self._take()
            parts.append(self._all(depth=depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self, *, depth: int) -> Condition:
        parts = [self._one(depth=depth)]
        while self._next.is_word("AND"):
            self._take()
            parts.append(self._one(depth=depth))
        joined = tuple(_with_tags_joined(parts))
        return joined[0] if len(joined) == 1 else AllOf(joined)

    def _one(self, *, depth: int) -> Condition | _TagPart:
        if self._next.text == "(" and self._next.kind == "sign":
            opened = self._take()
            if depth >= MOST_BRACKETS:
                raise UnableToReadFilter(f"brackets nest at most {MOST_BRACKETS} deep", position=opened.position)
            inside = self._any(depth=depth + 1)
            closing = self._take()
            if closing.kind != "sign" or closing.text != ")":
                raise UnableToReadFilter("this bracket is never closed", position=opened.position)
            return inside
        return self._test()

    def _test(self) -> Condition | _TagPart:
        name = self._take()
        field = name.text.lower()
        if name.kind != "word" or field not in _KNOWN:
            raise self._wrong(f"expected one of {', '.join(_KNOWN)}", name)
        self._tests += 1
        if self._tests > MOST_TESTS:
            raise UnableToReadFilter(f"a filter has at most {MOST_TESTS} tests", position=name.position)
        operator = self._next
        test = self._comparison(field)
        if field in (TAG_NAME, TAG_VALUE):
            return _TagPart(field == TAG_NAME, test, name.position)
        if FIELDS[field] is CostField.PROVIDER and (
            test.negated or test.match is not Match.EQUALS or operator.text != "="
        ):
            raise UnableToReadFilter(
                "a provider is named with =, one by one; join several with OR", position=operator.position
            )
        if FIELDS[field] is CostField.MARKETPLACE:
            test = _flag_test(test, operator)
        return FieldTest(FIELDS[field], test)

    def _comparison(self, field: str) -> TextTest:
        operator = self._take()
        if operator.kind == "sign" and operator.text in _SIGNS:
            match, negated = _SIGNS[operator.text]
            may_list = match is Match.CONTAINS
        else:
            negated = operator.is_word("NOT")
            word = self._take() if negated else operator
            if word.kind != "word" or word.text.upper() not in _WORDS:
                raise self._wrong(f"expected =, !=, <>, IN, NOT IN, LIKE, NOT LIKE, ~* or !~* after {field}", word)
            match = _WORDS[word.text.upper()]
            may_list = match is Match.EQUALS
            if may_list and self._next.text != "(":
                raise self._wrong("expected a list such as ('a', 'b') after IN")
        values = self._list() if may_list and self._next.text == "(" and self._next.kind == "sign" else (self._text(),)
        return TextTest(match=match, values=tuple(self._checked(value, match) for value in values), negated=negated)

    def _list(self) -> tuple[_Token, ...]:
        self._take()
        values = [self._text()]
        while self._next.text == "," and self._next.kind == "sign":
            self._take()
            values.append(self._text())
        if self._next.kind != "sign" or self._next.text != ")":
            raise self._wrong("expected , or ) in the list")
        self._take()
        return tuple(values)

    def _text(self) -> _Token:
        token = self._take()
        if token.kind == "text" or token.is_word("TRUE") or token.is_word("FALSE"):
            return token
        raise self._wrong("expected a text in single quotes", token)

    def _checked(self, token: _Token, match: Match) -> str:
        if match is Match.LIKE and token.text.count("%") > MOST_WILDCARDS:
            raise UnableToReadFilter(f"a pattern has at most {MOST_WILDCARDS} %", position=token.position)
        return token.text


def _flag_test(test: TextTest, operator: _Token) -> TextTest:
    values = tuple(value.lower() for value in test.values)
    if test.match is not Match.EQUALS or len(values) != 1 or values[0] not in {"true", "false"}:
        raise UnableToReadFilter("costs.marketplace is either = true or = false", position=operator.position)
    return replace(test, values=values)


def _with_tags_joined(parts: Sequence[Condition | _TagPart]) -> Iterator[Condition]:
    """Join each tag's name with the values that follow it in the same conjunction."""
    name: TextTest | None = None
    values: list[TextTest] = []
    for part in parts:
        if not isinstance(part, _TagPart):
            yield part
            continue
        if part.is_name:
            if name is not None:
                yield TagTest(name, tuple(values))
            name, values = part.test, []
        elif name is None or name.negated:
            raise UnableToReadFilter(
                "say which tag is meant: tags.name = '…' AND tags.value = '…'", position=part.position
            )
        else:
            values.append(part.test)
    if name is not None:
        yield TagTest(name, tuple(values))
