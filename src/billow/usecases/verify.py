"""Prove that what was issued is what is stored: numbers, chain, documents, lines, totals, cost imports."""

from django.db.models import Exists, OuterRef

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import Invoice, InvoiceSeries, InvoiceVersion
from billow.records.costs.models import CostImport
from billow.usecases.costs import cost_store, partition_of
from billow.usecases.management_account import CREDIT_NOTES
from billow.usecases.verification import Findings, Problem, Progress, Verification
from billow.usecases.verify_credit_notes import check_credit_notes
from billow.usecases.verify_invoices import check_one_invoice
from billow.usecases.verify_series import check_series

__all__ = ["Problem", "Verification", "verify"]


def verify(*, management_account: ManagementAccount | None = None, on_progress: Progress | None = None) -> Verification:
    """Check everything that one management account (None: the whole installation) issued; change nothing.

    Whoever can write to the database and to the files and knows this program could rebuild all of it;
    keep the last seal of each series elsewhere (``InvoiceSeries.chain_hash``) to notice even that.
    """
    findings = Findings(on_progress)
    owners = ManagementAccount.objects.order_by("pk")
    if management_account is not None:
        owners = owners.filter(pk=management_account.pk)
    for owner in owners:
        for series in InvoiceSeries.objects.filter(management_account=owner).order_by("pk"):
            if series.name == CREDIT_NOTES:
                check_credit_notes(series=series, findings=findings)
            else:
                check_series(series=series, findings=findings)
        _check_invoices(owner, findings)
        _check_imports(owner, findings)
    return findings.finish()


def _check_invoices(owner: ManagementAccount, findings: Findings) -> None:
    invoices = (
        Invoice.objects.visible_to(owner)
        .select_related("managed_account")
        .prefetch_related("documents", "transitions")
        .order_by("series", "sequence")
    )
    for invoice in invoices.iterator(chunk_size=200):
        check_one_invoice(invoice=invoice, findings=findings)


def _check_imports(owner: ManagementAccount, findings: Findings) -> None:
    """Check current imports, and the superseded ones that a version rests on, to the last byte and sum."""
    used = InvoiceVersion.objects.filter(cost_imports=OuterRef("pk"))
    imports = (
        CostImport.objects.filter(integration__management_account=owner)
        .select_related("integration")
        .prefetch_related("totals")
        .annotate(is_used=Exists(used))
        .order_by("pk")
    )
    store = cost_store()
    for cost_import in imports:
        is_current = cost_import.superseded_at is None
        if is_current or cost_import.is_used:
            findings.count("cost imports" if is_current else "superseded cost imports")
            name = f"Cost import {cost_import}" if is_current else f"Superseded cost import {cost_import}"
            for issue in store.verify(partition_of(cost_import)):
                findings.add(issue.code, issue.path or str(cost_import), f"{name}: {issue.message}")
