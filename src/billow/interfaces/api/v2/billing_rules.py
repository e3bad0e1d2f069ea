"""Billing rules: what the MSP does to the cost before a customer sees it."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Flag, Given, Number, Text, Tiers
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import decimal_text, time_text
from billow.records.billing.models import BillingRule
from billow.usecases.rules import (
    RULE_FIELDS,
    add_rule,
    change_rule,
    delete_rule,
    operators_token,
    page_of_rules,
    rule_with,
)

router = Router(tags=["Billing rules"])

TEXTS = ("service", "category", "sub_category", "charge_type", "sql_query", "recurrence")


class FeeTierShown(Schema):
    """A percentage of the spend up to an amount; of all the rest where ``up_to`` is null."""

    up_to: str | None = Field(None, examples=["10000"])
    percentage: str = Field(examples=["7"])


class BillingRuleShown(Schema):
    """A billing rule; what its type does not use is null."""

    token: str = Field(examples=["bllng_rule_0123456789abcdef"])
    title: str
    type: str = Field(examples=["exclusion", "adjustment", "charge", "credit", "custom"])
    start_date: str | None
    end_date: str | None
    apply_to_all: bool
    created_by_token: str
    created_at: str
    service: str | None
    category: str | None
    sub_category: str | None
    charge_type: str | None
    sql_query: str | None
    percentage: str | None = Field(examples=["75.0"])
    amount: str | None = Field(examples=["5000.25"])
    start_period: str | None
    adjustment_type: str | None = None
    include_free_tier: bool | None = None
    recurrence: str | None = None
    charge_calculation: str | None = Field(None, examples=["fixed", "support_fee"])
    fee_tiers: list[FeeTierShown] | None = None
    fee_minimum: str | None = None
    fee_per_account: bool | None = None
    fee_provider: str | None = None


class BillingRules(Schema):
    """A page of billing rules."""

    links: Links
    billing_rules: list[BillingRuleShown]


class BillingRuleGiven(Given):
    """A billing rule as a client writes it; ``type`` and ``title`` are needed, the rest depends on the type."""

    type: Text = Field(None, examples=["adjustment"], description="In any case; never changes later.")
    title: Text = Field(None, examples=["Markup 10 %"])
    start_date: Text = Field(None, examples=["2026-01-01"])
    start_period: Text = Field(None, description="An older name of start_date.")
    end_date: Text = Field(None, examples=["2026-12-31"])
    apply_to_all: Flag = None
    charge_type: Text = None
    percentage: Number = Field(None, examples=[110])
    service: Text = None
    category: Text = None
    sub_category: Text = None
    amount: Number = None
    sql_query: Text = None
    adjustment_type: Text = None
    include_free_tier: Flag = None
    recurrence: Text = Field(None, examples=["monthly"])
    charge_calculation: Text = Field(None, examples=["support_fee"])
    support_plan: Text = Field(None, examples=["business"], description="Fills tiers, minimum and per account.")
    fee_tiers: Tiers = None
    fee_minimum: Number = None
    fee_per_account: Flag = None
    fee_provider: Text = Field(None, examples=["aws"], description="Whose spend counts; all for everybody's.")

    def rule_fields(self) -> dict[str, Any]:
        """Return what was given of the fields that rules have."""
        return {name: value for name, value in self.fields().items() if name in RULE_FIELDS}


@router.get("", response=answers(BillingRules), operation_id="getBillingRules", summary="List billing rules")
def list_rules(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the rules in the order they were added."""
    actor = caller(request)
    page = page_of_rules(actor=actor, wanted=query.wanted())
    operator = operators_token(actor=actor)
    return {"links": links_of(request, page=page), "billing_rules": [_shown(each, operator) for each in page.items]}


@router.post(
    "",
    response=answers(BillingRuleShown, status=201),
    operation_id="createBillingRule",
    summary="Create a billing rule",
)
def create_rule(request: HttpRequest, given: Body[BillingRuleGiven]) -> Status[Any]:
    """Return the new rule. It does nothing until it is assigned, unless it applies to all."""
    actor = caller(request)
    rule = add_rule(actor=actor, fields=given.rule_fields(), now=clock()).rule
    return Status(201, _shown(rule, operators_token(actor=actor)))


@router.get(
    "/{billing_rule_token}",
    response=answers(BillingRuleShown),
    operation_id="getBillingRule",
    summary="Show a billing rule",
)
def get_rule(request: HttpRequest, billing_rule_token: str) -> dict[str, Any]:
    """Return one rule."""
    actor = caller(request)
    return _shown(rule_with(actor=actor, token=billing_rule_token), operators_token(actor=actor))


@router.put(
    "/{billing_rule_token}",
    response=answers(BillingRuleShown),
    operation_id="updateBillingRule",
    summary="Change a billing rule",
)
def update_rule(request: HttpRequest, billing_rule_token: str, given: Body[BillingRuleGiven]) -> dict[str, Any]:
    """Return the rule as it is now; its type stays."""
    actor = caller(request)
    fields = given.rule_fields()
    fields.pop("type", None)
    rule = rule_with(actor=actor, token=billing_rule_token)
    changed = change_rule(actor=actor, rule=rule, fields=fields, now=clock()).rule
    return _shown(changed, operators_token(actor=actor))


@router.delete(
    "/{billing_rule_token}",
    response=answers(None, status=204),
    operation_id="deleteBillingRule",
    summary="Delete a billing rule",
)
def remove_rule(request: HttpRequest, billing_rule_token: str) -> Status[None]:
    """Delete the rule and take it from every account; issued invoices stay as they are."""
    actor = caller(request)
    delete_rule(actor=actor, rule=rule_with(actor=actor, token=billing_rule_token), now=clock())
    return Status(204, None)


def _shown(rule: BillingRule, operator: str) -> dict[str, Any]:
    start = rule.dates_as_given.get("start_date") or (rule.start_date.isoformat() if rule.start_date else None)
    end = rule.dates_as_given.get("end_date") or (rule.end_date.isoformat() if rule.end_date else None)
    return {
        "token": rule.token,
        "title": rule.title,
        "type": rule.type,
        "start_date": start,
        "end_date": end,
        "start_period": start if rule.type in {"charge", "credit"} else None,
        "apply_to_all": rule.apply_to_all,
        "created_by_token": operator if rule.created_by is None else rule.created_by.token,
        "created_at": time_text(rule.created_at),
        **{name: getattr(rule, name, None) or None for name in TEXTS},
        "percentage": _number(rule.percentage),
        "amount": _number(rule.amount),
        "adjustment_type": rule.adjustment_type if rule.type == "adjustment" else None,
        "include_free_tier": rule.include_free_tier if rule.adjustment_type == "retier" else None,
        "charge_calculation": rule.charge_calculation if rule.type == "charge" else None,
        **_support_fee(rule),
    }


def _support_fee(rule: BillingRule) -> dict[str, Any]:
    if rule.charge_calculation != "support_fee":
        return {}
    return {
        "fee_tiers": rule.fee_tiers,
        "fee_minimum": _number(rule.fee_minimum),
        "fee_per_account": rule.fee_per_account,
        "fee_provider": rule.fee_provider,
    }


def _number(number: Decimal | None) -> str | None:
    return None if number is None else decimal_text(number)
