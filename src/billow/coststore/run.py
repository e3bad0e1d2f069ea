"""Ask the cost store's files a question."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.compile import QUANTITY_COLUMN, UNIT_COLUMN, Source, compile_query
from billow.coststore.engines.duckdb import EngineLimits, open_engine
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


def _sources_of(partition: Partition, query: CostQuery) -> Iterator[Source]:
    read = [(_schema(file, query), str(file)) for file in sorted(partition.files)]
    for types, group in groupby(sorted(read), key=lambda entry: entry[0]):
        yield Source(
            integration_token=partition.integration_token,
            files=tuple(file for _, file in group),
            columns=frozenset(name for name, kind in types if kind != "null"),
            constants={},
        )


def _schema(file: Path, query: CostQuery) -> tuple[tuple[str, str], ...]:
    """Return the columns of the file that the query reads, with their types as text."""
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as broken:
        raise UnableToQuery(f"The stored file {file} cannot be read: {broken}") from broken
    types = {field.name: field.type for field in schema}
    for name in (query.cost_column, QUANTITY_COLUMN):
        if name in types and not _is_exact(types[name]):
            raise UnableToQuery(f"The stored file {file} keeps {name} as {types[name]}, which is not exact")
    return tuple((name, str(types[name])) for name in sorted(_columns_read(query)) if name in types)


def _columns_read(query: CostQuery) -> Iterable[str]:
    details = (detail.column for detail in query.details)
    places = ("BillingAccountId", "SubAccountId", "ChargePeriodStart", QUANTITY_COLUMN, UNIT_COLUMN)
    return {query.cost_column, *query.group_by, *query.names, *query.labels, *details, *places}


def _is_exact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))
