"""Mark drafts whose inputs changed, so that nobody approves old figures unknowingly."""

from collections.abc import Iterable

from django.db import transaction

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import Invoice, ManagedAccount
from billow.records.billing.models.invoices import InvoiceStatus
from billow.terms.period import BillingPeriod
from billow.usecases.one_at_a_time import lock_management_account


def mark_stale(
    *,
    management_account: ManagementAccount,
    period: BillingPeriod | None = None,
    accounts: Iterable[ManagedAccount] | None = None,
) -> int:
    """Mark the drafts of the month and accounts (None: of all) as stale; return how many.

    Call it in the transaction that makes the change. An invoice that is being generated at this moment is
    marked too: its worker may have read what was there before. A worker that begins later waits for this change.
    """
    drafts = Invoice.objects.visible_to(management_account).filter(
        status__in=[InvoiceStatus.AWAITING_APPROVAL, InvoiceStatus.GENERATING]
    )
    if period is not None:
        drafts = drafts.filter(period_start=period.start)
    if accounts is not None:
        drafts = drafts.filter(managed_account__in=[account.pk for account in accounts])
    with transaction.atomic():
        lock_management_account(management_account=management_account)
        # Locked in one order everywhere, so that two changes at once wait for each other instead of a deadlock.
        keys = [draft.pk for draft in drafts.select_for_update(of=("self",)).only("pk").order_by("pk")]
        return Invoice.objects.filter(pk__in=keys).update(is_stale=True)
