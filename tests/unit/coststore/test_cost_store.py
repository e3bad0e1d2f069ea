"""The store's own promises: addresses, staging, and checks of what lies in it."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from billow.coststore.partition import Partition
from billow.coststore.store import CostStore
from billow.terms.period import BillingPeriod
from tests.unit.ingest.focus_bills import TOKEN, import_bill, write_bill


@pytest.fixture
def partition(store: CostStore, tmp_path: Path) -> Partition:
    (done,) = import_bill(store, write_bill(tmp_path, {}, {"BillingCurrency": "EUR", "BilledCost": "3"})).imports
    return done.partition


def codes(store: CostStore, partition: Partition) -> list[str]:
    return [issue.code for issue in store.verify(partition)]


def test_a_partition_lies_at_its_integration_period_and_hash(store: CostStore, partition: Partition) -> None:
    folder = store.root / "partitions" / TOKEN / "2026-03" / partition.sha256
    assert partition.files == (folder / "part-0000.parquet",)
    assert sorted(path.name for path in folder.iterdir()) == [
        "lines.parquet",
        "manifest.json",
        "part-0000.parquet",
    ]
    assert codes(store, partition) == []


@pytest.mark.parametrize("name", ["..", "a/b", "", "x y"])
def test_a_name_that_leads_out_of_the_store_is_refused(store: CostStore, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        store.partition_folder(integration_token=name, period=BillingPeriod(2026, 3), sha256="00")


def test_a_missing_file_is_named(store: CostStore, partition: Partition) -> None:
    partition.files[0].unlink()

    (issue,) = store.verify(partition)
    assert (issue.code, issue.path) == ("missing_file", str(partition.files[0]))


def test_one_altered_byte_is_named(store: CostStore, partition: Partition) -> None:
    content = bytearray(partition.files[0].read_bytes())
    content[len(content) // 2] ^= 1
    partition.files[0].write_bytes(content)

    assert "altered_file" in codes(store, partition)


def test_a_file_cut_in_half_is_named(store: CostStore, partition: Partition) -> None:
    content = partition.files[0].read_bytes()
    partition.files[0].write_bytes(content[: len(content) // 2])

    assert codes(store, partition) == ["altered_file", "damaged_file"]


def test_a_lost_manifest_is_named(store: CostStore, partition: Partition) -> None:
    (partition.files[0].parent / "manifest.json").unlink()

    assert codes(store, partition) == ["bad_manifest"]


def test_a_record_of_other_rows_or_totals_is_named(store: CostStore, partition: Partition) -> None:
    euro, dollar = partition.totals
    changed = replace(dollar, billed_cost=dollar.billed_cost + Decimal("1E-18"))

    assert codes(store, replace(partition, rows=3)) == ["wrong_row_count"]
    assert codes(store, replace(partition, totals=(euro, changed))) == ["wrong_totals"]
    assert codes(store, replace(partition, totals=(euro, dollar, replace(euro, currency="GBP")))) == ["wrong_totals"]
    assert codes(store, replace(partition, sha256="0" * 64)) == ["wrong_partition"]


def test_the_manifest_names_what_the_folder_holds(partition: Partition) -> None:
    manifest = json.loads((partition.files[0].parent / "manifest.json").read_text())

    assert manifest["rows"] == 2
    assert {total["currency"]: total["billed_cost"] for total in manifest["totals"]} == {
        "EUR": "3.000000000000000000",
        "USD": "1.250000000000000000",
    }


_DIES_WHILE_STAGING = """
import sys, time
from pathlib import Path
from billow.coststore.store import CostStore
with CostStore(root=Path(sys.argv[1])).staging() as folder:
    (folder / "half-written.parquet").write_bytes(b"PAR1")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_leftovers_of_a_killed_import_are_removed_and_those_of_a_live_one_are_not(store: CostStore) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES_WHILE_STAGING, str(store.root)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout:
        abandoned = Path(process.stdout.readline().strip())
        assert store.discard_staging() == ()
        assert (abandoned / "half-written.parquet").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()

    with store.staging() as live:
        assert store.discard_staging() == (abandoned,)
        assert live.is_dir()
    assert list((store.root / "staging").iterdir()) == []


def test_staging_is_removed_when_its_use_fails(store: CostStore) -> None:
    with pytest.raises(RuntimeError), store.staging() as folder:
        (folder / "file").write_text("x")
        raise RuntimeError

    assert list((store.root / "staging").iterdir()) == []
