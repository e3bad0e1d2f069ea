"""One invoice at a time, for callers who want a refusal as a refusal and the invoice, or its recipients, back."""

from datetime import datetime

from billow.records.billing.models import Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.approve_invoices import approve
from billow.usecases.generate_invoices import request_generation, request_regeneration
from billow.usecases.invoice_rows import InvoiceRow
from billow.usecases.read_invoices import one_row
from billow.usecases.refused import BulkResult, Refused
from billow.usecases.send_invoices import recipients_of, send


def request_one(*, actor: Actor, account_token: str, period: BillingPeriod, now: datetime) -> InvoiceRow:
    """Create the account's invoice for the month and ring for its generation."""
    actor.must_write_invoices()
    if not ManagedAccount.objects.visible_to(actor).live().filter(token=account_token).exists():
        raise Refused("unknown_account", f"Account token: there is no managed account {account_token!r}")
    made = request_generation(actor=actor, account_tokens=[account_token], period=period, now=now)
    return one_row(actor=actor, token=_only(made))


def regenerate_one(*, actor: Actor, token: str, now: datetime) -> InvoiceRow:
    """Ask for a new version; number and token stay."""
    asked = request_regeneration(actor=actor, invoice_tokens=[token], now=now)
    return one_row(actor=actor, token=_only(asked))


def approve_one(*, actor: Actor, token: str, now: datetime) -> list[str]:
    """Approve as it is, stale or not, and wish for the mail; return to whom."""
    return _recipients(actor, _only(approve(actor=actor, invoice_tokens=[token], now=now, accept_stale=True)))


def send_one(*, actor: Actor, token: str, now: datetime) -> list[str]:
    """Mail an approved invoice again; return to whom."""
    return _recipients(actor, _only(send(actor=actor, invoice_tokens=[token], now=now)))


def _only(result: BulkResult) -> str:
    (item,) = result.items
    if not item.done:
        raise Refused(item.code, item.message)
    return item.token


def _recipients(actor: Actor, token: str) -> list[str]:
    invoice = Invoice.objects.visible_to(actor).select_related("managed_account").get(token=token)
    return recipients_of(addresses=invoice.managed_account.billing_email)
