"""Every charge has the number of its line, the numbers stand for exactly its texts, and bills without numbers go on."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from billow.coststore.lines import LINE_COLUMNS, LINE_NUMBER, LINES_NAME, number_lines
from billow.coststore.manifest import hash_file
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.series import DateBin, ProviderPartition, SeriesQuery
from billow.coststore.store import CostStore
from billow.coststore.survey import row_rules
from billow.ingest.limits import ImportLimits
from billow.ingest.problems import Problems
from billow.ingest.progress import Meter
from billow.ingest.reading import Reading
from billow.ingest.sources import find_files
from billow.rating.plan import LINE_COLUMNS as RATED_COLUMNS
from billow.terms.period import BillingPeriod
from tests.unit.ingest.focus_bills import TOKEN, import_bill, write_bill

CHARGES: tuple[dict[str, str], ...] = (
    {},
    {"SubAccountId": "200000000002", "BilledCost": "2"},
    {"SubAccountId": "200000000002", "BilledCost": "3"},
    {"SubAccountId": "", "BilledCost": "4", "RegionId": "eu-1"},
)
RATED = CostQuery(
    period=BillingPeriod(2026, 3),
    cost_column="BilledCost",
    group_by=RATED_COLUMNS,
    names=("SubAccountName",),
    labels=("ServiceSubcategory",),
    usage=True,
)


@pytest.fixture
def partition(store: CostStore, tmp_path: Path) -> Partition:
    (done,) = import_bill(store, write_bill(tmp_path, *CHARGES)).imports
    return done.partition


def lines_of(partition: Partition) -> Path:
    return partition.files[0].with_name(LINES_NAME)


def texts(table: Any) -> list[tuple[str | None, ...]]:
    return list(zip(*(table[name].to_pylist() for name in LINE_COLUMNS), strict=True))


def without_numbers(partition: Partition, folder: Path) -> Partition:
    """Copy the partition as it was written before lines had numbers."""
    folder.mkdir()
    for file in partition.files:
        pq.write_table(pq.read_table(file).drop_columns([LINE_NUMBER]), folder / file.name)
    files = tuple(folder / file.name for file in partition.files)
    manifest = json.loads(partition.files[0].with_name("manifest.json").read_text())
    del manifest["lines"]
    manifest["version"] = 1
    manifest["files"] = [asdict(hash_file(path=file)) for file in files]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return replace(partition, files=files)


def test_a_charges_number_stands_for_its_own_texts(partition: Partition) -> None:
    lines = pq.read_table(lines_of(partition))
    charges = pq.read_table(partition.files[0])
    by_number = dict(zip(lines[LINE_NUMBER].to_pylist(), texts(lines), strict=True))
    assert sorted(by_number) == [0, 1, 2]
    assert [by_number[number] for number in charges[LINE_NUMBER].to_pylist()] == texts(charges)
    assert charges.schema.field(LINE_NUMBER).type == "int32"


def test_files_of_one_delivery_share_their_numbers(store: CostStore, tmp_path: Path) -> None:
    bills = [write_bill(tmp_path, {"BilledCost": str(cost)}, name=f"{cost}.csv") for cost in (1, 2)]
    (done,) = import_bill(store, *bills).imports
    assert [pq.read_table(file)[LINE_NUMBER].to_pylist() for file in done.partition.files] == [[0], [0]]
    assert store.verify(done.partition) == ()


def test_each_month_of_a_delivery_has_its_own_numbers(store: CostStore, tmp_path: Path) -> None:
    april = {
        "BillingPeriodStart": "2026-04-01T00:00:00Z",
        "BillingPeriodEnd": "2026-05-01T00:00:00Z",
        "ChargePeriodStart": "2026-04-05T00:00:00Z",
        "ChargePeriodEnd": "2026-04-06T00:00:00Z",
        "SubAccountId": "200000000009",
    }
    imports = import_bill(store, write_bill(tmp_path, {}, april)).imports
    held = [pq.read_table(lines_of(done.partition))["SubAccountId"].to_pylist() for done in imports]
    assert held == [["200000000001"], ["200000000009"]]
    assert [store.verify(done.partition) for done in imports] == [(), ()]


def test_an_older_import_answers_as_before_alone_and_beside_a_newer_one(
    store: CostStore, partition: Partition, tmp_path: Path
) -> None:
    older = without_numbers(partition, tmp_path / "older")
    assert store.verify(older) == ()
    assert store.query(RATED, partitions=[older]).equals(store.query(RATED, partitions=[partition]))
    other = replace(older, integration_token="accss_crdntl_00000000000000ff")
    beside = store.query(RATED, partitions=[partition, other])
    assert beside.num_rows == 2 * store.query(RATED, partitions=[partition]).num_rows
    assert beside.equals(
        store.query(RATED, partitions=[older, replace(partition, integration_token=other.integration_token)])
    )


def test_the_question_behind_a_rated_month_is_covered() -> None:
    assert {*RATED.group_by, *RATED.names, *RATED.labels, "ConsumedUnit"} <= set(LINE_COLUMNS)


def test_slices_have_no_line_numbers(store: CostStore, partition: Partition) -> None:
    month = SeriesQuery(
        first_day=RATED.period.start, last_day=RATED.period.last_day, date_bin=DateBin.MONTH, group_by=()
    )
    with store.slices(month, partitions=[ProviderPartition(partition=partition, provider="aws")], most=5) as slices:
        (cut,) = slices
        assert LINE_NUMBER not in pq.read_schema(cut.partition.files[0]).names
        assert store.query(RATED, partitions=[cut.partition]).equals(store.query(RATED, partitions=[partition]))


def test_a_delivered_column_that_is_called_like_ours_is_kept_and_nothing_numbered(
    store: CostStore, tmp_path: Path
) -> None:
    (done,) = import_bill(store, write_bill(tmp_path, {"Billow_Line": "mine"})).imports
    assert not lines_of(done.partition).exists()
    assert pq.read_table(done.partition.files[0])["Billow_Line"].to_pylist() == ["mine"]
    assert store.verify(done.partition) == ()
    assert store.query(RATED, partitions=[done.partition]).num_rows == 1


@pytest.mark.parametrize("chosen", [{"fingerprint": "least"}, {"most": 2}])
def test_lines_that_share_a_fingerprint_or_are_too_many_get_no_numbers(
    store: CostStore, tmp_path: Path, chosen: dict[str, Any]
) -> None:
    problems, limits = Problems(5), ImportLimits()
    files = find_files(paths=[write_bill(tmp_path, *CHARGES)], problems=problems)
    with store.staging() as staging:
        meter = Meter("read", 1, "bytes", None)
        delivered = Reading(staging=staging, limits=limits, problems=problems, bill_format="auto", meter=meter).read(
            files
        )
        with store.open_delivery(files=delivered, staging=staging) as delivery:
            assert delivery.survey(rules=row_rules(currencies=["USD"]), examples=5).findings == ()
            asked: dict[str, Any] = {
                "engine": delivery.engine,
                "files": delivery.files,
                "schema": delivery.schema,
                "where": "",
                "rows": 4,
            }
            assert number_lines(**asked) is not None
            assert number_lines(**asked, **chosen) is None


def test_lines_that_are_lost_or_altered_are_named(store: CostStore, partition: Partition) -> None:
    file = lines_of(partition)
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert [(issue.code, issue.path) for issue in store.verify(partition)] == [("altered_file", str(file))]
    file.unlink()
    assert [(issue.code, issue.path) for issue in store.verify(partition)] == [("missing_file", str(file))]


def test_a_number_that_stands_for_other_texts_is_named(store: CostStore, partition: Partition) -> None:
    file, note = lines_of(partition), partition.files[0].with_name("manifest.json")
    lines = pq.read_table(file)
    swapped = lines.set_column(0, LINE_NUMBER, lines[LINE_NUMBER].take([1, 0, 2]))
    manifest = json.loads(note.read_text())
    for wrong in (swapped, lines.take([0, 1, 2, 2]), lines.slice(1)):
        pq.write_table(wrong, file)
        note.write_text(json.dumps({**manifest, "lines": asdict(hash_file(path=file))}))
        assert [issue.code for issue in store.verify(partition)] == ["wrong_lines"]


_DIES_BEFORE_PUBLISHING = """
import sys, time
from pathlib import Path
from billow.coststore.store import CostStore, WrittenPartition
from billow.ingest.load import read_bill
def wait(written):
    print(*sorted(path.name for path in written.folder.iterdir()), flush=True)
    time.sleep(60)
WrittenPartition.publish = wait
read_bill(paths=[Path(sys.argv[2])], integration_token=sys.argv[3], store=CostStore(root=Path(sys.argv[1])))
"""


def test_an_import_killed_before_it_is_published_leaves_nothing_half(store: CostStore, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, *CHARGES)
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES_BEFORE_PUBLISHING, str(store.root), str(bill), TOKEN],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline().split() == [LINES_NAME, "manifest.json", "part-0000.parquet"]
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (store.root / "partitions").exists()
    assert len(store.discard_staging()) == 1

    (done,) = import_bill(store, bill).imports
    assert store.verify(done.partition) == ()
