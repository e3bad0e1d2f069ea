"""The MSP's own monthly exchange rates."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billow.records.billing.models import ExchangeRate, ManagedAccount
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.csv_rows import CsvRow, read_csv_rows, refuse_rows, with_row
from billow.usecases.field_checks import Findings
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

COLUMNS = ("base_currency_code", "currency_code", "rate", "date")
MOST_ROWS = 10_000

_Key = tuple[str, str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesImported:
    """How many rates the file brought, by what became of them."""

    created: int
    changed: int
    unchanged: int


def list_rates(*, actor: Actor, period: BillingPeriod | None = None) -> tuple[ExchangeRate, ...]:
    """Return the rates, newest day first."""
    rates = ExchangeRate.objects.visible_to(actor)
    if period is not None:
        rates = rates.filter(effective_date__gte=period.start, effective_date__lt=period.end)
    return tuple(rates.order_by("-effective_date", "base_currency", "currency"))


def page_of_rates(*, actor: Actor, wanted: PageWanted) -> Page[ExchangeRate]:
    """Return one page of the rates, newest day first."""
    _refuse_customers(actor)
    rates = ExchangeRate.objects.visible_to(actor)
    return page_of(rates.order_by("-effective_date", "base_currency", "currency"), wanted=wanted)


def import_rates(*, actor: Actor, data: bytes, now: datetime) -> RatesImported:
    """Store every rate of a CSV file, or none; the same pair and day overwrites.

    Drafts of the months and currencies that changed become stale.
    """
    _refuse_customers(actor)
    actor.must_write_invoices()
    wanted = _read(data)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        result, targets = _store(actor, wanted)
        for month, currencies in sorted(targets.items()):
            payers = ManagedAccount.objects.visible_to(actor.management_account).filter(currency__in=currencies)
            mark_stale(management_account=actor.management_account, period=month, accounts=payers)
        record(
            actor=actor,
            action="rates_imported",
            object_type="ExchangeRate",
            changes={"created": result.created, "changed": result.changed, "unchanged": result.unchanged},
            now=now,
        )
    return result


def _refuse_customers(actor: Actor) -> None:
    if actor.is_customer:
        raise Refused("not_available", "This feature is not available for this account.")


def _store(actor: Actor, wanted: dict[_Key, Decimal]) -> tuple[RatesImported, dict[BillingPeriod, set[str]]]:
    """Write what is new or different; return the currencies whose rates changed, by month."""
    stored = {
        (rate.base_currency, rate.currency, rate.effective_date): rate
        for rate in ExchangeRate.objects.visible_to(actor.management_account)
    }
    new = [
        ExchangeRate(
            management_account=actor.management_account,
            base_currency=key[0],
            currency=key[1],
            effective_date=key[2],
            rate=f"{rate:f}",
        )
        for key, rate in wanted.items()
        if key not in stored
    ]
    changed = [key for key, rate in wanted.items() if key in stored and stored[key].rate != rate]
    ExchangeRate.objects.bulk_create(new, batch_size=500)
    for key in changed:
        stored[key].rate = wanted[key]
        stored[key].save(update_fields=["rate", "updated_at"])
    targets: dict[BillingPeriod, set[str]] = defaultdict(set)
    for _, currency, day in wanted.keys() - (stored.keys() - set(changed)):
        targets[BillingPeriod.of(day)].add(currency)
    unchanged = len(wanted) - len(new) - len(changed)
    return RatesImported(created=len(new), changed=len(changed), unchanged=unchanged), targets


def _read(data: bytes) -> dict[_Key, Decimal]:
    rows = read_csv_rows(data=data, columns=COLUMNS, required=COLUMNS, most_rows=MOST_ROWS)
    issues: list[Issue] = []
    wanted: dict[_Key, Decimal] = {}
    for row in rows:
        findings = Findings(row=row.number)
        key, rate = _read_row(findings, row)
        if not findings.failed and rate is not None:
            if wanted.get(key, rate) != rate:
                pair = f"{key[0]} to {key[1]} of {key[2]}"
                findings.error("contradiction", "rate", f"the rate {pair} stands twice in the file, differently")
            wanted[key] = rate
        issues += with_row(number=row.number, issues=findings.issues)
    refuse_rows(issues=issues)
    return wanted


def _read_row(findings: Findings, row: CsvRow) -> tuple[_Key, Decimal | None]:
    base = findings.read_currency(row.cells["base_currency_code"], column="base_currency_code")
    currency = findings.read_currency(row.cells["currency_code"], column="currency_code")
    if base and base == currency:
        findings.error("same_currency", "currency_code", f"{base} to {base} needs no rate", currency)
    rate = findings.read_decimal(row.cells["rate"], column="rate", decimals=10)
    if rate is not None and rate <= 0:
        findings.error("rate_not_positive", "rate", "Rate must be greater than zero", row.cells["rate"])
    day = findings.read_date(row.cells["date"], column="date")
    if day is None and not row.cells["date"]:
        findings.error("blank", "date", "Date can't be blank")
    return (base, currency, day or date.min), rate
