"""Files of custom providers: few columns are enough, and what is wrong is said by its row."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billow.coststore.store import CostStore
from billow.ingest.load import IngestResult, read_bill
from tests.unit.ingest.focus_bills import TOKEN, write_bill

SMALL = "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n"


def bring(store: CostStore, folder: Path, text: str | bytes, *, format: str = "custom") -> IngestResult:
    path = folder / "costs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bill(paths=[path], integration_token=TOKEN, store=store, format=format)


def rows_of(result: IngestResult) -> list[dict[str, Any]]:
    assert [issue for issue in result.issues if issue.is_error] == []
    tables = [pq.read_table(file) for each in result.imports for file in each.partition.files]
    return pa.concat_tables(tables).to_pylist()  # type: ignore[no-any-return]


def test_four_columns_are_enough(store: CostStore, tmp_path: Path) -> None:
    (row,) = rows_of(bring(store, tmp_path, f"{SMALL}2026-03-05T10:30:00Z,Usage,1.25,Backups\n"))
    told = {name: str(value) for name, value in row.items() if value is not None}
    assert told == {
        "BilledCost": "1.25",
        "EffectiveCost": "1.25",
        "ListCost": "1.25",
        "ContractedCost": "1.25",
        "BillingAccountId": "custom",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-03-01 00:00:00",
        "BillingPeriodEnd": "2026-04-01 00:00:00",
        "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-03-05 00:00:00",
        "ChargePeriodEnd": "2026-03-06 00:00:00",
        "ProviderName": "Custom provider",
        "ServiceName": "Backups",
        "x_ChargeType": "Usage",
        "billow_line": "0",
    }


def test_all_columns_are_kept(store: CostStore, tmp_path: Path) -> None:
    header = (
        "chargeperiodstart,ChargePeriodEnd,ChargeCategory,BilledCost,BillingCurrency,ConsumedQuantity,ConsumedUnit,"
        "RegionId,ResourceId,ResourceType,ServiceCategory,ServiceName,Tags,SubAccountId,Remark\n"
    )
    line = '2026-02-28,2026-03-01,discount,-1e-3,eur,2.5,Hours,eu-1,vm-1,Disk,Storage,Backups,"{""team"":""a""}",7,hi\n'
    (row,) = rows_of(bring(store, tmp_path, header + line))
    assert (row["ServiceCategory"], row["ServiceSubcategory"], row["ResourceType"]) == ("Storage", "Disk", "Disk")
    assert (row["ChargeCategory"], row["x_ChargeType"], row["BillingCurrency"]) == ("Adjustment", "Discount", "EUR")
    assert (row["BilledCost"], row["ConsumedQuantity"], row["Tags"]) == (
        Decimal("-0.001"),
        Decimal("2.5"),
        '{"team":"a"}',
    )
    assert (f"{row['BillingPeriodEnd']}", row["SubAccountId"]) == ("2026-03-01 00:00:00", "7")
    assert "Remark" not in row


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("Usage", "Usage"),
        ("Fee", "Purchase"),
        ("Tax", "Tax"),
        ("Credit", "Credit"),
        ("DISCOUNT", "Adjustment"),
        (" refund ", "Adjustment"),
    ],
)
def test_every_kind_of_charge_has_its_place_in_focus(store: CostStore, tmp_path: Path, word: str, stored: str) -> None:
    (row,) = rows_of(bring(store, tmp_path, f"{SMALL}2026-03-05,{word},1,Backups\n"))
    assert row["ChargeCategory"] == stored


def test_a_file_may_span_months(store: CostStore, tmp_path: Path) -> None:
    lines = "".join(f"2025-{month:02d}-15,Usage,{month}.0000000000000000001,Backups\n" for month in (1, 11, 12))
    result = bring(store, tmp_path, SMALL + lines)
    assert [str(each.partition.billing_period) for each in result.imports] == ["2025-01", "2025-11", "2025-12"]
    assert [each.rows_rounded for each in result.imports] == [1, 1, 1], "each month tells its own rounding"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2026-02-30,Usage,1,Backups", "Row 2, ChargePeriodStart: '2026-02-30' is not a time"),
        ("yesterday,Usage,1,Backups", "Row 2, ChargePeriodStart: 'yesterday' is not a time"),
        (",Usage,1,Backups", "Row 2, ChargePeriodStart: the value is missing"),
        ("2026-03-05,Rent,1,Backups", "Row 2, ChargeCategory: 'Rent' is not a charge category; write one of Credit,"),
        ("2026-03-05,,1,Backups", "Row 2, ChargeCategory: the value is missing"),
        ("2026-03-05,Usage,a lot,Backups", "Row 2, BilledCost: 'a lot' is not a plain number"),
        ("2026-03-05,Usage,,Backups", "Row 2, BilledCost: the value is missing"),
        ("2026-03-05,Usage,1,", "Row 2, ServiceName: the value is missing"),
        ("2026-03-05,Usage,1", "Row 2 has 3 fields, the header has 4"),
        ("2026-03-05,Usage,1,Backups,more", "Row 2 has 5 fields, the header has 4"),
        ("2026-03-05,Usage," + "9" * 30 + ",Backups", "Row 2, BilledCost: "),
    ],
)
def test_a_bad_row_refuses_the_file_and_is_named_once(store: CostStore, tmp_path: Path, line: str, said: str) -> None:
    result = bring(store, tmp_path, f"{SMALL}2026-03-01,Usage,1,Backups\n{line}\n")
    assert result.imports == ()
    (issue,) = [issue for issue in result.issues if issue.is_error]
    assert issue.message.startswith(said)
    assert issue.row == 2


def test_an_end_before_the_start_is_an_error_even_within_a_day(store: CostStore, tmp_path: Path) -> None:
    header = SMALL.replace("ChargeCategory", "ChargePeriodEnd,ChargeCategory")
    result = bring(store, tmp_path, f"{header}2026-03-05T10:00:00Z,2026-03-05T09:00:00Z,Usage,1,Backups\n")
    (issue,) = result.issues
    assert (issue.code, issue.row, issue.column) == ("bad_charge_period", 1, "ChargePeriodEnd")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"ChargePeriodStart,ChargeCategory,BilledCost\n2026-03-05,Usage,1\n", "missing_column"),
        (SMALL.encode() + b"2026-03-05,Usage,1,Caf\xe9\n", "wrong_encoding"),
        (SMALL.encode(), "no_rows"),
        (SMALL.replace(",", ";").encode(), "wrong_delimiter"),
        (SMALL.encode() + b"2026-03-05,Usage,1,x,USDX\n", "ragged_row"),
    ],
)
def test_a_file_that_is_none_says_why(store: CostStore, tmp_path: Path, content: bytes, code: str) -> None:
    result = bring(store, tmp_path, content)
    assert result.imports == ()
    assert code in {issue.code for issue in result.issues}


def test_unknown_currencies_are_refused(store: CostStore, tmp_path: Path) -> None:
    header = SMALL.replace("\n", ",BillingCurrency\n")
    result = bring(store, tmp_path, f"{header}2026-03-05,Usage,1,Backups,EURO\n")
    assert [(issue.code, issue.row) for issue in result.issues] == [("unknown_currency", 1)]


def test_the_format_is_told_from_a_focus_bill(store: CostStore, tmp_path: Path) -> None:
    result = bring(store, tmp_path, f"{SMALL}2026-03-05,Usage,1,Backups\n", format="auto")
    assert [each.format for each in result.imports] == ["custom"]
    focus = read_bill(paths=[write_bill(tmp_path)], integration_token=TOKEN, store=store)
    assert [each.format for each in focus.imports] == ["focus"]
