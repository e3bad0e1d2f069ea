"""Small FOCUS bills as a provider would deliver them, and what a store holds afterwards."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from billow.coststore.store import CostStore
from billow.ingest.limits import ImportLimits
from billow.ingest.load import IngestResult, read_bill

TOKEN = "accss_crdntl_0123456789abcdef"
CHARGE = {
    "BilledCost": "1.25",
    "EffectiveCost": "1.00",
    "ListCost": "2.50",
    "ContractedCost": "1.50",
    "BillingAccountId": "100000000001",
    "SubAccountId": "200000000001",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-03-01T00:00:00Z",
    "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    "ChargePeriodStart": "2026-03-05T00:00:00Z",
    "ChargePeriodEnd": "2026-03-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ProviderName": "AWS",
    "ServiceName": "Amazon S3",
    "Tags": '{"team":"data"}',
}


def bill(*changes: dict[str, str], without: Sequence[str] = (), delimiter: str = ",") -> str:
    """Write one row for each dict of changed fields, or a single plain row."""
    names = [name for name in CHARGE if name not in without]
    names += [name for name in dict.fromkeys(key for row in changes for key in row) if name not in CHARGE]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in changes or ({},):
        writer.writerow({**CHARGE, **row})
    return text.getvalue()


def write_bill(folder: Path, *changes: dict[str, str], name: str = "bill.csv") -> Path:
    """Put a bill into the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bill(*changes), encoding="utf-8")
    return path


def import_bill(
    store: CostStore, *paths: Path, limits: ImportLimits | None = None, dry_run: bool = False
) -> IngestResult:
    """Import as the use case does."""
    return read_bill(paths=paths, integration_token=TOKEN, store=store, limits=limits, dry_run=dry_run)


def contents(store: CostStore) -> dict[str, bytes]:
    """Return every file below the store."""
    return {str(path.relative_to(store.root)): path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
