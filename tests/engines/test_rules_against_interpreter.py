"""Any list of rules of every kind, on any bill, gives what the slow, obvious way gives: line by line, rule by rule."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billow.allocation.delegation import Delegation
from billow.billingrules.price_list import built_in_price_list
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement, RatedCosts
from billow.terms.focus import CostBasis
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, write_bill
from tests.engines.interpreter import Month, NotSaid, interpret, lines_of
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


def compare(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    """Rate the bill both ways."""
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
            store=FilesOnly(Path(folder) / "spill"),
            partitions=[write_bill(Path(folder), bill)],
            period=MARCH,
            agreements=agreed,
            delegations=DELEGATIONS,
            basis=basis,
        )
    for account in CUSTOMERS:
        check(account, expected, month.by_account[account])


def check(account: str, expected: Month, found: RatedCosts) -> None:
    if account in expected.failed:
        assert found.failure is not None, expected.failed[account]
        return
    assert found.failure is None, found.failure
    assert lines_of(found) == expected.costs[account]


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
quick = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=CHECKS)
thorough = settings(max_examples=2_000, deadline=None, derandomize=True, suppress_health_check=CHECKS)


@quick
@given(bills(), agreements(one_by_one=False, most=8), bases)
def test_rules_on_charges_added_up(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@quick
@given(bills(), agreements(one_by_one=True, most=8), bases)
def test_rules_that_look_at_amounts(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@pytest.mark.slow
@thorough
@given(bills(30), agreements(one_by_one=False, most=40), bases)
def test_long_lists_on_charges_added_up(bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis) -> None:
    compare(bill, lists, basis)


@pytest.mark.slow
@thorough
@given(bills(30), agreements(one_by_one=True, most=40), bases)
def test_long_lists_that_look_at_amounts(
    bill: list[dict[str, Any]], lists: list[list[Drawn]], basis: CostBasis
) -> None:
    compare(bill, lists, basis)
