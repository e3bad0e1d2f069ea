"""Charge: a positive line of the managed service provider's own."""

from billow.billingrules.booking import booking_day, row_of_fixed_line
from billow.billingrules.rule import ChargeRule
from billow.billingrules.step import Insert
from billow.terms.period import BillingPeriod
from billow.terms.rounding import to_store_scale


def charge_inserts(*, rule: ChargeRule, period: BillingPeriod) -> tuple[Insert, ...]:
    """Return the line the rule books in the period, or none."""
    day = booking_day(rule=rule, period=period)
    if day is None:
        return ()
    return (
        Insert(
            rule_token=rule.token,
            row=row_of_fixed_line(rule=rule, cost_type="Fee"),
            amount=to_store_scale(rule.amount),
            day=day,
            description=rule.title,
        ),
    )
