"""Small bills written as the store keeps them, and the store's own engine to ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.lines import LINE_COLUMNS, LINE_NUMBER, LINES_NAME
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import run_query
from billow.terms.cur import KIND_BY_NAME
from billow.terms.focus import COLUMN_BY_NAME, FOCUS_COLUMNS, ColumnKind
from billow.terms.period import BillingPeriod

MARCH = BillingPeriod(2026, 3)
INTEGRATION = "accss_crdntl_0000000000000001"

_TYPES = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.JSON: pa.string(),
    ColumnKind.TIME: pa.timestamp("us"),
    ColumnKind.QUANTITY: pa.decimal128(18, 6),
}


@dataclass(frozen=True)
class FilesOnly:
    """Answers cost queries over files that no store has written; ``by_number`` gives their lines numbers before."""

    spill: Path
    by_number: bool = False

    def query(self, query: CostQuery, *, partitions: Sequence[Partition]) -> pa.Table:
        if self.by_number:
            folder = self.spill.with_name("numbered")
            partitions = [numbered(each, folder=folder / str(place)) for place, each in enumerate(partitions)]
        return run_query(query=query, partitions=partitions, spill_to=self.spill)


def a_charge(*, day: date | None = None, **columns: Any) -> dict[str, Any]:
    """Give a valid charge of one dollar; name columns to change."""
    at = day or date(2026, 3, 10)
    return {
        "BilledCost": Decimal(1),
        "BillingAccountId": "payer",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _midnight(MARCH.start),
        "BillingPeriodEnd": _midnight(MARCH.end),
        "ChargeCategory": "Usage",
        "ChargePeriodStart": _midnight(at),
        "ChargePeriodEnd": _midnight(at) + timedelta(days=1),
        "ProviderName": "AWS",
        "ServiceName": "EC2",
        "ServiceCategory": "Compute",
        "SubAccountId": "one",
        **columns,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def write_bill(
    folder: Path,
    charges: Sequence[dict[str, Any]],
    *,
    integration_token: str = INTEGRATION,
    period: BillingPeriod = MARCH,
    cost_type: pa.DataType | None = None,
    name: str = "part-0",
) -> Partition:
    """Write the charges into one Parquet file and describe it as a partition."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    extra = sorted({column for charge in charges for column in charge} - COLUMN_BY_NAME.keys())
    kinds = {column.name: column.kind for column in FOCUS_COLUMNS} | {
        name: KIND_BY_NAME.get(name, ColumnKind.TEXT) for name in extra
    }
    cost = cost_type or pa.decimal128(38, 18)
    schema = pa.schema([(column, _type_of(column, kind, cost)) for column, kind in kinds.items()])
    rows = [{column: charge.get(column) for column in kinds} for charge in charges]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return Partition(
        integration_token=integration_token,
        billing_period=period,
        sha256=name,
        files=(path,),
        rows=len(charges),
        totals=(),
    )


def _type_of(column: str, kind: ColumnKind, cost: pa.DataType) -> pa.DataType:
    """Keep quantities of raw reports as their import does: as fine as costs."""
    return cost if column in KIND_BY_NAME and kind is ColumnKind.QUANTITY else _TYPES.get(kind, cost)


def joined(*partitions: Partition) -> Partition:
    """Give the files of several partitions as one."""
    first = partitions[0]
    return Partition(
        integration_token=first.integration_token,
        billing_period=first.billing_period,
        sha256="joined",
        files=tuple(file for partition in partitions for file in partition.files),
        rows=sum(partition.rows for partition in partitions),
        totals=(),
    )


def numbered(partition: Partition, *, folder: Path) -> Partition:
    """Copy the partition with a number in each charge, and what the numbers stand for beside the copies."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [pq.read_table(file) for file in partition.files]
    texts = [list(zip(*(table[name].to_pylist() for name in LINE_COLUMNS), strict=True)) for table in tables]
    lines = {line: number for number, line in enumerate({line for rows in texts for line in rows})}
    files = tuple(folder / file.name for file in partition.files)
    for table, rows, file in zip(tables, texts, files, strict=True):
        numbers = pa.array([lines[line] for line in rows], pa.int32())
        pq.write_table(table.append_column(LINE_NUMBER, numbers), file)
    columns = {LINE_NUMBER: pa.array(lines.values(), pa.int32())}
    for place, name in enumerate(LINE_COLUMNS):
        columns[name] = pa.array([line[place] for line in lines], pa.string())
    pq.write_table(pa.table(columns), folder / LINES_NAME)
    return replace(partition, files=files)
