"""Wish that invoices are mailed: outbox rows to the account's current recipients, never two open wishes at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from billow.delivery.address import UnableToReadAddress, read_address
from billow.delivery.message import message_id
from billow.records.billing.models import Delivery, Invoice
from billow.records.billing.models.deliveries import DeliveryStatus
from billow.records.billing.models.invoices import InvoiceStatus
from billow.terms.token import new_token
from billow.usecases import bell
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.change_invoice import do_each, lock_invoice
from billow.usecases.refused import BulkResult, Refused
from billow.usecases.webhook_events import tell_of_delivery

DOUBLE_CLICK = timedelta(seconds=5)
"""Two equal wishes to send again within this time are one wish, clicked twice."""

OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED)
_NOT_DELIVERED = frozenset({DeliveryStatus.FAILED.value, DeliveryStatus.BOUNCED.value})


def send(*, actor: Actor, invoice_tokens: Sequence[str], now: datetime) -> BulkResult:
    """Mail approved invoices again, each to its account's recipients of today; say per invoice what became of it."""
    actor.must_write_invoices()

    def send_one(invoice: Invoice) -> None:
        with transaction.atomic():
            # The lock makes two wishes for one invoice wait for each other, so the second sees the first's rows.
            row = lock_invoice(invoice=invoice)
            _refuse_unless_approved(invoice=row)
            _refuse_second_wish(invoice=row, now=now)
            _refuse_without_recipients(invoice=row)
            wish_to_send(actor=actor, invoice=row, now=now)

    return do_each(actor=actor, tokens=invoice_tokens, act=send_one)


def wish_to_send(*, actor: Actor, invoice: Invoice, now: datetime) -> int:
    """Add an outbox row per recipient and ring the bell, inside the caller's transaction; return the number of rows.

    Zero rows means that the account has no billing e-mail address. An address that no mail can reach becomes a failed
    row at once, so that it is seen beside the others.
    """
    wish = new_token(kind="delivery")
    recipients = recipients_of(addresses=invoice.managed_account.billing_email)
    for recipient in recipients:
        _queue(actor=actor, invoice=invoice, wish=wish, recipient=recipient, now=now)
    if recipients:
        record(
            actor=actor,
            action="invoice.send",
            object_type="invoice",
            object_token=invoice.token,
            object_name=invoice.number,
            changes={"recipients": recipients},
            now=now,
        )
        bell.ring(work=bell.Work.DELIVER, token=invoice.token)
    return len(recipients)


def recipients_of(*, addresses: Sequence[str]) -> list[str]:
    """Return the addresses in order, each once whatever its case."""
    first_spelling: dict[str, str] = {}
    for address in addresses:
        if trimmed := address.strip():
            first_spelling.setdefault(trimmed.casefold(), trimmed)
    return list(first_spelling.values())


def summarise(statuses: Sequence[str]) -> str:
    """Return one word for the rows of a wish: "" without rows, ``partly_failed`` when some but not all failed."""
    words = set(statuses)
    if len(words) <= 1:
        return next(iter(words), "")
    if words <= _NOT_DELIVERED:
        return DeliveryStatus.FAILED.value
    if words & _NOT_DELIVERED:
        return "partly_failed"
    open_words = (DeliveryStatus.DEFERRED, DeliveryStatus.SENDING, DeliveryStatus.QUEUED)
    return next(word.value for word in open_words if word.value in words)


def delivery_statuses(*, invoice_ids: "Iterable[int] | QuerySet[Invoice, int]") -> dict[int, str]:
    """Return each invoice's summarised latest wish by the invoice's database key, in one query.

    A query of keys is asked inside it, so that thousands of them need not travel.
    """
    latest: dict[int, tuple[str, list[str]]] = {}
    wanted = invoice_ids if isinstance(invoice_ids, QuerySet) else list(invoice_ids)
    rows = Delivery.objects.filter(invoice_id__in=wanted).order_by("-id")
    for invoice_id, wish, status in rows.values_list("invoice_id", "wish", "status"):
        newest_wish, statuses = latest.setdefault(invoice_id, (wish, []))
        if wish == newest_wish:
            statuses.append(status)
    return {invoice_id: summarise(statuses) for invoice_id, (_, statuses) in latest.items()}


def _refuse_unless_approved(*, invoice: Invoice) -> None:
    if invoice.status != InvoiceStatus.APPROVED:
        raise Refused("not_approved", f"{invoice.number}: invoice has not been approved. Approve it, then send it.")


def _refuse_second_wish(*, invoice: Invoice, now: datetime) -> None:
    rows = list(invoice.deliveries.order_by("-id"))
    if any(row.status in OPEN for row in rows):
        raise Refused("already_sending", f"{invoice.number} is on its way already. Wait for its outcome.")
    newest = [row for row in rows if row.wish == rows[0].wish]
    was_sent_again = len(newest) < len(rows)
    if was_sent_again and now - newest[0].created_at < DOUBLE_CLICK:
        recipients = recipients_of(addresses=invoice.managed_account.billing_email)
        if {row.recipient for row in newest} == set(recipients):
            raise Refused("just_sent", f"{invoice.number} was mailed again a moment ago.")


def _refuse_without_recipients(*, invoice: Invoice) -> None:
    if not recipients_of(addresses=invoice.managed_account.billing_email):
        raise Refused(
            "no_recipients",
            f"{invoice.number}: managed account has no billing e-mail address. Add one, then send again.",
        )


def _queue(*, actor: Actor, invoice: Invoice, wish: str, recipient: str, now: datetime) -> None:
    assert invoice.current_version is not None
    row = Delivery(
        invoice=invoice,
        wish=wish,
        recipient=recipient[:320],
        message_id=message_id(
            invoice_token=invoice.token,
            fingerprint=invoice.current_version.fingerprint,
            recipient=recipient,
            wish=wish,
            sender=settings.MAIL_FROM,
        ),
        next_attempt_at=now,
        requested_by=actor.user,
        created_at=now,
        updated_at=now,
    )
    try:
        read_address(text=recipient)
    except UnableToReadAddress as wrong:
        row.status = DeliveryStatus.FAILED
        row.next_attempt_at = None
        row.outcome_code = "invalid_address"
        row.outcome_message = f"{wrong}. Correct the account's billing e-mail, then press Email PDF."
    row.save()
    # Told only if it has an outcome already.
    tell_of_delivery(delivery=row, status=row.status, code=row.outcome_code, message=row.outcome_message, now=now)
