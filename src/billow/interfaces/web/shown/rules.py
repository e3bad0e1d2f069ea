"""A billing rule as a line of a list: what kind it is, what it does, and when."""

from dataclasses import dataclass

from billow.interfaces.web.shown.amounts import NARROW_SPACE, exact_text
from billow.interfaces.web.shown.times import day
from billow.records.billing.models import BillingRule

KINDS = {
    "exclusion": "Exclusion",
    "adjustment": "Adjustment",
    "charge": "Charge",
    "credit": "Credit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One line; ``value`` says in a few words what the rule does."""

    token: str
    title: str
    kind: str
    value: str
    dates: str
    applies_to_all: bool


def rule_line(rule: BillingRule) -> RuleLine:
    """Return the line of a rule."""
    return RuleLine(
        token=rule.token,
        title=rule.title,
        kind=KINDS.get(rule.type, rule.type.capitalize()),
        value=_value(rule),
        dates=_dates(rule),
        applies_to_all=rule.apply_to_all,
    )


def _value(rule: BillingRule) -> str:
    if rule.type == "exclusion":
        return f"leaves out {rule.charge_type}"
    if rule.percentage is not None:
        place = rule.service or rule.category or "every cost"
        return f"{rule.percentage.normalize():f}{NARROW_SPACE}% of {place}"
    if rule.amount is not None:
        sign = "+" if rule.type == "charge" else "\N{MINUS SIGN}"
        often = " a month" if rule.recurrence == "monthly" else ""
        return f"{sign}{exact_text(rule.amount)}{often}, {rule.service}"
    return ""


def _dates(rule: BillingRule) -> str:
    if rule.start_date and rule.end_date:
        return f"{day(rule.start_date)} to {day(rule.end_date)}"
    if rule.start_date:
        return f"from {day(rule.start_date)}"
    return f"until {day(rule.end_date)}" if rule.end_date else "always"
