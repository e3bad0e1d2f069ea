"""Prices by volume tier, as a file that the management account may replace: source, date, and tiers for usage types."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any

from billow.terms.issue import Issue
from billow.terms.rounding import to_store_scale


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """A price for every unit up to ``up_to`` units (None: without end) that no earlier tier took."""

    price: Decimal
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TieredPrice:
    """What the units of some usage types of a product cost together in a month; ``free`` of them nothing.

    With ``only_free_tier`` the price counts only for lines that AWS gave away under its free tier.
    """

    title: str
    product_code: str
    usage_types: frozenset[str]
    unit: str
    tiers: tuple[PriceTier, ...]
    free: Decimal = Decimal(0)
    only_free_tier: bool = False

    def cost_of(self, *, quantity: Decimal, include_free_tier: bool) -> Decimal:
        """Return the exact price of a month's quantity, rounded to 18 decimals."""
        return to_store_scale(
            tiered_cost(quantity=quantity - self.free if include_free_tier else quantity, tiers=self.tiers)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Tiered prices in one currency, with where they are from."""

    source: str
    effective_date: date
    currency: str
    prices: tuple[TieredPrice, ...]


def tiered_cost(*, quantity: Decimal, tiers: Sequence[PriceTier]) -> Decimal:
    """Return what a quantity costs when each tier's price counts for the units inside it, exact."""
    cost, taken = Decimal(0), Decimal(0)
    for tier in tiers:
        end = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if end <= taken:
            break
        cost += (end - taken) * tier.price
        taken = end
    return cost


@lru_cache(maxsize=1)
def built_in_price_list() -> PriceList:
    """Return the price list that comes with Billow."""
    prices, issues = read_price_list(text=built_in_prices_text(), path="aws_prices.toml")
    if prices is None:
        raise ValueError("; ".join(issue.message for issue in issues))
    return prices


def built_in_prices_text() -> str:
    """Return the text of the price list that comes with Billow."""
    return files("billow.billingrules").joinpath("aws_prices.toml").read_text(encoding="utf-8")


def read_price_list(*, text: str, path: str) -> tuple[PriceList | None, tuple[Issue, ...]]:
    """Return the list that a TOML file holds, or every problem of it."""
    try:
        entries = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as wrong:
        return None, (Issue("not_toml", f"This is not TOML: {wrong}", path=path),)
    problems: list[Issue] = []
    prices = tuple(
        price
        for number, entry in enumerate(_listed(entries, "price"), start=1)
        if (price := _price(entry, f"price {number}", path, problems)) is not None
    )
    source, effective, currency = (entries.get(key) for key in ("source", "effective_date", "currency"))
    for key, given, kind in (("source", source, str), ("effective_date", effective, date), ("currency", currency, str)):
        if not isinstance(given, kind):
            problems.append(_problem(path, key, f"{key} is missing or not a {kind.__name__}"))
    if not prices and not problems:
        problems.append(_problem(path, "price", "there is no [[price]]"))
    if problems or not isinstance(effective, date):
        return None, tuple(problems)
    return (
        PriceList(source=str(source), effective_date=effective, currency=str(currency).upper(), prices=prices),
        (),
    )


def _listed(entries: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = entries.get(key, [])
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _price(entry: Mapping[str, Any], place: str, path: str, problems: list[Issue]) -> TieredPrice | None:
    before = len(problems)
    texts = {key: entry.get(key) for key in ("title", "product_code", "unit")}
    problems += [
        _problem(path, f"{place}.{key}", f"{key} is missing")
        for key, given in texts.items()
        if not isinstance(given, str) or not given
    ]
    usage_types = entry.get("usage_types")
    if not isinstance(usage_types, list) or not usage_types or not all(isinstance(each, str) for each in usage_types):
        problems.append(_problem(path, f"{place}.usage_types", "usage_types must be a list of at least one text"))
    free = _number(entry.get("free", 0), f"{place}.free", path, problems)
    tiers = tuple(_tiers(entry, place, path, problems))
    if len(problems) > before or not isinstance(usage_types, list) or free is None:
        return None
    return TieredPrice(
        title=str(texts["title"]),
        product_code=str(texts["product_code"]),
        usage_types=frozenset(usage_types),
        unit=str(texts["unit"]),
        tiers=tiers,
        free=free,
        only_free_tier=entry.get("only_free_tier") is True,
    )


def _tiers(entry: Mapping[str, Any], place: str, path: str, problems: list[Issue]) -> list[PriceTier]:
    tiers: list[PriceTier] = []
    listed = _listed(entry, "tiers")
    if not listed:
        problems.append(_problem(path, f"{place}.tiers", "tiers must be a list of at least one tier"))
    for number, tier in enumerate(listed, start=1):
        here = f"{place}.tiers {number}"
        price = _number(tier.get("price"), f"{here}.price", path, problems)
        up_to = _number(tier["up_to"], f"{here}.up_to", path, problems) if "up_to" in tier else None
        is_last = number == len(listed)
        if ("up_to" in tier) is is_last:
            problems.append(_problem(path, here, "every tier but the last needs up_to, and the last has none"))
        if tiers and up_to is not None and up_to <= (tiers[-1].up_to or 0):
            problems.append(_problem(path, f"{here}.up_to", "tiers must grow"))
        tiers.append(PriceTier(price=price or Decimal(0), up_to=up_to))
    return tiers


def _number(given: object, place: str, path: str, problems: list[Issue]) -> Decimal | None:
    try:
        number = Decimal(given) if isinstance(given, str | int | Decimal) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        problems.append(_problem(path, place, f"{given!r} is not a number of 0 or more"))
        return None
    return number


def _problem(path: str, column: str, what: str) -> Issue:
    return Issue("wrong_price_list", f"{column}: {what}", path=path, column=column)
