"""Rated costs and parties to draft invoices from."""

from decimal import Decimal
from typing import Any

from billow.invoicing.draft import draft
from billow.invoicing.invoice import BankAccount, CustomField, Invoice, Party
from billow.rating.rated_costs import RatedCosts, RatedLine, RuleDelta
from billow.terms.period import BillingPeriod

MARCH = BillingPeriod(2026, 3)
SELLER = Party(token="acct_00000000000000ee", name="Nimbus", custom_fields=(CustomField(name="VAT", value="DE1"),))
BUYER = Party(token="acct_00000000000000aa", name="Acme", billing_email=("a@example.com", "b@example.com"))


def a_line(rated: str = "1", *, provider: str | None = None, service: str = "EC2", **fields: Any) -> RatedLine:
    """Give a line; a provider cost that differs from the rated one is explained by one rule."""
    cost, now = Decimal(provider or rated), Decimal(rated)
    deltas = (RuleDelta(rule_token="rule-1", amount=now - cost),) if now != cost else ()
    return RatedLine(
        **{
            "provider": "AWS",
            "billing_account_id": "payer",
            "sub_account_id": "one",
            "sub_account_name": None,
            "service": service,
            "service_category": "Compute",
            "service_subcategory": None,
            "charge_category": "Usage",
            "region": None,
            "currency": "USD",
            "provider_cost": cost,
            "rated_cost": now,
            "deltas": deltas,
            **fields,
        }
    )


def rated_costs(*lines: RatedLine) -> RatedCosts:
    return RatedCosts(account_token=BUYER.token, period=MARCH, lines=lines)


def a_draft(*lines: RatedLine, **terms: Any) -> Invoice:
    return draft(
        **{
            "rated": rated_costs(*lines),
            "number": "INV-2026-00001",
            "token": "msp_inv_0000000000000001",
            "seller": SELLER,
            "buyer": BUYER,
            "bank": BankAccount(iban="DE00"),
            "payment_terms_days": 10,
            "currency": "USD",
            **terms,
        }
    )
