"""Share the invoices that wait for generation among workers: a claim is a conditional update with a lease."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet

from billow.records.billing.models import Invoice
from billow.records.billing.models.invoices import InvoiceStatus

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RENEW_EVERY_S = LEASE.total_seconds() / 4
MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Invoices of one management account and month that one worker took, until its lease ends.

    ``given_up`` are those that began ``MOST_ATTEMPTS`` times already and never ended.
    """

    token: str
    until: datetime
    invoices: tuple[Invoice, ...]
    given_up: bool


def claim_due(*, worker: str, at: datetime, limit: int, only: Sequence[str] | None = None) -> Claim | None:
    """Take up to ``limit`` invoices that nobody works on, all of one management account and month; None if none waits.

    Invoices whose worker died come in smaller and smaller batches, so that the one that kills its worker is
    found and does not hold up the others.
    """
    if not _due(at, only).exists():
        return None
    token = f"{worker[:60]}#{secrets.token_hex(6)}"
    with transaction.atomic():
        locked = _due(at, only).select_for_update(skip_locked=True, of=("self",))
        first = locked.order_by("generation_attempts", "generation_requested_at", "pk").first()
        if first is None:
            return None
        alike = locked.filter(
            management_account=first.management_account_id,
            period_start=first.period_start,
            generation_attempts=first.generation_attempts,
        ).order_by("sequence")
        taken = list(alike[: max(1, limit >> (2 * first.generation_attempts))])
        keys = [invoice.pk for invoice in taken]
        Invoice.objects.filter(pk__in=keys).update(
            claimed_by=token,
            claimed_until=at + LEASE,
            generation_attempts=F("generation_attempts") + 1,
            # Whoever changes an input from here on marks it again.
            is_stale=False,
        )
    related = ("management_account", "managed_account__management_account", "managed_account__billing_profile")
    invoices = Invoice.objects.filter(pk__in=keys).select_related(*related).order_by("sequence")
    return Claim(
        token=token,
        until=at + LEASE,
        invoices=tuple(invoices),
        given_up=first.generation_attempts >= MOST_ATTEMPTS,
    )


@contextmanager
def kept(*, claim: Claim, now: Callable[[], datetime]) -> Iterator[None]:
    """Renew the claim while its holder is busy with one long step, however long that takes; a dead one renews nothing.

    Without this, rating that outlasts the lease is begun by one worker after the other and finished by none.
    """
    done = threading.Event()
    renewing = threading.Thread(target=_renew_until, args=(claim, now, done), name="billow-lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()


def _renew_until(claim: Claim, now: Callable[[], datetime], done: threading.Event) -> None:
    try:
        while not done.wait(RENEW_EVERY_S):
            try:
                renew(claim=claim, at=now())
            except DatabaseError as away:
                _log.warning("a claim could not be renewed: %s", away)
                connection.close()
    finally:
        connection.close()


def renew(*, claim: Claim, at: datetime) -> None:
    """Move the end of the lease for what is still claimed."""
    Invoice.objects.filter(claimed_by=claim.token, status=InvoiceStatus.GENERATING).update(claimed_until=at + LEASE)


def _due(at: datetime, only: Sequence[str] | None) -> "QuerySet[Invoice]":
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    due = Invoice.objects.filter(free, status=InvoiceStatus.GENERATING)
    return due if only is None else due.filter(token__in=only)
