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
    return _party(profile, token=profile.token, name=_printed(profile.company_name) or profile.management_account.name)


def buyer_of(*, account: billing.ManagedAccount) -> Party:
    """Return the buyer as printed."""
    return _party(account, token=account.token, name=_printed(account.company_name) or account.name.strip())


def bank_of(*, profile: billing.BillingProfile) -> BankAccount:
    """Return where the seller is to be paid, in clear."""
    secure: Mapping[str, Any] = json.loads(profile.secure_data) if profile.secure_data else {}
    return BankAccount(
        bank_name=_printed(profile.bank_name),
        beneficiary_name=_printed(profile.beneficiary_name),
        tax_id=_printed(profile.bank_tax_id),
        account_number=_printed(secure.get("account_number")),
        routing_number=_printed(secure.get("routing_number")),
        iban=_printed(secure.get("iban")),
        swift_bic=_printed(secure.get("swift_bic")),
    )


def adjustment_items_of(*, profile: billing.BillingProfile) -> tuple[AdjustmentItem, ...]:
    """Return the profile's taxes, fees, credits and discounts in order."""
    return tuple(
        AdjustmentItem(
            name=_printed(item["name"]),
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
        country_code=_printed(row.country_code),
        address_line_1=_printed(row.address_line_1),
        address_line_2=_printed(row.address_line_2),
        city=_printed(row.city),
        state=_printed(row.state),
        postal_code=_printed(row.postal_code),
        billing_email=tuple(row.billing_email or ()),
        custom_fields=tuple(
            CustomField(name=_printed(field["name"]), value=_printed(field.get("value")))
            for field in row.custom_fields or ()
        ),
    )


def _printed(text: str | None) -> str:
    """Return the text as printed: the outer spaces that programs may have written are theirs alone."""
    return (text or "").strip()
