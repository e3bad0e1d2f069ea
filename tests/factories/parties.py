"""Billing profiles and managed accounts with valid defaults, and what is delegated to them."""

import json
from datetime import date
from typing import Any

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import BillingProfile, Delegation, ManagedAccount
from billow.records.costs.models import Integration

IBAN = "GR1601101250000000012300695"


def make_profile(*, management_account: ManagementAccount, **fields: Any) -> BillingProfile:
    defaults: dict[str, Any] = {
        "nickname": "Main",
        "company_name": "Nimbus Partners AE",
        "country_code": "GR",
        "address_line_1": "Odos Larissis 12",
        "city": "Larissa",
        "postal_code": "41222",
        "billing_email": ["billing@nimbus.example"],
        "custom_fields": [{"name": "VAT", "value": "EL123456789"}],
        "bank_name": "Bank of the Plain",
        "beneficiary_name": "Nimbus Partners AE",
        "secure_data": json.dumps({"iban": IBAN, "swift_bic": "ETHNGRAA"}),
    }
    return BillingProfile.objects.create(management_account=management_account, **{**defaults, **fields})


def make_managed_account(
    *, management_account: ManagementAccount, name: str = "Thessaly Olives", **fields: Any
) -> ManagedAccount:
    place = name.lower().replace(" ", "-")
    defaults: dict[str, Any] = {
        "contact_email": f"{place}@nimbus.example",
        "currency": "USD",
        "billing_email": [f"accounts@{place}.example"],
        "company_name": f"{name} Ltd",
        "country_code": "GR",
        "first_period_start": date(2025, 1, 1),
    }
    return ManagedAccount.objects.create(management_account=management_account, name=name, **{**defaults, **fields})


def delegate(
    *,
    account: ManagedAccount,
    integration: Integration,
    sub_account_id: str,
    billing_account_id: str = "billing-1",
    **fields: Any,
) -> Delegation:
    return Delegation.objects.create(
        management_account=account.management_account,
        integration=integration,
        managed_account=account,
        billing_account_id=billing_account_id,
        sub_account_id=sub_account_id,
        **fields,
    )
