"""What a source of bills tells the import about its files."""

from collections.abc import Sequence
from typing import Protocol

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.translation import Translation
from billow.terms.issue import Issue


class Provider(Protocol):
    """One kind of bill; each lives in a folder of its own with the same files."""

    @property
    def name(self) -> str:
        """The format's name, as on the command line."""

    def recognises(self, *, names: Sequence[str]) -> bool:
        """Tell whether a file with these column names is of this kind."""

    def plan_columns(self, *, names: Sequence[str], path: str) -> tuple[tuple[DeliveredColumn, ...], tuple[Issue, ...]]:
        """Say which delivered column becomes which stored one, and what is wrong with the names."""

    def translation(self, *, columns: Sequence[DeliveredColumn]) -> Translation | None:
        """Say how the planned columns become charges; None where they are FOCUS's already."""
