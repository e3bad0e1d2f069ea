"""Seller, buyer, bank and terms of an invoice, as values, from billing profile and managed account."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billow.invoicing.invoice import (
    AdjustmentItem,
    AdjustmentType,
    BankAccount,
    CalculationType,
    CustomField,
    ExchangeRate,
    Party,
)
from billow.records.billing import models as billing
from billow.terms.period import BillingPeriod
from billow.terms.text import trimmed


def profile_of(
    *, account: billing.ManagedAccount, profiles: Sequence[billing.BillingProfile]
) -> billing.BillingProfile | None:
    """Return the account's billing profile, else the management account's only one, else None.

    ``profiles`` are all (or the first two) of the management account.
    """
    if account.billing_profile is not None:
        return account.billing_profile
    return profiles[0] if len(profiles) == 1 else None


def seller_of(*, profile: billing.BillingProfile) -> Party:
    """Return the seller as printed."""
    return _party(profile, token=profile.token, name=trimmed(profile.company_name) or profile.management_account.name)


def buyer_of(*, account: billing.ManagedAccount) -> Party:
    """Return the buyer as printed."""
    return _party(account, token=account.token, name=trimmed(account.company_name) or trimmed(account.name))


def bank_of(*, profile: billing.BillingProfile) -> BankAccount:
    """Return where the seller is to be paid, in clear."""
    secure: Mapping[str, Any] = json.loads(profile.secure_data) if profile.secure_data else {}
    return BankAccount(
        bank_name=trimmed(profile.bank_name),
        beneficiary_name=trimmed(profile.beneficiary_name),
        tax_id=trimmed(profile.bank_tax_id),
        account_number=trimmed(secure.get("account_number")),
        routing_number=trimmed(secure.get("routing_number")),
        iban=trimmed(secure.get("iban")),
        swift_bic=trimmed(secure.get("swift_bic")),
    )


def adjustment_items_of(*, profile: billing.BillingProfile) -> tuple[AdjustmentItem, ...]:
    """Return the profile's taxes, fees, credits and discounts in order."""
    return tuple(
        AdjustmentItem(
            name=trimmed(item["name"]),
            adjustment_type=AdjustmentType(item["adjustment_type"]),
            calculation_type=CalculationType(item["calculation_type"]),
            amount=Decimal(str(item["amount"])),
        )
        for item in profile.adjustment_items
    )


def exchange_rates_of(*, management_account_id: int, period: BillingPeriod) -> tuple[ExchangeRate, ...]:
    """Return the exchange rates on file whose day lies in the month."""
    rows = billing.ExchangeRate.objects.filter(
        management_account_id=management_account_id,
        effective_date__gte=period.start,
        effective_date__lt=period.end,
    ).order_by("base_currency", "currency", "effective_date")
    return tuple(
        ExchangeRate(
            base_currency=row.base_currency,
            currency=row.currency,
            rate=row.rate,
            effective_date=row.effective_date,
        )
        for row in rows
    )


def _party(row: billing.BillingProfile | billing.ManagedAccount, *, token: str, name: str) -> Party:
    return Party(
        token=token,
        name=name,
        country_code=trimmed(row.country_code),
        address_line_1=trimmed(row.address_line_1),
        address_line_2=trimmed(row.address_line_2),
        city=trimmed(row.city),
        state=trimmed(row.state),
        postal_code=trimmed(row.postal_code),
        billing_email=tuple(row.billing_email or ()),
        custom_fields=tuple(
            CustomField(name=trimmed(field["name"]), value=trimmed(field.get("value")))
            for field in row.custom_fields or ()
        ),
    )
