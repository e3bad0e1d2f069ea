"""From rated costs to a draft."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.invoicing.checks import check_invoice
from billow.invoicing.draft import UnableToDraftInvoice
from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType, ExchangeRate
from billow.invoicing.totals import invoice_warnings
from billow.terms.money import to_minor
from billow.terms.rounding import RoundingRule
from tests.unit.invoicing.samples import a_draft, a_line

MINUS_ONE = AdjustmentItem(
    name="x",
    adjustment_type=AdjustmentType.CHARGE,
    calculation_type=CalculationType.FIXED,
    amount=Decimal(-1),
)


def rate_of(rate: str, day: date = date(2026, 3, 1), base: str = "USD", currency: str = "EUR") -> ExchangeRate:
    return ExchangeRate(base_currency=base, currency=currency, rate=Decimal(rate), effective_date=day)


def test_a_line_keeps_its_provider_cost_its_rules_and_its_exact_amount() -> None:
    invoice = a_draft(a_line("0.905", provider="1"), rule_titles={"rule-1": "Partner discount"})
    (line,) = invoice.lines
    assert (line.line_number, line.amount_minor, line.exact_amount) == (1, 91, Decimal("0.905"))
    assert [(delta.title, delta.amount) for delta in line.deltas] == [("Partner discount", Decimal("-0.095"))]
    assert invoice.is_draft


def test_the_latest_rate_of_the_month_is_used_and_kept() -> None:
    rates = [
        rate_of("0.90", date(2026, 3, 31)),
        rate_of("0.95", date(2026, 3, 1)),
        rate_of("0.10", date(2026, 4, 1)),
        rate_of("9", base="EUR", currency="USD"),
    ]
    invoice = a_draft(a_line("100.005"), currency="EUR", exchange_rates=rates)
    assert invoice.exchange_rates == (rates[0],)
    assert invoice.lines[0].exact_amount == Decimal("90.0045")
    assert invoice.totals.total_minor == 9000


def test_two_source_currencies_need_a_rate_each_and_are_converted_apart() -> None:
    lines = (a_line("1", service="a"), a_line("100", service="b", currency="EUR"))
    invoice = a_draft(*lines, currency="EUR", exchange_rates=[rate_of("0.925")])
    assert [line.exact_amount for line in invoice.lines] == [Decimal("0.925"), Decimal(100)]
    assert invoice.totals.subtotal_minor == 10093


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [rate_of("0.9", date(2026, 2, 28))],
        [rate_of("1.1", base="EUR", currency="USD")],
        [rate_of("0.8", currency="GBP"), rate_of("1.2", base="GBP")],
    ],
)
def test_without_a_rate_of_the_pair_and_month_the_reason_names_both(rates: list[ExchangeRate]) -> None:
    with pytest.raises(UnableToDraftInvoice, match=r"^No exchange rate USD to EUR for 2026-03$") as caught:
        a_draft(a_line(), currency="EUR", exchange_rates=rates)
    assert caught.value.code == "missing_exchange_rate"


@pytest.mark.parametrize("rate", ["0", "-1", "NaN"])
def test_a_rate_that_is_not_positive_is_refused(rate: str) -> None:
    with pytest.raises(UnableToDraftInvoice, match="must be above 0"):
        a_draft(a_line(), currency="EUR", exchange_rates=[rate_of(rate)])


def test_an_unknown_currency_and_a_senseless_adjustment_are_refused() -> None:
    with pytest.raises(UnableToDraftInvoice, match="'usd' is not an ISO 4217"):
        a_draft(a_line(), currency="usd")
    with pytest.raises(UnableToDraftInvoice, match="enter zero or more"):
        a_draft(a_line(), adjustment_items=[MINUS_ONE])


def test_an_invoice_without_lines_is_possible_and_warned_of() -> None:
    invoice = a_draft()
    assert invoice.totals.total_minor == 0
    assert [issue.code for issue in invoice_warnings(invoice=invoice)] == ["no_lines"]


amounts = st.decimals(min_value=-(10**7), max_value=10**7, places=18, allow_nan=False, allow_infinity=False)
items = st.builds(
    AdjustmentItem,
    name=st.text(min_size=1, max_size=8),
    adjustment_type=st.sampled_from(AdjustmentType),
    calculation_type=st.sampled_from(CalculationType),
    amount=st.decimals(min_value=0, max_value=100, places=4),
)


@given(
    st.lists(st.tuples(amounts, amounts, st.booleans()), max_size=20),
    st.lists(items, max_size=5),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.sampled_from(RoundingRule),
)
def test_every_invariant_holds_for_any_lines_and_adjustments(
    drawn: list[tuple[Decimal, Decimal, bool]],
    adjustment_items: list[AdjustmentItem],
    currency: str,
    rule: RoundingRule,
) -> None:
    lines = [
        a_line(str(rated), provider=str(provider), service=f"s{place}", currency=currency if same else "EUR")
        for place, (rated, provider, same) in enumerate(drawn)
    ]
    invoice = a_draft(
        *lines,
        currency=currency,
        adjustment_items=adjustment_items,
        exchange_rates=[rate_of("1.0837", base="EUR", currency=currency)],
        rounding_rule=rule,
    )
    assert check_invoice(invoice=invoice) == ()
    if rule is RoundingRule.EXACT_TOTAL:
        exact = sum((line.exact_amount for line in invoice.lines), Decimal(0))
        assert invoice.totals.subtotal_minor == to_minor(exact, currency=currency)
    assert 0 <= invoice.totals.discounts_minor <= max(invoice.totals.subtotal_minor, 0)
