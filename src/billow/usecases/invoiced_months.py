"""Which invoice of a month counts: the one that is neither cancelled nor wholly credited."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import CreditNote, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedMonth:
    """The invoice that counts, or without one the wholly credited invoice that a new one would replace."""

    live: Invoice | None
    credited: Invoice | None


def month_of(*, account: ManagedAccount, period: BillingPeriod) -> InvoicedMonth:
    """Return what there is of an account's month."""
    rows = list(_uncancelled(account.management_account).filter(managed_account=account, period_start=period.start))
    credited = set(
        CreditNote.objects.filter(preceding_invoice__in=rows, completes=True).values_list(
            "preceding_invoice", flat=True
        )
    )
    live = next((row for row in rows if row.pk not in credited), None)
    replaced = {row.replaces_id for row in rows}
    ends = [row for row in rows if row.pk not in replaced]
    return InvoicedMonth(live=live, credited=ends[0] if live is None and ends else None)


def live_invoices(*, management_account: ManagementAccount, periods: Iterable[BillingPeriod]) -> "QuerySet[Invoice]":
    """Return the invoices that count in these months."""
    credited = CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    months = [period.start for period in periods]
    return _uncancelled(management_account).filter(~Exists(credited), period_start__in=months)


def _uncancelled(management_account: ManagementAccount) -> "QuerySet[Invoice]":
    invoices = Invoice.objects.visible_to(management_account)
    return invoices.exclude(status=InvoiceStatus.CANCELLED).order_by("pk")
