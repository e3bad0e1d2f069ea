"""Mark drafts whose inputs changed, so that nobody approves old figures unknowingly."""

from collections.abc import Iterable

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import ManagedAccount
from billow.terms.period import BillingPeriod


def mark_stale(
    *,
    management_account: ManagementAccount,
    period: BillingPeriod | None = None,
    accounts: Iterable[ManagedAccount] | None = None,
) -> int:
    """Mark the drafts of the month and accounts (None: of all) as stale; return how many.

    Call it in the transaction that makes the change.
    """
    raise NotImplementedError
