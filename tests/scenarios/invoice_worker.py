"""A process of its own that asks for invoices or generates them, for tests that need several at once.

``python tests/scenarios/invoice_worker.py request SEED``, ``… generate NAME LIMIT CLOCK_AHEAD_S``, ``… approve SEED``.
"""

import random
import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

from billow.records.accounts.models import ManagementAccount  # noqa: E402
from billow.records.billing.models import Invoice, ManagedAccount  # noqa: E402
from billow.terms.period import BillingPeriod  # noqa: E402
from billow.usecases.actor import Actor, Source  # noqa: E402
from billow.usecases.approve_invoices import approve  # noqa: E402
from billow.usecases.generate_invoices import generate_due, request_generation  # noqa: E402

NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)


def operator() -> Actor:
    return Actor(management_account=ManagementAccount.objects.get(), user=None, source=Source.CLI)


def request(seed: int) -> None:
    """Ask for October of every customer, in an order of its own."""
    tokens = list(ManagedAccount.objects.order_by("pk").values_list("token", flat=True))
    random.Random(seed).shuffle(tokens)
    result = request_generation(actor=operator(), account_tokens=tokens, period=BillingPeriod(2026, 10), now=NOW)
    wrong = [item for item in result.items if not item.done and item.code != "invoice_exists"]
    print(sum(item.done for item in result.items), flush=True)
    assert not wrong, wrong


def generate(name: str, limit: int, ahead_s: int) -> None:
    """Generate until nothing is due, with a clock that is ahead by so many seconds."""
    ahead = timedelta(seconds=ahead_s)
    done = 0
    while batch := generate_due(worker=name, now=lambda: datetime.now(UTC) + ahead, limit=limit):
        done += batch
    print(done, flush=True)


def approve_all(seed: int) -> None:
    """Approve every invoice, in an order of its own."""
    tokens = list(Invoice.objects.order_by("pk").values_list("token", flat=True))
    random.Random(seed).shuffle(tokens)
    result = approve(actor=operator(), invoice_tokens=tokens, now=NOW)
    wrong = [item for item in result.items if not item.done and item.code != "wrong_state"]
    print(sum(item.done for item in result.items), flush=True)
    assert not wrong, wrong


if __name__ == "__main__":
    if sys.argv[1] == "request":
        request(int(sys.argv[2]))
    elif sys.argv[1] == "approve":
        approve_all(int(sys.argv[2]))
    else:
        generate(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
