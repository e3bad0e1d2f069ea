"""Find the invoice of the month before: what somebody looks at first when a total surprises."""

from django.db.models import Exists, OuterRef

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.billing.models import CreditNote, Invoice
from billow.usecases.actor import Actor


def month_before(*, actor: Actor, invoice: Invoice) -> Invoice | None:
    """Return the account's invoice of the month before: the approved one, else the draft.

    One that was wholly credited is none.
    """
    rows = Invoice.objects.visible_to(actor).filter(
        managed_account_id=invoice.managed_account_id,
        period_start=invoice.period.previous.start,
        status__in=(InvoiceStatus.APPROVED, InvoiceStatus.AWAITING_APPROVAL),
        current_version__isnull=False,
    )
    wholly = CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    rows = rows.exclude(Exists(wholly))
    # "approved" stands before "awaiting_approval".
    return rows.select_related("current_version").order_by("status", "-pk").first()
