"""Costs that people bring themselves, in a CSV with a few of FOCUS's columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.custom.columns import looks_custom, plan
from billow.ingest.providers.custom.translate import CustomTranslation
from billow.terms.issue import Issue


@dataclass(frozen=True, slots=True)
class CustomCosts:
    """A file of a custom provider."""

    name: str = "custom"

    def recognises(self, *, names: Sequence[str]) -> bool:
        """Tell whether the names are those of a hand-made file."""
        return looks_custom(names)

    def plan_columns(self, *, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
        """Say which delivered column becomes which stored one, and what is wrong with the names."""
        return plan(names=names, path=path)

    def translation(self, *, columns: Sequence[DeliveredColumn]) -> CustomTranslation:
        """Say how the rows become charges."""
        return CustomTranslation(source=tuple(columns))
