"""What turns the rows of a bill that is not FOCUS's into charges, as the import asks for it."""

from collections.abc import Callable, Mapping
from typing import Protocol

import pyarrow as pa

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.problems import Complaint
from billow.terms.focus import ColumnKind

Tell = Callable[[Complaint], None]
"""Takes what is wrong with values of the batch at hand."""


class Translation(Protocol):
    """How the rows of one file whose columns are not FOCUS's become charges, a batch at a time."""

    @property
    def columns(self) -> tuple[DeliveredColumn, ...]:
        """The columns of an unpacked batch."""

    @property
    def period_column(self) -> str:
        """The unpacked column that says in which billing period a row counts."""

    @property
    def line_key(self) -> tuple[str, ...]:
        """The stored columns that together name a line, the same in each version of a bill."""

    def kind_of(self, stored: str) -> ColumnKind | None:
        """Say how an unpacked column is to be typed."""

    def unpack(self, batch: pa.RecordBatch, *, tell: Tell) -> dict[str, pa.Array]:
        """Return the columns by stored name, values as delivered."""

    def charges(self, rows: Mapping[str, pa.Array], *, tell: Tell) -> dict[str, pa.Array]:
        """Return typed rows as charges: FOCUS's columns and the raw ones that are kept."""

    def origin_of(self, stored: str) -> str:
        """Return the delivered column that a stored one is made of, for messages."""
