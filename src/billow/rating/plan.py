"""Group before you rate: what one grouped query must ask so that every rule can run on its groups."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from billow.allocation.assign import Ownership
from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.facts import PROVIDER_KEY
from billow.billingrules.program import RuleProgram
from billow.billingrules.resource_tests import ANSWER
from billow.coststore.query import AskedTests, CostQuery, Detail, TextTest
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod

LINE_COLUMNS = (
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "BillingAccountId",
    "SubAccountId",
    "RegionId",
    "ChargeCategory",
    "BillingCurrency",
)
"""What tells the lines of a rated month apart, in the order lines are sorted by."""


NUMBER_COLUMNS = {USAGE_AMOUNT: "ConsumedQuantity"}
"""The store's columns of numbers that have another name in rules; the cost's is the invoice's basis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingPlan:
    """The query, and the names of what rules may look at in its groups (the line's own columns first)."""

    query: CostQuery
    fact_columns: tuple[str, ...]


def plan(
    *,
    owners: Ownership,
    programs: Mapping[str, RuleProgram],
    tests: tuple[TextTest, ...] = (),
    period: BillingPeriod,
    basis: CostBasis,
    with_unallocated: bool,
) -> RatingPlan:
    """Return the one question to ask for all accounts of ``programs``.

    A column that some account's rules read beyond the line's own splits that account's groups only, and so
    does a day on which one of its rules begins or ends. Where rules run charge by charge, so do the numbers. ``tests``
    are those that programs name by number.
    """
    details = (*_details(owners, programs, basis), *_tested(owners, programs, tests))
    added_up = [program.amounts for program in programs.values() if not program.charge_by_charge]
    return RatingPlan(
        query=CostQuery(
            period=period,
            cost_column=basis.column,
            group_by=LINE_COLUMNS,
            names=("SubAccountName",),
            labels=("ServiceSubcategory",),
            cuts=owners.cuts(rule_cuts={token: program.cut_days for token, program in programs.items()}),
            details=details,
            amounts=tuple(sorted(frozenset().union(*added_up))),
            usage=True,
            only=None if with_unallocated else owners.scopes_of(account_tokens=programs),
        ),
        fact_columns=(*LINE_COLUMNS, *(detail.name for detail in details)),
    )


def number_columns(*, program: RuleProgram, basis: CostBasis) -> dict[str, str]:
    """Return the store's column for each number that the program looks at charge by charge."""
    names = {AMOUNT: basis.column}
    if USAGE_AMOUNT in program.needs.amounts:
        names[USAGE_AMOUNT] = NUMBER_COLUMNS[USAGE_AMOUNT]
    return names | {name: name for name in program.amounts}


def _details(owners: Ownership, programs: Mapping[str, RuleProgram], basis: CostBasis) -> tuple[Detail, ...]:
    readers: dict[str, list[str]] = defaultdict(list)
    for token, program in programs.items():
        names = set(program.columns)
        if program.charge_by_charge:
            names.update(number_columns(program=program, basis=basis).values())
        for name in names.difference(LINE_COLUMNS, {PROVIDER_KEY, ANSWER}):
            readers[name].append(token)
    details = []
    for name, tokens in sorted(readers.items()):
        column, form = Detail.split(name)
        details.append(Detail(column=column, form=form, scopes=owners.scopes_of(account_tokens=tokens)))
    return tuple(details)


def _tested(owners: Ownership, programs: Mapping[str, RuleProgram], tests: tuple[TextTest, ...]) -> tuple[Detail, ...]:
    """Return the detail that says which tests hold for a charge's resource, if any program asks some."""
    askers: dict[frozenset[int], list[str]] = defaultdict(list)
    for token, program in programs.items():
        if program.tests:
            askers[program.tests].append(token)
    if not askers:
        return ()
    tested = tuple(
        AskedTests(scopes=owners.scopes_of(account_tokens=tokens), numbers=tuple(sorted(numbers)))
        for numbers, tokens in askers.items()
    )
    column, form = Detail.split(ANSWER)
    scopes = owners.scopes_of(account_tokens=[token for tokens in askers.values() for token in tokens])
    return (Detail(column=column, form=form, scopes=scopes, tests=tests, tested=tested),)
