"""The lock that makes changes of what invoices rest on follow one another.

Everything that changes an invoice's inputs takes it before any other lock and keeps it to the end of its transaction,
so that no two changes wait for each other in a circle.
"""

from django.db import transaction

from billow.records.accounts.models import ManagementAccount


def lock_management_account(*, management_account: ManagementAccount) -> ManagementAccount:
    """Lock the management account, in the caller's transaction, and return it as it is now.

    Rows that only refer to it (invoices, audit entries) can be added meanwhile: those who add them hold locks that
    the caller may come to wait for.
    """
    return ManagementAccount.objects.select_for_update(no_key=True).get(pk=management_account.pk)


def await_changes(*, management_account: ManagementAccount) -> None:
    """Return when every change that began before is committed or undone; call it outside of any transaction."""
    with transaction.atomic():
        lock_management_account(management_account=management_account)
