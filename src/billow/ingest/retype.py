"""Rewrite a file of texts and floats as Parquet with exact decimals and UTC times, a batch at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from billow.coststore.delivery import NULL_TEXTS, DecimalShape, DeliveredColumn, DeliveredFile
from billow.ingest.decimals import Decimals, shape_of, to_decimals
from billow.ingest.problems import Problems, shown
from billow.ingest.rounding import RoundingByPeriod
from billow.ingest.staged_table import StagedTable
from billow.ingest.times import to_times
from billow.terms.focus import COLUMN_BY_NAME, ColumnKind
from billow.terms.issue import Issue

DECIMAL_KINDS = (ColumnKind.COST, ColumnKind.QUANTITY)
_PERIOD_COLUMN = "BillingPeriodStart"


@dataclass(slots=True)
class Retyping:
    """One file being rewritten: what is known of it so far."""

    name: str
    columns: tuple[DeliveredColumn, ...]
    problems: Problems
    row_of: Callable[[int], int]
    rounding: RoundingByPeriod
    shapes: dict[str, DecimalShape] = field(default_factory=dict)
    known_times: dict[str, datetime | None] = field(default_factory=dict)
    rows: int = 0

    def rewrite(self, batches: Iterable[pa.RecordBatch], *, target: Path) -> DeliveredFile:
        """Write all batches to the target; bad values are null there and stand in ``problems``."""
        with StagedTable(target) as staged:
            for batch in batches:
                staged.append(self._retyped(batch), shapes=self.shapes)
                self.rows += len(batch)
            if not self.rows:
                empty = {column.stored: pa.array([], pa.string()) for column in self.columns}
                staged.append(pa.table(empty), shapes={})
        columns = tuple(DeliveredColumn(column.stored, column.stored) for column in self.columns)
        return DeliveredFile(path=target, name=self.name, columns=columns, rows=self.rows, shapes=self.shapes)

    def _retyped(self, batch: pa.RecordBatch) -> pa.Table:
        rounded: dict[int, list[Decimal]] = {}
        arrays: dict[str, pa.Array] = {}
        for column, values in zip(self.columns, batch.columns, strict=True):
            kind = COLUMN_BY_NAME[column.stored].kind if column.stored in COLUMN_BY_NAME else None
            if kind in DECIMAL_KINDS:
                arrays[column.stored] = self._decimals(column, values, rounded)
            elif kind is ColumnKind.TIME and not is_time(values.type):
                arrays[column.stored] = self._times(column, values)
            else:
                arrays[column.stored] = values
        for index, differences in rounded.items():
            starts = arrays.get(_PERIOD_COLUMN)
            self.rounding.add(None if starts is None else _naive(starts[index].as_py()), differences=differences)
        return pa.table(arrays)

    def _decimals(self, column: DeliveredColumn, values: pa.Array, rounded: dict[int, list[Decimal]]) -> pa.Array:
        converted: Decimals = to_decimals(as_text(values))
        for bad in converted.bad:
            self._tell(column, bad.index, bad.code, bad.value, bad.reason)
        for entry in converted.rounded:
            rounded.setdefault(entry.index, []).append(entry.difference)
        shape = self.shapes.get(column.stored, DecimalShape())
        self.shapes[column.stored] = shape_of(converted.values, at_least=shape)
        return converted.values

    def _times(self, column: DeliveredColumn, values: pa.Array) -> pa.Array:
        times, bad = to_times(as_text(values), known=self.known_times)
        for index, text in bad:
            self._tell(column, index, "bad_time", text, "is not a time; write it as 2026-03-01T00:00:00Z")
        return times

    def _tell(self, column: DeliveredColumn, index: int, code: str, value: str, reason: str) -> None:
        row = self.row_of(self.rows + index)
        message = f"Row {row}, {column.delivered}: {shown(value)!r} {reason}."
        self.problems.add(
            Issue(code=code, message=message, path=self.name, row=row, column=column.delivered, value=shown(value))
        )


def as_text(values: pa.Array) -> pa.Array:
    """Return values as text: a float as its shortest decimal, which is what its writer meant; missing ones as null."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    was_text = not pa.types.is_floating(values.type) and not pa.types.is_decimal(values.type)
    texts = values if values.type == pa.string() else pc.cast(values, pa.string())
    if not was_text:
        return texts
    missing = pc.is_in(texts, value_set=pa.array(NULL_TEXTS))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts) if pc.any(missing).as_py() else texts


def is_time(kind: pa.DataType) -> bool:
    """Tell whether the store takes the type as a time."""
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _naive(moment: datetime | None) -> datetime | None:
    return moment if moment is None else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
