"""Support plans that providers publish, as data to fill a support fee from."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from billow.billingrules.rule import FeeTier


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportPlan:
    """What one plan costs: tiers of the month's spend, the least fee, and whether each account pays its own."""

    name: str
    title: str
    provider: str
    tiers: tuple[FeeTier, ...]
    minimum: Decimal
    per_account: bool
    source: str
    effective_date: date


@lru_cache(maxsize=1)
def support_plans() -> tuple[SupportPlan, ...]:
    """Return the plans that come with Billow, cheapest first."""
    text = files("billow.billingrules").joinpath("support_plans.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)
    return tuple(_plan(entry, listed) for entry in listed["plan"])


def _plan(entry: Mapping[str, Any], listed: Mapping[str, Any]) -> SupportPlan:
    return SupportPlan(
        name=entry["name"],
        title=entry["title"],
        provider=listed["provider"],
        tiers=tuple(
            FeeTier(percentage=Decimal(tier["percentage"]), up_to=Decimal(tier["up_to"]) if "up_to" in tier else None)
            for tier in entry["tiers"]
        ),
        minimum=Decimal(entry["minimum"]),
        per_account=entry["per_account"],
        source=listed["source"],
        effective_date=listed["effective_date"],
    )
