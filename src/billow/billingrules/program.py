"""A managed account's rules, made ready to run on the charges of one month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from billow.billingrules import retier
from billow.billingrules.analysis import Needs, needs_of
from billow.billingrules.compile import Compiled, Compiler
from billow.billingrules.conversion import NO_UNBLENDED
from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert, fixed_inserts, sum_inserts
from billow.billingrules.order import ExecutionGroup, check_order, execution_group
from billow.billingrules.price_list import PriceList, built_in_price_list
from billow.billingrules.resource_tests import RESOURCE
from billow.billingrules.rule import BillingRule, RetierRule
from billow.billingrules.statement import Delete, InsertValues, Update
from billow.billingrules.statements import RuleStatement, UnableToReadRule, statements_of
from billow.billingrules.step import Insert, Operation
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod


class UnableToOrderRules(Exception):
    """The rules are not in execution group order, or one is not understood; the message names the first."""


@dataclass(frozen=True, slots=True)
class Transform:
    """A rule's statement that changes charges, on days of its dates (both ends inclusive; None: always)."""

    rule_token: str
    compiled: Compiled
    dates: tuple[date | None, date | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProgram:
    """What the rules do in one month.

    ``phases`` are transforms: those of AWS lines, cut where a rule of ``retiers`` stands between them, and last the
    cost transforms. ``columns`` are the store's columns whose values tell charges apart, ``amounts`` the numbers that
    are looked at beside the cost; ``charge_by_charge`` tells that numbers must not be added up before. ``cut_days``
    are the days inside the month on which a rule begins or has ended (never the first), ascending. ``places`` gives
    each rule its place in the order, ``tests`` are the numbers of what the engine is asked about resources,
    ``operations`` keeps those that rows were found to need, equal ones once.
    """

    period: BillingPeriod
    basis: CostBasis
    needs: Needs
    phases: tuple[tuple[Transform, ...], ...]
    retiers: tuple[RetierRule, ...]
    prices: PriceList
    inserts: tuple[Insert, ...]
    sums: tuple[SumInsert, ...]
    columns: frozenset[str]
    amounts: frozenset[str]
    charge_by_charge: bool
    cut_days: tuple[date, ...]
    places: Mapping[str, int]
    tests: frozenset[int]
    operations: dict[Any, Operation] = field(default_factory=dict)

    @property
    def drops_negations(self) -> bool:
        """Tell whether what negations take back is given back with usage that is retyped: only billed costs have it."""
        return self.basis is CostBasis.BILLED_COST and self.needs.retypes

    @property
    def changes_charges(self) -> bool:
        """Tell whether a charge of the provider can leave the rules otherwise than it came."""
        return any(self.phases) or bool(self.retiers)


def program_of(
    *,
    rules: Sequence[BillingRule],
    period: BillingPeriod,
    basis: CostBasis = CostBasis.BILLED_COST,
    prices: PriceList | None = None,
    compiler: Compiler | None = None,
) -> RuleProgram:
    """Return what the rules do in the period; a ``compiler`` shared by several programs does its work once.

    Raises UnableToOrderRules if their groups are out of order or SQL is not understood, RuleFailed if a line cannot
    be added.
    """
    compiler = compiler or Compiler()
    try:
        for issue in check_order(rules=rules):
            raise UnableToOrderRules(issue.message)
        in_force = [rule for rule in rules if _is_in_force(rule, period)]
        of_rules = [(rule, statements_of(rule=rule)) for rule in in_force]
    except UnableToReadRule as unread:
        raise UnableToOrderRules(str(unread)) from unread
    of_rules, tests = _with_tests(of_rules, compiler)
    statements = tuple(each for _, said in of_rules for each in said)
    retiers = tuple(rule for rule in in_force if isinstance(rule, RetierRule))
    needs = needs_of(
        analyses=[compiler.analyse(each.statement) for each in statements],
        basis=basis,
        looked_at=frozenset(retier.AMOUNTS if retiers else ()),
    )
    columns, amounts = needs.columns, needs.amounts - {AMOUNT, USAGE_AMOUNT}
    if retiers:
        columns |= frozenset(retier.READ)
    if needs.retypes:
        columns |= {NO_UNBLENDED}
    if basis is CostBasis.BILLED_COST and needs.retypes:
        columns |= NEGATION_COLUMNS
    return RuleProgram(
        period=period,
        basis=basis,
        needs=needs,
        phases=_phases(of_rules, needs, compiler),
        retiers=retiers,
        prices=prices or built_in_price_list(),
        inserts=tuple(insert for rule, said in of_rules for insert in _fixed(rule, said, period)),
        sums=sum_inserts(statements=statements, period=period, compiler=compiler),
        columns=columns,
        amounts=amounts,
        charge_by_charge=needs.charge_by_charge,
        cut_days=cut_days(ranges=_ranges(of_rules), period=period),
        places={rule.token: place for place, rule in enumerate(rules)},
        tests=tests,
    )


def _with_tests(
    of_rules: list[tuple[BillingRule, tuple[RuleStatement, ...]]], compiler: Compiler
) -> tuple[list[tuple[BillingRule, tuple[RuleStatement, ...]]], frozenset[int]]:
    """Return the rules' statements with the engine's tests in place of conditions on resources, and their numbers."""
    analyses = [compiler.analyse(each.statement) for _, said in of_rules for each in said]
    if compiler.tests is None or not any(RESOURCE in each.texts for each in analyses):
        return of_rules, frozenset()
    if any(each.transforms_aws for each in analyses):
        return of_rules, frozenset()
    asked, numbers = compiler.tests.asked([each.statement for _, said in of_rules for each in said])
    if not numbers:
        return of_rules, numbers
    rewritten = iter(asked)
    with_tests = [(rule, tuple(replace(each, statement=next(rewritten)) for each in said)) for rule, said in of_rules]
    return with_tests, numbers


NEGATION_COLUMNS = frozenset({"savingsPlan/SavingsPlanARN", "lineItem/UsageAccountId", "lineItem/UsageType"})
"""What says which covered usage a Savings Plan's negation takes back."""


def cut_days(*, ranges: Sequence[tuple[date | None, date | None]], period: BillingPeriod) -> tuple[date, ...]:
    """Return the days inside the period, after its first, on which one of the inclusive ranges begins or has ended."""
    days = {start for start, _ in ranges if start is not None}
    days |= {end + timedelta(days=1) for _, end in ranges if end is not None and end < date.max}
    return tuple(sorted(day for day in days if period.start < day < period.end))


def _phases(
    of_rules: Sequence[tuple[BillingRule, tuple[RuleStatement, ...]]], needs: Needs, compiler: Compiler
) -> tuple[tuple[Transform, ...], ...]:
    """Return the AWS transforms cut at each re-tiering rule, and the cost transforms."""
    aws: list[list[Transform]] = [[]]
    costs: list[Transform] = []
    for rule, said in of_rules:
        if isinstance(rule, RetierRule):
            aws.append([])
            continue
        place = costs
        for each in said:
            statement = each.statement
            if isinstance(statement, Update | Delete):
                if execution_group(rule=rule) is ExecutionGroup.AWS_TRANSFORMS:
                    place = aws[-1]
                dates = None if rule.start_date is None and rule.end_date is None else (rule.start_date, rule.end_date)
                place.append(Transform(rule.token, compiler.compile(statement, amounts=needs.amounts), dates))
    return (*map(tuple, aws), tuple(costs))


def _fixed(rule: BillingRule, said: tuple[RuleStatement, ...], period: BillingPeriod) -> tuple[Insert, ...]:
    try:
        return fixed_inserts(rule=rule, statements=said, period=period)
    except RuleFailed as failed:
        failed.rule_token = rule.token
        raise


def _ranges(
    of_rules: Sequence[tuple[BillingRule, tuple[RuleStatement, ...]]],
) -> list[tuple[date | None, date | None]]:
    """Return the dates of rules that tell charges of one month apart."""
    return [
        (rule.start_date, rule.end_date)
        for rule, said in of_rules
        if isinstance(rule, RetierRule) or any(not isinstance(each.statement, InsertValues) for each in said)
    ]


def _is_in_force(rule: BillingRule, period: BillingPeriod) -> bool:
    return (rule.start_date or date.min) < period.end and (rule.end_date or date.max) >= period.start
