"""Ask the cost store's files for a series, and cut them into slices that rating can take one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.charges import quoted_text
from billow.coststore.compile_series import SeriesSource, bin_sql, compile_series, overlapping
from billow.coststore.engines.duckdb import EngineLimits, fetch_all, open_engine
from billow.coststore.lines import LINE_NUMBER, has_numbers
from billow.coststore.partition import Partition
from billow.coststore.run import UnableToQuery
from billow.coststore.series import MOST_GROUPS, SERIES_COLUMNS, ProviderPartition, SeriesQuery, TooManyGroups


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Charges of one integration that share their bin and their groups, as a partition of their own.

    The partition lies in a folder that vanishes; its ``totals`` are not told.
    """

    bin: datetime
    groups: tuple[str | None, ...]
    provider: str
    partition: Partition


def run_series(
    *,
    query: SeriesQuery,
    partitions: Sequence[ProviderPartition],
    spill_to: Path,
    limits: EngineLimits | None = None,
) -> pa.Table:
    """Answer the query over the partitions; see SERIES_COLUMNS. Raises TooManyGroups."""
    sources = _sources(query, partitions)
    if not sources:
        groups = [f"group_{number}" for number in range(len(query.group_by))]
        return pa.table({name: pa.array([], pa.string()) for name in (*groups, *SERIES_COLUMNS)})
    with open_engine(read_from=_folders(sources), spill_to=spill_to, limits=limits) as engine:
        table = engine.sql(compile_series(query=query, sources=sources)).to_arrow_table()
    if table.num_rows > MOST_GROUPS:
        raise TooManyGroups(f"The answer has more than {MOST_GROUPS:,} groups")
    return table


def write_slices(
    *,
    query: SeriesQuery,
    partitions: Sequence[ProviderPartition],
    most: int,
    folder: Path,
    limits: EngineLimits | None = None,
) -> tuple[Slice, ...]:
    """Copy the charges that the query asks for into the folder, one partition per bin and group, in order.

    Raises TooManyGroups if there would be more than ``most``.
    """
    slices: list[Slice] = []
    sources = _sources(query, partitions)
    if not sources:
        return ()
    spill = folder / "spill"
    with open_engine(read_from=[*_folders(sources), folder], spill_to=spill, limits=limits) as engine:
        for number, source in enumerate(sources):
            names = ["billow_bin", *(f"billow_group_{place}" for place in range(len(query.group_by)))]
            made = [bin_sql(query.date_bin, instant=source.first_instant()), *map(source.group, query.group_by)]
            keys = ", ".join(f"{value} AS {name}" for value, name in zip(made, names, strict=True))
            order = ", ".join(f"{name} NULLS FIRST" for name in names)
            where = f"{source.where(query)} AND {source.days(query)}"
            stored = f"* EXCLUDE ({LINE_NUMBER})" if _is_numbered(source) else "*"
            engine.execute(
                f"CREATE TEMP TABLE slice_{number} AS SELECT {stored}, {keys} FROM {source.table} WHERE {where}"
            )
            found = fetch_all(
                engine=engine,
                statement=f"SELECT {', '.join(names)}, COUNT(*) FROM slice_{number} GROUP BY ALL ORDER BY {order}",
            )
            if len(slices) + len(found) > most:
                raise TooManyGroups(f"The answer has more than {most:,} bins and groups")
            if not found:
                continue
            target = folder / f"source-{number:04d}"
            cost = _with_effective_cost(query)
            engine.execute(
                f"COPY (SELECT charges.* EXCLUDE ({', '.join(names)}){cost}, "
                f"dense_rank() OVER (ORDER BY {order}) - 1 AS billow_slice FROM slice_{number} AS charges) "
                f"TO {quoted_text(str(target))} (FORMAT parquet, PARTITION_BY (billow_slice))"
            )
            engine.execute(f"DROP TABLE slice_{number}")
            slices += [
                Slice(
                    bin=row[0],
                    groups=tuple(row[1:-1]),
                    provider=source.provider,
                    partition=replace(
                        source.partition,
                        files=tuple(sorted((target / f"billow_slice={place}").iterdir())),
                        rows=row[-1],
                        totals=(),
                    ),
                )
                for place, row in enumerate(found)
            ]
    return tuple(slices)


def _is_numbered(source: SeriesSource) -> bool:
    """Tell whether the charges have line numbers, which say nothing once they are cut out of their folder."""
    return any(has_numbers(file=file, columns=source.columns) for file in source.partition.files)


def _with_effective_cost(query: SeriesQuery) -> str:
    """Let charges without an effective cost count with what was billed, as in a series."""
    return ' REPLACE (COALESCE("EffectiveCost", "BilledCost") AS "EffectiveCost")' if query.amortized else ""


def _sources(query: SeriesQuery, partitions: Sequence[ProviderPartition]) -> list[SeriesSource]:
    wanted = overlapping(sources=partitions, first_day=query.first_day, last_day=query.last_day)
    return [SeriesSource(provided=each, columns=_columns_of(each.partition)) for each in wanted]


def _columns_of(partition: Partition) -> frozenset[str]:
    try:
        schemas = [pq.read_schema(file) for file in partition.files]
    except (OSError, pa.ArrowInvalid) as broken:
        raise UnableToQuery(f"A stored file of {partition.billing_period} cannot be read: {broken}") from broken
    if not schemas:
        raise UnableToQuery(f"No stored file is recorded for {partition.billing_period}")
    return frozenset.intersection(*(frozenset(schema.names) for schema in schemas))


def _folders(sources: Sequence[SeriesSource]) -> list[Path]:
    return sorted({file.parent for source in sources for file in source.partition.files})
