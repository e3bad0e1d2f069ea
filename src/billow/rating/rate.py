"""Cost to rated cost: the one function of this stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from billow.allocation.assign import Ownership, UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.billingrules.compile import Compiler
from billow.billingrules.failed import RuleFailed
from billow.billingrules.price_list import PriceList
from billow.billingrules.program import RuleProgram, UnableToOrderRules, program_of
from billow.billingrules.resource_tests import ResourceTests
from billow.billingrules.rule import BillingRule
from billow.billingrules.shortcut import Shortcut
from billow.billingrules.step import Treatment
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery, TextTest
from billow.rating.cost_table import CostTable
from billow.rating.lines import AccountLines
from billow.rating.plain_lines import PlainLines
from billow.rating.plan import number_columns, plan
from billow.rating.rated_costs import Agreement, RatedCosts, RatedMonth
from billow.rating.unallocated import UnallocatedSums
from billow.terms.bulk import without_collecting
from billow.terms.focus import CostBasis
from billow.terms.issue import Issue, Severity
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
        owners=owners,
        programs=made.programs,
        tests=made.tests,
        period=period,
        basis=basis,
        with_unallocated=with_unallocated,
    )
    unallocated = UnallocatedSums()
    rows: dict[str, list[int]] = {agreement.account_token: [] for agreement in agreements}
    asked = partitions and question.query.only != ()
    groups = store.query(question.query, partitions=partitions) if asked else None
    with without_collecting():
        table = CostTable(groups, question=question, provider_keys=provider_keys or {})
        _give_out(table, owners=owners, rows=rows, unallocated=unallocated)
        rating = _Rating(table, made, basis, period, _titles(agreements))
        by_account = {
            agreement.account_token: rating.rated(agreement, rows[agreement.account_token]) for agreement in agreements
        }
    return RatedMonth(by_account=by_account, unallocated=unallocated.finish() if with_unallocated else ())


@dataclass(frozen=True, slots=True)
class _Made:
    """Programs by account, and the accounts whose rules cannot be made into one."""

    programs: dict[str, RuleProgram]
    failed: dict[str, RuleFailed]
    tests: tuple[TextTest, ...]


def _programs(
    agreements: Sequence[Agreement], period: BillingPeriod, basis: CostBasis, prices: PriceList | None
) -> _Made:
    """Make each list of rules into a program, equal lists only once."""
    programs: dict[str, RuleProgram] = {}
    failed: dict[str, RuleFailed] = {}
    known: dict[tuple[BillingRule, ...], RuleProgram] = {}
    tests = ResourceTests()
    compiler = Compiler(tests=tests)
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
    return _Made(programs, failed, tuple(tests.numbers))


class _Rating:
    """Rates one account after the other; those with the same program share what was found out about it."""

    def __init__(
        self, table: CostTable, made: _Made, basis: CostBasis, period: BillingPeriod, titles: Mapping[str, str]
    ) -> None:
        self._table = table
        self._made = made
        self._basis = basis
        self._period = period
        self._titles = titles
        self._shortcuts: dict[int, Shortcut] = {}
        self._treatments: dict[int, dict[Any, Treatment]] = {}

    def rated(self, agreement: Agreement, rows: Sequence[int]) -> RatedCosts:
        """Return the account's rated month."""
        token = agreement.account_token
        lines = self._lines(agreement.currency, self._made.programs[token])
        failure = self._made.failed.get(token)
        rated = lines.finish(rows) if failure is None else ()
        failure = failure or lines.failure
        if failure is not None:
            title = self._titles.get(failure.rule_token, failure.rule_token)
            issue = Issue("rule_failed", f"{title or 'The rules'} cannot be carried out: {failure}.", value=title)
            return RatedCosts(account_token=token, period=self._period, lines=(), failure=issue)
        return RatedCosts(account_token=token, period=self._period, lines=rated, issues=self._issues(rows))

    def _lines(self, currency: str, program: RuleProgram) -> PlainLines | AccountLines:
        if PlainLines.serves(program):
            shortcut = self._shortcuts.get(id(program))
            if shortcut is None:
                shortcut = self._shortcuts[id(program)] = Shortcut(program=program, facts=self._table)
            return PlainLines(currency=currency, program=program, table=self._table, shortcut=shortcut)
        return AccountLines(
            currency=currency,
            program=program,
            table=self._table,
            numbers=number_columns(program=program, basis=self._basis) if program.charge_by_charge else {},
            treatments=self._treatments.setdefault(id(program), {}),
        )

    def _issues(self, rows: Sequence[int]) -> tuple[Issue, ...]:
        """Return a warning if charges had no cost of the wanted kind."""
        without = sum([self._table.charges_without_cost[place] for place in rows])
        if not without:
            return ()
        column = self._basis.column
        message = f"{without} charges have no {column} and were counted as zero."
        return (Issue("cost_missing", message, severity=Severity.WARNING, column=column),)


def _titles(agreements: Sequence[Agreement]) -> dict[str, str]:
    return {rule.token: rule.title for agreement in agreements for rule in agreement.rules}


def _give_out(
    table: CostTable, *, owners: Ownership, rows: Mapping[str, list[int]], unallocated: UnallocatedSums
) -> None:
    """Hand every row to its owner, or to the unallocated sums."""
    names = ("integration_token", "BillingAccountId", "SubAccountId")
    where = [table.facts[name] for name in names]
    origins = table.values(names, with_day=True)
    owner_at = {
        origin: owners.owner_of(
            integration_token=where[0][place],
            billing_account_id=where[1][place],
            sub_account_id=where[2][place],
            day=table.days[place],
        )
        for origin, place in dict(zip(origins, range(len(table)), strict=True)).items()
    }
    nobodys = []
    for place, origin in enumerate(origins):
        owner = owner_at[origin]
        if owner is None:
            nobodys.append(place)
        elif owner in rows:
            rows[owner].append(place)
    providers, currencies = table.facts["ProviderName"], table.facts["BillingCurrency"]
    for place in nobodys:
        integration, account, sub_account = (column[place] for column in where)
        unallocated.add(
            place=(integration, providers[place], account, sub_account, currencies[place]),
            name=table.names[place],
            cost=table.costs[place],
            charges=table.charges[place],
        )
