"""Write events down for the webhooks, in the transaction of what happened: an event is neither lost nor invented."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billow.invoicing.lifecycle import InvoiceStatus, InvoiceVerb
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import CreditNote, Delivery, Invoice
from billow.records.billing.models.deliveries import DeliveryStatus
from billow.records.webhooks.models import CallStatus, EventType, WebhookCall, WebhookEndpoint, WebhookEvent
from billow.terms.money import from_minor
from billow.usecases import bell

OFF = "endpoint_off"
OFF_MESSAGE = "The webhook was switched off. Switch it on, then replay what failed."

PUBLIC_STATUS = {
    InvoiceStatus.GENERATING: "generating_invoice",
    InvoiceStatus.AWAITING_APPROVAL: "awaiting_approval",
    InvoiceStatus.FAILED: "generation_failed",
    InvoiceStatus.APPROVED: "approved_and_sent",
    InvoiceStatus.CANCELLED: "cancelled",
}
"""What the status of an invoice is called outside."""

_OF_VERB = {
    InvoiceVerb.COMPLETE: EventType.INVOICE_GENERATED,
    InvoiceVerb.FAIL: EventType.INVOICE_GENERATION_FAILED,
    InvoiceVerb.APPROVE: EventType.INVOICE_APPROVED,
    InvoiceVerb.CANCEL: EventType.INVOICE_CANCELLED,
}

_OF_DELIVERY = {
    DeliveryStatus.ACCEPTED: EventType.DELIVERY_ACCEPTED,
    DeliveryStatus.DEFERRED: EventType.DELIVERY_DEFERRED,
    DeliveryStatus.FAILED: EventType.DELIVERY_FAILED,
    DeliveryStatus.BOUNCED: EventType.DELIVERY_BOUNCED,
}


def tell_of_invoice(*, invoice: Invoice, verb: InvoiceVerb, now: datetime) -> None:
    """Write down what a change of its status means to the outside, if anything; in the caller's transaction."""
    if verb not in _OF_VERB:
        return

    def data() -> Mapping[str, Any]:
        related = ("management_account", "managed_account", "current_version")
        deferred = ("current_version__snapshot", "current_version__bank_details")
        return {"invoice": _invoice(Invoice.objects.select_related(*related).defer(*deferred).get(pk=invoice.pk))}

    _tell(
        management_account=invoice.management_account,
        event_type=_OF_VERB[verb],
        object_token=invoice.token,
        data=data,
        now=now,
    )


def tell_of_credit_note(*, note: CreditNote, now: datetime) -> None:
    """Write down that an invoice was credited; in the caller's transaction."""

    def data() -> Mapping[str, Any]:
        return {
            "credit_note": {
                "token": note.token,
                "credit_note_number": note.number,
                "invoice_token": note.preceding_invoice.token,
                "invoice_number": note.preceding_invoice.number,
                "total": _money(from_minor(note.total_minor, currency=note.currency)),
                "currency": note.currency,
                "completes": note.completes,
                "reason": note.reason,
                "issue_date": note.issue_date.isoformat(),
            },
            "invoice": _invoice(note.preceding_invoice),
        }

    _tell(
        management_account=note.management_account,
        event_type=EventType.CREDIT_NOTE_ISSUED,
        object_token=note.token,
        data=data,
        now=now,
    )


def tell_of_delivery(*, delivery: Delivery, status: str, code: str, message: str, now: datetime) -> None:
    """Write down what became of a mail; in the caller's transaction."""
    if status not in _OF_DELIVERY:
        return

    def data() -> Mapping[str, Any]:
        return {
            "delivery": {
                "token": delivery.token,
                "recipient": delivery.recipient,
                "status": str(status),
                "outcome_code": code,
                "outcome_message": message,
                "attempts": delivery.attempts,
            },
            "invoice": _invoice(delivery.invoice),
        }

    _tell(
        management_account=delivery.invoice.management_account,
        event_type=_OF_DELIVERY[DeliveryStatus(status)],
        object_token=delivery.token,
        data=data,
        now=now,
    )


def queue_test(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookEvent:
    """Write down an event that tells nothing, for this endpoint alone."""
    event = _event(
        management_account=endpoint.management_account,
        event_type=EventType.TEST,
        object_token=endpoint.token,
        data={"webhook": {"token": endpoint.token, "description": endpoint.description}},
        now=now,
    )
    _queue(event=event, endpoints=[endpoint], now=now)
    return event


def _tell(
    *,
    management_account: ManagementAccount,
    event_type: EventType,
    object_token: str,
    data: Callable[[], Mapping[str, Any]],
    now: datetime,
) -> None:
    endpoints = WebhookEndpoint.objects.visible_to(management_account).order_by("pk")
    interested = [each for each in endpoints if not each.event_types or event_type in each.event_types]
    if not interested:
        return
    event = _event(
        management_account=management_account,
        event_type=event_type,
        object_token=object_token,
        data=data(),
        now=now,
    )
    _queue(event=event, endpoints=interested, now=now)


def _event(
    *,
    management_account: ManagementAccount,
    event_type: EventType,
    object_token: str,
    data: Mapping[str, Any],
    now: datetime,
) -> WebhookEvent:
    content = {"type": event_type.value, "timestamp": _time(now), "data": data}
    return WebhookEvent.objects.create(
        management_account=management_account,
        type=event_type,
        object_token=object_token,
        payload=json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
    )


def _queue(*, event: WebhookEvent, endpoints: Sequence[WebhookEndpoint], now: datetime) -> None:
    """Add a call per endpoint; one that is off gets it as a failed one, which can be replayed later."""
    WebhookCall.objects.bulk_create(
        WebhookCall(
            endpoint=endpoint,
            event=event,
            status=CallStatus.QUEUED if endpoint.active else CallStatus.FAILED,
            next_attempt_at=now if endpoint.active else None,
            outcome_code="" if endpoint.active else OFF,
            outcome_message="" if endpoint.active else OFF_MESSAGE,
            created_at=now,
            updated_at=now,
        )
        for endpoint in endpoints
    )
    if any(endpoint.active for endpoint in endpoints):
        bell.ring(work=bell.Work.CALL, token=event.token)


def _invoice(invoice: Invoice) -> dict[str, Any]:
    """Return the invoice as the REST interface shows it."""
    status = InvoiceStatus(invoice.status)
    shows_total = invoice.current_version is not None and status not in {
        InvoiceStatus.GENERATING,
        InvoiceStatus.FAILED,
    }
    version = invoice.current_version if shows_total else None
    return {
        "token": invoice.token,
        "invoice_number": invoice.number,
        "status": PUBLIC_STATUS[status],
        "total": _money(from_minor(version.total_minor, currency=version.currency)) if version else None,
        "currency": version.currency if version else invoice.managed_account.currency,
        "billing_period_start": invoice.period.start.isoformat(),
        "billing_period_end": invoice.period.last_day.isoformat(),
        "failure_code": invoice.failure_code or None,
        "failure_message": invoice.failure_message or None,
        "account_token": invoice.managed_account.token,
        "account_name": invoice.managed_account.name,
        "msp_account_token": invoice.management_account.token,
        "created_at": _time(invoice.created_at),
        "updated_at": _time(invoice.updated_at),
    }


def _money(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text if "." in text else f"{text}.0"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
