"""The currency table against the published list."""

import iso4217

from billow.terms.currencies import MINOR_UNITS


def test_the_table_is_the_published_list_of_currencies_with_minor_units() -> None:
    published = {currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None}
    assert published == MINOR_UNITS
