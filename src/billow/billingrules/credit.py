"""Credit: a negative line of the managed service provider's own."""

from billow.billingrules.booking import booking_day, row_of_fixed_line
from billow.billingrules.rule import CreditRule
from billow.billingrules.step import Insert
from billow.terms.period import BillingPeriod
from billow.terms.rounding import to_store_scale


def credit_inserts(*, rule: CreditRule, period: BillingPeriod) -> tuple[Insert, ...]:
    """Return the line the rule books in the period, or none; the rule's amount is positive, the line's is not."""
    day = booking_day(rule=rule, period=period)
    if day is None:
        return ()
    return (
        Insert(
            rule_token=rule.token,
            row=row_of_fixed_line(rule=rule, cost_type="Credit"),
            amount=-to_store_scale(rule.amount),
            day=day,
            description=rule.title,
        ),
    )
