"""The prices by volume tier that customers are re-rated by: those that come with Billow, or the operator's own."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from billow.billingrules.price_list import PriceList, built_in_prices_text, read_price_list
from billow.billingrules.rule import BillingRule, RetierRule
from billow.terms.period import BillingPeriod
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesInUse:
    """A price list, and the SHA-256 of the text that it was read from."""

    prices: PriceList
    sha256: str


def prices_for(*, rules: Iterable[BillingRule]) -> PricesInUse | None:
    """Return the price list if one of the rules needs it; raise Refused if it is wrong."""
    return prices_in_use() if any(isinstance(rule, RetierRule) for rule in rules) else None


def prices_in_use() -> PricesInUse:
    """Return the price list as it is now; raise Refused if the operator's own is wrong."""
    path: Path | None = settings.AWS_PRICES
    if path is None:
        return _read(built_in_prices_text(), "")
    try:
        return _read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise Refused("price_list_wrong", f"BILLOW_AWS_PRICES: {path} cannot be read: {unreadable}") from unreadable


def reads_prices(*, rules: Iterable[BillingRule], period: BillingPeriod) -> bool:
    """Tell whether one of the rules looks at the price list in the month."""
    return any(
        isinstance(rule, RetierRule)
        and (rule.start_date is None or rule.start_date < period.end)
        and (rule.end_date is None or rule.end_date >= period.start)
        for rule in rules
    )


@lru_cache(maxsize=4)
def _read(text: str, path: str) -> PricesInUse:
    prices, issues = read_price_list(text=text, path=path)
    if prices is None:
        raise Refused("price_list_wrong", f"BILLOW_AWS_PRICES: {path}: {issues[0].message}", issues)
    return PricesInUse(prices=prices, sha256=hashlib.sha256(text.encode()).hexdigest())
