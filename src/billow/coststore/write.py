"""Write charges as a partition's Parquet files and read them back."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb

from billow.coststore.charges import ReadableFile, StoredSchema, charges_sql, quoted_text
from billow.coststore.partition import CostTotals
from billow.coststore.survey import PeriodRows, cost_totals
from billow.terms.focus import COST_METRICS

_NO_SPACE = ("No space left on device", "Disk quota exceeded", "File too large", "failed to offload data block")


class UnableToWritePartition(Exception):
    """Charges could not be written; ``disk_full`` tells whether for want of room."""

    def __init__(self, reason: str, *, disk_full: bool = False) -> None:
        super().__init__(reason)
        self.disk_full = disk_full


def copy_charges(
    *,
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[ReadableFile],
    schema: StoredSchema,
    folder: Path,
    only: PeriodRows | None,
    on_rows: Callable[[int], None] | None,
) -> tuple[Path, ...]:
    """Write the charges of the delivered files, or of one period in them, one Parquet file for each delivered one."""
    written = []
    for number, readable in enumerate(files):
        target = folder / f"part-{number:04d}.parquet"
        statement = (
            f"COPY ({charges_sql(readable=readable, schema=schema)} {_where(only)}) TO {quoted_text(str(target))} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        try:
            (rows,) = engine.execute(statement).fetchone() or (0,)
        except duckdb.Error as error:
            raise UnableToWritePartition(str(error), disk_full=is_disk_full(str(error))) from error
        if rows:
            written.append(target)
        else:
            target.unlink()
        if on_rows is not None:
            on_rows(rows)
    return tuple(written)


def read_back(*, engine: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> tuple[int, tuple[CostTotals, ...]]:
    """Return how many charges the files hold and their exact totals by currency."""
    paths = ", ".join(quoted_text(str(file)) for file in files)
    sums = ", ".join(f"sum({metric})" for metric in COST_METRICS)
    groups = engine.execute(
        f"SELECT BillingCurrency, count(*), {sums} FROM read_parquet([{paths}], hive_partitioning = false) "
        "GROUP BY BillingCurrency ORDER BY BillingCurrency"
    ).fetchall()
    totals = tuple(
        cost_totals(currency=group[0], sums=[Decimal(value or 0) for value in group[2:]]) for group in groups
    )
    return sum(group[1] for group in groups), totals


def is_disk_full(message: str) -> bool:
    """Tell whether an engine's or the system's message means that there is no room left."""
    return any(text in message for text in _NO_SPACE)


def _where(only: PeriodRows | None) -> str:
    if only is None:
        return ""
    return f"WHERE BillingPeriodStart = TIMESTAMP '{only.start:%Y-%m-%d %H:%M:%S}'"
