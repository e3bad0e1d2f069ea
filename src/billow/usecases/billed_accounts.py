"""Which billing account a sub account is billed under, for people who name the sub account only.

A delegation of a sub account that no bill has named yet waits without a billing account, and gets it from the first
import that names the sub account.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import QuerySet

from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.records.billing.models import Delegation
from billow.records.costs.models import Integration
from billow.usecases.costs import cost_store, current_imports, partition_of


def billing_accounts_of(*, integration: Integration, sub_accounts: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the billing accounts of each sub account by the newest import that names it.

    A sub account that no import names comes under the only billing account there is, if there is one only.
    """
    found: dict[str, tuple[str, ...]] = {}
    everywhere: set[str] = set()
    imports = current_imports(management_account=integration.management_account).filter(integration=integration)
    for cost_import in imports:
        billed = billed_under(partition=partition_of(cost_import))
        everywhere.update(place for places in billed.values() for place in places)
        for sub_account in sub_accounts:
            if sub_account in billed:
                found.setdefault(sub_account, billed[sub_account])
        if len(found) == len(sub_accounts):
            return found
    if len(everywhere) == 1:
        return {sub_account: found.get(sub_account, tuple(everywhere)) for sub_account in sub_accounts}
    return found


def billed_under(*, partition: Partition) -> Mapping[str, tuple[str, ...]]:
    """Return the billing accounts of each sub account in the partition ("" for charges without sub account)."""
    query = CostQuery(
        period=partition.billing_period, cost_column="BilledCost", group_by=("BillingAccountId", "SubAccountId")
    )
    table = cost_store().query(query, partitions=[partition])
    places: dict[str, set[str]] = defaultdict(set)
    for billing_account, sub_account in zip(
        table["BillingAccountId"].to_pylist(), table["SubAccountId"].to_pylist(), strict=True
    ):
        places[sub_account or ""].add(billing_account or "")
    return {sub_account: tuple(sorted(found)) for sub_account, found in places.items()}


def waiting_delegations(*, integration: Integration) -> "QuerySet[Delegation]":
    """Return the delegations of sub accounts that no bill has named yet."""
    return Delegation.objects.filter(integration=integration, billing_account_id="").exclude(sub_account_id="")


def settle_waiting(*, integration: Integration, partitions: Sequence[Partition]) -> Mapping[str, tuple[str, ...]]:
    """Return the billing accounts that these partitions name for sub accounts that wait for theirs."""
    waiting = set(waiting_delegations(integration=integration).values_list("sub_account_id", flat=True))
    found: dict[str, tuple[str, ...]] = {}
    for partition in partitions if waiting else ():
        billed = billed_under(partition=partition)
        for sub_account in waiting & set(billed):
            found[sub_account] = tuple(sorted({*found.get(sub_account, ()), *billed[sub_account]}))
    return found


def give_billing_accounts(*, integration: Integration, places: Mapping[str, tuple[str, ...]]) -> int:
    """Give waiting delegations their billing accounts, in the caller's transaction; return how many were settled."""
    settled = 0
    for row in waiting_delegations(integration=integration).filter(sub_account_id__in=places):
        for billing_account in places[row.sub_account_id]:
            Delegation.objects.get_or_create(
                integration=integration,
                billing_account_id=billing_account,
                sub_account_id=row.sub_account_id,
                start_date=row.start_date,
                defaults={
                    "management_account": row.management_account,
                    "managed_account": row.managed_account,
                    "end_date": row.end_date,
                    "connected_by_customer": row.connected_by_customer,
                },
            )
        row.delete()
        settled += 1
    return settled
