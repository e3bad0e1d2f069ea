"""Small Cost and Usage Reports as AWS would deliver them, and what a store holds afterwards."""

import csv
import gzip
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.store import CostStore
from billow.ingest.load import IngestResult, read_bill
from billow.ingest.providers.aws.columns import snake_name
from billow.terms.cur import KIND_BY_NAME
from billow.terms.focus import ColumnKind

TOKEN = "accss_crdntl_0123456789abcdef"
LINE = {
    "identity/LineItemId": "line-1",
    "identity/TimeInterval": "2026-03-01T00:00:00Z/2026-04-01T00:00:00Z",
    "bill/BillingEntity": "AWS",
    "bill/BillingPeriodStartDate": "2026-03-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-04-01T00:00:00Z",
    "bill/InvoiceId": "",
    "bill/PayerAccountId": "099999999999",
    "lineItem/UsageAccountId": "011111111111",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-03-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-03-05T01:00:00Z",
    "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "BoxUsage:m5.large",
    "lineItem/UsageAmount": "1",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "0.096",
    "lineItem/LegalEntity": "Amazon Web Services, Inc.",
    "pricing/publicOnDemandCost": "0.1",
    "pricing/publicOnDemandRate": "0.1",
    "pricing/unit": "Hrs",
    "product/ProductName": "Amazon Elastic Compute Cloud",
    "product/region": "eu-central-1",
    "reservation/ReservationARN": "",
    "reservation/EffectiveCost": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
    "reservation/UnusedRecurringFee": "",
    "savingsPlan/SavingsPlanARN": "",
    "savingsPlan/SavingsPlanEffectiveCost": "",
    "savingsPlan/TotalCommitmentToDate": "",
    "savingsPlan/UsedCommitment": "",
}


def lines_of(*changes: dict[str, str]) -> list[dict[str, str]]:
    """Return one line for each dict of changed fields, each with an identifier of its own."""
    return [
        {**LINE, "identity/LineItemId": f"line-{number}", **change} for number, change in enumerate(changes or ({},))
    ]


def report(*changes: dict[str, str], snake: bool = False) -> str:
    """Write a report as CSV, with slashes or with underscores in its header."""
    lines = lines_of(*changes)
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([snake_name(name) if snake else name for name in names])
    writer.writerows([line.get(name, "") for name in names] for line in lines)
    return text.getvalue()


def write_report(folder: Path, *changes: dict[str, str], name: str = "report.csv", snake: bool = False) -> Path:
    """Put a report into the folder, compressed if the name says so."""
    path = folder / name
    content = report(*changes, snake=snake).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def write_parquet_report(
    folder: Path, *changes: dict[str, str], maps: dict[str, list[Any]] | None = None, name: str = "report.parquet"
) -> Path:
    """Put a report with doubles, timestamps and, for CUR 2.0, maps into the folder."""
    lines = lines_of(*changes)
    columns: dict[str, pa.Array] = {}
    for column in dict.fromkeys(name for line in lines for name in line):
        texts = [line.get(column, "") for line in lines]
        kind = KIND_BY_NAME.get(column, ColumnKind.TEXT)
        if kind is ColumnKind.TIME:
            moments = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
            columns[snake_name(column)] = pa.array(moments, pa.timestamp("ms"))
        elif kind is ColumnKind.TEXT:
            columns[snake_name(column)] = pa.array(texts)
        else:
            columns[snake_name(column)] = pa.array([float(text) if text else None for text in texts], pa.float64())
    for column, entries in (maps or {}).items():
        items = pa.float64() if column == "discount" else pa.string()
        columns[column] = pa.array(entries, pa.map_(pa.string(), items))
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


def import_report(store: CostStore, *paths: Path, bill_format: str = "auto") -> IngestResult:
    """Import as the use case does."""
    return read_bill(paths=paths, integration_token=TOKEN, store=store, format=bill_format)


def charges(result: IngestResult) -> list[dict[str, Any]]:
    """Return every stored charge of a delivery that was taken."""
    assert result.imports, [issue.message for issue in result.issues]
    files = [file for done in result.imports for file in done.partition.files]
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def total(rows: list[dict[str, Any]], column: str, **wanted: str) -> Decimal:
    """Add up a column over the charges of a line type (``type=…``), or over all."""
    kind = wanted.get("type")
    return sum((row[column] for row in rows if kind in (None, row["lineItem/LineItemType"])), Decimal(0))
