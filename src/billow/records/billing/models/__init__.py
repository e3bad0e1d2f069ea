"""Everything the MSP agrees with its customers and everything it sends them."""

from billow.records.billing.models.access import AccountAccess
from billow.records.billing.models.agreements import BillingRule, BillingRuleAssignment, ExchangeRate
from billow.records.billing.models.credit_notes import CreditNote, CreditNoteDocument, CreditNoteLine
from billow.records.billing.models.deliveries import Delivery, Document
from billow.records.billing.models.invoices import (
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    InvoiceTransition,
    InvoiceVersion,
)
from billow.records.billing.models.parties import BillingProfile, Delegation, ManagedAccount

__all__ = [
    "AccountAccess",
    "BillingProfile",
    "BillingRule",
    "BillingRuleAssignment",
    "CreditNote",
    "CreditNoteDocument",
    "CreditNoteLine",
    "Delegation",
    "Delivery",
    "Document",
    "ExchangeRate",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "InvoiceTransition",
    "InvoiceVersion",
    "ManagedAccount",
]
