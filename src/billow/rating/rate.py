"""Cost to rated cost: the one function of this stage."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from billow.allocation.delegation import Delegation
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.rating.rated_costs import Agreement, RatedMonth
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod


class UnableToRate(Exception):
    """The month cannot be rated; the message says why and what to do."""


class CostSource(Protocol):
    """Whatever answers cost queries: the cost store, or a stand-in of the tests."""

    def query(self, query: CostQuery, partitions: Sequence[Partition]) -> pa.Table:
        """Answer the query over the partitions."""


def rate(
    *,
    store: CostSource,
    partitions: Sequence[Partition],
    period: BillingPeriod,
    agreements: Sequence[Agreement],
    delegations: Sequence[Delegation],
    basis: CostBasis = CostBasis.BILLED_COST,
    with_unallocated: bool = True,
) -> RatedMonth:
    """Rate one month for the given managed accounts, all in one grouped query.

    ``delegations`` are all of the management account, also those to accounts that are not rated now: the
    narrowest wins over all. ``partitions`` are the live cost imports of the period, one per
    integration. Every agreement gets a RatedCosts, without lines if it has no cost. Without
    ``with_unallocated`` only the rated accounts' own charges are read, which is quicker for a single account.
    """
    raise NotImplementedError
