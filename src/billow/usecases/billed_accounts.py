"""Which billing accounts a month's bills name for the sub accounts that people give without one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from billow.allocation.delegation import Delegation, under_billing_accounts
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.usecases.costs import cost_store


def delegations_as_billed(
    *, delegations: Sequence[Delegation], partitions: Sequence[Partition]
) -> tuple[Delegation, ...]:
    """Return the delegations with their billing accounts in the month of the partitions.

    Only the bills of integrations of which a sub account is given alone are asked. Raises UnableToQuery.
    """
    alone = {each.integration_token for each in delegations if each.sub_account_id and not each.billing_account_id}
    billed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for partition in partitions:
        if partition.integration_token in alone:
            for sub_account, billing_accounts in billed_under(partition).items():
                billed[partition.integration_token, sub_account].update(billing_accounts)
    return under_billing_accounts(delegations=delegations, billed=billed)


@lru_cache(maxsize=64)
def billed_under(partition: Partition) -> Mapping[str, frozenset[str]]:
    """Return the billing accounts of each sub account of the partition, which never changes."""
    query = CostQuery(
        period=partition.billing_period, cost_column="BilledCost", group_by=("BillingAccountId", "SubAccountId")
    )
    table = cost_store().query(query, partitions=[partition])
    places: dict[str, set[str]] = defaultdict(set)
    for billing_account, sub_account in zip(
        table["BillingAccountId"].to_pylist(), table["SubAccountId"].to_pylist(), strict=True
    ):
        if billing_account and sub_account:
            places[sub_account].add(billing_account)
    return {sub_account: frozenset(found) for sub_account, found in places.items()}
