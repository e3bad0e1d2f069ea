"""Finish an invoice that is being generated, well or badly, in one short transaction that re-checks the claim."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from billow.invoicing.lifecycle import InvoiceStatus, InvoiceVerb
from billow.records.billing.models import Invoice, InvoiceLine, InvoiceVersion
from billow.records.costs.models import CostImport
from billow.usecases.actor import Actor, Source
from billow.usecases.change_invoice import change_status, lock_invoice
from billow.usecases.invoice_snapshot import Content, line_rows, version_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an invoice could not be generated: a stable code, and a message without secrets for a person."""

    code: str
    message: str


def write_version(
    *, invoice: Invoice, claim: str, content: Content, cost_imports: tuple[CostImport, ...], now: datetime
) -> bool:
    """Write the version and switch the invoice to it; return False, writing nothing, if the claim was lost.

    Killed at any point, it leaves nothing; repeated, it does nothing a second time.
    """
    with transaction.atomic():
        row = lock_invoice(invoice=invoice)
        if not _is_claimed(row, claim):
            return False
        newest = InvoiceVersion.objects.filter(invoice=row).aggregate(Max("version_number"))["version_number__max"] or 0
        version = version_row(invoice=row, version_number=newest + 1, content=content, now=now)
        version.save(force_insert=True)
        InvoiceLine.objects.bulk_create(line_rows(version=version, content=content))
        version.cost_imports.set(cost_imports)
        _finish(row, InvoiceVerb.COMPLETE, now, current_version=version)
    return True


def write_failure(*, invoice: Invoice, claim: str, failure: Failure, now: datetime) -> bool:
    """Let the invoice fail visibly; return False, writing nothing, if the claim was lost."""
    with transaction.atomic():
        row = lock_invoice(invoice=invoice)
        if not _is_claimed(row, claim):
            return False
        _finish(
            row,
            InvoiceVerb.FAIL,
            now,
            reason=f"{failure.code}: {failure.message}",
            failure_code=failure.code[:60],
            failure_message=failure.message,
        )
    return True


def _is_claimed(row: Invoice, claim: str) -> bool:
    """Tell whether the invoice still waits for this worker."""
    return row.status == InvoiceStatus.GENERATING and row.claimed_by == claim


def _finish(row: Invoice, verb: InvoiceVerb, now: datetime, *, reason: str = "", **changes: object) -> None:
    system = Actor(management_account=row.management_account, user=None, source=Source.JOB)
    change_status(
        invoice=row, verb=verb, actor=system, now=now, reason=reason, claimed_by="", claimed_until=None, **changes
    )
