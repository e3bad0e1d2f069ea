"""A billing rule as a line of a list: what kind it is, what it does, and when."""

from dataclasses import dataclass

from billow.interfaces.web.shown.amounts import NARROW_SPACE, exact_text
from billow.interfaces.web.shown.times import day
from billow.records.billing.models import BillingRule
from billow.usecases.rule_fields import kind_of, tier_text

KINDS = {
    "exclusion": "Exclusion",
    "per_service": "Adjustment",
    "public_price": "Public price",
    "remove_commitment_discounts": "Commitments removed",
    "retier": "Re-tiered",
    "fixed": "Charge",
    "credit": "Credit",
    "support_fee": "Support fee",
    "custom": "SQL",
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
    kind = kind_of(rule=rule)
    return RuleLine(
        token=rule.token,
        title=str(rule),
        kind=KINDS.get(kind, kind),
        value=_value(rule, kind),
        dates=_dates(rule),
        applies_to_all=rule.apply_to_all,
    )


_SAME_FOR_ALL = {
    "public_price": "AWS usage at its public price",
    "remove_commitment_discounts": "other accounts' commitments do not count",
    "retier": "volume tiers of the customer's own usage",
}
_SHOWN_SQL = 60


def _value(rule: BillingRule, kind: str) -> str:
    match kind:
        case "exclusion":
            return f"leaves out {rule.charge_type}"
        case "per_service" if rule.percentage is not None:
            place = rule.service or rule.category or "every cost"
            return f"{rule.percentage.normalize():f}{NARROW_SPACE}% of {place}"
        case "support_fee":
            return f"{', '.join(map(tier_text, rule.fee_tiers or []))}{NARROW_SPACE}% of the spend"
        case "custom":
            return " ".join((rule.sql_query or "").split())[:_SHOWN_SQL]
    return _SAME_FOR_ALL.get(kind) or _booked(rule)


def _booked(rule: BillingRule) -> str:
    if rule.amount is None:
        return ""
    sign = "+" if rule.type == "charge" else "\N{MINUS SIGN}"
    often = " a month" if rule.recurrence == "monthly" else ""
    return f"{sign}{exact_text(rule.amount)}{often}, {rule.service}"


def _dates(rule: BillingRule) -> str:
    if rule.start_date and rule.end_date:
        return f"{day(rule.start_date)} to {day(rule.end_date)}"
    if rule.start_date:
        return f"from {day(rule.start_date)}"
    return f"until {day(rule.end_date)}" if rule.end_date else "always"
