"""A delivered Parquet file: its column names, and whether the store can take it as it is."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from billow.coststore.delivery import (
    MAX_DECIMAL_DIGITS,
    NARROW_DIGITS,
    STORED_SCALE,
    DecimalShape,
    DeliveredColumn,
    DeliveredFile,
)
from billow.ingest.decimals import STORED_DECIMAL, shape_of
from billow.ingest.limits import ImportLimits
from billow.ingest.problems import Problems
from billow.ingest.retype import DECIMAL_KINDS, is_time
from billow.ingest.sources import FoundFile
from billow.terms.focus import COLUMN_BY_NAME, ColumnKind
from billow.terms.issue import Issue

_SMALL_INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())
_SMALL_INTEGER_SHAPE = DecimalShape(integer_digits=10)
_BATCH_ROWS = 65_536


def open_parquet(*, file: FoundFile, limits: ImportLimits, problems: Problems) -> pq.ParquetFile | None:
    """Open the file, or return None after saying why it cannot be read."""
    try:
        opened = pq.ParquetFile(file.path)
    except (pa.ArrowException, OSError) as error:
        cut = "footer" in str(error) or "magic" in str(error)
        code = "truncated_file" if cut else "damaged_file"
        what = "is cut off" if cut else f"is damaged ({str(error).splitlines()[0]})"
        problems.add(Issue(code=code, message=f"The Parquet file {what}; download it again.", path=file.name))
        return None
    unpacked = sum(opened.metadata.row_group(group).total_byte_size for group in range(opened.metadata.num_row_groups))
    too_dense = unpacked > max(limits.ratio_from_bytes, file.bytes * limits.max_ratio)
    if too_dense or unpacked > limits.max_unpacked_bytes or opened.metadata.num_rows > limits.max_rows:
        message = (
            f"The file of {file.bytes:,} bytes holds {opened.metadata.num_rows:,} rows and unpacks to {unpacked:,} "
            "bytes; no bill does. Check where it comes from."
        )
        problems.add(Issue(code="zip_bomb", message=message, path=file.name))
        return None
    return opened


def as_delivered(
    *, file: FoundFile, opened: pq.ParquetFile, columns: Sequence[DeliveredColumn]
) -> DeliveredFile | None:
    """Return the file for the store as it is, or None where texts or floats must be rewritten first."""
    shapes: dict[str, DecimalShape] = {}
    wide: list[DeliveredColumn] = []
    for column in columns:
        kind = COLUMN_BY_NAME[column.stored].kind if column.stored in COLUMN_BY_NAME else None
        stored_type = opened.schema_arrow.field(column.delivered).type
        if kind is ColumnKind.TIME and not is_time(stored_type):
            return None
        if kind in DECIMAL_KINDS:
            shape = _shape_by_type(stored_type)
            if shape is None and not _fits_the_store(stored_type):
                return None
            if shape is None:
                wide.append(column)
            else:
                shapes[column.stored] = shape
    shapes.update(_measured(opened, wide))
    return DeliveredFile(
        path=file.path, name=file.name, columns=tuple(columns), rows=opened.metadata.num_rows, shapes=shapes
    )


def read_parquet_batches(*, opened: pq.ParquetFile, columns: Sequence[DeliveredColumn]) -> Iterator[pa.RecordBatch]:
    """Yield the file's rows in order."""
    for batch in opened.iter_batches(batch_size=_BATCH_ROWS):
        yield batch.select([column.delivered for column in columns])


def _shape_by_type(kind: pa.DataType) -> DecimalShape | None:
    """Return what the type alone promises, or None where the values must be measured."""
    if pa.types.is_decimal(kind) and kind.precision <= NARROW_DIGITS and kind.scale >= 0:
        return DecimalShape(kind.precision - kind.scale, kind.scale)
    return _SMALL_INTEGER_SHAPE if kind in _SMALL_INTEGERS else None


def _fits_the_store(kind: pa.DataType) -> bool:
    if pa.types.is_decimal(kind):
        return bool(
            0 <= kind.scale <= STORED_SCALE and kind.precision - kind.scale <= MAX_DECIMAL_DIGITS - STORED_SCALE
        )
    return bool(pa.types.is_integer(kind))


def _measured(opened: pq.ParquetFile, columns: Sequence[DeliveredColumn]) -> dict[str, DecimalShape]:
    shapes = {column.stored: DecimalShape() for column in columns}
    if columns:
        for batch in opened.iter_batches(batch_size=_BATCH_ROWS, columns=[column.delivered for column in columns]):
            for column in columns:
                values = pc.cast(batch.column(column.delivered), STORED_DECIMAL)
                shapes[column.stored] = shape_of(values, at_least=shapes[column.stored])
    return shapes
