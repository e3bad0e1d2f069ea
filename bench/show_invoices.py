"""Show the Invoices page of an installation with very many invoices; the floor is its own SQL, run bare.

Billow answers the page to somebody who is signed in, through every layer but the socket. The floor sends the same
statements with the same parameters over the same connection and fetches every row, and does nothing with them.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.measure import report

ACCOUNTS = 2_000
MONTHS = 50
FIRST_YEAR = 2021
TIMES = 7
NOW = datetime(2026, 11, 5, tzinfo=UTC)
Statement = tuple[str, Any]


def show(accounts: int, months: int) -> dict[str, Any]:
    """Return the seconds of the page and of its statements, the best of several each, by turns."""
    with tempfile.TemporaryDirectory(prefix="billow-bench-page-") as folder:
        for name in [name for name in os.environ if name.startswith(("BILLOW_", "DJANGO_"))]:
            del os.environ[name]
        os.environ |= {"BILLOW_DATA": folder, "DJANGO_SETTINGS_MODULE": "billow.settings"}
        (Path(folder) / "static").mkdir()  # whoever serves has collected its files there
        return _shown(accounts, months)


def _shown(accounts: int, months: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    user = _fill(accounts, months)
    client = Client()
    client.force_login(user)
    last = _months(months)[-1]
    found: dict[str, Any] = {"invoices": accounts * months, "accounts": accounts}
    for name, address in {
        "month": f"/invoices?period={last:%Y-%m}",
        "account": f"/invoices?period=all&account={user.management_account.managed_accounts.first().token}",
    }.items():
        page, floor = _by_turns(partial(_answered, client, address))
        found[name] = {"page": page, "floor": floor}
    return found


def _answered(client: Any, address: str) -> int:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return len(answer.content)


def _by_turns(work: Callable[[], int]) -> tuple[float, float]:
    """Return the best time of the page and of its bare statements."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    asked: list[Statement] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen), CaptureQueriesContext(connection):
        work()
    reads = [each for each in asked if each[0].lstrip().upper().startswith(("SELECT", "WITH"))]
    pages, floors = [], []
    for _ in range(TIMES):
        pages.append(_timed(work))
        floors.append(_timed(lambda: _fetched(reads)))
    return min(pages), min(floors)


def _fetched(statements: Sequence[Statement]) -> int:
    from django.db import connection

    number = 0
    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            number += len(cursor.fetchall())
    return number


def _timed(work: Callable[[], int]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _months(number: int) -> list[date]:
    return [date(FIRST_YEAR + at // 12, at % 12 + 1, 1) for at in range(number)]


def _fill(accounts: int, months: int) -> Any:
    """Add an owner, customers, and an invoice of each with a version in every month; return the owner."""
    from billow.records.accounts.models import ManagementAccount, User
    from billow.records.billing.models import Invoice, InvoiceVersion, ManagedAccount
    from billow.usecases.actor import Actor, Source
    from billow.usecases.management_account import invoice_series
    from billow.usecases.profiles import add_profile

    msp = ManagementAccount.objects.create(name="Bench", time_zone="UTC")
    user = User.objects.create_user(email="bench@billow.example", password=None, management_account=msp, name="Bench")
    add_profile(actor=Actor(management_account=msp, user=None, source=Source.CLI), fields={"nickname": "B"}, now=NOW)
    customers = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            management_account=msp,
            name=f"Customer {number:05}",
            contact_email=f"c{number}@billow.example",
            first_period_start=date(FIRST_YEAR, 1, 1),
        )
        for number in range(accounts)
    )
    series = invoice_series(management_account=msp)

    def wanted() -> Iterator[Invoice]:
        for at, month in enumerate(_months(months)):
            for place, customer in enumerate(customers):
                number = at * accounts + place + 1
                yield Invoice(
                    management_account=msp,
                    managed_account=customer,
                    period_start=month,
                    series=series,
                    sequence=number,
                    number=f"INV-{number:06}",
                    generation_requested_at=NOW,
                    created_at=NOW,
                    updated_at=NOW,
                )

    invoices = Invoice.objects.bulk_create(wanted(), batch_size=2_000)
    versions = InvoiceVersion.objects.bulk_create(
        (
            InvoiceVersion(
                invoice=invoice,
                version_number=1,
                snapshot="{}",
                fingerprint="0" * 64,
                software_version="bench",
                currency="USD",
                line_count=20,
                provider_cost=f"{1000 + place % 977}.123456",
                exact_subtotal=f"{1100 + place % 977}.123456",
                subtotal_minor=110012 + place,
                discounts_minor=0,
                charges_minor=0,
                credits_minor=0,
                total_minor=110012 + place,
                created_at=NOW,
            )
            for place, invoice in enumerate(invoices)
        ),
        batch_size=2_000,
    )
    for invoice, version in zip(invoices, versions, strict=True):
        invoice.current_version = version
        invoice.status = "awaiting_approval"
    Invoice.objects.bulk_update(invoices, ["current_version", "status"], batch_size=500)
    return user


def main() -> None:
    """Measure both by turns in one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--months", type=int, default=MONTHS)
    arguments = parser.parse_args()
    report(lambda: show(arguments.accounts, arguments.months))


if __name__ == "__main__":
    main()
