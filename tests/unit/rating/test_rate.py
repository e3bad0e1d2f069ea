"""A month's cost, given to customers and put through their rules."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, CreditRule, ExclusionRule
from billow.coststore.partition import Partition
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedLine, RatedMonth
from billow.terms.focus import CostBasis
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, write_bill

ACME = "acct_00000000000000aa"
ZERO, ONE = Decimal(0), Decimal(1)
EVERYTHING = Delegation(integration_token=INTEGRATION, account_token=ACME)


def shown(percentage: str, token: str = "r", **limits: Any) -> AdjustmentRule:
    return AdjustmentRule(token=token, title=token, percentage=Decimal(percentage), **limits)


def fee(amount: str, token: str = "fee", kind: type[ChargeRule | CreditRule] = ChargeRule) -> ChargeRule | CreditRule:
    return kind(
        token=token,
        title="Platform fee",
        service="Managed Services",
        category="Fee",
        sub_category="Monthly",
        amount=Decimal(amount),
        start_date=date(2026, 3, 5),
    )


def rated_month(
    tmp_path: Path,
    charges: list[dict[str, Any]],
    rules: tuple[BillingRule, ...] = (),
    delegations: tuple[Delegation, ...] = (EVERYTHING,),
    **wanted: Any,
) -> RatedMonth:
    return rate(
        store=FilesOnly(tmp_path / "spill"),
        partitions=[write_bill(tmp_path, charges)],
        period=MARCH,
        agreements=[Agreement(account_token=ACME, currency="USD", rules=rules)],
        delegations=delegations,
        **wanted,
    )


def lines(tmp_path: Path, charges: list[dict[str, Any]], *rules: BillingRule) -> Sequence[RatedLine]:
    return rated_month(tmp_path, charges, rules).by_account[ACME].lines


def rated_total(found: Sequence[RatedLine]) -> Decimal:
    return sum((line.rated_cost for line in found), Decimal(0))


def test_an_excluded_line_stays_at_zero_so_that_it_can_be_explained(tmp_path: Path) -> None:
    charges = [a_charge(), a_charge(ChargeCategory="Tax", BilledCost=Decimal("0.19"))]
    no_tax = ExclusionRule(token="no-tax", title="No tax", charge_type="TAX")
    tax, usage = lines(tmp_path, charges, no_tax)
    assert (tax.provider_cost, tax.rated_cost) == (Decimal("0.19"), ZERO)
    assert [(delta.rule_token, delta.amount) for delta in tax.deltas] == [("no-tax", Decimal("-0.19"))]
    assert usage.rated_cost == 1
    assert usage.deltas == ()


def test_a_correction_can_be_excluded_though_no_line_shows_it(tmp_path: Path) -> None:
    charges = [a_charge(), a_charge(BilledCost=Decimal("-0.4"), ChargeClass="Correction")]
    (line,) = lines(tmp_path, charges, ExclusionRule(token="x", title="x", charge_type="correction"))
    assert (line.provider_cost, line.rated_cost) == (Decimal("0.6"), ONE)
    assert [delta.amount for delta in line.deltas] == [Decimal("0.4")]


def test_a_charge_before_a_general_discount_is_discounted_too(tmp_path: Path) -> None:
    found = lines(tmp_path, [a_charge(BilledCost=Decimal(1000))], fee("300"), shown("90"))
    assert rated_total(found) == 1170
    bill_only = lines(tmp_path, [a_charge(BilledCost=Decimal(1000))], fee("300"), shown("90", service="EC2"))
    assert rated_total(bill_only) == 1200


def test_a_discount_may_leave_out_credits_fees_and_the_marketplace(tmp_path: Path) -> None:
    charges = [
        a_charge(BilledCost=Decimal(1000)),
        a_charge(BilledCost=Decimal(-50), ChargeCategory="Credit", ServiceCategory="Other"),
        a_charge(BilledCost=Decimal(100), ChargeCategory="Purchase", ServiceCategory="Other"),
        a_charge(BilledCost=Decimal(200), ServiceName="Marketplace", ServiceCategory="Other"),
    ]
    assert rated_total(lines(tmp_path, charges, shown("90.5", category="Compute"))) == 1155


def test_a_credit_rule_adds_a_negative_line_that_names_the_rule(tmp_path: Path) -> None:
    *_, line = lines(tmp_path, [a_charge()], fee("250", "goodwill", CreditRule))
    assert (line.provider_cost, line.rated_cost, line.currency) == (ZERO, Decimal(-250), "USD")
    assert (line.charge_category, line.service, line.description) == ("Credit", "Managed Services", "Platform fee")
    assert (line.inserted_by, [delta.amount for delta in line.deltas]) == ("goodwill", [Decimal(-250)])


def test_a_rule_that_starts_inside_the_month_changes_only_later_charges_of_the_line(tmp_path: Path) -> None:
    charges = [a_charge(day=date(2026, 3, day)) for day in (1, 14, 15, 31)]
    (line,) = lines(tmp_path, charges, shown("50", start_date=date(2026, 3, 15)))
    assert (line.provider_cost, line.rated_cost) == (Decimal(4), Decimal(3))


def test_a_correction_of_an_earlier_month_belongs_to_who_owns_the_account_first_in_this_month(tmp_path: Path) -> None:
    until = Delegation(integration_token=INTEGRATION, account_token=ACME, end_date=date(2026, 3, 14))
    since = Delegation(integration_token=INTEGRATION, account_token="acct_b", start_date=date(2026, 3, 15))
    charges = [a_charge(day=date(2026, 2, 20)), a_charge(day=date(2026, 3, 20))]
    month = rated_month(tmp_path, charges, delegations=(until, since))
    assert [line.provider_cost for line in month.by_account[ACME].lines] == [1]
    assert month.unallocated == ()


def test_what_nobody_owns_is_reported_by_place_and_currency(tmp_path: Path) -> None:
    only_one = Delegation(
        integration_token=INTEGRATION, account_token=ACME, billing_account_id="payer", sub_account_id="one"
    )
    charges = [a_charge(), a_charge(SubAccountId="two"), a_charge(SubAccountId="two"), a_charge(SubAccountId=None)]
    month = rated_month(tmp_path, charges, delegations=(only_one,))
    assert [(place.sub_account_id, place.cost, place.charges) for place in month.unallocated] == [
        (None, ONE, 1),
        ("two", Decimal(2), 2),
    ]


def test_two_currencies_are_never_added(tmp_path: Path) -> None:
    found = lines(tmp_path, [a_charge(), a_charge(BillingCurrency="EUR")])
    assert [(line.currency, line.rated_cost) for line in found] == [("EUR", ONE), ("USD", ONE)]


def test_missing_costs_of_the_chosen_basis_count_as_zero_with_a_warning(tmp_path: Path) -> None:
    month = rated_month(tmp_path, [a_charge(ListCost=Decimal(3)), a_charge()], basis=CostBasis.LIST_COST)
    rated = month.by_account[ACME]
    assert rated.lines[0].provider_cost == 3
    assert [(issue.is_error, issue.message) for issue in rated.issues] == [
        (False, "1 charges have no ListCost and were counted as zero.")
    ]


def test_the_same_line_from_two_integrations_is_one_line(tmp_path: Path) -> None:
    other = "accss_crdntl_0000000000000002"
    partitions = [
        write_bill(tmp_path / "1", [a_charge(ConsumedQuantity=Decimal(1), ConsumedUnit="Hours")]),
        write_bill(
            tmp_path / "2", [a_charge(ConsumedQuantity=Decimal(2), ConsumedUnit="Hours")], integration_token=other
        ),
    ]
    month = rate(
        store=FilesOnly(tmp_path / "spill"),
        partitions=partitions,
        period=MARCH,
        agreements=[Agreement(account_token=ACME, currency="USD", rules=(shown("110"),))],
        delegations=[EVERYTHING, Delegation(integration_token=other, account_token=ACME)],
    )
    (line,) = month.by_account[ACME].lines
    assert (line.provider_cost, line.rated_cost) == (Decimal(2), Decimal("2.2"))
    assert (line.usage_amount, line.usage_unit) == (Decimal(3), "Hours")


def test_forty_rules_run_in_order_and_every_delta_is_kept(tmp_path: Path) -> None:
    rules = [shown("101.5", f"r{number:02}", service="EC2" if number % 2 else None) for number in range(40)]
    (line,) = lines(tmp_path, [a_charge(BilledCost=Decimal("0.123456789012345678"))], *rules)
    assert [delta.rule_token for delta in line.deltas] == [rule.token for rule in rules]
    assert line.rated_cost == line.provider_cost + sum(delta.amount for delta in line.deltas)
    assert line.rated_cost.as_tuple().exponent == -18


def test_the_result_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    charges = [a_charge(SubAccountId=sub, ServiceName=service) for sub in "cab" for service in ("S3", "EC2")]
    assert rated_month(tmp_path / "1", charges) == rated_month(tmp_path / "2", charges[::-1])


def test_an_account_without_cost_still_has_its_fee(tmp_path: Path) -> None:
    month = rated_month(tmp_path, [a_charge()], (fee("300"),), delegations=())
    assert [line.rated_cost for line in month.by_account[ACME].lines] == [300]


def test_without_any_cost_import_a_month_can_be_rated(tmp_path: Path) -> None:
    month = rate(
        store=FilesOnly(tmp_path),
        partitions=[],
        period=MARCH,
        agreements=[Agreement(account_token=ACME, currency="USD")],
        delegations=[EVERYTHING],
    )
    assert month.by_account[ACME].lines == ()


@pytest.mark.parametrize(
    ("rules", "delegations", "words"),
    [
        ((shown("90"), fee("1")), (), "Managed account acct_00000000000000aa: Billing rules are not in execution"),
        ((), (EVERYTHING, Delegation(integration_token=INTEGRATION, account_token="acct_b")), "given to both"),
    ],
)
def test_contradictions_stop_the_work_with_their_reason(
    tmp_path: Path, rules: tuple[BillingRule, ...], delegations: tuple[Delegation, ...], words: str
) -> None:
    with pytest.raises(UnableToRate, match=words):
        rated_month(tmp_path, [a_charge()], rules, delegations)


def test_a_cost_import_of_another_month_is_refused(tmp_path: Path) -> None:
    partition: Partition = write_bill(tmp_path, [a_charge()], period=MARCH.next)
    with pytest.raises(UnableToRate, match="2026-04 was given to rate 2026-03"):
        rate(store=FilesOnly(tmp_path), partitions=[partition], period=MARCH, agreements=[], delegations=[])
