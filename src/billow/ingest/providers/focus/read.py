"""Bills in the FinOps Open Cost and Usage Specification, versions 1.0, 1.1 and 1.2."""

from collections.abc import Sequence
from dataclasses import dataclass

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.providers.focus.columns import looks_like_focus, plan
from billow.terms.issue import Issue


@dataclass(frozen=True, slots=True)
class FocusBill:
    """FOCUS files, whoever wrote them."""

    name: str = "focus"

    def recognises(self, *, names: Sequence[str]) -> bool:
        """Tell whether the names are FOCUS's."""
        return looks_like_focus(names)

    def plan_columns(self, *, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
        """Say which delivered column becomes which stored one, and what is wrong with the names."""
        return plan(names=names, path=path)

    def translation(self, *, columns: Sequence[DeliveredColumn]) -> None:
        """Say that the columns are charges as they are."""
