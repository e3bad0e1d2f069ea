"""The store's answer as columns of Python values, and what is the same in several of its rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from billow.billingrules.facts import PROVIDER_KEY, provider_key
from billow.coststore.query import label_of, sum_of
from billow.rating.columns import counts, decimals, sums_of_money, texts
from billow.rating.joined import Usage
from billow.rating.plan import LINE_COLUMNS, RatingPlan


class CostTable:
    """One row for each group of charges, in the order of the answer.

    ``facts`` are the plan's fact columns and the provider's key, by name; ``keys`` what tells invoice lines apart, and
    ``line_of`` numbers them: rows of one line follow each other and have one number.
    """

    def __init__(self, answer: pa.Table | None, *, question: RatingPlan, provider_keys: Mapping[str, str]) -> None:
        groups = _no_rows(question) if answer is None else answer
        self.integrations: list[str] = texts(groups, name="integration_token")
        self.facts: dict[str, list[Any]] = {name: texts(groups, name=name) for name in question.fact_columns}
        self.facts[PROVIDER_KEY] = _provider_keys(self.facts["ProviderName"], self.integrations, provider_keys)
        self.days: list[date] = texts(groups, name="first_day")
        self.names: list[str | None] = texts(groups, name="SubAccountName")
        self.subcategories: list[str | None] = texts(groups, name=label_of("ServiceSubcategory"))
        self.costs: list[Decimal] = sums_of_money(groups, name="cost")
        self.charges: list[int] = counts(groups, name="charges")
        self.charges_without_cost: list[int] = counts(groups, name="charges_without_cost")
        self.usage_amounts: list[Decimal | None] = decimals(groups, name="usage_amount")
        self.usage_units: list[str | None] = texts(groups, name="usage_unit")
        self.usage_mixed: list[bool] = groups.column("usage_mixed").to_pylist()
        self.amounts: dict[str, list[Decimal]] = {
            name: sums_of_money(groups, name=sum_of(name)) for name in question.query.amounts
        }
        self.keys: list[tuple[Any, ...]] = list(zip(*(self.facts[name] for name in LINE_COLUMNS), strict=True))
        self.line_of = _numbered(self.keys)
        self._values: dict[tuple[tuple[str, ...], bool], list[Any]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def usage(self, place: int) -> Usage:
        """Return amount, unit, and whether units are mixed in a row."""
        return self.usage_amounts[place], self.usage_units[place] or None, self.usage_mixed[place]

    def values(self, columns: Sequence[str], *, with_day: bool) -> list[Any]:
        """Return one value a row that stands for all the columns (and the day) together."""
        wanted = (tuple(columns), with_day)
        if wanted not in self._values:
            parts = [*(self.facts[name] for name in columns), *([self.days] if with_day else [])]
            if len(parts) == 1:
                self._values[wanted] = parts[0]
            elif not parts:
                self._values[wanted] = [None] * len(self)
            else:
                numbers: dict[tuple[Any, ...], int] = {}
                self._values[wanted] = [numbers.setdefault(row, len(numbers)) for row in zip(*parts, strict=True)]
        return self._values[wanted]

    def row(self, place: int, *, columns: Sequence[str]) -> dict[str, Any]:
        """Return the named facts of one row."""
        return {name: self.facts[name][place] for name in columns}


def _no_rows(question: RatingPlan) -> pa.Table:
    texts_of = (
        "integration_token",
        *question.fact_columns,
        "SubAccountName",
        label_of("ServiceSubcategory"),
        "usage_unit",
    )
    money = ("cost", "usage_amount", *(sum_of(name) for name in question.query.amounts))
    return pa.table(
        {name: pa.array([], pa.string()) for name in texts_of}
        | {name: pa.array([], pa.decimal128(38, 18)) for name in money}
        | {name: pa.array([], pa.int64()) for name in ("charges", "charges_without_cost")}
        | {"first_day": pa.array([], pa.date32()), "usage_mixed": pa.array([], pa.bool_())}
    )


def _provider_keys(names: Sequence[str], integrations: Sequence[str], keys: Mapping[str, str]) -> list[str]:
    known: dict[tuple[str, str], str] = {}
    found = []
    for pair in zip(names, integrations, strict=True):
        key = known.get(pair)
        if key is None:
            key = known[pair] = provider_key(name=pair[0], integration_provider=keys.get(pair[1], ""))
        found.append(key)
    return found


def _numbered(keys: Sequence[tuple[Any, ...]]) -> list[int]:
    number, before, numbers = -1, None, []
    for key in keys:
        if key != before:
            number, before = number + 1, key
        numbers.append(number)
    return numbers
