"""Amounts, dates and quantities as a reader of the invoice's locale writes them."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_name, get_currency_symbol

from billow.documents.words import FALLBACK_LANGUAGE, language_of
from billow.terms.money import currency_of, from_minor
from billow.terms.period import BillingPeriod

TRUE_MINUS = "\N{MINUS SIGN}"
_DIRECTION_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c"))
_DECIMALS = re.compile(r"0(?:\.[0#]+)?(?![0#.,])")
_LETTER_BEFORE_FIGURE = re.compile(r"([A-Za-z])(?=\d)")
_QUANTITY_PLACES = 4
_LARGE_QUANTITY = 1000
_LARGE_QUANTITY_PLACES = 2


class UnknownLocale(ValueError):
    """The text does not name a locale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Writes figures for one invoice: numbers by its locale, dates in the language of its words."""

    numbers: Locale
    dates: Locale
    currency: str

    def amount(self, minor: int) -> str:
        """Write minor units with the currency's decimals, without its sign: ``−1,234.50``."""
        return self._written(minor, pattern=self.numbers.decimal_formats[None].pattern)

    def money(self, minor: int) -> str:
        """Write minor units with the currency's sign: ``−$1,234.50``."""
        text = self._written(minor, pattern=self.numbers.currency_formats["standard"].pattern)
        sign = get_currency_symbol(self.currency, locale=self.numbers).translate(_DIRECTION_MARKS)
        if not _is_latin(sign):  # the words beside it are
            text = text.replace(sign, get_currency_symbol(self.currency, locale=FALLBACK_LANGUAGE))
        return _LETTER_BEFORE_FIGURE.sub("\\1\N{NO-BREAK SPACE}", text)

    def _written(self, minor: int, *, pattern: str) -> str:
        """Write with exactly the currency's decimals: Babel's own table would round some currencies."""
        places = currency_of(self.currency).minor_unit_places
        exact_pattern = _DECIMALS.sub(f"0.{'0' * places}" if places else "0", pattern)
        amount = from_minor(minor, currency=self.currency)
        return _tidy(
            format_currency(amount, self.currency, format=exact_pattern, locale=self.numbers, currency_digits=False)
        )

    def quantity(self, quantity: Decimal) -> str:
        """Write a quantity with at most four decimals, from a thousand on with at most two."""
        places = _LARGE_QUANTITY_PLACES if abs(quantity) >= _LARGE_QUANTITY else _QUANTITY_PLACES
        rounded = quantity.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        return _tidy(format_decimal(rounded, format="#,##0.####", locale=self.numbers))

    def exact(self, number: Decimal) -> str:
        """Write a rate or percentage with every decimal it has."""
        return _tidy(format_decimal(number, format="#,##0.##", locale=self.numbers, decimal_quantization=False))

    def day(self, day: date) -> str:
        """Write a date with the month as a word, which no reader can take for another."""
        return format_date(day, format="d MMMM y" if self._day_first else "long", locale=self.dates)

    def month(self, period: BillingPeriod) -> str:
        """Write a billing period as its first and last day."""
        first, last = period.start, period.last_day
        if self.dates.language != "en":
            return f"{self.day(first)} – {self.day(last)}"
        month = format_date(first, format="MMMM", locale=self.dates)
        if self._day_first:
            return f"{first.day} – {last.day} {month} {first.year}"
        return f"{month} {first.day} – {last.day}, {first.year}"

    def currency_name(self, code: str) -> str:
        """Return a currency's name in the language of the words, such as ``US Dollar``."""
        return get_currency_name(code, locale=self.dates)

    def country(self, code: str) -> str:
        """Return a country's name in the language of the words, or the code when it is none."""
        return str(self.dates.territories.get(code.upper(), code))

    @property
    def _day_first(self) -> bool:
        return self.dates.language == "en" and self.dates.territory not in {"US", None}


def figures_for(*, locale: str, currency: str) -> Figures:
    """Return the writer of figures for a locale such as ``en-US``; raise UnknownLocale."""
    try:
        numbers = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as unknown:
        raise UnknownLocale(f"{locale!r} is not a locale; write a language such as en, de or pt-BR") from unknown
    language = language_of(locale=locale)
    dates = numbers if numbers.language == language else Locale(language, "GB" if language == "en" else None)
    return Figures(numbers=numbers, dates=dates, currency=currency)


def _is_latin(sign: str) -> bool:
    """Tell whether a currency sign is made of Latin letters and general currency symbols."""
    return all(ord(character) < 0x250 or 0x20A0 <= ord(character) <= 0x20CF for character in sign)


def _tidy(text: str) -> str:
    return text.translate(_DIRECTION_MARKS).replace("-", TRUE_MINUS)
