"""Write charges as a partition's Parquet files and read them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from billow.coststore.charges import ReadableFile, StoredSchema, charges_sql, quoted_text
from billow.coststore.engines.duckdb import fetch_all
from billow.coststore.lines import number_lines
from billow.coststore.partition import CostTotals
from billow.coststore.survey import PeriodRows, cost_totals
from billow.terms.focus import COST_METRICS

_NO_SPACE = ("No space left on device", "Disk quota exceeded", "File too large", "failed to offload data block")


class UnableToWritePartition(Exception):
    """Charges could not be written; ``disk_full`` tells whether for want of room."""

    def __init__(self, reason: str, *, disk_full: bool = False) -> None:
        super().__init__(reason)
        self.disk_full = disk_full


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """What lies in a partition's folder: its charges, and their numbered lines if they have any."""

    charges: tuple[Path, ...]
    lines: Path | None


def copy_charges(
    *,
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[ReadableFile],
    schema: StoredSchema,
    folder: Path,
    rows: PeriodRows,
    only_period: bool,
    on_rows: Callable[[int], None] | None,
) -> WrittenFiles:
    """Write a period's charges, one Parquet file for each delivered file that holds some, and number their lines.

    ``only_period`` tells that the files hold no other period.
    """
    only = "" if only_period else _where(rows)
    held = {number: readable for number, readable in enumerate(files) if readable.file.name in rows.files}
    written = []
    try:
        lines = number_lines(engine=engine, files=[*held.values()], schema=schema, where=only, rows=rows.rows)
        for number, readable in held.items():
            target = folder / f"part-{number:04d}.parquet"
            charges = f"{charges_sql(readable=readable, schema=schema)} {only}"
            if lines is not None:
                charges = lines.charges(charges=charges)
            statement = f"COPY ({charges}) TO {quoted_text(str(target))} (FORMAT parquet, COMPRESSION zstd)"
            ((count,),) = fetch_all(engine=engine, statement=statement)
            written.append(target)
            if on_rows is not None:
                on_rows(count)
        side = None if lines is None else lines.write(engine=engine, folder=folder)
    except duckdb.Error as error:
        raise UnableToWritePartition(str(error), disk_full=is_disk_full(str(error))) from error
    return WrittenFiles(tuple(written), side)


def read_back(*, engine: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> tuple[int, tuple[CostTotals, ...]]:
    """Return how many charges the files hold and their exact totals by currency."""
    paths = ", ".join(quoted_text(str(file)) for file in files)
    sums = ", ".join(f"sum({metric})" for metric in COST_METRICS)
    groups = fetch_all(
        engine=engine,
        statement=f"SELECT BillingCurrency, count(*), {sums} FROM read_parquet([{paths}], hive_partitioning = false) "
        "GROUP BY BillingCurrency ORDER BY BillingCurrency",
    )
    totals = tuple(
        cost_totals(currency=group[0], sums=[Decimal(value or 0) for value in group[2:]]) for group in groups
    )
    return sum(group[1] for group in groups), totals


def is_disk_full(message: str) -> bool:
    """Tell whether an engine's or the system's message means that there is no room left."""
    return any(text in message for text in _NO_SPACE)


def _where(rows: PeriodRows) -> str:
    return f"WHERE BillingPeriodStart = TIMESTAMP '{rows.start:%Y-%m-%d %H:%M:%S}'"
