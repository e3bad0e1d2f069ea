"""Numbers for what tells lines of a bill apart, so that a month is grouped by one number instead of many texts.

Each written charge has the number of its line; ``lines.parquet`` beside the charges says which texts it stands for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from billow.coststore.charges import ReadableFile, StoredSchema, charges_sql, quoted_name, quoted_text
from billow.coststore.engines.duckdb import fetch_all

LINES_NAME = "lines.parquet"
LINE_NUMBER = "billow_line"
LINE_COLUMNS = (
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "ServiceSubcategory",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "RegionId",
    "ChargeCategory",
    "BillingCurrency",
    "ConsumedUnit",
)
"""The texts a line number stands for: all that the lines of a rated month are told apart by, or show."""
MOST_LINES = 500_000
"""A partition with more is kept without numbers: finding them would cost too much, and using them gain too little."""

_OURS = "billow_"
"""Columns of a bill that begin like ours would be taken for them."""
_TABLE = "billow_numbered_lines"
_COLUMNS = ", ".join(LINE_COLUMNS)


@dataclass(frozen=True, slots=True)
class NumberedLines:
    """The numbered lines of a partition that is being written, kept as a table of the engine."""

    fingerprint: str = "hash"

    def charges(self, *, charges: str) -> str:
        """Add the number of its line to each of the charges."""
        return (
            f"SELECT charges.*, lines.{LINE_NUMBER} FROM ({charges}) AS charges "
            f"JOIN {_TABLE} AS lines ON {self.fingerprint}({_of('charges')}) = lines.fingerprint"
        )

    def write(self, *, engine: duckdb.DuckDBPyConnection, folder: Path) -> Path:
        """Write the side file and forget the table."""
        target = folder / LINES_NAME
        copied = f"SELECT {LINE_NUMBER}, {_COLUMNS} FROM {_TABLE} ORDER BY {LINE_NUMBER}"
        fetch_all(
            engine=engine,
            statement=f"COPY ({copied}) TO {quoted_text(str(target))} (FORMAT parquet, COMPRESSION zstd)",
        )
        engine.execute(f"DROP TABLE {_TABLE}")
        return target


def number_lines(
    *,
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[ReadableFile],
    schema: StoredSchema,
    where: str,
    rows: int,
    fingerprint: str = "hash",
    most: int = MOST_LINES,
) -> NumberedLines | None:
    """Number the lines of the charges from 0 in the order of their texts; return None if they are best kept without.

    Charges find their number by the ``fingerprint`` of their texts; should two lines share one, nothing is numbered.
    """
    if any(name.casefold().startswith(_OURS) for name in schema.extras):
        return None
    parts = (f"SELECT {_COLUMNS} FROM ({charges_sql(readable=file, schema=schema)} {where})" for file in files)
    charges = " UNION ALL ".join(parts)
    if rows > most:
        about = f"SELECT approx_count_distinct({fingerprint}({_COLUMNS})) FROM ({charges})"
        if fetch_all(engine=engine, statement=about)[0][0] > most:
            return None
    order = ", ".join(f"{name} NULLS FIRST" for name in LINE_COLUMNS)
    distinct = f"SELECT {fingerprint}({_COLUMNS}) AS fingerprint, {_COLUMNS} FROM ({charges}) GROUP BY ALL"
    numbered = f"SELECT *, CAST(row_number() OVER (ORDER BY {order}) - 1 AS INTEGER) AS {LINE_NUMBER} FROM ({distinct})"
    fetch_all(engine=engine, statement=f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS {numbered}")
    shared = f"SELECT COUNT(*) <> COUNT(DISTINCT fingerprint) FROM {_TABLE}"
    return None if fetch_all(engine=engine, statement=shared)[0][0] else NumberedLines(fingerprint)


def has_numbers(*, file: Path, columns: Collection[str]) -> bool:
    """Tell whether a stored file with these columns keeps line numbers, and what they stand for lies beside it."""
    return LINE_NUMBER in columns and (file.parent / LINES_NAME).is_file()


def numbers_differ(*, engine: duckdb.DuckDBPyConnection, files: Sequence[Path], lines: Path) -> bool:
    """Tell whether any charge has a number that stands for other texts than its own, or a number has several lines."""
    charges = ", ".join(quoted_text(str(file)) for file in files)
    numbered = f"SELECT {LINE_NUMBER}, {_COLUMNS} FROM read_parquet([{quoted_text(str(lines))}])"
    used = f"SELECT DISTINCT {LINE_NUMBER}, {_COLUMNS} FROM read_parquet([{charges}], hive_partitioning = false)"
    others = f"SELECT COUNT(*) > 0 FROM ({used} EXCEPT {numbered})"
    again = f"SELECT COUNT(*) <> COUNT(DISTINCT {LINE_NUMBER}) FROM ({numbered})"
    return any(fetch_all(engine=engine, statement=statement)[0][0] for statement in (others, again))


def _of(table: str) -> str:
    return ", ".join(f"{table}.{quoted_name(name)}" for name in LINE_COLUMNS)
