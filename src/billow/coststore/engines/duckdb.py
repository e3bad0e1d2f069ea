"""The default engine: DuckDB in memory over the store's Parquet files, locked before use."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """What one engine session may use; memory in mebibytes."""

    memory_mib: int = 1024
    threads: int = 2


@contextmanager
def open_engine(
    *, read_from: Sequence[Path], spill_to: Path, limits: EngineLimits | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory engine that may touch only the given directories and no network.

    Writers name the directory they write in ``read_from`` too. The configuration is locked, so no
    query can widen it.
    """
    limits = limits or EngineLimits()
    spill_to.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"SET memory_limit='{limits.memory_mib}MiB'")
        connection.execute(f"SET threads={limits.threads}")
        connection.execute("SET temp_directory=$1", [str(spill_to)])
        connection.execute("SET TimeZone='UTC'")
        connection.execute("SET preserve_insertion_order=false")
        connection.execute("SET allowed_directories=$1", [[str(path) for path in (*read_from, spill_to)]])
        connection.execute("SET autoinstall_known_extensions=false")
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        yield connection
    finally:
        connection.close()


def fetch_all(*, engine: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement that may take long and return its rows; Ctrl-C stops it at once.

    The engine looks for signals only now and then while it works in the main thread, so it works in another.
    """
    with ThreadPoolExecutor(max_workers=1) as worker:
        answer = worker.submit(lambda: engine.execute(statement).fetchall())
        try:
            return answer.result()
        except KeyboardInterrupt:
            engine.interrupt()
            raise
