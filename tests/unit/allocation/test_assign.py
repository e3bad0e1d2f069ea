"""Who owns what on which day."""

from datetime import date

import pytest

from billow.allocation.assign import Ownership, UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.coststore.query import ChargeScope
from billow.terms.period import BillingPeriod

MARCH = BillingPeriod(2026, 3)


def given(account: str, billing: str | None = None, sub: str | None = None, **dates: date) -> Delegation:
    return Delegation(
        integration_token="i", account_token=account, billing_account_id=billing, sub_account_id=sub, **dates
    )


def owner(owners: Ownership, billing: str | None, sub: str | None, day: int = 10) -> str | None:
    return owners.owner_of(
        integration_token="i", billing_account_id=billing, sub_account_id=sub, day=date(2026, 3, day)
    )


def test_the_narrowest_delegation_wins() -> None:
    owners = ownership(delegations=[given("all"), given("payer", "p"), given("sub", "p", "1")], period=MARCH)
    assert owner(owners, "p", "1") == "sub"
    assert owner(owners, "p", "2") == "payer"
    assert owner(owners, "p", None) == "payer"
    assert owner(owners, "q", "1") == "all"


def test_outside_its_dates_a_narrow_delegation_leaves_the_charge_to_the_wider() -> None:
    narrow = given("sub", "p", "1", start_date=date(2026, 3, 10), end_date=date(2026, 3, 20))
    owners = ownership(delegations=[given("payer", "p"), narrow], period=MARCH)
    assert [owner(owners, "p", "1", day) for day in (9, 10, 20, 21)] == ["payer", "sub", "sub", "payer"]


def test_what_nobody_was_given_has_no_owner() -> None:
    assert owner(ownership(delegations=[given("a", "p", "1")], period=MARCH), "p", "2") is None


def test_contradicting_delegations_are_refused() -> None:
    with pytest.raises(UnableToAllocate, match="Billing account p is given to both a and b"):
        ownership(delegations=[given("a", "p"), given("b", "p")], period=MARCH)


def test_dates_enter_the_query_only_when_something_changes_inside_the_month() -> None:
    whole = given("a", "p", start_date=date(2026, 3, 1), end_date=date(2026, 3, 31))
    assert ownership(delegations=[whole], period=MARCH).cuts(rule_cuts={}) == ()


def test_a_hand_over_cuts_only_the_account_that_changes_hands() -> None:
    delegations = [
        given("a", "p", "1", end_date=date(2026, 3, 14)),
        given("b", "p", "1", start_date=date(2026, 3, 15)),
        given("a", "p", "2"),
    ]
    cuts = ownership(delegations=delegations, period=MARCH).cuts(rule_cuts={})
    days = {scope.sub_account_id: each.days for each in cuts for scope in each.scopes}
    assert days == {"1": (date(2026, 3, 15),)}


def test_a_rule_that_begins_inside_the_month_cuts_its_own_customers_charges() -> None:
    owners = ownership(delegations=[given("a", "p", "1"), given("b", "p", "2")], period=MARCH)
    cuts = owners.cuts(rule_cuts={"b": (date(2026, 3, 5),)})
    days = {scope.sub_account_id: each.days for each in cuts for scope in each.scopes}
    assert days == {"2": (date(2026, 3, 5),)}


def test_a_narrow_scope_is_kept_out_of_a_wider_ones_cuts() -> None:
    owners = ownership(delegations=[given("a", "p", "1"), given("b", "p"), given("b", "q")], period=MARCH)
    first, second = owners.cuts(rule_cuts={"b": (date(2026, 3, 5),)})
    assert [(scope.sub_account_id, first.days) for scope in first.scopes] == [("1", ())]
    assert [(scope.billing_account_id, second.days) for scope in second.scopes] == [
        ("p", (date(2026, 3, 5),)),
        ("q", (date(2026, 3, 5),)),
    ]


def test_a_charge_that_may_fall_back_to_a_wider_owner_is_cut_by_that_owners_days_too() -> None:
    until = given("a", "p", "1", end_date=date(2026, 3, 14))
    cuts = ownership(delegations=[until, given("b", "p")], period=MARCH).cuts(rule_cuts={"b": (date(2026, 3, 20),)})
    days = {scope.sub_account_id: each.days for each in cuts for scope in each.scopes}
    assert days == {"1": (date(2026, 3, 15), date(2026, 3, 20)), None: (date(2026, 3, 20),)}


def test_delegations_of_other_months_do_not_matter() -> None:
    owners = ownership(delegations=[given("a", "p", end_date=date(2026, 2, 28))], period=MARCH)
    assert owners.scopes_of(account_tokens=["a"]) == ()
    owners = ownership(delegations=[given("a", "p")], period=MARCH)
    assert owners.scopes_of(account_tokens=["a"]) == (ChargeScope(integration_token="i", billing_account_id="p"),)


def test_a_sub_account_whose_billing_account_was_not_looked_up_is_refused() -> None:
    with pytest.raises(UnableToAllocate, match="sub account 1 has no billing account"):
        ownership(delegations=[given("a", None, "1")], period=MARCH)
