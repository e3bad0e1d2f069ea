"""Costs that nobody owns: where they were billed, so that they can be given to somebody."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from billow.allocation.assign import UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import UnableToQuery
from billow.records.accounts.models import Permission
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.agreements import delegations_of
from billow.usecases.billed_accounts import delegations_as_billed
from billow.usecases.costs import cost_store, partitions_of
from billow.usecases.refused import Refused

_GROUPS = ("BillingAccountId", "SubAccountId", "BillingCurrency")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnallocatedPlace:
    """A place whose charges belong to nobody; empty identifiers are those the bill leaves out.

    ``costs`` are exact sums of the billed cost by currency.
    """

    integration_token: str
    billing_account_id: str
    sub_account_id: str
    name: str
    costs: Mapping[str, Decimal]
    charges: int


def unallocated_costs(*, actor: Actor, period: BillingPeriod) -> tuple[UnallocatedPlace, ...]:
    """Return the places of the month whose costs nobody owns, dearest first; those that cost nothing are left out.

    One question to the cost store, whose answer is remembered until an import or a delegation changes. Raise Refused
    where the store cannot be read.
    """
    actor.must(Permission.SEE_MANAGEMENT)
    partitions = partitions_of(management_account=actor.management_account, period=period)
    if not partitions:
        return ()
    given = delegations_of(actor.management_account, period)
    try:
        return _places(partitions, delegations_as_billed(delegations=given, partitions=partitions), period)
    except (UnableToQuery, UnableToAllocate) as unable:
        raise Refused("unable_to_rate", str(unable)) from unable


@lru_cache(maxsize=32)
def _places(
    partitions: tuple[Partition, ...], delegations: tuple[Delegation, ...], period: BillingPeriod
) -> tuple[UnallocatedPlace, ...]:
    owners = ownership(delegations=delegations, period=period)
    query = CostQuery(
        period=period,
        cost_column="BilledCost",
        group_by=_GROUPS,
        names=("SubAccountName",),
        cuts=owners.cuts(rule_cuts={}),
    )
    costs: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    charges: dict[tuple[str, str, str], int] = defaultdict(int)
    names: dict[tuple[str, str, str], str] = {}
    for row in cost_store().query(query, partitions=partitions).to_pylist():
        integration, billing, sub = row["integration_token"], row["BillingAccountId"], row["SubAccountId"]
        owner = owners.owner_of(
            integration_token=integration, billing_account_id=billing, sub_account_id=sub, day=row["first_day"]
        )
        if owner is None:
            place = (integration, billing or "", sub or "")
            costs[place][row["BillingCurrency"]] += row["cost"]
            charges[place] += row["charges"]
            names[place] = row["SubAccountName"] or names.get(place, "")
    found = (
        UnallocatedPlace(
            integration_token=place[0],
            billing_account_id=place[1],
            sub_account_id=place[2],
            name=names[place],
            costs=dict(sorted(sums.items())),
            charges=charges[place],
        )
        for place, sums in costs.items()
        if any(sums.values())
    )
    return tuple(sorted(found, key=_dearest_first))


def _dearest_first(place: UnallocatedPlace) -> tuple[Decimal, str, str, str]:
    return (
        -max(abs(cost) for cost in place.costs.values()),
        place.integration_token,
        place.billing_account_id,
        place.sub_account_id,
    )
