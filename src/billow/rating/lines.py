"""Lines of an account whose rules do more than change costs: retype, rename, add up, or decide by amounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import COUNT
from billow.billingrules.program import RuleProgram
from billow.billingrules.run import Group, RuleRun
from billow.billingrules.step import Treatment
from billow.rating.cost_table import CostTable
from billow.rating.joined import SUBCATEGORY, Deltas, Usage, inserted_line, joined_usage, rule_deltas
from billow.rating.rated_costs import RatedLine
from billow.terms.bulk import maker_of

_Key = tuple[Any, ...]
_Part = tuple[str | None, str | None, Decimal, Decimal, Deltas, Usage]
"""What one group brings to its line: name, sub-category, cost before and after rules, deltas, usage."""

_KEY_LENGTH = 8
_ZERO, _ONE = Decimal(0), Decimal(1)
_rated_line = maker_of(RatedLine)


class AccountLines:
    """Gathers the rows that the account's rules treat alike, runs the rules on them, and makes lines of them.

    ``numbers`` are the store's columns of the numbers that rules look at charge by charge, by their name in rules.
    ``treatments`` are shared by accounts with the same program.
    """

    def __init__(
        self,
        *,
        currency: str,
        program: RuleProgram,
        table: CostTable,
        numbers: Mapping[str, str],
        treatments: dict[Any, Treatment],
    ) -> None:
        self._program = program
        self._table = table
        self._run = RuleRun(program=program, currency=currency)
        self._numbers = numbers
        self._columns = tuple(sorted(program.columns.union(numbers.values(), _ALWAYS) & table.fact_names))
        self._treatments = treatments
        self.failure: RuleFailed | None = None

    def finish(self, rows: Sequence[int]) -> tuple[RatedLine, ...]:
        """Return the lines of the rows, those that rules add last; none if a rule failed."""
        try:
            groups = self._run.complete(self._groups(rows))
        except RuleFailed as failed:
            self.failure = failed
            return ()
        by_key: dict[_Key, list[Group]] = {}
        inserted = []
        for group in groups:
            if group.insert is not None:
                inserted.append(group)
                continue
            key = _shown_key(self._table.keys[group.places[0]], group.treatment)
            by_key.setdefault(key, []).append(group)
        lines = [self._line(key, members) for key, members in by_key.items()]
        return (*lines, *(inserted_line(group, places=self._program.places) for group in inserted))

    def _groups(self, rows: Sequence[int]) -> list[Group]:
        """Return the charges of each line that are treated alike, or charge by charge those that are equal."""
        table = self._table
        values = table.values(self._columns, with_day=True)
        groups: dict[Any, Group] = {}
        for place in rows:
            treatment = None if self._program.charge_by_charge else self._treatment(place, values[place])
            alike = (table.line_of[place], values[place] if treatment is None else id(treatment))
            group = groups.get(alike)
            if group is None:
                key = table.keys[place]
                group = Group(currency=key[7], account=key[4], provider_cost=_ZERO, amounts={}, treatment=treatment)
                groups[alike] = group
            group.places.append(place)
        for group in groups.values():
            self._add_up(group)
        return list(groups.values())

    def _treatment(self, place: int, value: Any) -> Treatment:
        known = self._treatments.get(value)
        if known is None:
            row = self._table.row(place, columns=self._columns)
            made = self._run.walker.treatment_of(row=row, day=self._table.days[place])
            # Equal treatments are one object, so that charges treated alike find each other.
            known = self._treatments[value] = self._treatments.setdefault(made, made)
        return known

    def _add_up(self, group: Group) -> None:
        """Give the group its amounts: sums, or those of one of its equal charges."""
        table, places = self._table, group.places
        group.provider_cost = sum([table.costs[place] for place in places], _ZERO)
        group.charges = sum([table.charges[place] for place in places])
        if group.treatment is None:
            self._begin(group)
            return
        group.amounts[AMOUNT] = group.provider_cost
        group.amounts[COUNT] = Decimal(group.charges)
        group.amounts[USAGE_AMOUNT] = sum([table.usage_amounts[place] or _ZERO for place in places], _ZERO)
        for name in self._program.amounts:
            column = table.amounts[name]
            group.amounts[name] = sum([column[place] for place in places], _ZERO)

    def _begin(self, group: Group) -> None:
        """Start a row that is walked with its numbers."""
        place = group.places[0]
        row = self._table.row(place, columns=self._columns)
        numbers: dict[str, Decimal | None] = {}
        for name, column in self._numbers.items():
            written = row.get(column)
            numbers[name] = None if written is None else Decimal(written)
        for column in self._numbers.values():
            row.pop(column, None)
        row.update(numbers)
        group.amounts = {USAGE_AMOUNT: _ZERO, COUNT: _ONE}
        group.amounts |= {name: number or _ZERO for name, number in numbers.items()}
        group.walked = self._run.walker.begin(row=row, day=self._table.days[place], amounts=group.amounts)

    def _line(self, key: _Key, groups: Sequence[Group]) -> RatedLine:
        """Make one line of the groups that share a key."""
        parts = [self._part(group) for group in groups]
        name, subcategory, cost, rated, deltas, (amount, unit, _) = parts[0] if len(parts) == 1 else _joined(parts)
        provider, service, category, account, sub_account, region, charge_category, currency = key[:_KEY_LENGTH]
        return _rated_line(
            provider,
            account,
            sub_account,
            name,
            service,
            category,
            key[SUBCATEGORY] if len(key) > _KEY_LENGTH else subcategory,
            charge_category,
            region,
            currency,
            cost,
            rated,
            rule_deltas(deltas, places=self._program.places) if deltas else (),
            amount,
            unit,
            None,
            None,
        )

    def _part(self, group: Group) -> _Part:
        table, places = self._table, group.places
        cost, rated = group.provider_cost, group.rated_cost
        subcategories = {table.subcategories[place] for place in places}
        usage = joined_usage([table.usage(place) for place in places])
        if USAGE_AMOUNT in self._program.needs.amounts and not usage[2]:
            each = group.amounts[USAGE_AMOUNT]
            usage = (each if group.walked is None else each * group.charges, usage[1], False)
        if cost and not rated:  # what a rule hides is hidden with its usage
            usage = (None, usage[1], False)
        return (
            max(filter(None, [table.names[place] for place in places]), default=None),
            table.subcategories[places[0]] if len(subcategories) == 1 else None,
            cost,
            rated,
            group.deltas,
            usage,
        )


_ALWAYS = ("BillingCurrency",)


def _joined(parts: Sequence[_Part]) -> _Part:
    names, subcategories, costs, rated, deltas, usages = zip(*parts, strict=True)
    return (
        max(filter(None, names), default=None),
        subcategories[0] if len(set(subcategories)) == 1 else None,
        sum(costs, _ZERO),
        sum(rated, _ZERO),
        list(chain.from_iterable(deltas)),
        joined_usage(usages),
    )


def _shown_key(key: _Key, treatment: Treatment | None) -> _Key:
    if treatment is None or not treatment.shown:
        return key
    shown = list(key)
    for place, text in treatment.shown:
        if place == SUBCATEGORY:
            shown.append(text)
        else:
            shown[place] = text
    return tuple(shown)
