"""What a billing rule would change, before anybody is billed by it."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import ApiToken, caller, clock
from billow.interfaces.api.given import Text, Texts
from billow.interfaces.api.once_per_key import reads_only
from billow.interfaces.api.periods import read_month
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text
from billow.interfaces.api.v2.billing_rules import BillingRuleGiven
from billow.usecases.accounts import account_with
from billow.usecases.compare_agreements import CustomerEffect
from billow.usecases.preview_rules import newest_month_with_costs, preview_rule
from billow.usecases.rules import rule_with

router = Router(tags=["Billing rules"])


class PreviewGiven(BillingRuleGiven):
    """A new rule, or with a token a change of it; the token alone is compared with its absence."""

    billing_rule_token: Text = None
    billing_period_start: Text = Field(None, description="The first day of the month; else the newest with costs.")
    managed_account_tokens: Texts = Field(None, description="Only these customers; else those who have the rule.")


class EffectShown(Schema):
    """What changes for one customer, or in one currency altogether."""

    account_token: str | None
    account_name: str | None
    currency: str
    provider_cost: str | None
    before: str | None
    after: str | None
    difference: str | None
    lines_touched: int
    problem: str | None


class Preview(Schema):
    """What the rule would change in the month, and what to look at."""

    billing_period_start: str
    customers: list[EffectShown]
    totals: list[EffectShown]
    warnings: list[str]


@router.post(
    "/preview",
    auth=ApiToken(scope="read"),
    response=answers(Preview),
    operation_id="previewBillingRule",
    summary="Try a billing rule",
)
@reads_only
def preview(request: HttpRequest, given: Body[PreviewGiven]) -> dict[str, Any]:
    """Return the month without the rule and with it, customer by customer; nothing is written."""
    actor = caller(request)
    month = read_month(start=_text(given.billing_period_start, "Billing period start"))
    token = _text(given.billing_rule_token, "Billing rule token")
    rule = rule_with(actor=actor, token=token) if token else None
    fields = given.rule_fields()
    if rule is not None:
        fields.pop("type", None)
    seen = preview_rule(
        actor=actor,
        period=month or newest_month_with_costs(actor=actor, now=clock()),
        rule=rule,
        fields=fields,
        accounts=[account_with(actor=actor, token=each) for each in _texts(given.managed_account_tokens)],
    )
    return {
        "billing_period_start": seen.comparison.period.start.isoformat(),
        "customers": [_effect(each) for each in seen.comparison.customers],
        "totals": [_effect(each) for each in seen.comparison.totals],
        "warnings": [issue.message for issue in seen.warnings],
    }


def _effect(effect: CustomerEffect) -> dict[str, Any]:
    difference = None if effect.after is None or effect.before is None else effect.after - effect.before
    return {
        "account_token": effect.account_token or None,
        "account_name": effect.account_name or None,
        "currency": effect.currency,
        "provider_cost": _number(effect.provider_cost),
        "before": _number(effect.before),
        "after": _number(effect.after),
        "difference": _number(difference),
        "lines_touched": effect.lines_touched,
        "problem": None if effect.problem is None else effect.problem.message,
    }


def _number(number: Decimal | None) -> str | None:
    return None if number is None else decimal_text(number)


def _text(value: object, label: str) -> str:
    if value is not None and not isinstance(value, str):
        raise Problem(400, f"{label} must be text")
    return value or ""


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Problem(400, "Managed account tokens must be a list of tokens")
    return list(dict.fromkeys(value))
