"""Adjustments and rounding."""

from decimal import Decimal

import pytest

from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType
from billow.invoicing.totals import calculate_totals, check_adjustment_item, line_minor_amounts
from billow.terms.rounding import RoundingRule


def item(kind: str, amount: str, *, fixed: bool = False) -> AdjustmentItem:
    calculation = CalculationType.FIXED if fixed else CalculationType.PERCENTAGE
    return AdjustmentItem(
        name=f"{kind} {amount}",
        adjustment_type=AdjustmentType(kind),
        calculation_type=calculation,
        amount=Decimal(amount),
    )


def total(subtotal_minor: int, *items: AdjustmentItem, currency: str = "USD") -> int:
    return calculate_totals(subtotal_minor=subtotal_minor, items=items, currency=currency).totals.total_minor


@pytest.mark.parametrize(
    ("subtotal", "percentage", "tax"),
    [(123457, "19", 23457), (10000, "8.875", 888), (100, "8.875", 9), (1000, "19.5", 195), (99, "19", 19)],
)
def test_a_percentage_is_rounded_once_half_up(subtotal: int, percentage: str, tax: int) -> None:
    assert total(subtotal, item("charge", percentage)) == subtotal + tax


def test_discounts_come_first_then_charges_then_credits_whatever_order_they_are_listed_in() -> None:
    items = (
        item("credit", "10"),
        item("charge", "20"),
        item("charge", "5", fixed=True),
        item("discount", "10"),
        item("discount", "100", fixed=True),
    )
    found = calculate_totals(subtotal_minor=100000, items=items, currency="USD")
    assert [entry.amount_minor for entry in found.adjustments] == [8000, 16000, 500, 10000, 10000]
    assert found.totals.total_minor == 100000 - 20000 + 16500 - 8000
    assert [entry.name for entry in found.adjustments] == [each.name for each in items]


def test_charges_do_not_compound_on_each_other() -> None:
    assert total(10000, item("charge", "10"), item("charge", "10")) == 12000


def test_discounts_never_take_more_than_the_subtotal_and_say_so() -> None:
    items = (item("discount", "60"), item("discount", "50", fixed=True), item("charge", "19"))
    found = calculate_totals(subtotal_minor=10000, items=items, currency="USD")
    assert [entry.amount_minor for entry in found.adjustments] == [6000, 4000, 0]
    assert found.totals.total_minor == 0
    assert [issue.message for issue in found.issues] == [
        "The discount 'discount 50' would be 50.00 USD, more than is left of the subtotal; 40.00 USD was taken off."
    ]


def test_credits_may_leave_a_credit_balance_with_a_warning() -> None:
    found = calculate_totals(subtotal_minor=1000, items=(item("credit", "25", fixed=True),), currency="USD")
    assert found.totals.total_minor == -1500
    assert [issue.code for issue in found.issues] == ["negative_total"]


def test_a_percentage_of_a_negative_subtotal_is_left_at_zero_with_a_warning() -> None:
    found = calculate_totals(subtotal_minor=-1000, items=(item("charge", "19"), item("discount", "5")), currency="USD")
    assert found.totals.total_minor == -1000
    assert {issue.code for issue in found.issues} == {"percentage_of_negative", "negative_total"}


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 25), ("USD", 2500), ("KWD", 25000)])
def test_fixed_amounts_are_in_the_invoices_currency(currency: str, minor: int) -> None:
    assert total(0, item("charge", "25", fixed=True), currency=currency) == minor


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (item("charge", "-1"), "adjustment_negative"),
        (item("charge", "NaN"), "adjustment_negative"),
        (item("discount", "100.1"), "adjustment_above_100_percent"),
        (item("credit", "101"), "adjustment_above_100_percent"),
    ],
)
def test_items_that_make_no_sense_are_refused(wrong: AdjustmentItem, code: str) -> None:
    assert [issue.code for issue in check_adjustment_item(item=wrong)] == [code]


def test_a_surcharge_above_100_percent_is_allowed() -> None:
    assert check_adjustment_item(item=item("charge", "150")) == ()


def test_ten_lines_of_less_than_half_a_cent_keep_their_total_only_under_exact_total() -> None:
    tiny = [Decimal("0.004")] * 10
    exact = line_minor_amounts(exact_amounts=tiny, currency="USD", rounding_rule=RoundingRule.EXACT_TOTAL)
    assert exact == (1, 1, 1, 1, 0, 0, 0, 0, 0, 0)
    per_line = line_minor_amounts(exact_amounts=tiny, currency="USD", rounding_rule=RoundingRule.PER_LINE)
    assert sum(per_line) == 0
