"""A bad delivery is refused whole, every problem named with its place, and the store is as it was."""

import codecs
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billow.coststore.store import CostStore
from billow.ingest.limits import ImportLimits
from billow.ingest.load import read_bill
from billow.ingest.providers.table import UnknownFormat
from billow.terms.issue import Issue
from tests.unit.ingest.focus_bills import TOKEN, bill, contents, import_bill, write_bill
from tests.unit.ingest.test_import_of_good_bills import parquet_bill

MARCH = {"BillingPeriodStart": "2026-03-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z"}


@pytest.fixture
def store(tmp_path: Path) -> CostStore:
    """Give a store that holds one good import already."""
    store = CostStore(root=tmp_path / "store")
    (tmp_path / "good").mkdir()
    assert import_bill(store, write_bill(tmp_path / "good", {"BilledCost": "77"})).imports
    return store


def refused(store: CostStore, *paths: Path, limits: ImportLimits | None = None) -> tuple[Issue, ...]:
    """Import, and check that nothing came of it."""
    before = contents(store)
    result = import_bill(store, *paths, limits=limits)
    assert result.imports == ()
    assert contents(store) == before
    assert all(issue.message for issue in result.issues)
    return tuple(issue for issue in result.issues if issue.is_error)


def places(issues: tuple[Issue, ...]) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(issue.code, issue.row, issue.column, issue.value) for issue in issues]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("BilledCost", "NaN", "not_a_number"),
        ("BilledCost", "inf", "not_a_number"),
        ("BilledCost", "1,234.56", "not_a_number"),
        ("BilledCost", "$10,000.00 ", "not_a_number"),
        ("BilledCost", "1.234,56", "not_a_number"),
        ("BilledCost", "0x10", "not_a_number"),
        ("BilledCost", "1_000", "not_a_number"),
        ("BilledCost", "١٢", "not_a_number"),
        ("ListCost", "twelve", "not_a_number"),
        ("BilledCost", "1e400", "number_out_of_range"),
        ("BilledCost", "1e-400", "number_out_of_range"),
        ("BilledCost", "1234567890123456789012345678901234567890", "number_out_of_range"),
        ("BilledCost", "100000000000000000000", "number_out_of_range"),
        ("BilledCost", "99999999999999999999.9999999999999999999", "number_out_of_range"),
        ("ChargePeriodEnd", "2026-03-05T30:00:00Z", "bad_time"),
        ("ChargePeriodStart", "3/5/26", "bad_time"),
        ("ChargePeriodStart", "2026-02-30", "bad_time"),
        ("ChargePeriodStart", "20260305", "bad_time"),
        ("BillingCurrency", "XYZ", "unknown_currency"),
        ("BillingCurrency", "usd", "unknown_currency"),
        ("ChargeCategory", "usage", "unknown_charge_category"),
        ("BillingPeriodStart", "2026-03-02T00:00:00Z", "bad_billing_period"),
        ("ChargePeriodStart", "2026-05-05T00:00:00Z", "charge_outside_period"),
        ("ChargePeriodStart", "2026-01-05T00:00:00Z", "charge_outside_period"),
        ("ChargePeriodEnd", "2026-03-04T00:00:00Z", "bad_charge_period"),
        ("BilledCost", "", "missing_value"),
        ("BillingAccountId", "NULL", "missing_value"),
        ("ServiceName", "", "missing_value"),
        ("ChargePeriodStart", "NULL", "missing_value"),
    ],
)
def test_a_bad_value_is_named_with_row_and_column(
    store: CostStore, tmp_path: Path, column: str, value: str, code: str
) -> None:
    path = write_bill(tmp_path, {}, {column: value}, {})

    issues = refused(store, path)

    assert (code, 2, column) in [(issue.code, issue.row, issue.column) for issue in issues]
    (issue,) = [issue for issue in issues if issue.code == code]
    assert issue.path == "bill.csv"
    assert "Row 2" in issue.message
    if code in ("not_a_number", "number_out_of_range", "bad_time"):
        assert places(issues) == [(code, 2, column, value)]


def test_every_problem_of_every_file_is_listed(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {"BilledCost": "NaN"}, {"BillingCurrency": "XYZ", "ListCost": "$1"}, name="one.csv")
    write_bill(folder, {}, {"ChargePeriodEnd": "2026-03-05T30:00:00Z"}, name="two.csv")
    write_bill(folder, {}, name="good.csv")

    issues = refused(store, folder)

    assert sorted((issue.path, issue.code, issue.row) for issue in issues) == [
        ("one.csv", "not_a_number", 1),
        ("one.csv", "not_a_number", 2),
        ("one.csv", "unknown_currency", 2),
        ("two.csv", "bad_time", 2),
    ]


def test_more_problems_than_can_be_shown_are_counted(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, *[{"BilledCost": "NaN", "BillingCurrency": "XYZ"}] * 250)

    issues = refused(store, path)

    assert len([issue for issue in issues if issue.code != "more_issues"]) == 100
    counted = {issue.column: issue.message for issue in issues if issue.code == "more_issues"}
    shown = {column: sum(issue.row is not None and issue.column == column for issue in issues) for column in counted}
    assert f"{250 - shown['BilledCost']} more of not_a_number" in counted["BilledCost"]
    assert f"{250 - shown['BillingCurrency']} more of unknown_currency" in counted["BillingCurrency"]


def test_a_missing_mandatory_column_is_named(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(bill(without=["BillingCurrency", "ProviderName"]))

    assert places(refused(store, path)) == [
        ("missing_column", None, "BillingCurrency", None),
        ("missing_column", None, "ProviderName", None),
    ]


def test_a_column_that_stands_twice_is_named(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(bill({"billedcost": "2"}))

    assert places(refused(store, path)) == [("duplicate_column", None, "BilledCost", None)]


def test_a_csv_that_is_no_bill_is_called_so(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("name,account\nOrchard,1\n")

    assert [issue.code for issue in refused(store, path)] == ["unknown_format"]


def test_ragged_rows_are_named_and_later_rows_keep_their_numbers(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {}, {}, {}, {"BilledCost": "NaN"})
    lines = path.read_text().splitlines()
    lines[1] = lines[1].rsplit(",", 3)[0]
    lines[3] += ",more"
    path.write_text("\n".join(lines) + "\n")

    issues = refused(store, path)

    assert sorted((issue.code, issue.row) for issue in issues) == [
        ("not_a_number", 4), ("ragged_row", 1), ("ragged_row", 3),
    ]  # fmt: skip
    assert {issue.row: issue.column for issue in issues if issue.code == "ragged_row"} == {1: "ProviderName", 3: "Tags"}


def test_a_csv_cut_in_the_middle_of_a_row_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {}, {})
    path.write_text(path.read_text()[:-60])

    assert [(issue.code, issue.row) for issue in refused(store, path)] == [("ragged_row", 2)]


def test_a_csv_cut_inside_quotes_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {}, {})
    path.write_text(path.read_text()[:-6])

    assert "unclosed_quote" in [issue.code for issue in refused(store, path)]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_named(store: CostStore, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(bill({}, delimiter=delimiter))

    assert [issue.code for issue in refused(store, path)] == ["wrong_delimiter"]


def test_another_encoding_is_named_with_row_and_column(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(bill({}, {"ServiceName": "Größe"}).encode("windows-1252"))

    (issue,) = refused(store, path)

    assert (issue.code, issue.row, issue.column) == ("wrong_encoding", 2, "ServiceName")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_named(store: CostStore, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(bill({}).encode(encoding))

    assert [issue.code for issue in refused(store, path)] == ["wrong_encoding"]


def test_bytes_of_utf8_cut_between_two_reads_are_not_mistaken(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, *[{"ServiceName": "Größe ☂ 漢字" * 5}] * 50)

    result = import_bill(store, path, limits=ImportLimits(read_block_bytes=4001))

    assert result.issues == ()
    assert result.imports[0].rows == 50


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("bill.csv", b"", "empty_file"),
        ("bill.parquet", b"", "empty_file"),
        ("bill.csv.gz", b"", "empty_file"),
        ("bill.csv.gz", gzip.compress(b"", mtime=0), "empty_file"),
        ("bill.csv", b"\n\n", "empty_file"),
        ("bill.csv", codecs.BOM_UTF8, "empty_file"),
        ("bill.csv", bill({}).splitlines(keepends=True)[0].encode(), "no_rows"),
        ("bill.csv", bill({}).splitlines()[0].encode(), "no_rows"),
        ("bill.parquet", bill({}).encode(), "not_parquet"),
        ("bill.csv.gz", bill({}).encode(), "not_gzip"),
        ("bill.xlsx", b"PK\x03\x04rest", "unsupported_file"),
        ("bill.csv", bytes(range(1, 256)) * 9, "wrong_encoding"),
        ("bill.csv", b"\x00" * 5000, "wrong_encoding"),
    ],
)
def test_a_file_without_charges_is_refused(
    store: CostStore, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert [issue.code for issue in refused(store, path)] == [code]


def test_a_file_without_rows_among_full_ones_is_only_a_warning(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {})
    (folder / "empty.csv").write_text(bill({}).splitlines()[0])

    result = import_bill(store, folder)

    assert len(result.imports) == 1
    assert [(issue.code, issue.is_error) for issue in result.issues] == [("no_rows", False)]


def test_what_is_not_there_is_named(store: CostStore, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()

    issues = refused(store, tmp_path / "missing.csv", tmp_path / "nothing")

    assert [issue.code for issue in issues] == ["no_such_file", "no_files"]


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_a_truncated_gzip_file_is_refused(store: CostStore, tmp_path: Path, keep: float) -> None:
    path = tmp_path / "bill.csv.gz"
    packed = gzip.compress(
        bill(*[{"BilledCost": f"{number}.{number * 7919 % 1000}"} for number in range(5000)]).encode()
    )
    path.write_bytes(packed[: int(len(packed) * keep)])

    assert "truncated_file" in [issue.code for issue in refused(store, path)]


def test_a_gzip_file_with_a_wrong_checksum_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv.gz"
    packed = bytearray(gzip.compress(bill({}).encode()))
    packed[-6] ^= 0xFF
    path.write_bytes(packed)

    assert [issue.code for issue in refused(store, path)] == ["damaged_file"]


def test_a_parquet_file_cut_in_half_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = parquet_bill(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert [issue.code for issue in refused(store, path)] == ["truncated_file"]


def test_a_parquet_file_with_broken_pages_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = parquet_bill(tmp_path)
    content = bytearray(path.read_bytes())
    content[4:200] = b"\xff" * 196
    path.write_bytes(content)

    assert [issue.code for issue in refused(store, path)] == ["damaged_file"]


def test_a_parquet_file_with_bad_values_names_them(store: CostStore, tmp_path: Path) -> None:
    path = parquet_bill(
        tmp_path,
        BilledCost=pa.array([float("nan")]),
        ListCost=pa.array([1e300]),
        ServiceName=pa.array([None], pa.string()),
        BillingCurrency=pa.array(["Dollar"]),
    )

    assert sorted(places(refused(store, path))) == [
        ("missing_value", 1, "ServiceName", None),
        ("not_a_number", 1, "BilledCost", "nan"),
        ("number_out_of_range", 1, "ListCost", "1e+300"),
        ("unknown_currency", 1, "BillingCurrency", "Dollar"),
    ]


def test_costs_that_add_up_beyond_the_decimals_are_refused(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, *[{"BilledCost": "99999999999999999999"}] * 3)

    assert [issue.code for issue in refused(store, path)] == ["number_out_of_range"]


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv.gz"
    header, row = bill({}).splitlines(keepends=True)
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(header.encode())
        for _ in range(400):
            stream.write(row.encode() * 1000)

    issues = refused(store, path, limits=ImportLimits(ratio_from_bytes=1024 * 1024, max_ratio=50))

    assert [issue.code for issue in issues] == ["zip_bomb"]


def test_a_parquet_bomb_is_refused(store: CostStore, tmp_path: Path) -> None:
    path = parquet_bill(tmp_path)

    assert [issue.code for issue in refused(store, path, limits=ImportLimits(max_rows=0))] == ["zip_bomb"]


def test_one_bad_file_among_good_ones_refuses_the_delivery(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {}, name="good.csv")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(bill({}).encode())[:60])

    assert [(issue.path, issue.code) for issue in refused(store, folder)] == [("cut.csv.gz", "truncated_file")]


def test_the_same_charges_given_twice_in_one_delivery_are_refused(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {}, name="a.csv")
    write_bill(folder, {}, name="b.csv")

    assert [(issue.path, issue.code) for issue in refused(store, folder)] == [("b.csv", "duplicate_file")]


def test_files_of_the_same_name_in_two_folders_are_told_apart(store: CostStore, tmp_path: Path) -> None:
    bad = write_bill(tmp_path / "b", {"BilledCost": "x"})

    issues = refused(store, write_bill(tmp_path / "a", {}), bad)

    assert [issue.path for issue in issues] == [str(bad)]


def test_a_format_nobody_knows_is_refused(store: CostStore, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match="'telegram' is not a format"):
        read_bill(paths=[write_bill(tmp_path, {})], integration_token=TOKEN, store=store, format="telegram")


def test_parquet_columns_beyond_focus_of_two_types_meet_as_text(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    parquet_bill(folder, "a.parquet", x_Id=pa.array([1]))
    parquet_bill(folder, "b.parquet", x_Id=pa.array(["b"]))

    (done,) = import_bill(store, folder).imports

    assert {pq.read_table(file, partitioning=None).column("x_Id")[0].as_py() for file in done.partition.files} == {
        "1",
        "b",
    }


_FULL_DISK = """
import resource, sys
from pathlib import Path
from billow.coststore.store import CostStore
from tests.unit.ingest.focus_bills import contents, import_bill

store = CostStore(root=Path(sys.argv[1]))
before = contents(store)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
result = import_bill(store, Path(sys.argv[2]))
assert result.imports == ()
assert contents(store) == before
print([issue.code for issue in result.issues])
"""


def unpackable_tags() -> str:
    return f'{{"id":"{os.urandom(60).hex()}"}}'


def big_csv(folder: Path) -> Path:
    return write_bill(folder, *[{"Tags": unpackable_tags()} for _ in range(3000)])


def big_parquet(folder: Path) -> Path:
    """Write a small January and a big March, so that the disk is full only at the second month."""
    count = 3000
    small = parquet_bill(folder)
    first = pq.read_table(small, partitioning=None)
    march = pa.concat_tables([first] * count).set_column(
        first.schema.get_field_index("Tags"), "Tags", pa.array([unpackable_tags() for _ in range(count)])
    )
    january = first
    for name, day in (("BillingPeriodStart", 1), ("BillingPeriodEnd", 32), ("ChargePeriodStart", 5)):
        moment = datetime(2026, 1, 1) + timedelta(days=day - 1)  # noqa: DTZ001
        index = january.schema.get_field_index(name)
        january = january.set_column(index, name, pa.array([moment], pa.timestamp("us")))
    path = folder / "two-months.parquet"
    pq.write_table(pa.concat_tables([january, march]), path)
    return path


@pytest.mark.parametrize("write", [big_csv, big_parquet])
def test_a_full_disk_is_named_and_the_staged_files_are_removed(
    store: CostStore, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path)

    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(store.root), str(path), "50000"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "src:."},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['disk_full']"
