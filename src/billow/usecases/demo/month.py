"""The demo's story: set up the made-up MSP, take in its bills, and close month after month."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from django.conf import settings

from billow.records.accounts.models import ManagementAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor, Source
from billow.usecases.approve_invoices import approve
from billow.usecases.deliver import deliver_due
from billow.usecases.demo.bills import write_bills
from billow.usecases.demo.company import CUSTOMERS, MSP_NAME, OWNER_EMAIL, OWNER_PASSWORD
from billow.usecases.demo.report import DemoInvoice, DemoReport
from billow.usecases.demo.setting_up import add_agreements, add_customers, add_integrations, add_profiles, add_rates
from billow.usecases.generate_due import generate_due
from billow.usecases.generate_invoices import request_generation
from billow.usecases.import_costs import import_costs
from billow.usecases.initialise import initialise
from billow.usecases.read_invoices import InvoiceRow, list_invoices, preview
from billow.usecases.refused import Refused
from billow.usecases.report_costs import report_costs

MONTHS = 3
LEFT_TO_APPROVE = 2
_MARKER = "made-by-billow-demo"
_WORKER = "demo"


def close(*, data: Path, rows: int, now: datetime, on_step: Callable[[str], None]) -> DemoReport:
    """Make the installation anew and close its last three months; the newest keeps two drafts to look at."""
    if rows < MONTHS * 31 * len(CUSTOMERS):
        raise Refused(
            "too_few_rows", f"{rows} rows are too few for a month of {len(CUSTOMERS)} customers; ask for 5000"
        )
    _clear(data)
    periods = _closed_months(now)
    on_step(f"Setting up {MSP_NAME}")
    actor = _set_up(data, now)
    add_rates(actor=actor, periods=periods, now=now)
    profiles = add_profiles(actor=actor, now=now)
    accounts = add_customers(actor=actor, profiles=profiles, first=periods[0], now=now)
    integrations = add_integrations(actor=actor, accounts=accounts, now=now)
    add_agreements(actor=actor, accounts=accounts, first=periods[0], now=now)
    on_step(f"Writing about {rows:,} rows of made-up bills, {periods[0]} to {periods[-1]}")
    bills = write_bills(folder=data / "bills", periods=periods, customers=len(CUSTOMERS), rows=rows)
    for key, files in bills.items():
        on_step(f"Importing {len(files)} bills of {integrations[key].name}")
        _import(actor, integrations[key], files, now)
    for period in periods:
        on_step(f"Closing {period}: generate, approve, mail")
        _close_month(actor, period, now=min(now, _working_day_after(period)), all_of_it=period != periods[-1])
    return _report(actor, data, periods[-1], now)


def _clear(data: Path) -> None:
    """Remove what an earlier demo left; refuse to touch anything else."""
    if data.exists() and any(data.iterdir()) and not (data / _MARKER).exists():
        raise Refused("not_empty", f"{data} holds something that is not a demo; name another folder with --data")
    if not settings.DATABASE_URL.startswith("sqlite:"):
        raise Refused("not_sqlite", "The demo makes a database of its own; unset BILLOW_DATABASE_URL")
    for place in data.iterdir() if data.exists() else ():
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    data.mkdir(parents=True, exist_ok=True)
    (data / _MARKER).write_text("This folder was made by `billow demo` and is made anew by the next one.\n", "utf-8")


def _closed_months(now: datetime) -> list[BillingPeriod]:
    newest = BillingPeriod.of(now.date()).previous
    periods = [newest]
    while len(periods) < MONTHS:
        periods.insert(0, periods[0].previous)
    return periods


def _working_day_after(period: BillingPeriod) -> datetime:
    return datetime.combine(period.next.day(3), time(9, 30), tzinfo=UTC)


def _set_up(data: Path, now: datetime) -> Actor:
    initialise(data=data, owner_email=OWNER_EMAIL, owner_password=OWNER_PASSWORD, company_name=MSP_NAME, now=now)
    return Actor(management_account=ManagementAccount.objects.get(), user=None, source=Source.CLI)


def _import(actor: Actor, integration: Integration, files: list[Path], now: datetime) -> None:
    for file in files:
        import_costs(actor=actor, integration=integration, paths=[file], now=now)


def _close_month(actor: Actor, period: BillingPeriod, *, now: datetime, all_of_it: bool) -> None:
    request_generation(actor=actor, account_tokens=None, period=period, now=now)
    clock = _ticking(now)
    while generate_due(worker=_WORKER, now=clock):
        pass
    rows = list_invoices(actor=actor, now=now, period=period)
    drafts = [row.token for row in rows if row.status == "awaiting_approval"]
    approve(actor=actor, invoice_tokens=drafts if all_of_it else drafts[:-LEFT_TO_APPROVE], now=now)
    while deliver_due(worker=_WORKER, now=clock):
        pass


def _ticking(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at ``now`` and gains a second each time it is read."""
    seconds = iter(range(10**9))
    return lambda: now + timedelta(seconds=next(seconds))


def _report(actor: Actor, data: Path, period: BillingPeriod, now: datetime) -> DemoReport:
    rows = list_invoices(actor=actor, now=now, period=period)
    folder = data / "invoices" / str(period)
    folder.mkdir(parents=True)
    nobodys: dict[str, Decimal] = {}
    for cost in report_costs(actor=actor, period=period).unallocated:
        nobodys[cost.currency] = nobodys.get(cost.currency, Decimal(0)) + cost.cost
    return DemoReport(
        period=str(period),
        invoices=tuple(_invoice(actor, row, folder) for row in rows),
        unallocated=nobodys,
        documents=folder,
        outbox=settings.OUTBOX,
        mails=sum(1 for _ in settings.OUTBOX.glob("**/*.eml")),
        sign_in_email=OWNER_EMAIL,
        sign_in_password=OWNER_PASSWORD,
    )


def _invoice(actor: Actor, row: InvoiceRow, folder: Path) -> DemoInvoice:
    nothing = Decimal(0)
    return DemoInvoice(
        number=row.number,
        account=row.account_name,
        currency=row.currency,
        provider_cost=row.provider_cost or nothing,
        subtotal=row.subtotal or nothing,
        total=row.total or nothing,
        margin=row.margin or nothing,
        status=row.status,
        pdf=_copy(actor, row, "pdf", folder),
        csv=_copy(actor, row, "csv", folder),
    )


def _copy(actor: Actor, row: InvoiceRow, kind: str, folder: Path) -> Path:
    """Put a document where a person finds it by its name; the stored one is named by its hash."""
    file = preview(actor=actor, token=row.token, kind=kind)
    place = folder / file.name
    place.write_bytes(file.content)
    return place
