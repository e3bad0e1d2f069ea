"""One managed account's lines, built group by group as they come sorted from the store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
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

_ZERO = Decimal(0)
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
        self._last_key: tuple[str | None, ...] = ()
        self._last_mixed = False
        self._without_cost = 0

    def add(self, *, facts: tuple[Any, ...], sums: GroupSums) -> None:
        """Rate one group and keep it as a line of its own or as part of the line before.

        ``facts`` are the values of the plan's fact columns, the line's key first.
        """
        day, name, subcategory, cost, _, without_cost, usage_amount, usage_unit, mixed = sums
        provider, service, category, account, sub_account, region, charge_category, currency = key = facts[:8]
        rated, deltas = self._rated(cost, facts, day) if self._program.steps else (cost, ())
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
            deltas,
            usage_amount,
            usage_unit or None,
            None,
            None,
        )
        if key == self._last_key:
            line, mixed = self._joined(self._lines.pop(), line, mixed or self._last_mixed)
        self._lines.append(line)
        self._last_key = key
        self._last_mixed = mixed
        self._without_cost += without_cost

    def finish(self) -> tuple[RatedLine, ...]:
        """Return the lines, those that rules add last."""
        inserted = [self._inserted(insert) for insert in self._program.inserts]
        return (*self._lines, *inserted)

    def issues(self, *, cost_column: str) -> tuple[Issue, ...]:
        """Return a warning if charges had no cost of the wanted kind."""
        if not self._without_cost:
            return ()
        message = f"{self._without_cost} charges have no {cost_column} and were counted as zero."
        return (Issue("cost_missing", message, severity=Severity.WARNING, column=cost_column),)

    def _rated(self, cost: Decimal, facts: tuple[Any, ...], day: date) -> tuple[Decimal, tuple[RuleDelta, ...]]:
        remembered = (self._read(facts), day)
        effects = self._effects.get(remembered)
        if effects is None:
            by_column = dict(zip(self._fact_columns, facts, strict=True))
            effects = self._effects[remembered] = self._program.effects_on(facts=by_column, day=day)
        rated, deltas = apply_effects(cost=cost, effects=effects)
        return rated, tuple([_rule_delta(token, amount) for token, amount in deltas])

    def _joined(self, one: RatedLine, other: RatedLine, mixed: bool) -> tuple[RatedLine, bool]:
        amounts: dict[str, Decimal] = {}
        for delta in (*one.deltas, *other.deltas):
            amounts[delta.rule_token] = amounts.get(delta.rule_token, _ZERO) + delta.amount
        tokens = sorted((token for token, amount in amounts.items() if amount), key=self._place_of_rule.__getitem__)
        usage_amount, usage_unit, mixed = _joined_usage(one, other, mixed)
        line = replace(
            one,
            provider_cost=one.provider_cost + other.provider_cost,
            rated_cost=one.rated_cost + other.rated_cost,
            deltas=tuple(RuleDelta(rule_token=token, amount=amounts[token]) for token in tokens),
            sub_account_name=max(filter(None, (one.sub_account_name, other.sub_account_name)), default=None),
            service_subcategory=one.service_subcategory
            if one.service_subcategory == other.service_subcategory
            else None,
            usage_amount=usage_amount,
            usage_unit=usage_unit,
        )
        return line, mixed

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


def _joined_usage(one: RatedLine, other: RatedLine, mixed: bool) -> tuple[Decimal | None, str | None, bool]:
    if mixed:
        return None, None, True
    if one.usage_amount is None or other.usage_amount is None:
        used = other if one.usage_amount is None else one
        return used.usage_amount, used.usage_unit, False
    if one.usage_unit != other.usage_unit:
        return None, None, True
    return one.usage_amount + other.usage_amount, one.usage_unit, False
