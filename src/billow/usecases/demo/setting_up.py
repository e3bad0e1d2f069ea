"""Everything the made-up MSP agreed with its customers, entered as its billing manager would."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases.accounts import add_account
from billow.usecases.actor import Actor
from billow.usecases.demo.bills import sub_accounts
from billow.usecases.demo.catalogue import PROVIDERS
from billow.usecases.demo.company import CUSTOMERS, EXCHANGE_RATES, LOGO_SVG, MSP_NAME, DemoCustomer
from billow.usecases.integrations import add_integration, delegate
from billow.usecases.profiles import add_profile, set_logo
from billow.usecases.rates import import_rates
from billow.usecases.rule_assignments import assign_rules, in_order, rules_of
from billow.usecases.rules import add_rule

_SELLER: Mapping[str, object] = {
    "company_name": MSP_NAME,
    "country_code": "DE",
    "address_line_1": "Speicherstraße 18",
    "postal_code": "24103",
    "city": "Kiel",
    "billing_email": ["billing@fjordlight.example"],
    "custom_fields": [
        {"name": "VAT ID", "value": "DE299381447"},
        {"name": "Register", "value": "Amtsgericht Kiel, HRB 20418"},
    ],
    "bank_name": "Förde Handelsbank",
    "beneficiary_name": MSP_NAME,
    "iban": "DE02120300000000202051",
    "swift_bic": "BYLADEM1001",
}


def add_profiles(*, actor: Actor, now: datetime) -> dict[str, BillingProfile]:
    """Add a profile for customers at home, with VAT, and one for those abroad; return them by country."""
    vat = {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "19"}
    wire = {"name": "Wire transfer fee", "adjustment_type": "charge", "calculation_type": "fixed", "amount": "15"}
    home = add_profile(
        actor=actor, fields={**_SELLER, "nickname": "Germany", "adjustment_items": [vat]}, now=now
    ).profile
    abroad = add_profile(
        actor=actor, fields={**_SELLER, "nickname": "International", "adjustment_items": [wire]}, now=now
    ).profile
    set_logo(actor=actor, profile=home, data=LOGO_SVG, file_name="fjordlight.svg", for_all=True, now=now)
    return {customer.country_code: home if customer.country_code == "DE" else abroad for customer in CUSTOMERS}


def add_rates(*, actor: Actor, periods: Sequence[BillingPeriod], now: datetime) -> None:
    """Upload a rate for each pair and month, moving a little from month to month."""
    rows = ["base_currency_code,currency_code,rate,date"]
    for place, period in enumerate(periods):
        for base, currency, rate in EXCHANGE_RATES:
            drift = Decimal(place - len(periods) + 1) * Decimal("0.0037")
            rows.append(f"{base},{currency},{Decimal(rate) + drift},{period.start}")
    import_rates(actor=actor, data="\n".join(rows).encode(), now=now)


def add_customers(
    *, actor: Actor, profiles: Mapping[str, BillingProfile], first: BillingPeriod, now: datetime
) -> list[ManagedAccount]:
    """Add every customer with its address, terms and recipients."""
    return [
        add_account(actor=actor, fields=_account_fields(place, customer, profiles, first), now=now)
        for place, customer in enumerate(CUSTOMERS, start=1)
    ]


def _account_fields(
    place: int, customer: DemoCustomer, profiles: Mapping[str, BillingProfile], first: BillingPeriod
) -> dict[str, object]:
    domain = f"{customer.mailbox}.example"
    mailboxes = ("accounts", "cloud-costs")[: customer.recipients]
    fields = [{"name": "Tax ID", "value": customer.tax_id}]
    if customer.purchase_order:
        fields.append({"name": "Purchase order", "value": customer.purchase_order})
    return {
        "name": customer.name,
        "contact_email": f"billing+customer{place}@fjordlight.example",
        "currency": customer.currency,
        "billing_profile": profiles[customer.country_code].token,
        "payment_terms_days": customer.payment_terms_days,
        "first_period": str(first),
        "company_name": customer.name,
        "country_code": customer.country_code,
        "address_line_1": customer.address_line_1,
        "postal_code": customer.postal_code or None,
        "city": customer.city,
        "billing_email": [f"{mailbox}@{domain}" for mailbox in mailboxes],
        "custom_fields": fields,
    }


def add_integrations(*, actor: Actor, accounts: Sequence[ManagedAccount], now: datetime) -> dict[str, Integration]:
    """Connect the three providers and give each customer its sub accounts; return the integrations by provider."""
    found = {}
    for provider in PROVIDERS:
        name = f"{provider.name} ({provider.billing_account_name})"
        found[provider.key] = add_integration(actor=actor, name=name, provider=provider.key, now=now)
    owned: dict[tuple[int, str], list[str]] = {}
    for sub_account in sub_accounts(customers=len(accounts)):
        owned.setdefault((sub_account.customer, sub_account.provider_key), []).append(sub_account.sub_account_id)
    payer = {provider.key: provider.billing_account_id for provider in PROVIDERS}
    for (customer, key), sub_account_ids in owned.items():
        delegate(
            actor=actor,
            integration=found[key],
            account=accounts[customer],
            billing_account_id=payer[key],
            sub_account_ids=sub_account_ids,
            now=now,
        )
    return found


def add_agreements(*, actor: Actor, accounts: Sequence[ManagedAccount], first: BillingPeriod, now: datetime) -> None:
    """Write the rules: no provider tax for anybody, a markup or a discount, a platform fee, a goodwill credit."""
    start = str(first.start)
    end = str(first.start.replace(year=first.year + 3))
    add_rule(
        actor=actor,
        fields={
            "type": "exclusion",
            "title": "Leave out the providers' tax",
            "charge_type": "Tax",
            "apply_to_all": True,
        },
        now=now,
    )
    markup = {"type": "adjustment", "title": "Managed services 8 %", "percentage": "108"}
    compute = {"type": "adjustment", "title": "Compute 4 % off", "percentage": "96", "category": "Compute"}
    storage = {"type": "adjustment", "title": "Storage 12 % on top", "percentage": "112", "category": "Storage"}
    fee = {
        "type": "charge",
        "title": "Platform fee",
        "service": "Fjordlight Platform",
        "category": "Platform",
        "sub_category": "Monthly",
        "amount": "450",
        "start_date": start,
        "end_date": end,
    }
    goodwill = {
        **fee,
        "type": "credit",
        "title": "Goodwill for the September outage",
        "service": "Goodwill",
        "category": "Credit",
        "sub_category": "One-time",
        "amount": "250",
        "start_date": str(first.next.start),
        "end_date": None,
    }
    rules = [add_rule(actor=actor, fields=fields, now=now).rule for fields in (fee, goodwill, markup, compute, storage)]
    for place, account in enumerate(accounts):
        platform_fee, credit, *adjustments = rules
        chosen = [platform_fee] if place % 2 == 0 else []
        chosen += [credit] if place % 5 == 0 else []
        chosen += [adjustments[0], adjustments[1 + place % 2]] if place % 4 else [adjustments[0]]
        everything = [*rules_of(account=account), *chosen]
        assign_rules(actor=actor, account=account, rules=in_order(rules=everything), now=now)
