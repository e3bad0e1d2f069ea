from decimal import Decimal

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.terms.currencies import MINOR_UNITS
from billow.terms.money import UnknownCurrency, amount_text, currency_of, from_minor, share_out, to_minor
from billow.terms.rounding import round_half_away

exact_minor = st.decimals(min_value=-(10**12), max_value=10**12, places=18)


def test_minor_units_are_those_of_iso_4217() -> None:
    official = {currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None}
    ours = {code: places for code, places in MINOR_UNITS.items() if code in official}
    assert ours == {code: official[code] for code in ours}
    # What one list has and the other lacks: codes that came or went since either was written.
    assert len(set(MINOR_UNITS) ^ set(official)) <= 12


@pytest.mark.parametrize(("currency", "text"), [("EUR", "1234.57"), ("JPY", "1235"), ("KWD", "1234.568")])
def test_an_amount_has_exactly_the_decimals_of_its_currency(currency: str, text: str) -> None:
    minor = to_minor(Decimal("1234.5675"), currency=currency)
    assert amount_text(minor, currency=currency) == text
    assert from_minor(minor, currency=currency) == Decimal(text)


def test_an_unknown_currency_is_refused_by_name() -> None:
    with pytest.raises(UnknownCurrency, match="'EURO'"):
        currency_of("EURO")
    with pytest.raises(UnknownCurrency, match="'eur'"):
        to_minor(Decimal(1), currency="eur")


def test_halves_go_away_from_zero_on_both_sides() -> None:
    halves = [to_minor(Decimal(text), currency="EUR") for text in ("0.005", "-0.005", "0.015", "0.0049999999999999999")]
    assert halves == [1, -1, 2, 0]


@given(weights=st.lists(exact_minor, max_size=40))
def test_shares_add_up_and_none_strays_a_whole_unit_from_its_exact_part(weights: list[Decimal]) -> None:
    total = int(round_half_away(sum(weights, Decimal(0)), places=0))
    shares = share_out(total, weights=weights)
    assert sum(shares) == total
    assert all(abs(share - weight) < 1 for share, weight in zip(shares, weights, strict=True))


@given(weights=st.lists(exact_minor, max_size=40))
def test_negating_every_part_negates_every_share(weights: list[Decimal]) -> None:
    total = int(round_half_away(sum(weights, Decimal(0)), places=0))
    negated = share_out(-total, weights=[-weight for weight in weights])
    assert negated == tuple(-share for share in share_out(total, weights=weights))


def test_the_unit_left_over_goes_to_the_part_that_lost_most_and_on_a_tie_to_the_earlier() -> None:
    assert share_out(2, weights=[Decimal("0.4"), Decimal("0.7"), Decimal("0.9")]) == (0, 1, 1)
    assert share_out(1, weights=[Decimal("0.5"), Decimal("0.5")]) == (1, 0)


def test_a_total_that_is_not_the_rounded_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="5 minor units are not the rounded sum"):
        share_out(5, weights=[Decimal("0.5"), Decimal("0.5")])
