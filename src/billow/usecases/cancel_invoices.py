"""Cancel drafts that will not be issued: they keep their number, and the month can be invoiced again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billow.invoicing.lifecycle import InvoiceVerb
from billow.records.billing.models import Invoice
from billow.usecases.actor import Actor
from billow.usecases.change_invoice import change_status, do_each, lock_invoice
from billow.usecases.refused import BulkResult, Refused


def cancel(*, actor: Actor, invoice_tokens: Sequence[str], reason: str, now: datetime) -> BulkResult:
    """Cancel each draft or failed invoice for the reason given; raise Refused without a reason."""
    actor.must_write_invoices()
    return cancel_drafts(actor=actor, invoice_tokens=invoice_tokens, reason=reason, now=now)


def cancel_drafts(*, actor: Actor, invoice_tokens: Sequence[str], reason: str, now: datetime) -> BulkResult:
    """Do what ``cancel`` does, as a part of an act that the actor may do without writing invoices by himself."""
    why = reason.strip()
    if not why:
        raise Refused("no_reason", "Say why: a cancelled invoice keeps its number, and auditors ask.")

    def cancel_one(invoice: Invoice) -> None:
        with transaction.atomic():
            row = lock_invoice(invoice=invoice)
            change_status(
                invoice=row,
                verb=InvoiceVerb.CANCEL,
                actor=actor,
                now=now,
                reason=why,
                cancelled_at=now,
                cancel_reason=why,
            )

    return do_each(actor=actor, tokens=invoice_tokens, act=cancel_one)
