"""Minor units, and sharing them out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.terms.money import UnknownCurrency, amount_text, currency_of, from_minor, share_out, to_minor
from billow.terms.rounding import round_half_away


def thirds_of(amount: str) -> list[Decimal]:
    return [Decimal(amount) / 3] * 3


def test_five_cents_of_credit_over_three_go_two_two_one() -> None:
    assert share_out(-5, weights=thirds_of("-5")) == (-2, -2, -1)


def test_a_hundred_over_three_gives_the_extra_cent_to_the_first() -> None:
    assert share_out(10000, weights=thirds_of("10000")) == (3334, 3333, 3333)


def test_one_cent_over_three_is_not_split() -> None:
    assert share_out(1, weights=thirds_of("1")) == (1, 0, 0)


def test_sharing_by_cost_gives_the_largest_remainder_the_cent() -> None:
    weights = [Decimal(10000) * part / 6 for part in (1, 2, 3)]
    assert share_out(10000, weights=weights) == (1667, 3333, 5000)


def test_a_total_that_is_not_the_rounded_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="not the rounded sum"):
        share_out(3, weights=[Decimal("0.4"), Decimal("0.4")])


parts = st.lists(
    st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=18), max_size=30
)


@given(parts)
def test_shares_add_up_and_none_is_a_whole_unit_off(weights: list[Decimal]) -> None:
    total = int(round_half_away(sum(weights, Decimal(0)), places=0))
    shares = share_out(total, weights=weights)
    assert sum(shares) == total
    assert all(abs(share - weight) < 1 for share, weight in zip(shares, weights, strict=True))


@given(parts)
def test_negating_every_part_negates_every_share(weights: list[Decimal]) -> None:
    total = int(round_half_away(sum(weights, Decimal(0)), places=0))
    mirrored = share_out(-total, weights=[-weight for weight in weights])
    assert mirrored == tuple(-share for share in share_out(total, weights=weights))


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1234.565", "USD", 123457),
        ("-1234.565", "USD", -123457),
        ("1.005", "USD", 101),
        ("2.675", "EUR", 268),
        ("1234.5", "JPY", 1235),
        ("1.2345", "KWD", 1235),
        ("0.004", "USD", 0),
    ],
)
def test_amounts_round_half_away_from_zero_to_the_currencys_places(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency=currency) == minor


@given(st.integers(min_value=-(10**15), max_value=10**15), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_minor_units_survive_the_way_to_decimals_and_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency=currency), currency=currency) == minor


def test_amounts_are_written_with_exactly_the_currencys_places() -> None:
    written = [amount_text(-5, currency="USD"), amount_text(1235, currency="JPY"), amount_text(1, currency="KWD")]
    assert written == ["-0.05", "1235", "0.001"]


@pytest.mark.parametrize("code", ["usd", "XXX", "XAU", "", "DOLLAR"])
def test_a_code_without_a_minor_unit_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="not an ISO 4217 currency code"):
        currency_of(code)
