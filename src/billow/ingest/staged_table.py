"""A Parquet file in the making whose decimals are as narrow as the values so far allow.

Wide decimals are read and cast several times slower than those of at most 18 digits, and how wide a column is can
only be known at its end. So each column starts narrow with room to grow, and a file whose values outgrow it is widened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from billow.coststore.delivery import NARROW_DIGITS, DecimalShape
from billow.ingest.decimals import STORED_DECIMAL


@dataclass(slots=True)
class StagedTable:
    """Takes tables with decimals of the store's width and appends them to one file."""

    path: Path
    _writer: pq.ParquetWriter | None = field(default=None)
    _types: dict[str, pa.DataType] = field(default_factory=dict)

    def append(self, table: pa.Table, *, shapes: Mapping[str, DecimalShape]) -> None:
        """Write a table; ``shapes`` has the digits that each decimal column has needed up to and with this one."""
        if self._writer is None:
            self._types = {name: _with_room(shapes[name]) for name in _wide_columns(table)}
            self._open(table)
        outgrown = [name for name, kind in self._types.items() if not _fits(shapes[name], kind)]
        if outgrown:
            self._widen(outgrown)
        self._write(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def _open(self, table: pa.Table) -> None:
        self._writer = pq.ParquetWriter(
            self.path, self._cast(table).schema, compression="lz4", store_decimal_as_integer=True
        )

    def _write(self, table: pa.Table) -> None:
        assert self._writer is not None
        self._writer.write_table(self._cast(table))

    def _cast(self, table: pa.Table) -> pa.Table:
        for name, kind in self._types.items():
            index = table.schema.get_field_index(name)
            if table.schema.field(index).type != kind:
                table = table.set_column(index, name, pc.cast(table.column(index), kind))
        return table

    def _widen(self, names: list[str]) -> None:
        """Write the file anew with the columns at the store's width."""
        assert self._writer is not None
        self._writer.close()
        narrow = self.path.with_suffix(".narrow")
        self.path.rename(narrow)
        self._types |= dict.fromkeys(names, STORED_DECIMAL)
        with pq.ParquetFile(narrow) as before:
            self._open(before.schema_arrow.empty_table())
            for group in range(before.num_row_groups):
                self._write(before.read_row_group(group))
        narrow.unlink()


def _wide_columns(table: pa.Table) -> list[str]:
    return [column.name for column in table.schema if column.type == STORED_DECIMAL]


def _with_room(shape: DecimalShape) -> pa.DataType:
    """Return a type of 18 digits with the spare ones on both sides, or the store's width if there are none."""
    spare = NARROW_DIGITS - shape.integer_digits - shape.scale
    return pa.decimal128(NARROW_DIGITS, shape.scale + spare // 2) if spare >= 0 else STORED_DECIMAL


def _fits(shape: DecimalShape, kind: pa.DataType) -> bool:
    return bool(shape.scale <= kind.scale and shape.integer_digits <= kind.precision - kind.scale)
