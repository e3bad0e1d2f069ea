import threading
from decimal import Decimal, getcontext

from hypothesis import given
from hypothesis import strategies as st

from billow.terms import EXACT_DIGITS
from billow.terms.rounding import round_half_away, to_store_scale, to_store_scale_on_import


def test_arithmetic_is_exact_in_every_thread() -> None:
    found: list[Decimal] = []

    def multiply() -> None:
        found.append(Decimal("12345678901234567890.123456789012345678") * Decimal("1.000000000000000001"))

    thread = threading.Thread(target=multiply)
    thread.start()
    thread.join()
    assert found == [Decimal("12345678901234567902.469135690246913568123456789012345678")]
    assert getcontext().prec == EXACT_DIGITS


def test_a_computed_cost_rounds_halves_away_and_a_delivered_one_to_even() -> None:
    half = Decimal("0.0000000000000000005")
    assert to_store_scale(half) == Decimal("0.000000000000000001")
    assert to_store_scale(-half) == Decimal("-0.000000000000000001")
    assert to_store_scale_on_import(half) == 0
    assert to_store_scale_on_import(3 * half) == Decimal("0.000000000000000002")


@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=25))
def test_rounding_is_symmetric_and_never_further_than_half_a_unit(amount: Decimal) -> None:
    rounded = round_half_away(amount, places=2)
    assert round_half_away(-amount, places=2) == -rounded
    assert abs(rounded - amount) <= Decimal("0.005")
