"""Any list of rules of every kind, on any bill, gives what the slow, obvious way gives: line by line, rule by rule."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billow.allocation.delegation import Delegation
from billow.billingrules.price_list import built_in_price_list
from billow.billingrules.rule import AdjustmentRule
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedCosts
from billow.terms.focus import CostBasis
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, write_bill
from tests.engines.interpreter import Costs, Month, interpret, lines_of
from tests.engines.interpreter_rules import group_of
from tests.engines.interpreter_values import NotSaid
from tests.engines.random_bills import OTHER, OWN, bills
from tests.engines.random_rules import Drawn, in_order, rules

CUSTOMERS = {"acct_a": OWN, "acct_b": OTHER}
DELEGATIONS = [
    Delegation(integration_token=INTEGRATION, account_token=account, billing_account_id="payer", sub_account_id=number)
    for account, number in CUSTOMERS.items()
]
bases = st.sampled_from(CostBasis)


@st.composite
def agreements(draw: st.DrawFn, one_by_one: bool, most: int) -> list[list[Drawn]]:
    """Draw the rules of two customers."""
    return [
        in_order([draw(rules(place * 50 + n, one_by_one=one_by_one)) for n in range(draw(st.integers(1, most)))])
        for place in range(2)
    ]


def compare(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> list[Costs]:
    """Rate the bill both ways; give what each customer came to, if no rule failed."""
    agreed = [
        Agreement(account_token=account, currency="USD", rules=tuple(each.rule for each in drawn))
        for account, drawn in zip(CUSTOMERS, lists, strict=True)
    ]
    statements = {each.rule.token: each.statement for drawn in lists for each in drawn if each.statement is not None}
    try:
        expected = interpret(
            bill,
            integration_token=INTEGRATION,
            year=2026,
            month=3,
            agreements=agreed,
            delegations=DELEGATIONS,
            statements=statements,
            basis=basis.value,
            prices=built_in_price_list(),
        )
    except NotSaid:
        assume(False)
    with TemporaryDirectory() as folder:
        month = rate(
            store=FilesOnly(Path(folder) / "spill", by_number=len(bill) % 2 == 0),
            partitions=[write_bill(Path(folder), bill)],
            period=MARCH,
            agreements=agreed,
            delegations=DELEGATIONS,
            basis=basis,
        )
    for account in CUSTOMERS:
        check(account, expected, month.by_account[account])
    return [expected.costs.get(account, {}) for account in CUSTOMERS]


def check(account: str, expected: Month, found: RatedCosts) -> None:
    if account in expected.failed:
        assert found.failure is not None, expected.failed[account]
        return
    assert found.failure is None, found.failure
    assert lines_of(found) == expected.costs[account]


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
quick = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=CHECKS)
brief = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=CHECKS)
thorough = settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=CHECKS)


@quick
@given(bills(), agreements(one_by_one=False, most=8), bases)
def test_rules_on_charges_added_up(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@quick
@given(bills(), agreements(one_by_one=True, most=8), bases)
def test_rules_that_look_at_amounts(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@st.composite
def markups(draw: st.DrawFn, place: int) -> AdjustmentRule:
    percentage = Decimal(draw(st.sampled_from(("97.5", "110", "33.3333333", "0"))))
    services = ("EC2", "S3", "AWS Support")
    return AdjustmentRule(token=f"m-{place}", title="", percentage=percentage, service=services[place])


@brief
@given(bills(), st.tuples(markups(0), markups(1), markups(2)), st.permutations(range(3)))
def test_rules_on_different_services_may_stand_in_any_order(
    bill: list[dict[str, Any]], marked: tuple[AdjustmentRule, ...], order: list[int]
) -> None:
    one, other = ([[Drawn(rule=marked[place]) for place in places], []] for places in (range(3), order))
    assert compare(bill, one, CostBasis.BILLED_COST) == compare(bill, other, CostBasis.BILLED_COST)


@brief
@given(bills(), st.lists(rules(0), min_size=2, max_size=2))
def test_rules_of_groups_that_are_out_of_order_are_refused(bill: list[dict[str, Any]], drawn: list[Drawn]) -> None:
    first, second = in_order([drawn[0], Drawn(replace(drawn[1].rule, token="other"), drawn[1].statement)])
    said = {each.rule.token: each.statement for each in (first, second) if each.statement is not None}
    assume(group_of(first.rule, said) != group_of(second.rule, said))
    with pytest.raises(UnableToRate, match="Billing rules are not in execution group order"):
        compare(bill, [[second, first], []], CostBasis.BILLED_COST)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@thorough
@given(bills(30), agreements(one_by_one=False, most=40), bases)
def test_long_lists_on_charges_added_up(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@thorough
@given(bills(30), agreements(one_by_one=True, most=40), bases)
def test_long_lists_that_look_at_amounts(
    bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis
) -> None:
    compare(bill, lists, basis)
