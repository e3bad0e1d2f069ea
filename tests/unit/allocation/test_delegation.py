"""Contradictions between delegations."""

from datetime import date

from billow.allocation.delegation import NOT_BILLED, Delegation, check_delegations, under_billing_accounts

ACME, BETA = "acct_00000000000000aa", "acct_00000000000000bb"


def given(account: str, **scope: object) -> Delegation:
    return Delegation(**{"integration_token": "i", "account_token": account, **scope})  # type: ignore[arg-type]


def codes(*delegations: Delegation) -> list[str]:
    return [issue.code for issue in check_delegations(delegations=delegations)]


def test_one_sub_account_given_to_two_customers_is_refused_naming_both() -> None:
    rivals = [given(account, billing_account_id="p", sub_account_id="111") for account in (ACME, BETA)]
    (issue,) = check_delegations(delegations=rivals)
    assert issue.message == (
        f"Sub account 111 is given to both {ACME} and {BETA} at the same time; "
        "end one delegation before the other starts."
    )


def test_a_hand_over_is_allowed_if_no_day_belongs_to_both() -> None:
    until = given(ACME, billing_account_id="p", end_date=date(2026, 3, 14))
    since = given(BETA, billing_account_id="p", start_date=date(2026, 3, 15))
    assert codes(until, since) == []
    overlapping = given(BETA, billing_account_id="p", start_date=date(2026, 3, 14))
    assert codes(until, overlapping) == ["delegated_twice"]


def test_a_sub_account_may_be_taken_out_of_a_billing_account_given_to_another() -> None:
    assert codes(given(ACME, billing_account_id="p"), given(BETA, billing_account_id="p", sub_account_id="1")) == []


def test_the_same_number_under_another_integration_is_another_account() -> None:
    assert codes(given(ACME), given(BETA, integration_token="j")) == []


def test_giving_the_same_to_the_same_customer_twice_is_harmless() -> None:
    assert codes(given(ACME), given(ACME)) == []


def test_faulty_fields_are_each_reported() -> None:
    backwards = given(ACME, start_date=date(2026, 3, 2), end_date=date(2026, 3, 1))
    assert codes(given(ACME, billing_account_id=""), backwards) == [
        "empty_identifier",
        "end_before_start",
    ]


def test_a_sub_account_given_alone_contradicts_the_same_under_a_billing_account() -> None:
    alone = given(ACME, sub_account_id="1")
    assert codes(alone, given(BETA, billing_account_id="p", sub_account_id="1")) == ["delegated_twice"]
    assert codes(alone, given(BETA, sub_account_id="1")) == ["delegated_twice"]
    assert codes(alone, given(ACME, billing_account_id="p", sub_account_id="1")) == []
    assert codes(alone, given(BETA, billing_account_id="p"), given(BETA, sub_account_id="2"), given(BETA)) == []
    later = given(BETA, billing_account_id="p", sub_account_id="1", start_date=date(2026, 4, 1))
    assert codes(given(ACME, sub_account_id="1", end_date=date(2026, 3, 31)), later) == []


def test_a_sub_account_given_alone_is_meant_under_every_billing_account_that_bills_it() -> None:
    whole, named = given(BETA), given(BETA, billing_account_id="p", sub_account_id="2")
    alone = given(ACME, sub_account_id="1", end_date=date(2026, 3, 14))
    found = under_billing_accounts(
        delegations=[whole, alone, named], billed={("i", "1"): {"q", "p"}, ("j", "1"): {"r"}, ("i", "2"): {"q"}}
    )
    assert found == (
        whole,
        given(ACME, billing_account_id="p", sub_account_id="1", end_date=date(2026, 3, 14)),
        given(ACME, billing_account_id="q", sub_account_id="1", end_date=date(2026, 3, 14)),
        named,
    )
    (unbilled,) = under_billing_accounts(delegations=[alone], billed={})
    assert unbilled.billing_account_id == NOT_BILLED
