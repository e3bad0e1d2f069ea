"""Import a FOCUS bill into an empty cost store; the floor is the engine's plain copy of the same files."""

import argparse
import pickle
import time
from pathlib import Path
from typing import Any

import duckdb

from bench.measure import report
from billow.coststore.store import CostStore
from billow.ingest.load import read_bill

THREADS = 2
MEMORY_MIB = 1024


def plain_copy(bill: Path, work: Path) -> dict[str, Any]:
    """Let the engine read every file and write it again as Parquet with zstd, and do nothing else."""
    work.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute(f"SET threads={THREADS}")
    connection.execute(f"SET memory_limit='{MEMORY_MIB}MiB'")
    connection.execute(f"SET temp_directory='{work / 'spill'}'")
    connection.execute("SET preserve_insertion_order=false")
    connection.execute(
        f"COPY (SELECT * FROM read_parquet('{bill}/**/*.parquet', hive_partitioning=false, union_by_name=true)) "
        f"TO '{work / 'copy.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return {"bytes": (work / "copy.parquet").stat().st_size}


def billow_import(bill: Path, work: Path) -> dict[str, Any]:
    """Import the bill: read, check every value, sum, write, publish."""
    store = CostStore(root=work / "costs")
    began = time.perf_counter()
    result = read_bill(
        paths=sorted(bill.rglob("*.parquet")), integration_token="accss_crdntl_00000000000000aa", store=store
    )
    seconds = time.perf_counter() - began
    if not result.imports:
        raise SystemExit(f"the bill was refused: {result.issues[:5]}")
    partitions = tuple(staged.partition for staged in result.imports)
    (work / "partitions.pickle").write_bytes(pickle.dumps(partitions))
    stored = sum(file.stat().st_size for partition in partitions for file in partition.files)
    return {"seconds": seconds, "rows": sum(partition.rows for partition in partitions), "bytes": stored}


def main() -> None:
    """Measure one of the two, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["floor", "billow"])
    parser.add_argument("bill", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    way = plain_copy if arguments.way == "floor" else billow_import
    report(lambda: way(arguments.bill, arguments.work))


if __name__ == "__main__":
    main()
