"""A billing rule as a line of a list: what kind it is, what it does, and when."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.interfaces.web.shown.amounts import NARROW_SPACE, exact_text
from billow.interfaces.web.shown.times import day
from billow.records.billing.models import BillingRule
from billow.usecases.rule_fields import kind_of, tier_text

KINDS = {
    "exclusion": gettext_noop("Exclusion"),
    "per_service": gettext_noop("Adjustment"),
    "public_price": gettext_noop("Public price"),
    "remove_commitment_discounts": gettext_noop("Commitments removed"),
    "retier": gettext_noop("Re-tiered"),
    "fixed": gettext_noop("Charge"),
    "credit": gettext_noop("Credit"),
    "support_fee": gettext_noop("Support fee"),
    "custom": gettext_noop("SQL"),
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
        kind=_(KINDS[kind]) if kind in KINDS else kind,
        value=_value(rule, kind),
        dates=_dates(rule),
        applies_to_all=rule.apply_to_all,
    )


_SAME_FOR_ALL = {
    "public_price": gettext_noop("AWS usage at its public price"),
    "remove_commitment_discounts": gettext_noop("other accounts' commitments do not count"),
    "retier": gettext_noop("volume tiers of the customer's own usage"),
}
_SHOWN_SQL = 60


def _value(rule: BillingRule, kind: str) -> str:
    match kind:
        case "exclusion":
            return _("leaves out %(charge_type)s") % {"charge_type": rule.charge_type}
        case "per_service" if rule.percentage is not None:
            share = f"{rule.percentage.normalize():f}{NARROW_SPACE}%"
            place = rule.service or rule.category or _("every cost")
            return _("%(share)s of %(place)s") % {"share": share, "place": place}
        case "support_fee":
            tiers = f"{', '.join(map(tier_text, rule.fee_tiers or []))}{NARROW_SPACE}%"
            return _("%(tiers)s of the spend") % {"tiers": tiers}
        case "custom":
            return " ".join((rule.sql_query or "").split())[:_SHOWN_SQL]
    return _(_SAME_FOR_ALL[kind]) if kind in _SAME_FOR_ALL else _booked(rule)


def _booked(rule: BillingRule) -> str:
    if rule.amount is None:
        return ""
    sign = "+" if rule.type == "charge" else "\N{MINUS SIGN}"
    booked = f"{sign}{exact_text(rule.amount)}"
    if rule.recurrence == "monthly":
        booked = _("%(amount)s a month") % {"amount": booked}
    return f"{booked}, {rule.service}"


def _dates(rule: BillingRule) -> str:
    if rule.start_date and rule.end_date:
        return _("%(start)s to %(end)s") % {"start": day(rule.start_date), "end": day(rule.end_date)}
    if rule.start_date:
        return _("from %(day)s") % {"day": day(rule.start_date)}
    return _("until %(day)s") % {"day": day(rule.end_date)} if rule.end_date else _("always")
