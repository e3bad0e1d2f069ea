"""An engine session: what it may touch, and how it is interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from billow.coststore.engines.duckdb import open_engine

_WAITS_IN_A_QUERY = """
import sys
from pathlib import Path
from billow.coststore.engines.duckdb import fetch_all, open_engine

with open_engine(read_from=[], spill_to=Path(sys.argv[1])) as engine:
    print("ready", flush=True)
    fetch_all(engine=engine, statement="SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 9")
"""


def test_an_interruption_during_a_query_is_a_keyboard_interrupt(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WAITS_IN_A_QUERY, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()

    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/var/tmp/escaped.parquet'",
        "SET enable_external_access = true",
        "SET memory_limit = '99GiB'",
        "INSTALL httpfs",
        "ATTACH '/var/tmp/escaped.db'",
    ],
)
def test_a_query_cannot_leave_the_folders_it_was_given(tmp_path: Path, statement: str) -> None:
    with open_engine(read_from=[tmp_path], spill_to=tmp_path / "spill") as engine, pytest.raises(duckdb.Error):
        engine.execute(statement)
