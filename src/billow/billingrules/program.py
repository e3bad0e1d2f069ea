"""A managed account's rules, made ready to run on the groups of one month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billow.billingrules.adjustment import adjustment_step
from billow.billingrules.charge import charge_inserts
from billow.billingrules.credit import credit_inserts
from billow.billingrules.exclusion import exclusion_step
from billow.billingrules.order import check_order
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, CreditRule, ExclusionRule
from billow.billingrules.step import Facts, Insert, Multiply
from billow.terms.period import BillingPeriod
from billow.terms.rounding import STORE_QUANTUM

_ZERO = Decimal(0)


class UnableToOrderRules(Exception):
    """The rules are not in execution group order; the message names the first that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One rule's factor on a certain group."""

    rule_token: str
    factor: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProgram:
    """What the rules do in one month: lines they add, then steps over all lines, in order.

    ``effects`` are the steps' factors, ``columns`` those the steps look at, ``cut_days`` the days inside the
    month on which a step begins or has ended (never the first), ascending. Many rules ask the same:
    ``conditions`` has one step for each different condition, ``condition_of`` names each step's by position.
    """

    inserts: tuple[Insert, ...]
    steps: tuple[Multiply, ...]
    effects: tuple[Effect, ...]
    conditions: tuple[Multiply, ...]
    condition_of: tuple[int, ...]
    columns: frozenset[str]
    cut_days: tuple[date, ...]

    def effects_on(self, *, facts: Facts, day: date) -> tuple[Effect, ...]:
        """Return the factors for a group of charges that share the facts, on a day of its segment."""
        holds = [step.applies(facts=facts, day=day) for step in self.conditions]
        return tuple([effect for effect, place in zip(self.effects, self.condition_of, strict=True) if holds[place]])


def program_of(*, rules: Sequence[BillingRule], period: BillingPeriod) -> RuleProgram:
    """Return what the rules do in the period; raise UnableToOrderRules if their groups are out of order."""
    for issue in check_order(rules=rules):
        raise UnableToOrderRules(issue.message)
    inserts = tuple(insert for rule in rules for insert in _inserts(rule, period))
    steps = tuple(step for rule in rules for step in _steps(rule) if _touches(step, period))
    conditions = {step.condition: step for step in steps}
    places = {condition: place for place, condition in enumerate(conditions)}
    return RuleProgram(
        inserts=inserts,
        steps=steps,
        effects=tuple(Effect(rule_token=step.rule_token, factor=step.factor) for step in steps),
        conditions=tuple(conditions.values()),
        condition_of=tuple(places[step.condition] for step in steps),
        columns=frozenset().union(*(step.columns for step in steps)),
        cut_days=cut_days(ranges=[(step.start_date, step.end_date) for step in steps], period=period),
    )


def apply_effects(*, cost: Decimal, effects: Sequence[Effect]) -> tuple[Decimal, list[tuple[str, Decimal]]]:
    """Return the cost after each factor in turn, and what each changed (only where it changed anything).

    After every rule the cost is rounded to the store's 18 decimals, halves away from zero; this is
    the definition of a rule's result.
    """
    deltas: list[tuple[str, Decimal]] = []
    if not cost:
        return cost, deltas
    for effect in effects:
        after = (cost * effect.factor).quantize(STORE_QUANTUM, ROUND_HALF_UP)
        if not after:  # and stay so; a credit times zero would be minus zero
            deltas.append((effect.rule_token, -cost))
            return _ZERO, deltas
        if after != cost:
            deltas.append((effect.rule_token, after - cost))
            cost = after
    return cost, deltas


def cut_days(*, ranges: Sequence[tuple[date | None, date | None]], period: BillingPeriod) -> tuple[date, ...]:
    """Return the days inside the period, after its first, on which one of the inclusive ranges begins or has ended."""
    days = {start for start, _ in ranges if start is not None}
    days |= {end + timedelta(days=1) for _, end in ranges if end is not None and end < date.max}
    return tuple(sorted(day for day in days if period.start < day < period.end))


def _inserts(rule: BillingRule, period: BillingPeriod) -> tuple[Insert, ...]:
    if isinstance(rule, ChargeRule):
        return charge_inserts(rule=rule, period=period)
    if isinstance(rule, CreditRule):
        return credit_inserts(rule=rule, period=period)
    return ()


def _steps(rule: BillingRule) -> tuple[Multiply, ...]:
    if isinstance(rule, ExclusionRule):
        return (exclusion_step(rule=rule),)
    if isinstance(rule, AdjustmentRule):
        return (adjustment_step(rule=rule),)
    return ()


def _touches(step: Multiply, period: BillingPeriod) -> bool:
    return (step.start_date or date.min) < period.end and (step.end_date or date.max) >= period.start
