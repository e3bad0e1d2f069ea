"""What a sound delivery becomes in the store."""

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billow.coststore.partition import Partition
from billow.coststore.store import CostStore
from billow.ingest.limits import ImportLimits
from billow.ingest.load import read_bill
from billow.ingest.progress import Progress
from billow.terms.focus import FOCUS_COLUMNS
from billow.terms.issue import Severity
from billow.terms.period import BillingPeriod
from tests.unit.ingest.focus_bills import CHARGE, TOKEN, bill, contents, import_bill, write_bill


def stored(partition: Partition) -> list[dict[str, object]]:
    return [row for file in partition.files for row in pq.read_table(file, partitioning=None).to_pylist()]


def test_a_csv_bill_is_stored_with_exact_decimals_and_totals(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {"BilledCost": "0.000000000000000001"}, {"BilledCost": "12345678901234567890.5"})

    result = import_bill(store, path)

    (done,) = result.imports
    assert result.issues == ()
    assert (done.rows, done.format, done.partition.billing_period) == (2, "focus", BillingPeriod(2026, 3))
    (totals,) = done.partition.totals
    assert totals.billed_cost == Decimal("12345678901234567890.500000000000000001")
    assert [row["BilledCost"] for row in stored(done.partition)] == [
        Decimal("0.000000000000000001"),
        Decimal("12345678901234567890.500000000000000000"),
    ]
    assert store.verify(done.partition) == ()


def test_every_focus_column_is_there_and_columns_beyond_focus_are_kept(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {"x_Discount": "10%", "Id": "7"})

    (done,) = import_bill(store, path).imports

    (row,) = stored(done.partition)
    assert set(row) == {column.name for column in FOCUS_COLUMNS} | {"x_Discount", "Id", "billow_line"}
    assert (row["x_Discount"], row["Id"], row["RegionId"]) == ("10%", "7", None)
    assert {"x_Discount", "Id"} <= set(done.columns)


def test_the_order_and_the_case_of_columns_do_not_matter(store: CostStore, tmp_path: Path) -> None:
    names = sorted(CHARGE, key=lambda name: name[::-1])
    text = (
        ",".join(name.lower() for name in names)
        + "\n"
        + ",".join(f'"{CHARGE[name]}"'.replace('{"team":"data"}', '{""team"":""data""}') for name in names)
    )
    path = tmp_path / "bill.csv"
    path.write_text(text, encoding="utf-8")

    (done,) = import_bill(store, path).imports

    (row,) = stored(done.partition)
    assert (row["BilledCost"], row["ServiceName"], row["Tags"]) == (Decimal("1.25"), "Amazon S3", '{"team":"data"}')


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2.0E-7", "0.0000002"),
        ("-1.5e+3", "-1500"),
        ("+3", "3"),
        (".5", "0.5"),
        ("1E0", "1"),
        (" 7 ", "7"),
        ("1.000000000000000000000000", "1"),
        ("123456789.123456789012345678", "123456789.123456789012345678"),
    ],
)
def test_a_number_is_read_exactly_however_it_is_written(
    store: CostStore, tmp_path: Path, written: str, meant: str
) -> None:
    (done,) = import_bill(store, write_bill(tmp_path, {"BilledCost": written})).imports

    assert done.partition.totals[0].billed_cost == Decimal(meant)
    assert done.rows_rounded == 0


@pytest.mark.parametrize(
    "written",
    ["2026-03-05 14:30:00", "2026-03-05T14:30:00", "2026-03-05T14:30:00Z", "2026-03-05T16:30:00+02:00",
     "2026-03-05T14:30Z", "2026-03-05 14:30:00.000 UTC"],
)  # fmt: skip
def test_a_time_is_utc_however_it_is_written(store: CostStore, tmp_path: Path, written: str) -> None:
    (done,) = import_bill(store, write_bill(tmp_path, {"ChargePeriodStart": written})).imports

    assert stored(done.partition)[0]["ChargePeriodStart"] == datetime(2026, 3, 5, 14, 30)  # noqa: DTZ001


def test_a_day_alone_is_its_first_instant(store: CostStore, tmp_path: Path) -> None:
    days = {"BillingPeriodStart": "2026-03-01", "BillingPeriodEnd": "2026-04-01", "ChargePeriodStart": "2026-03-05"}

    (done,) = import_bill(store, write_bill(tmp_path, days)).imports

    assert stored(done.partition)[0]["ChargePeriodStart"] == datetime(2026, 3, 5)  # noqa: DTZ001


@pytest.mark.parametrize("written", ["NULL", "null", ""])
def test_what_stands_for_a_missing_value_is_null(store: CostStore, tmp_path: Path, written: str) -> None:
    path = write_bill(tmp_path, {"SubAccountId": written, "EffectiveCost": written, "Tags": written})

    (done,) = import_bill(store, path).imports

    (row,) = stored(done.partition)
    assert (row["SubAccountId"], row["EffectiveCost"], row["Tags"]) == (None, None, None)
    assert done.partition.totals[0].effective_cost == 0


def test_a_byte_order_mark_and_windows_line_ends_are_fine(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(b"\xef\xbb\xbf" + bill().replace("\n", "\r\n").encode())

    (done,) = import_bill(store, path).imports

    assert done.rows == 1


def test_a_gzip_bill_holds_the_same_charges(store: CostStore, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv.gz"
    path.write_bytes(gzip.compress(bill({}, {"BilledCost": "2"}).encode()))

    (done,) = import_bill(store, path).imports

    assert (done.rows, done.partition.totals[0].billed_cost) == (2, Decimal("3.25"))


def test_line_breaks_and_commas_inside_quotes_belong_to_the_value(store: CostStore, tmp_path: Path) -> None:
    (done,) = import_bill(store, write_bill(tmp_path, {"ServiceName": 'a,\n"b"\n'}, {})).imports

    assert [row["ServiceName"] for row in stored(done.partition)] == ['a,\n"b"\n', "Amazon S3"]


def test_values_finer_than_eighteen_decimals_are_rounded_half_even_counted_and_summed(
    store: CostStore, tmp_path: Path
) -> None:
    path = write_bill(
        tmp_path,
        {"BilledCost": "0.0000000000000000005", "ListCost": "0.00000000000000000150"},
        {"BilledCost": "0.0000000000000000015"},
        {"BilledCost": "0.00000000000000000149"},
        {"BilledCost": "3"},
    )

    (done,) = import_bill(store, path).imports

    assert sorted(row["BilledCost"] for row in stored(done.partition)) == [  # type: ignore[type-var]
        Decimal(0), Decimal("1E-18"), Decimal("2E-18"), Decimal(3),
    ]  # fmt: skip
    assert (done.rows_rounded, done.values_rounded) == (3, 4)
    assert done.rounding_difference == Decimal("-5E-19") + Decimal("5E-19") + Decimal("5E-19") - Decimal("4.9E-19")


def test_a_delivery_of_two_months_becomes_two_imports(store: CostStore, tmp_path: Path) -> None:
    april = {
        "BillingPeriodStart": "2026-04-01T00:00:00Z",
        "BillingPeriodEnd": "2026-05-01T00:00:00Z",
        "ChargePeriodStart": "2026-04-02T00:00:00Z",
        "ChargePeriodEnd": "2026-04-03T00:00:00Z",
        "BilledCost": "0.0000000000000000001",
    }
    path = write_bill(tmp_path, {}, april, {})

    march_import, april_import = import_bill(store, path).imports

    assert (march_import.rows, march_import.rows_rounded) == (2, 0)
    assert (april_import.rows, april_import.rows_rounded) == (1, 1)
    assert march_import.partition.sha256 != april_import.partition.sha256
    assert {row["ChargePeriodStart"].month for row in stored(april_import.partition)} == {4}  # type: ignore[attr-defined]


def test_sums_are_kept_by_currency(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {"BillingCurrency": "EUR", "BilledCost": "10"}, {}, {"BillingCurrency": "EUR"})

    (done,) = import_bill(store, path).imports

    assert {total.currency: total.billed_cost for total in done.partition.totals} == {
        "EUR": Decimal("11.25"),
        "USD": Decimal("1.25"),
    }


def test_a_folder_is_one_delivery_of_its_data_files(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {}, name="a/one.csv")
    write_bill(folder, {"x_Note": "hello"}, name="b/two.csv")
    write_bill(folder, {"BilledCost": "9"}, name=".hidden.csv")
    (folder / "manifest.json").write_text("{}")
    (folder / "README.md").write_text("no bill")

    (done,) = import_bill(store, folder).imports

    assert [file.name for file in done.source_files] == ["a/one.csv", "b/two.csv"]
    assert (done.rows, done.partition.totals[0].billed_cost) == (2, Decimal("2.50"))
    assert sorted(str(row["x_Note"]) for row in stored(done.partition)) == ["None", "hello"]


def test_the_same_bytes_twice_land_on_the_same_address_and_change_nothing(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {})
    first = import_bill(store, path)
    before = contents(store)
    renamed = path.rename(tmp_path / "again.csv")

    second = import_bill(store, renamed)

    assert second.imports[0].partition == first.imports[0].partition
    assert contents(store) == before


def test_a_dry_run_counts_and_writes_nothing(store: CostStore, tmp_path: Path) -> None:
    path = write_bill(tmp_path, {})

    (dry,) = import_bill(store, path, dry_run=True).imports
    assert contents(store) == {}

    (real,) = import_bill(store, path).imports
    assert (dry.rows, dry.partition.sha256, dry.partition.totals) == (
        real.rows, real.partition.sha256, real.partition.totals,
    )  # fmt: skip


def test_progress_ends_where_the_total_is(store: CostStore, tmp_path: Path) -> None:
    seen: list[Progress] = []

    read_bill(paths=[write_bill(tmp_path, {}, {})], integration_token=TOKEN, store=store, on_progress=seen.append)

    last = {progress.step: progress for progress in seen}
    assert [last[step].unit for step in ("hash", "read", "write")] == ["bytes", "bytes", "rows"]
    assert all(progress.done == progress.total for progress in last.values())


def test_an_interruption_leaves_nothing_behind(store: CostStore, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.step == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_bill(paths=[write_bill(tmp_path, {})], integration_token=TOKEN, store=store, on_progress=interrupt)

    assert contents(store) == {}


def test_a_correction_of_an_earlier_month_is_accepted(store: CostStore, tmp_path: Path) -> None:
    earlier = {"ChargePeriodStart": "2026-01-15T00:00:00Z", "ChargePeriodEnd": "2026-01-16T00:00:00Z"}

    result = import_bill(store, write_bill(tmp_path, {**earlier, "ChargeClass": "Correction"}))

    assert (len(result.imports), result.issues) == (1, ())


@pytest.mark.parametrize(
    "charge",
    [
        {"ChargePeriodStart": "2026-02-28T22:00:00Z", "ChargePeriodEnd": "2026-02-28T23:00:00Z"},
        {"ChargePeriodStart": "2025-04-01T00:00:00Z", "ChargePeriodEnd": "2026-04-01T00:00:00Z"},
        {
            "ChargePeriodStart": "2026-07-01T00:00:00Z",
            "ChargePeriodEnd": "2027-07-01T00:00:00Z",
            "ChargeCategory": "Purchase",
        },
    ],
    ids=["late hour", "fee for a term that ends now", "purchase in advance"],
)
def test_a_charge_that_begins_outside_for_a_good_reason_is_accepted_with_a_warning(
    store: CostStore, tmp_path: Path, charge: dict[str, str]
) -> None:
    result = import_bill(store, write_bill(tmp_path, charge))

    assert len(result.imports) == 1
    (issue,) = result.issues
    assert (issue.code, issue.severity, issue.row, issue.column) == (
        "charge_starts_outside_period", Severity.WARNING, 1, "ChargePeriodStart",
    )  # fmt: skip


def test_tags_that_are_not_json_are_kept_as_a_json_string_with_a_warning(store: CostStore, tmp_path: Path) -> None:
    result = import_bill(store, write_bill(tmp_path, {"Tags": 'team: "data"'}, {}))

    (done,) = result.imports
    assert [row["Tags"] for row in stored(done.partition)] == ['"team: \\"data\\""', '{"team":"data"}']
    assert [(issue.code, issue.row, issue.is_error) for issue in result.issues] == [("not_json", 1, False)]


def parquet_bill(folder: Path, name: str = "bill.parquet", **columns: pa.Array) -> Path:
    first = {key: pa.array([value]) for key, value in CHARGE.items()}
    for key in CHARGE:
        if key.endswith(("Start", "End")):
            first[key] = pa.array([datetime.fromisoformat(CHARGE[key]).replace(tzinfo=None)], pa.timestamp("us"))
        elif key.endswith("Cost"):
            first[key] = pa.array([Decimal(CHARGE[key])], pa.decimal128(18, 12))
    path = folder / name
    pq.write_table(pa.table({**first, **columns}), path)
    return path


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        (pa.array([0.1]), "0.1"),
        (pa.array([2.0e-7]), "0.0000002"),
        (pa.array([377.8682264810577]), "377.8682264810577"),
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([7]), "7"),
        (pa.array([7], pa.uint8()), "7"),
        (pa.array(["12.5e-1"]), "1.25"),
        (pa.array([Decimal("1.123456789012345678")], pa.decimal128(38, 18)), "1.123456789012345678"),
        (pa.array([Decimal("1.5")], pa.decimal128(38, 20)), "1.5"),
        (pa.array([Decimal("-0.01")], pa.decimal128(4, 2)), "-0.01"),
    ],
    ids=[
        "double",
        "tiny double",
        "long double",
        "float",
        "integer",
        "byte",
        "text",
        "widest",
        "too fine type",
        "narrow",
    ],
)
def test_parquet_money_of_any_type_is_exact(store: CostStore, tmp_path: Path, values: pa.Array, meant: str) -> None:
    (done,) = import_bill(store, parquet_bill(tmp_path, BilledCost=values)).imports

    assert done.partition.totals[0].billed_cost == Decimal(meant)
    assert store.verify(done.partition) == ()


def test_parquet_times_of_any_type_are_utc(store: CostStore, tmp_path: Path) -> None:
    path = parquet_bill(
        tmp_path,
        ChargePeriodStart=pa.array([1_772_712_000_000], pa.timestamp("ms", tz="Europe/Berlin")),
        ChargePeriodEnd=pa.array(["2026-03-06T00:00:00Z"]),
        BillingPeriodStart=pa.array([20513], pa.date32()),
    )

    (done,) = import_bill(store, path).imports

    (row,) = stored(done.partition)
    assert row["ChargePeriodStart"] == datetime(2026, 3, 5, 12)  # noqa: DTZ001
    assert row["BillingPeriodStart"] == datetime(2026, 3, 1)  # noqa: DTZ001


def test_parquet_tags_that_are_a_map_become_json(store: CostStore, tmp_path: Path) -> None:
    tags = pa.array([[("team", "data"), ("größe", 'X"L')]], pa.map_(pa.string(), pa.string()))

    (done,) = import_bill(store, parquet_bill(tmp_path, Tags=tags)).imports

    assert stored(done.partition)[0]["Tags"] == '{"team":"data","größe":"X\\"L"}'


def test_parquet_texts_that_spell_null_are_null(store: CostStore, tmp_path: Path) -> None:
    (done,) = import_bill(store, parquet_bill(tmp_path, SubAccountId=pa.array(["NULL"]))).imports

    assert stored(done.partition)[0]["SubAccountId"] is None


def test_files_of_several_kinds_and_widths_join_in_one_import(store: CostStore, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    write_bill(folder, {"BilledCost": "12345678901234567890.000000000000000001"}, name="wide.csv")
    parquet_bill(folder)
    (folder / "zipped.csv.gz").write_bytes(gzip.compress(bill({"BilledCost": "3"}).encode()))

    (done,) = import_bill(store, folder).imports

    assert done.partition.totals[0].billed_cost == Decimal("12345678901234567894.250000000000000001")
    assert len({pq.read_schema(file).field("BilledCost").type for file in done.partition.files}) == 1


def test_a_column_that_outgrows_its_narrow_type_late_loses_nothing(store: CostStore, tmp_path: Path) -> None:
    costs = ["0.5"] * 200 + ["0.000000000000000001"] + ["1.5"] * 200 + ["12345678901234567890"] + ["2"] * 200
    path = write_bill(tmp_path, *[{"BilledCost": cost, "ListCost": str(row)} for row, cost in enumerate(costs)])

    (done,) = import_bill(store, path, limits=ImportLimits(read_block_bytes=2000)).imports

    rows = sorted(stored(done.partition), key=lambda row: row["ListCost"])  # type: ignore[arg-type, return-value]
    assert [(row["BilledCost"], row["ListCost"]) for row in rows] == [
        (Decimal(cost), Decimal(row)) for row, cost in enumerate(costs)
    ]


def test_cost_columns_are_as_narrow_as_their_values_allow(store: CostStore, tmp_path: Path) -> None:
    (done,) = import_bill(store, write_bill(tmp_path, {"BilledCost": "1234.500"}, {"BilledCost": "-0.25"})).imports

    assert pq.read_schema(done.partition.files[0]).field("BilledCost").type == pa.decimal128(6, 2)
