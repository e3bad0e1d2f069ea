"""Exactness, and the two roundings of the store's 18 decimals."""

import threading
from decimal import Decimal, getcontext

from billow.terms import EXACT_DIGITS
from billow.terms.rounding import to_store_scale, to_store_scale_on_import

HALF = Decimal("0.0000000000000000005")


def test_a_computed_cost_rounds_half_away_from_zero() -> None:
    assert [to_store_scale(HALF), to_store_scale(-HALF)] == [Decimal("1e-18"), Decimal("-1e-18")]


def test_a_delivered_cost_rounds_half_to_even() -> None:
    assert [to_store_scale_on_import(HALF), to_store_scale_on_import(3 * HALF)] == [Decimal(0), Decimal("2e-18")]


def test_the_largest_stored_cost_times_a_rate_keeps_every_digit() -> None:
    cost = Decimal("99999999999999999999.999999999999999999")
    assert cost * Decimal("1.0000000001") - cost == cost.scaleb(-10)


def test_other_threads_calculate_exactly_too() -> None:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(getcontext().prec))
    thread.start()
    thread.join()
    assert found == [EXACT_DIGITS]
