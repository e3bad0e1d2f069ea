"""Cost to rated cost: the one function of this stage."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import repeat
from typing import Protocol

import pyarrow as pa

from billow.allocation.assign import Ownership, UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.billingrules.compile import Compiler
from billow.billingrules.facts import provider_key
from billow.billingrules.failed import RuleFailed
from billow.billingrules.price_list import PriceList
from billow.billingrules.program import RuleProgram, UnableToOrderRules, program_of
from billow.billingrules.rule import BillingRule
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery, sum_of
from billow.rating.columns import counts, decimals, sums_of_money, texts
from billow.rating.lines import AccountLines, GroupSums, Memory, memory_of
from billow.rating.plan import RatingPlan, number_columns, plan
from billow.rating.rated_costs import Agreement, RatedCosts, RatedMonth
from billow.rating.unallocated import UnallocatedSums
from billow.terms.focus import CostBasis
from billow.terms.issue import Issue
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
    provider_keys: Mapping[str, str] | None = None,
    prices: PriceList | None = None,
) -> RatedMonth:
    """Rate one month for the given managed accounts, all in one grouped query.

    ``delegations`` are all of the management account, also those to accounts that are not rated now: the
    narrowest wins over all. ``partitions`` are the live cost imports of the period, one per
    integration. Every agreement gets a RatedCosts, without provider lines if it has no cost, with a failure if one of
    its rules cannot be carried out. Without ``with_unallocated`` only the rated accounts' own charges are read,
    which is quicker for a single account. ``provider_keys`` are the integrations' providers by token, ``prices`` the
    tiers to re-rate by, else those that come with Billow.
    """
    for partition in partitions:
        if partition.billing_period != period:
            raise UnableToRate(f"A cost import of {partition.billing_period} was given to rate {period}")
    try:
        owners = ownership(delegations=delegations, period=period)
    except UnableToAllocate as contradiction:
        raise UnableToRate(str(contradiction)) from contradiction
    made = _programs(agreements, period, basis, prices)
    question = plan(
        owners=owners, programs=made.programs, period=period, basis=basis, with_unallocated=with_unallocated
    )
    lines = _account_lines(agreements, made.programs, question.fact_columns, basis)
    unallocated = UnallocatedSums()
    if partitions and question.query.only != ():
        groups = store.query(question.query, partitions=partitions)
        _give_out(
            groups,
            question=question,
            owners=owners,
            lines=lines,
            unallocated=unallocated,
            provider_keys=provider_keys or {},
            programs=made.programs,
        )
    titles = {rule.token: rule.title for agreement in agreements for rule in agreement.rules}
    by_account = {
        agreement.account_token: _rated_costs(
            agreement.account_token,
            period=period,
            lines=lines,
            failed=made.failed,
            titles=titles,
            cost_column=basis.column,
        )
        for agreement in agreements
    }
    return RatedMonth(by_account=by_account, unallocated=unallocated.finish() if with_unallocated else ())


@dataclass(frozen=True, slots=True)
class _Made:
    """Programs by account, and the accounts whose rules cannot be made into one."""

    programs: dict[str, RuleProgram]
    failed: dict[str, RuleFailed]


def _programs(
    agreements: Sequence[Agreement], period: BillingPeriod, basis: CostBasis, prices: PriceList | None
) -> _Made:
    """Make each list of rules into a program, equal lists only once."""
    programs: dict[str, RuleProgram] = {}
    failed: dict[str, RuleFailed] = {}
    known: dict[tuple[BillingRule, ...], RuleProgram] = {}
    compiler = Compiler()
    nothing = program_of(rules=(), period=period, basis=basis, prices=prices)
    for agreement in agreements:
        token = agreement.account_token
        if token in programs:
            raise UnableToRate(f"Managed account {token} is given twice")
        try:
            if agreement.rules not in known:
                known[agreement.rules] = program_of(
                    rules=agreement.rules, period=period, basis=basis, prices=prices, compiler=compiler
                )
            programs[token] = known[agreement.rules]
        except UnableToOrderRules as disorder:
            raise UnableToRate(f"Managed account {token}: {disorder}") from disorder
        except RuleFailed as failure:
            programs[token], failed[token] = nothing, failure
    return _Made(programs, failed)


def _account_lines(
    agreements: Sequence[Agreement],
    programs: Mapping[str, RuleProgram],
    fact_columns: Sequence[str],
    basis: CostBasis,
) -> dict[str, AccountLines]:
    memories: dict[int, Memory] = {}
    lines = {}
    for agreement in agreements:
        program = programs[agreement.account_token]
        if id(program) not in memories:
            memories[id(program)] = memory_of(program=program, fact_columns=fact_columns)
        lines[agreement.account_token] = AccountLines(
            currency=agreement.currency,
            program=program,
            fact_columns=fact_columns,
            numbers=number_columns(program=program, basis=basis) if program.charge_by_charge else {},
            memory=memories[id(program)],
        )
    return lines


def _rated_costs(
    token: str,
    *,
    period: BillingPeriod,
    lines: Mapping[str, AccountLines],
    failed: Mapping[str, RuleFailed],
    titles: Mapping[str, str],
    cost_column: str,
) -> RatedCosts:
    mine = lines[token]
    rated = mine.finish()
    failure = failed.get(token) or mine.failure
    if failure is not None:
        title = titles.get(failure.rule_token, failure.rule_token)
        issue = Issue("rule_failed", f"{title or 'The rules'} cannot be carried out: {failure}.", value=title)
        return RatedCosts(account_token=token, period=period, lines=(), failure=issue)
    return RatedCosts(account_token=token, period=period, lines=rated, issues=mine.issues(cost_column=cost_column))


def _give_out(
    groups: pa.Table,
    *,
    question: RatingPlan,
    owners: Ownership,
    lines: Mapping[str, AccountLines],
    unallocated: UnallocatedSums,
    provider_keys: Mapping[str, str],
    programs: Mapping[str, RuleProgram],
) -> None:
    """Hand every group to its owner's lines, or to the unallocated sums."""
    owner_at: dict[tuple[str, str | None, str | None, date], str | None] = {}
    key_of: dict[tuple[str, str], str] = {}
    facts_of = zip(*(texts(groups, name=name) for name in question.fact_columns), strict=True)
    places = zip(
        texts(groups, name="integration_token"),
        texts(groups, name="BillingAccountId"),
        texts(groups, name="SubAccountId"),
        texts(groups, name="first_day"),
        strict=True,
    )
    amounts_of = _amounts(groups, question.query.amounts)
    wanted = {token: _picker(program, question.query.amounts) for token, program in programs.items()}
    for facts, place, sums, amounts in zip(facts_of, places, _sums(groups), amounts_of, strict=True):
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
            provider = (facts[0], place[0])
            key = key_of.get(provider)
            if key is None:
                key = key_of[provider] = provider_key(
                    name=facts[0], integration_provider=provider_keys.get(place[0], "")
                )
            lines[owner].add(facts=facts, provider_key=key, sums=sums, amounts=wanted[owner](amounts))


def _picker(program: RuleProgram, names: Sequence[str]) -> Callable[[tuple[Decimal, ...]], tuple[Decimal, ...]]:
    """Return what picks the program's own amounts, sorted by name, from those of the query."""
    places = [names.index(name) for name in sorted(program.amounts)] if not program.charge_by_charge else []
    return lambda amounts: tuple([amounts[place] for place in places]) if places else ()


def _amounts(groups: pa.Table, names: Sequence[str]) -> Iterable[tuple[Decimal, ...]]:
    if not names:
        return repeat((), groups.num_rows)
    return zip(*(sums_of_money(groups, name=sum_of(name)) for name in names), strict=True)


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
