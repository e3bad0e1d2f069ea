"""Rewrite a file of texts and floats as Parquet with exact decimals and UTC times, a batch at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from billow.coststore.delivery import NULL_TEXTS, DecimalShape, DeliveredColumn, DeliveredFile
from billow.ingest.decimals import STORED_DECIMAL, Decimals, shape_of, to_decimals
from billow.ingest.problems import Complaint, Problems, shown
from billow.ingest.rounding import RoundingByPeriod
from billow.ingest.staged_table import StagedTable
from billow.ingest.times import to_times
from billow.ingest.translation import Translation
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
    translation: Translation | None = None
    shapes: dict[str, DecimalShape] = field(default_factory=dict)
    known_times: dict[str, datetime | None] = field(default_factory=dict)
    rows: int = 0

    def rewrite(self, batches: Iterable[pa.RecordBatch], *, target: Path) -> DeliveredFile:
        """Write all batches to the target; bad values are null there and stand in ``problems``."""
        stored = [column.stored for column in self.columns]
        with StagedTable(target) as staged:
            for batch in batches:
                arrays = self._retyped(batch)
                stored = list(arrays)
                staged.append(pa.table(arrays), shapes=self.shapes)
                self.rows += len(batch)
            if not self.rows:
                staged.append(pa.table({name: pa.array([], pa.string()) for name in stored}), shapes={})
        columns = tuple(DeliveredColumn(name, name, origin=self._origin_of(name)) for name in stored)
        return DeliveredFile(path=target, name=self.name, columns=columns, rows=self.rows, shapes=self.shapes)

    def _retyped(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        rounded: dict[int, list[Decimal]] = {}
        columns = self.columns if self.translation is None else self.translation.columns
        delivered = self._unpacked(batch)
        arrays = {column.stored: self._typed(column, delivered[column.stored], rounded) for column in columns}
        starts = arrays.get(_PERIOD_COLUMN if self.translation is None else self.translation.period_column)
        for index, differences in rounded.items():
            self.rounding.add(None if starts is None else _naive(starts[index].as_py()), differences=differences)
        if self.translation is not None:
            arrays = self.translation.charges(arrays, tell=self._tell)
        for name, values in arrays.items():
            if values.type == STORED_DECIMAL:
                self.shapes[name] = shape_of(values, at_least=self.shapes.get(name, DecimalShape()))
        return arrays

    def _unpacked(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        if self.translation is not None:
            return self.translation.unpack(batch, tell=self._tell)
        return {column.stored: values for column, values in zip(self.columns, batch.columns, strict=True)}

    def _typed(self, column: DeliveredColumn, values: pa.Array, rounded: dict[int, list[Decimal]]) -> pa.Array:
        if self.translation is not None:
            kind = self.translation.kind_of(column.stored)
        else:
            kind = COLUMN_BY_NAME[column.stored].kind if column.stored in COLUMN_BY_NAME else None
        if kind in DECIMAL_KINDS:
            return self._decimals(column, values, rounded)
        if kind is ColumnKind.TIME and not is_time(values.type):
            return self._times(column, values)
        return values

    def _decimals(self, column: DeliveredColumn, values: pa.Array, rounded: dict[int, list[Decimal]]) -> pa.Array:
        converted: Decimals = to_decimals(as_text(values))
        for bad in converted.bad:
            self._tell(
                Complaint(column=column.delivered, index=bad.index, code=bad.code, value=bad.value, reason=bad.reason)
            )
        for entry in converted.rounded:
            rounded.setdefault(entry.index, []).append(entry.difference)
        return converted.values

    def _times(self, column: DeliveredColumn, values: pa.Array) -> pa.Array:
        times, bad = to_times(as_text(values), known=self.known_times)
        reason = "is not a time; write it as 2026-03-01T00:00:00Z"
        for index, text in bad:
            self._tell(Complaint(column=column.delivered, index=index, code="bad_time", value=text, reason=reason))
        return times

    def _tell(self, complaint: Complaint) -> None:
        row = self.row_of(self.rows + complaint.index)
        value = None if complaint.value is None else shown(complaint.value)
        quoted = "" if value is None else f"{value!r} "
        issue = Issue(
            code=complaint.code,
            message=f"Row {row}, {complaint.column}: {quoted}{complaint.reason}.",
            severity=complaint.severity,
            path=self.name,
            row=row,
            column=complaint.column,
            value=value,
        )
        self.problems.add(issue, count=complaint.count)

    def _origin_of(self, stored: str) -> str:
        if self.translation is not None:
            return self.translation.origin_of(stored)
        return next(column.delivered for column in self.columns if column.stored == stored)


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
