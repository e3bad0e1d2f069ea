"""Find everything that is due, whether or not a bell rang for it, and do it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django_tasks_db.models import DBTaskResult

from billow.usecases.call_webhooks import call_due
from billow.usecases.deliver import deliver_due
from billow.usecases.export_costs import export_due
from billow.usecases.generate_due import generate_due
from billow.usecases.mail_links import mail_links_due

INVOICES_AT_ONCE = 50
MAILS_AT_ONCE = 20
CALLS_AT_ONCE = 20
EXPORTS_AT_ONCE = 5
BELLS_KEPT = timedelta(days=7)


def generate_all(*, worker: str, carry_on: Callable[[], bool] = lambda: True) -> int:
    """Generate until nothing is due or somebody asks to stop; return how many invoices were finished."""
    finished = 0
    while carry_on() and (batch := generate_due(worker=worker, now=clock, limit=INVOICES_AT_ONCE)):
        finished += batch
    return finished


def deliver_all(*, worker: str, carry_on: Callable[[], bool] = lambda: True) -> int:
    """Deliver until nothing is due or somebody asks to stop; return how many mails were handled.

    Links that people wait for go before invoices.
    """
    handled = mail_links_due(now=clock, limit=MAILS_AT_ONCE, carry_on=carry_on)
    while carry_on() and (batch := deliver_due(worker=worker, now=clock, limit=MAILS_AT_ONCE, carry_on=carry_on)):
        handled += batch
    return handled


def call_all(*, worker: str, carry_on: Callable[[], bool] = lambda: True) -> int:
    """Call webhooks until nothing is due or somebody asks to stop; return how many calls were made."""
    made = 0
    while carry_on() and (batch := call_due(worker=worker, now=clock, limit=CALLS_AT_ONCE, carry_on=carry_on)):
        made += batch
    return made


def export_all(*, worker: str, carry_on: Callable[[], bool] = lambda: True) -> int:
    """Write exports of costs until none waits or somebody asks to stop; return how many were finished."""
    written = 0
    while carry_on() and (batch := export_due(worker=worker, now=clock, limit=EXPORTS_AT_ONCE, carry_on=carry_on)):
        written += batch
    return written


def prune_bells(*, now: datetime) -> int:
    """Remove the queue's old rows, answered or left behind by a dead worker; return how many."""
    old = now - BELLS_KEPT
    removed, _ = DBTaskResult.objects.filter(Q(finished_at__lt=old) | Q(started_at__lt=old)).delete()
    return removed


def clock() -> datetime:
    """Read the clock: this door's one place to do so."""
    return datetime.now(UTC)
