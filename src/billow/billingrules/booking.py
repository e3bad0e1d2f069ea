"""On which day of a month a charge or credit rule books its amount, if on any."""

from collections.abc import Iterable, Mapping
from datetime import date

from billow.billingrules.rule import ChargeRule, CreditRule, Recurrence
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod


def recurrence_of(*, rule: ChargeRule | CreditRule) -> Recurrence:
    """Return the stated recurrence, else monthly if the rule ends in a later month than it starts."""
    if rule.recurrence is not None:
        return rule.recurrence
    ends_later = rule.end_date is not None and BillingPeriod.of(rule.end_date) > BillingPeriod.of(rule.start_date)
    return Recurrence.MONTHLY if ends_later else Recurrence.ONE_TIME


def booking_day(*, rule: ChargeRule | CreditRule, period: BillingPeriod) -> date | None:
    """Return the start day in the period (clamped to the month's length) if the rule books then."""
    if recurrence_of(rule=rule) is Recurrence.ONE_TIME:
        return rule.start_date if period.contains(rule.start_date) else None
    day = period.day(rule.start_date.day)
    return day if rule.start_date <= day <= (rule.end_date or date.max) else None


def row_of_fixed_line(*, rule: ChargeRule | CreditRule, cost_type: str) -> Mapping[str, str | None]:
    """Return the new line as later rules see it."""
    return {
        "service": rule.service,
        "cost_category": rule.category,
        "cost_sub_category": rule.sub_category,
        "cost_type": cost_type,
    }


def check_booking(*, rule: ChargeRule | CreditRule) -> Iterable[Issue]:
    """Yield what is wrong with the fields that charge and credit rules share."""
    for column in ("service", "category", "sub_category"):
        if not getattr(rule, column).strip():
            message = "Service, category, sub_category, amount and start_date are required for charge and credit rules"
            yield Issue("blank_field", message, column=column, value="")
    if not rule.amount.is_finite() or rule.amount <= 0:
        yield Issue(
            "amount_not_positive",
            f"Amount is {rule.amount}; enter a positive number, the rule's type gives the sign",
            column="amount",
            value=str(rule.amount),
        )
