"""The store's answer as columns of Python values, and what is the same in several of its rows.

A closed month has some ten thousand rows and twenty columns, and rules look at few of them: a column becomes Python
values when somebody first asks for it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa

from billow.billingrules.facts import PROVIDER_KEY, provider_key
from billow.coststore.query import label_of, sum_of
from billow.rating.columns import Coded, coded, counts, decimals, numbered_runs, sums_of_money, texts, together
from billow.rating.joined import Usage
from billow.rating.plan import LINE_COLUMNS, RatingPlan


class CostTable:
    """One row for each group of charges, in the order of the answer.

    ``facts`` are the plan's fact columns and the provider's key, by name; ``keys`` what tells invoice lines apart, and
    ``line_of`` numbers them: rows of one line follow each other and have one number.
    """

    def __init__(self, answer: pa.Table | None, *, question: RatingPlan, provider_keys: Mapping[str, str]) -> None:
        self._groups = _no_rows(question) if answer is None else answer
        self._provider_keys = provider_keys
        self.facts = _Facts(self)
        self.fact_names = frozenset((*question.fact_columns, PROVIDER_KEY))
        self.amounts = _Amounts(self._groups)
        self.rows_of_costs: dict[Any, dict[Any, dict[str, Any]]] = {}
        self._coded: dict[str, Coded] = {}
        self._values: dict[tuple[tuple[str, ...], bool], list[Any]] = {}

    def __len__(self) -> int:
        return int(self._groups.num_rows)

    @cached_property
    def days(self) -> list[date]:
        """The first day of each row's segment."""
        return self._coded_column("first_day").listed()

    @cached_property
    def names(self) -> list[str | None]:
        """What the provider calls each row's sub account."""
        return texts(self._groups, name="SubAccountName")

    @cached_property
    def subcategories(self) -> list[str | None]:
        """The service sub-category where all charges of a row have one."""
        return texts(self._groups, name=label_of("ServiceSubcategory"))

    @cached_property
    def costs(self) -> list[Decimal]:
        """The cost of each row."""
        return sums_of_money(self._groups, name="cost")

    @cached_property
    def charges(self) -> list[int]:
        """How many charges each row has."""
        return counts(self._groups, name="charges")

    @cached_property
    def charges_without_cost(self) -> list[int]:
        """How many of them have no cost of the wanted kind."""
        return counts(self._groups, name="charges_without_cost")

    @cached_property
    def usage_amounts(self) -> list[Decimal | None]:
        """What was used, None where units are mixed."""
        return decimals(self._groups, name="usage_amount")

    @cached_property
    def usage_units(self) -> list[str | None]:
        """The unit of what was used."""
        return texts(self._groups, name="usage_unit")

    @cached_property
    def usage_mixed(self) -> list[bool]:
        """Whether units are mixed."""
        mixed: list[bool] = self._groups.column("usage_mixed").to_pylist()
        return mixed

    @cached_property
    def keys(self) -> list[tuple[Any, ...]]:
        """What tells the line of each row apart from others."""
        return list(zip(*(self.facts[name] for name in LINE_COLUMNS), strict=True))

    @cached_property
    def line_of(self) -> list[int]:
        """The number of each row's line."""
        return numbered_runs([self._coded_column(name) for name in LINE_COLUMNS])

    def usage(self, place: int) -> Usage:
        """Return amount, unit, and whether units are mixed in a row."""
        return self.usage_amounts[place], self.usage_units[place] or None, self.usage_mixed[place]

    def values(self, columns: Sequence[str], *, with_day: bool) -> list[Any]:
        """Return one value a row that stands for all the columns (and the day) together."""
        wanted = (tuple(columns), with_day)
        if wanted not in self._values:
            names = [*columns, *(["first_day"] if with_day else [])]
            parts = [self._coded_column(name) for name in names]
            self._values[wanted] = together(parts) if parts else [0] * len(self)
        return self._values[wanted]

    def row(self, place: int, *, columns: Sequence[str]) -> dict[str, Any]:
        """Return the named facts of one row."""
        return {name: self.facts[name][place] for name in columns}

    def fact(self, name: str) -> list[Any]:
        """Return a column of facts, made anew."""
        return self._coded_column(name).listed()

    def _coded_column(self, name: str) -> Coded:
        if name not in self._coded:
            made = self._provider_column() if name == PROVIDER_KEY else coded(self._groups, name=name)
            self._coded[name] = made
        return self._coded[name]

    def _provider_column(self) -> Coded:
        """Return the vendor's key of each row's provider, which an integration may tell more of."""
        names, integrations = self._coded_column("ProviderName"), self._coded_column("integration_token")
        pairs = together([names, integrations])
        found: dict[int, str] = {}
        for place, pair in enumerate(pairs):
            if pair not in found:
                key = self._provider_keys.get(self.facts["integration_token"][place], "")
                found[pair] = provider_key(name=self.facts["ProviderName"][place], integration_provider=key)
        return Coded([found[number] for number in range(len(found))], pa.array(pairs, pa.int32()))


class _Facts(dict[str, list[Any]]):
    """Columns by name, each made when it is first asked for."""

    def __init__(self, table: CostTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, name: str) -> list[Any]:
        column = self[name] = self._table.fact(name)
        return column


class _Amounts(dict[str, list[Decimal]]):
    """Sums of the amounts that rules look at, by name, each made when it is first asked for."""

    def __init__(self, groups: pa.Table) -> None:
        super().__init__()
        self._groups = groups

    def __missing__(self, name: str) -> list[Decimal]:
        column = self[name] = sums_of_money(self._groups, name=sum_of(name))
        return column


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
