"""What every change of an invoice's status has in common: the lock, the lifecycle, the history, the audit log."""

from collections.abc import Callable, Sequence
from datetime import datetime

from billow.invoicing.lifecycle import InvoiceStatus, InvoiceVerb, UnableToChangeInvoice, next_status
from billow.records.billing.models import Invoice, InvoiceTransition
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.refused import BulkResult, ItemResult, Refused
from billow.usecases.webhook_events import tell_of_invoice


def do_each(*, actor: Actor, tokens: Sequence[str], act: Callable[[Invoice], None]) -> BulkResult:
    """Do the act on each invoice by its token and say what became of each; one refusal stops no other.

    The act gets the invoice as it was before anything was locked and opens the transaction itself.
    """
    return BulkResult(items=tuple(_do(actor, token, act) for token in tokens))


def lock_invoice(*, invoice: Invoice) -> Invoice:
    """Lock the row, in the caller's transaction, and return it as it is now with account and version."""
    related = ("management_account", "managed_account__management_account", "series", "current_version")
    return Invoice.objects.select_for_update(of=("self",)).select_related(*related).get(pk=invoice.pk)


def change_status(
    *, invoice: Invoice, verb: InvoiceVerb, actor: Actor, now: datetime, reason: str = "", **changes: object
) -> None:
    """Take a locked invoice one step along its lifecycle, with further columns; raise Refused if the step is wrong.

    Columns, history, audit log and the event for webhooks are written in the caller's transaction, the invoice's row
    in one statement.
    """
    status = status_after(invoice=invoice, verb=verb)
    Invoice.objects.filter(pk=invoice.pk).update(**{"status": status, "updated_at": now, **changes})
    InvoiceTransition.objects.create(
        invoice=invoice,
        verb=verb,
        from_status=invoice.status,
        to_status=status,
        reason=reason,
        user=actor.user,
        created_at=now,
    )
    record(
        actor=actor,
        action=f"invoice.{verb}",
        object_type="invoice",
        object_token=invoice.token,
        object_name=invoice.number,
        changes={"reason": reason} if reason else {},
        now=now,
    )
    tell_of_invoice(invoice=invoice, verb=verb, now=now)


def status_after(*, invoice: Invoice, verb: InvoiceVerb) -> InvoiceStatus:
    """Return the status that the verb leads to; raise Refused ``wrong_state``, naming the invoice, if it may not."""
    try:
        return next_status(status=InvoiceStatus(invoice.status), verb=verb)
    except UnableToChangeInvoice as unable:
        raise Refused("wrong_state", f"{invoice.number}: {unable}.") from unable


def _do(actor: Actor, token: str, act: Callable[[Invoice], None]) -> ItemResult:
    invoice = (
        Invoice.objects.visible_to(actor)
        .select_related("management_account", "managed_account", "current_version")
        .filter(token=token)
        .first()
    )
    if invoice is None:
        return ItemResult(token=token, label=token, done=False, code="not_found", message="Resource not found")
    try:
        act(invoice)
    except Refused as refused:
        return ItemResult(token=token, label=invoice.number, done=False, code=refused.code, message=refused.message)
    return ItemResult(token=token, label=invoice.number, done=True)
