"""Cost to rated cost: the one function of this stage."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

import pyarrow as pa

from billow.allocation.assign import Ownership, UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.billingrules.program import RuleProgram, UnableToOrderRules, program_of
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.rating.columns import counts, decimals, sums_of_money, texts
from billow.rating.lines import AccountLines, GroupSums
from billow.rating.plan import plan
from billow.rating.rated_costs import Agreement, RatedCosts, RatedMonth
from billow.rating.unallocated import UnallocatedSums
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod


class UnableToRate(Exception):
    """The month cannot be rated; the message says why and what to do."""


class CostSource(Protocol):
    """Whatever answers cost queries: the cost store, or a stand-in of the tests."""

    def query(self, query: CostQuery, *, partitions: Sequence[Partition]) -> pa.Table:
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
    integration. Every agreement gets a RatedCosts, without provider lines if it has no cost. Without
    ``with_unallocated`` only the rated accounts' own charges are read, which is quicker for a single account.
    """
    for partition in partitions:
        if partition.billing_period != period:
            raise UnableToRate(f"A cost import of {partition.billing_period} was given to rate {period}")
    try:
        owners = ownership(delegations=delegations, period=period)
    except UnableToAllocate as contradiction:
        raise UnableToRate(str(contradiction)) from contradiction
    programs = _programs(agreements, period)
    question = plan(owners=owners, programs=programs, period=period, basis=basis, with_unallocated=with_unallocated)
    lines = {
        agreement.account_token: AccountLines(
            currency=agreement.currency,
            program=programs[agreement.account_token],
            fact_columns=question.fact_columns,
        )
        for agreement in agreements
    }
    unallocated = UnallocatedSums()
    if partitions and question.query.only != ():
        groups = store.query(question.query, partitions=partitions)
        _give_out(groups, question.fact_columns, owners, lines, unallocated)
    by_account = {
        token: RatedCosts(
            account_token=token, period=period, lines=mine.finish(), issues=mine.issues(cost_column=basis.column)
        )
        for token, mine in lines.items()
    }
    return RatedMonth(by_account=by_account, unallocated=unallocated.finish() if with_unallocated else ())


def _programs(agreements: Sequence[Agreement], period: BillingPeriod) -> dict[str, RuleProgram]:
    programs = {}
    for agreement in agreements:
        if agreement.account_token in programs:
            raise UnableToRate(f"Managed account {agreement.account_token} is given twice")
        try:
            programs[agreement.account_token] = program_of(rules=agreement.rules, period=period)
        except UnableToOrderRules as disorder:
            raise UnableToRate(f"Managed account {agreement.account_token}: {disorder}") from disorder
    return programs


def _give_out(
    groups: pa.Table,
    fact_columns: Sequence[str],
    owners: Ownership,
    lines: Mapping[str, AccountLines],
    unallocated: UnallocatedSums,
) -> None:
    """Hand every group to its owner's lines, or to the unallocated sums."""
    owner_at: dict[tuple[str, str | None, str | None, date], str | None] = {}
    facts_of = zip(*(texts(groups, name=name) for name in fact_columns), strict=True)
    places = zip(
        texts(groups, name="integration_token"),
        texts(groups, name="BillingAccountId"),
        texts(groups, name="SubAccountId"),
        texts(groups, name="first_day"),
        strict=True,
    )
    for facts, place, sums in zip(facts_of, places, _sums(groups), strict=True):
        if place in owner_at:
            owner = owner_at[place]
        else:
            owner = owner_at[place] = owners.owner_of(
                integration_token=place[0], billing_account_id=place[1], sub_account_id=place[2], day=place[3]
            )
        if owner is None:
            where = (place[0], facts[0], place[1], place[2], facts[7])
            unallocated.add(place=where, name=sums[1], cost=sums[3], charges=sums[4])
        elif owner in lines:
            lines[owner].add(facts=facts, sums=sums)


def _sums(groups: pa.Table) -> Iterable[GroupSums]:
    return zip(
        texts(groups, name="first_day"),
        texts(groups, name="SubAccountName"),
        texts(groups, name="ServiceSubcategory"),
        sums_of_money(groups, name="cost"),
        counts(groups, name="charges"),
        counts(groups, name="charges_without_cost"),
        decimals(groups, name="usage_amount"),
        texts(groups, name="usage_unit"),
        groups.column("usage_mixed").to_pylist(),
        strict=True,
    )
