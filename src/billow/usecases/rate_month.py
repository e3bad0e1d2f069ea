"""Rate a month outside of invoices: what a report or a preview needs, as an invoice would start from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from billow.allocation.delegation import Delegation
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import UnableToQuery
from billow.coststore.store import CostStore
from billow.invoicing.invoice import ExchangeRate
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedMonth
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule
from billow.usecases.agreements import delegations_of
from billow.usecases.billed_accounts import delegations_as_billed
from billow.usecases.costs import cost_store, partitions_of, provider_keys_of
from billow.usecases.invoice_parties import exchange_rates_of, profile_of
from billow.usecases.price_list import prices_for
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthInputs:
    """All that rating needs but the agreements; accounts without a billing profile start from the billed cost."""

    period: BillingPeriod
    partitions: tuple[Partition, ...]
    delegations: tuple[Delegation, ...]
    by_basis: Mapping[CostBasis, tuple[ManagedAccount, ...]]
    rounding_rules: Mapping[str, RoundingRule]
    exchange_rates: tuple[ExchangeRate, ...]
    provider_keys: Mapping[str, str]


class RememberingStore:
    """The cost store, for questions that may be asked twice: the same question is answered once."""

    def __init__(self, *, store: CostStore) -> None:
        self._store = store
        self._answers: dict[CostQuery, pa.Table] = {}

    def query(self, query: CostQuery, *, partitions: Sequence[Partition]) -> pa.Table:
        """Answer the query; the partitions are the same in every call."""
        if query not in self._answers:
            self._answers[query] = self._store.query(query, partitions=partitions)
        return self._answers[query]


def month_inputs(
    *, management_account: ManagementAccount, accounts: Sequence[ManagedAccount], period: BillingPeriod
) -> MonthInputs:
    """Return what a month of the accounts is rated from; raise Refused if the cost store is damaged."""
    profiles = tuple(BillingProfile.objects.visible_to(management_account)[:2])
    by_basis: dict[CostBasis, list[ManagedAccount]] = {CostBasis.BILLED_COST: []}
    rounding_rules = {}
    for account in accounts:
        profile = profile_of(account=account, profiles=profiles)
        by_basis.setdefault(CostBasis(profile.cost_basis) if profile else CostBasis.BILLED_COST, []).append(account)
        rounding_rules[account.token] = RoundingRule(profile.rounding_rule) if profile else RoundingRule.EXACT_TOTAL
    partitions = partitions_of(management_account=management_account, period=period)
    given = delegations_of(management_account, period)
    try:
        delegations = delegations_as_billed(delegations=given, partitions=partitions)
    except UnableToQuery as unable:
        raise Refused("unable_to_rate", str(unable)) from unable
    return MonthInputs(
        period=period,
        partitions=partitions,
        delegations=delegations,
        by_basis={basis: tuple(concerned) for basis, concerned in by_basis.items()},
        rounding_rules=rounding_rules,
        exchange_rates=exchange_rates_of(management_account_id=management_account.pk, period=period),
        provider_keys=provider_keys_of(management_account=management_account),
    )


def rate_month(
    *,
    inputs: MonthInputs,
    agreements: Mapping[str, Agreement],
    with_unallocated: bool,
    store: RememberingStore | None = None,
) -> list[RatedMonth]:
    """Return the rated month, once for each cost metric in use; only the first, the billed cost's, has unallocated.

    Raises Refused if the month cannot be rated.
    """
    prices = prices_for(rules=(rule for agreement in agreements.values() for rule in agreement.rules))
    try:
        return [
            rate(
                store=store or cost_store(),
                partitions=inputs.partitions,
                period=inputs.period,
                agreements=[agreements[account.token] for account in concerned],
                delegations=inputs.delegations,
                basis=basis,
                with_unallocated=with_unallocated and basis is CostBasis.BILLED_COST,
                provider_keys=inputs.provider_keys,
                prices=prices.prices if prices else None,
            )
            for basis, concerned in inputs.by_basis.items()
            if concerned or with_unallocated
        ]
    except (UnableToRate, UnableToQuery) as unable:
        raise Refused("unable_to_rate", str(unable)) from unable
