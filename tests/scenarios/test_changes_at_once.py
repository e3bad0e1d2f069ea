"""Somebody changes what invoices rest on while others work: nobody is in a deadlock, no draft is old unnoticed.

On SQLite one writer waits for the other from the beginning, so some of these meetings cannot happen there.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from billow.records.billing.models import ExchangeRate, Invoice
from billow.terms.period import BillingPeriod
from billow.usecases import approve_invoices, claim_invoices, rules
from billow.usecases import generate_due as generation
from billow.usecases.approve_invoices import approve
from billow.usecases.claim_invoices import LEASE
from billow.usecases.generate_due import generate_due
from billow.usecases.generate_invoices import request_generation
from billow.usecases.mark_stale import mark_stale
from billow.usecases.rules import change_rule
from tests.factories.agreements import assign, make_adjustment, make_rate
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import make_draft, make_generating
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db(transaction=True)

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)


@pytest.fixture
def two_writers() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")


@pytest.fixture
def people() -> People:
    people = make_people()
    make_profile(management_account=people.msp)
    return people


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[Callable[[float], bool]]:
    """Run the act in a thread with a connection of its own; give a way to wait for it; its failures are ours."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    def wait(seconds: float) -> bool:
        thread.join(seconds)
        return not thread.is_alive()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield wait
    finally:
        thread.join(30)
        assert failures == []


def test_an_approval_is_not_in_the_way_of_a_changed_rule(
    people: People, two_writers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_managed_account(management_account=people.msp)
    draft = make_draft(account=account, profile=people.msp.billing_profiles.get())
    rule = make_adjustment(management_account=people.msp, percentage="90")
    assign(account=account, rule=rule)
    approving, changing = threading.Event(), threading.Event()

    def meet(*, at: threading.Event, other: threading.Event) -> None:
        at.set()
        other.wait(10)

    seal, mark = approve_invoices._seal, rules._mark_drafts
    monkeypatch.setattr(approve_invoices, "_seal", lambda *given: (meet(at=approving, other=changing), seal(*given))[1])
    monkeypatch.setattr(rules, "_mark_drafts", lambda *given: (meet(at=changing, other=approving), mark(*given))[1])
    with meanwhile(lambda: approve(actor=people.alice.actor, invoice_tokens=[draft.token], now=NOW)):
        change_rule(actor=people.alice.actor, rule=rule, fields={"percentage": "80"}, now=NOW)
    assert Invoice.objects.get().status == "approved"


def test_a_draft_is_not_made_of_rates_that_change_at_that_moment(
    people: People, two_writers: None, tmp_path: Path
) -> None:
    account = make_managed_account(management_account=people.msp, currency="EUR")
    integration = make_integration(management_account=people.msp)
    delegate(account=account, integration=integration, sub_account_id="111")
    charges = [Charge(sub_account="111", cost="100")]
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=tmp_path)
    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.5", effective_date=date(2026, 10, 1))

    def generate() -> None:
        request_generation(actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOW)
        generate_due(worker="w", now=lambda: NOW)

    with transaction.atomic():
        ExchangeRate.objects.update(rate="0.9")
        mark_stale(management_account=people.msp, period=OCTOBER)
        # From here to the commit an invoice that is asked for is in nobody's list of drafts to mark.
        with_generation = meanwhile(generate)
        wait = with_generation.__enter__()
        wait(3)
    with_generation.__exit__(None, None, None)
    invoice = Invoice.objects.get()
    assert invoice.current_version is not None, invoice.failure_message
    assert invoice.is_stale or invoice.current_version.total_minor == 9000


def test_a_worker_that_rates_for_long_keeps_its_invoices(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a minute later, so the lease would end while the month is rated."""
    invoice = make_generating(account=make_managed_account(management_account=people.msp))
    minutes = count()
    monkeypatch.setattr(claim_invoices, "RENEW_EVERY_S", 0.05)
    finished: list[int] = []
    rate = generation._rate

    def rate_for_long(*given: Any) -> Any:
        started = Invoice.objects.get().claimed_until
        assert started is not None
        until = time.monotonic() + 20
        while Invoice.objects.get().claimed_until < started + 2 * LEASE and time.monotonic() < until:  # type: ignore[operator]
            time.sleep(0.05)
        finished.append(generate_due(worker="another", now=lambda: started + LEASE))
        return rate(*given)

    monkeypatch.setattr(generation, "_rate", rate_for_long)
    assert generate_due(worker="w", now=lambda: NOW + timedelta(minutes=next(minutes))) == 1
    assert finished == [0], "nothing was due for another worker when the first lease would have ended"
    invoice.refresh_from_db()
    assert (invoice.status, invoice.generation_attempts) == ("awaiting_approval", 1)
