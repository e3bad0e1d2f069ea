"""Do in this process what was asked for, and wait until it is done, with or without a worker elsewhere."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from billow.records.billing.models import Delivery, Invoice
from billow.records.billing.models.deliveries import DeliveryStatus
from billow.records.billing.models.invoices import InvoiceStatus
from billow.usecases.actor import Actor
from billow.usecases.deliver import deliver_due
from billow.usecases.generate_due import generate_due

_PAUSE_MS = 200
_PORTION = 25


def generate_now(
    *,
    actor: Actor,
    invoice_tokens: Sequence[str],
    clock: Callable[[], datetime],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Return when none of these invoices is being generated any more; another worker may help."""
    wanted = tuple(invoice_tokens)
    open_rows = Invoice.objects.visible_to(actor.management_account).filter(
        token__in=wanted, status=InvoiceStatus.GENERATING
    )
    while left := open_rows.count():
        on_progress(len(wanted) - left, len(wanted))
        if not generate_due(worker=_name(), now=clock, limit=_PORTION, only=wanted):
            time.sleep(_PAUSE_MS / 1000)
    on_progress(len(wanted), len(wanted))


def deliver_now(
    *,
    actor: Actor,
    invoice_tokens: Sequence[str],
    clock: Callable[[], datetime],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Return when each of these invoices' mails was tried once; what the server defers is tried again later."""
    rows = Delivery.objects.filter(
        invoice__management_account=actor.management_account, invoice__token__in=tuple(invoice_tokens)
    )
    untried = rows.filter(status__in=[DeliveryStatus.QUEUED, DeliveryStatus.SENDING])
    total = untried.count()
    while left := untried.count():
        on_progress(total - left, total)
        if not deliver_due(worker=_name(), now=clock, limit=_PORTION):
            time.sleep(_PAUSE_MS / 1000)
    on_progress(total, total)


def _name() -> str:
    return f"cli:{socket.gethostname()}:{os.getpid()}"
