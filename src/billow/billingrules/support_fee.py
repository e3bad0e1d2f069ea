"""Support fee: a percentage of the month's spend by tiers, with a minimum, as cloud providers charge support."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from billow.billingrules.datasets import AMOUNT
from billow.billingrules.expression import (
    Column,
    Comparison,
    Condition,
    Dataset,
    Every,
    Kind,
    Membership,
    Opposite,
    Pattern,
    Sum,
    Text,
)
from billow.billingrules.facts import MARKETPLACE
from billow.billingrules.rule import FeeTier, SupportFeeRule
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.terms.rounding import to_store_scale

_MOST_PERCENTAGE = Decimal(100)
_NOT_SPEND = ("Credit", "Refund", "Tax", "Adjustment", "Discount")


def support_fee(*, spend: Decimal, tiers: Sequence[FeeTier], minimum: Decimal, share: Decimal = Decimal(1)) -> Decimal:
    """Return the fee: each tier's percentage of the spend inside it, at least the minimum times its share of the month.

    Exact, rounded to 18 decimals. Spend below zero counts as none.
    """
    fee, taken = Decimal(0), Decimal(0)
    for tier in tiers:
        end = spend if tier.up_to is None else min(spend, tier.up_to)
        if end <= taken:
            break
        fee += (end - taken) * tier.percentage.scaleb(-2)
        taken = end
    return to_store_scale(max(fee, minimum * share))


def share_of_month(*, rule: SupportFeeRule, period: BillingPeriod) -> Decimal:
    """Return for which part of the month's days the rule holds, between 0 and 1."""
    first = max(rule.start_date or period.start, period.start)
    last = min(rule.end_date or period.last_day, period.last_day)
    return Decimal(max((last - first).days + 1, 0)) / Decimal((period.end - period.start).days)


def spend_conditions(*, rule: SupportFeeRule) -> Condition:
    """Return which charges count as spend."""
    cost_type = _text("cost_type")
    conditions: list[Condition] = [
        Opposite(condition=Membership(operand=cost_type, values=tuple(Text(value=name) for name in _NOT_SPEND))),
        Opposite(condition=Pattern(operand=cost_type, pattern=Text(value="%Discount"))),
        Comparison(operator="!=", left=_text("cost_category"), right=Text(value=MARKETPLACE)),
        Opposite(condition=Pattern(operand=_text("service"), pattern=Text(value="%Support%"))),
    ]
    if rule.provider is not None:
        conditions.append(Comparison(operator="=", left=_text("provider"), right=Text(value=rule.provider)))
    return Every(conditions=tuple(conditions))


def spend() -> Sum:
    """Return what is added up."""
    return Sum(operand=Column(dataset=Dataset.COSTS, name=AMOUNT, kind=Kind.NUMBER))


def check_support_fee(*, rule: SupportFeeRule) -> Iterable[Issue]:
    """Yield what is wrong with the rule's own fields."""
    for column in ("service", "category", "sub_category"):
        if not getattr(rule, column).strip():
            yield Issue("blank_field", f"{column} is required for support fees", column=column, value="")
    if not rule.minimum.is_finite() or rule.minimum < 0:
        yield Issue(
            "negative_minimum",
            f"The minimum is {rule.minimum}; enter 0 or more",
            column="fee_minimum",
            value=str(rule.minimum),
        )
    yield from _tier_faults(rule.tiers)


def _tier_faults(tiers: Sequence[FeeTier]) -> Iterable[Issue]:
    if not tiers:
        yield Issue("no_tiers", "A support fee needs at least one tier with a percentage", column="fee_tiers")
    below: Decimal | None = Decimal(0)
    for number, tier in enumerate(tiers, start=1):
        if not tier.percentage.is_finite() or not 0 <= tier.percentage <= _MOST_PERCENTAGE:
            yield Issue(
                "wrong_percentage",
                f"Tier {number} takes {tier.percentage} % of the spend; enter a number from 0 to 100",
                column="fee_tiers",
                value=str(tier.percentage),
            )
        is_last = number == len(tiers)
        if (tier.up_to is None) is not is_last:
            yield Issue("wrong_tiers", "Every tier but the last needs up_to, and the last has none", column="fee_tiers")
        elif tier.up_to is not None and below is not None and not tier.up_to > below:
            yield Issue("wrong_tiers", f"Tier {number} ends at {tier.up_to}; tiers must grow", column="fee_tiers")
        below = tier.up_to


def _text(name: str) -> Column:
    return Column(dataset=Dataset.COSTS, name=name, kind=Kind.TEXT)
