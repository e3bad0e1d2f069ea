"""One managed account's lines, built group by group as they come sorted from the store."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import chain
from operator import itemgetter
from typing import Any

from billow.billingrules.program import Effect, RuleProgram, apply_effects
from billow.billingrules.step import Insert
from billow.rating.rated_costs import RatedLine, RuleDelta
from billow.terms.bulk import maker_of
from billow.terms.issue import Issue, Severity

GroupSums = tuple[date, str | None, str | None, Decimal, int, int, Decimal | None, str | None, bool]
"""A group's first day, name, sub category, cost, charges, charges without cost, usage amount, unit, and whether
several units are mixed."""

_Key = tuple[Any, ...]
_Deltas = list[tuple[str, Decimal]]
_Usage = tuple[Decimal | None, str | None, bool]
_Part = tuple[str | None, str | None, Decimal, Decimal, _Deltas, _Usage]
"""What one group brings to its line: name, sub category, cost before and after rules, deltas, usage."""

_ZERO = Decimal(0)
_NOTHING: _Deltas = []
_rated_line = maker_of(RatedLine)
_rule_delta = maker_of(RuleDelta)


class AccountLines:
    """Rates groups and joins those that differ only in what a line does not show.

    Groups must come sorted by the line's key, so that equal keys follow each other.
    """

    def __init__(self, *, currency: str, program: RuleProgram, fact_columns: Sequence[str]) -> None:
        self._currency = currency
        self._program = program
        self._fact_columns = tuple(fact_columns)
        self._place_of_rule = {step.rule_token: place for place, step in enumerate(program.steps)}
        read = [place for place, column in enumerate(fact_columns) if column in program.columns]
        self._read = itemgetter(*read) if read else _nothing
        self._effects: dict[Any, tuple[Effect, ...]] = {}
        self._lines: list[RatedLine] = []
        self._key: _Key = ()
        self._parts: list[_Part] = []
        self._without_cost = 0

    def add(self, *, facts: tuple[Any, ...], sums: GroupSums) -> None:
        """Rate one group and keep it as a line of its own or as part of the line before.

        ``facts`` are the values of the plan's fact columns, the line's key first.
        """
        day, name, subcategory, cost, _, without_cost, amount, unit, mixed = sums
        key = facts[:8]
        rated, deltas = self._rated(cost, facts, day) if self._program.steps else (cost, _NOTHING)
        if cost and not rated:  # what a rule hides is hidden with its usage
            amount, mixed = None, False
        if key != self._key:
            self._close_line()
            self._key = key
        self._parts.append((name, subcategory, cost, rated, deltas, (amount, unit or None, mixed)))
        self._without_cost += without_cost

    def finish(self) -> tuple[RatedLine, ...]:
        """Return the lines, those that rules add last."""
        self._close_line()
        inserted = [self._inserted(insert) for insert in self._program.inserts]
        return (*self._lines, *inserted)

    def issues(self, *, cost_column: str) -> tuple[Issue, ...]:
        """Return a warning if charges had no cost of the wanted kind."""
        if not self._without_cost:
            return ()
        message = f"{self._without_cost} charges have no {cost_column} and were counted as zero."
        return (Issue("cost_missing", message, severity=Severity.WARNING, column=cost_column),)

    def _rated(self, cost: Decimal, facts: tuple[Any, ...], day: date) -> tuple[Decimal, _Deltas]:
        remembered = (self._read(facts), day)
        effects = self._effects.get(remembered)
        if effects is None:
            by_column = dict(zip(self._fact_columns, facts, strict=True))
            effects = self._effects[remembered] = self._program.effects_on(facts=by_column, day=day)
        return apply_effects(cost=cost, effects=effects)

    def _close_line(self) -> None:
        """Make one line of the groups that share a key."""
        if not self._parts:
            return
        name, subcategory, cost, rated, deltas, (amount, unit, _) = (
            self._parts[0] if len(self._parts) == 1 else self._joined()
        )
        provider, service, category, account, sub_account, region, charge_category, currency = self._key
        line = _rated_line(
            provider,
            account,
            sub_account,
            name,
            service,
            category,
            subcategory,
            charge_category,
            region,
            currency,
            cost,
            rated,
            tuple([_rule_delta(token, delta) for token, delta in deltas]) if deltas else (),
            amount,
            unit,
            None,
            None,
        )
        self._lines.append(line)
        self._parts = []

    def _joined(self) -> _Part:
        names, subcategories, costs, rated, deltas, usages = zip(*self._parts, strict=True)
        amounts: dict[str, Decimal] = {}
        for token, amount in chain.from_iterable(deltas):
            amounts[token] = amounts.get(token, _ZERO) + amount
        tokens = sorted((token for token, amount in amounts.items() if amount), key=self._place_of_rule.__getitem__)
        return (
            max(filter(None, names), default=None),
            subcategories[0] if len(set(subcategories)) == 1 else None,
            sum(costs, _ZERO),
            sum(rated, _ZERO),
            [(token, amounts[token]) for token in tokens],
            reduce(_joined_usage, usages),
        )

    def _inserted(self, insert: Insert) -> RatedLine:
        effects = self._program.effects_on(facts=insert.facts, day=insert.day)
        rated, deltas = apply_effects(cost=insert.amount, effects=effects)
        own = (insert.rule_token, insert.amount)
        return RatedLine(
            provider="",
            billing_account_id=None,
            sub_account_id=None,
            sub_account_name=None,
            service=insert.service,
            service_category=insert.category,
            service_subcategory=insert.sub_category,
            charge_category=insert.charge_category,
            region=None,
            currency=self._currency,
            provider_cost=_ZERO,
            rated_cost=rated,
            deltas=tuple(RuleDelta(rule_token=token, amount=amount) for token, amount in (own, *deltas)),
            description=insert.title,
            inserted_by=insert.rule_token,
        )


def _nothing(facts: tuple[Any, ...]) -> None:  # noqa: ARG001 - stands in for an itemgetter of no columns
    return None


def _joined_usage(one: _Usage, other: _Usage) -> _Usage:
    if one[2] or other[2]:
        return None, None, True
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[1] != other[1]:
        return None, None, True
    return one[0] + other[0], one[1], False
