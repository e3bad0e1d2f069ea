"""Every word that a document prints by itself, in one table per language.

A new language is one more entry of ``WORDS`` with the same keys; a test compares them.
"""

from collections.abc import Mapping
from types import MappingProxyType

FALLBACK_LANGUAGE = "en"

_ENGLISH = {
    "invoice": "Invoice",
    "draft_mark": "DRAFT",
    "draft_note": "This is a draft for review. It is not a request for payment.",
    "draft_invoice": "Draft invoice",
    "logo_of": "Logo of {name}",
    "issue_date": "Issue date",
    "due_date": "Due date",
    "billing_period": "Billing period",
    "credit_note": "Credit note",
    "credits_invoice": "Credits invoice",
    "invoiced_on": "Invoice date",
    "amount_credited": "Amount credited",
    "reason": "Reason: {reason}",
    "currency": "Currency",
    "terms": "Payment terms",
    "net_days": "Net {days}",
    "due_on_receipt": "Due on receipt",
    "from": "From",
    "bill_to": "Bill to",
    "more_addresses": "and {count} more",
    "amount_due": "Amount due",
    "amount_in_draft": "Draft total",
    "amount_due_by": "by {date}",
    "amount_due_now": "on receipt",
    "credit_balance": "Credit balance",
    "credit_balance_note": "in your favor, nothing to pay",
    "nothing_due_note": "nothing to pay",
    "after_approval": "not yet approved",
    "summary": "Summary",
    "charges": "Charges",
    "itemized": "Itemized charges",
    "itemized_note": "Every charge behind the summary on page 1, by provider and service.",
    "service": "Service",
    "description": "Description",
    "region": "Region",
    "account": "Account",
    "quantity": "Quantity",
    "amount": "Amount",
    "no_provider": "Services and credits",
    "no_service": "Other",
    "no_lines": "No charges in this period.",
    "smaller_items": "{count} smaller items",
    "more_services": "{count} more services",
    "continued": "continued",
    "subtotal": "Subtotal",
    "total": "Total",
    "exchange_rates": "Exchange rates",
    "exchange_rate": "1 {base} = {rate} {currency}",
    "exchange_note": "Costs billed in {bases} were converted to {currency}.",
    "rate_of": "rate of {date}",
    "reference": "Payment reference",
    "beneficiary_name": "Account holder",
    "bank_name": "Bank",
    "iban": "IBAN",
    "swift_bic": "SWIFT / BIC",
    "account_number": "Account number",
    "routing_number": "Routing number",
    "bank_tax_id": "Bank tax ID",
    "page_of": "Page {page} of {pages}",
    "charge_usage": "Usage",
    "charge_purchase": "Purchase",
    "charge_tax": "Tax",
    "charge_credit": "Credit",
    "charge_adjustment": "Adjustment",
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_ENGLISH)})


def language_of(*, locale: str) -> str:
    """Return the language of a locale such as ``de-CH`` if it has words, and English otherwise."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in WORDS else FALLBACK_LANGUAGE
