"""Billing rules, their assignment, and exchange rates."""

from datetime import date
from decimal import Decimal
from typing import Any

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import BillingRule, BillingRuleAssignment, ExchangeRate, ManagedAccount


def make_adjustment(*, management_account: ManagementAccount, percentage: str, **fields: Any) -> BillingRule:
    return BillingRule.objects.create(
        management_account=management_account,
        type="adjustment",
        percentage=Decimal(percentage),
        **{"title": f"Show {percentage} %", **fields},
    )


def make_exclusion(*, management_account: ManagementAccount, charge_type: str, **fields: Any) -> BillingRule:
    return BillingRule.objects.create(
        management_account=management_account,
        type="exclusion",
        charge_type=charge_type,
        **{"title": f"Leave out {charge_type}", **fields},
    )


def make_charge(*, management_account: ManagementAccount, amount: str, **fields: Any) -> BillingRule:
    return BillingRule.objects.create(
        management_account=management_account,
        type="charge",
        amount=Decimal(amount),
        **{
            "title": "Support",
            "service": "Support",
            "category": "Other",
            "sub_category": "Other",
            "start_date": date(2025, 1, 1),
            "recurrence": "monthly",
            **fields,
        },
    )


def assign(*, account: ManagedAccount, rule: BillingRule, position: int | None = None) -> BillingRuleAssignment:
    place = account.rule_assignments.count() + 1 if position is None else position
    return BillingRuleAssignment.objects.create(managed_account=account, billing_rule=rule, position=place)


def make_rate(*, management_account: ManagementAccount, pair: str, rate: str, effective_date: date) -> ExchangeRate:
    base_currency, currency = pair.split("/")
    return ExchangeRate.objects.create(
        management_account=management_account,
        base_currency=base_currency,
        currency=currency,
        rate=Decimal(rate),
        effective_date=effective_date,
    )
