"""Ask the cost store's files a question."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.compile import QUANTITY_COLUMN, UNIT_COLUMN, Source, compile_query
from billow.coststore.engines.duckdb import EngineLimits, open_engine
from billow.coststore.lines import LINE_NUMBER, LINES_NAME, has_numbers
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery


class UnableToQuery(Exception):
    """The stored files cannot answer the question; the message names the file and why."""


def run_query(
    *, query: CostQuery, partitions: Sequence[Partition], spill_to: Path, limits: EngineLimits | None = None
) -> pa.Table:
    """Answer the query (see CostQuery for the columns) over the files of the partitions.

    Refuses partitions of another period, and money stored in anything but decimals.
    """
    for partition in partitions:
        if partition.billing_period != query.period:
            raise UnableToQuery(f"A cost import of {partition.billing_period} was given for {query.period}")
    sources = [source for partition in partitions for source in _sources_of(partition, query)]
    if not sources:
        raise UnableToQuery(f"There is no stored file of {query.period} to read")
    folders = sorted({file.parent for partition in partitions for file in partition.files})
    with open_engine(read_from=folders, spill_to=spill_to, limits=limits) as engine:
        return engine.sql(compile_query(query=query, sources=sources)).to_arrow_table()


@dataclass(frozen=True, slots=True, order=True)
class _Footer:
    """What a file's footer says about the columns a query reads; files with equal footers are read together."""

    types: tuple[tuple[str, str], ...]
    complete: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]
    few: tuple[str, ...]
    lines: str
    numbered: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class _File:
    footer: _Footer
    path: str


def _sources_of(partition: Partition, query: CostQuery) -> Iterator[Source]:
    files = sorted(_read_footer(path, query) for path in partition.files)
    for footer, group in groupby(files, key=lambda file: file.footer):
        yield Source(
            integration_token=partition.integration_token,
            files=tuple(file.path for file in group),
            columns=frozenset(name for name, kind in footer.types if kind != "null"),
            complete=frozenset(footer.complete),
            constants=dict(footer.constants),
            few=frozenset(footer.few),
            lines=footer.lines,
            numbered=frozenset(footer.numbered),
            times=frozenset(name for name, kind in footer.types if kind.startswith("timestamp")),
            numbers=frozenset(name for name, kind in footer.types if kind.startswith(_NUMBERS)),
        )


def _read_footer(path: Path, query: CostQuery) -> _File:
    footer = _metadata(path)
    types = {field.name: field.type for field in footer.schema.to_arrow_schema()}
    for name in (query.cost_column, QUANTITY_COLUMN, *query.amounts):
        if name in types and not _is_exact(types[name]):
            raise UnableToQuery(f"The stored file {path} keeps {name} as {types[name]}, which is not exact")
    read = sorted(name for name in _columns_read(query) if name in types)
    place = {footer.schema.column(index).path: index for index in range(footer.num_columns)}
    complete = [name for name in read if name in place and _has_no_null(footer, place[name])]
    values = {name: _bounds(footer, place[name]) for name in read if name in place and pa.types.is_string(types[name])}
    empty = {name for name, bounds in values.items() if bounds == frozenset()}
    few = [name for name, bounds in values.items() if bounds is not None and len(bounds) <= 1]
    constants = [(name, value) for name in few if name in complete for value in values[name] or ()]
    lines = path.parent / LINES_NAME if has_numbers(file=path, columns=types) else None
    said = _Footer(
        types=tuple((name, "null" if name in empty else str(types[name])) for name in read),
        complete=tuple(complete),
        constants=tuple((name, value) for name, value in constants if 0 < len(value) <= _UNCUT),
        few=tuple(few),
        lines="" if lines is None else str(lines),
        numbered=() if lines is None else tuple(sorted({*_metadata(lines).schema.names} - {LINE_NUMBER})),
    )
    return _File(said, str(path))


def _metadata(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid) as broken:
        raise UnableToQuery(f"The stored file {path} cannot be read: {broken}") from broken


def _has_no_null(footer: pq.FileMetaData, column: int) -> bool:
    chunks = [footer.row_group(index).column(column).statistics for index in range(footer.num_row_groups)]
    return all(chunk is not None and chunk.has_null_count and chunk.null_count == 0 for chunk in chunks)


def _bounds(footer: pq.FileMetaData, column: int) -> frozenset[str] | None:
    """Return the least and greatest texts of every row group, or None if the statistics do not tell."""
    values: set[str] = set()
    for index in range(footer.num_row_groups):
        group = footer.row_group(index).column(column)
        chunk = group.statistics
        if chunk is not None and chunk.has_null_count and chunk.null_count == group.num_values:
            continue
        if chunk is None or not chunk.has_min_max or not isinstance(chunk.min, str):
            return None
        values |= {chunk.min, chunk.max}
        if len(values) > 1:
            break
    return frozenset(values)


_NUMBERS = ("decimal", "int", "uint", "double", "float")

_UNCUT = 40
"""Writers may cut long texts in statistics; nobody cuts shorter ones than this."""


def _columns_read(query: CostQuery) -> Iterable[str]:
    details = (detail.column for detail in query.details)
    places = ("BillingAccountId", "SubAccountId", "ChargePeriodStart", QUANTITY_COLUMN, UNIT_COLUMN)
    return {query.cost_column, *query.amounts, *query.group_by, *query.names, *query.labels, *details, *places}


def _is_exact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))
