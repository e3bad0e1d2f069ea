"""Write provider-realistic FOCUS bills of any size; the same arguments give the same bytes of data.

A bill has one row for each resource and day, and for each provider and month a few that are not usage: tax, a
promotional credit, a correction of the month before, a marketplace purchase, and support that no sub account owns.
All money is exact: a quantity with four decimals times a price with eight.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from billow.terms.period import BillingPeriod
from billow.usecases.demo.catalogue import PROVIDERS, Provider, Sku

COST = pa.decimal128(18, 12)
PRICE = pa.decimal128(18, 8)
QUANTITY = pa.decimal128(18, 4)
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """One linked account, subscription or project, and the index of the customer who owns it."""

    provider_key: str
    sub_account_id: str
    name: str
    customer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    sub_account: SubAccount
    sku: Sku
    region: int
    resource_id: str
    name: str
    daily_e4: int


def sub_accounts(*, customers: int) -> tuple[SubAccount, ...]:
    """Return the sub accounts of that many customers: the first ones are the largest."""
    found = []
    for customer in range(customers):
        for place in range(max(2, 9 - 9 * customer // customers)):
            provider = PROVIDERS[(0, 0, 1, 0, 2, 1, 0, 0, 1)[(place + customer) % 9]]
            number = customer * 40 + place
            found.append(
                SubAccount(
                    provider_key=provider.key,
                    sub_account_id=_sub_account_id(provider, number),
                    name=f"{('prod', 'dev', 'data', 'shared')[place % 4]}-{number:04d}",
                    customer=customer,
                )
            )
    return tuple(found)


def write_bills(
    *, folder: Path, periods: Sequence[BillingPeriod], customers: int, rows: int, only_parquet: bool = False
) -> dict[str, list[Path]]:
    """Write each provider's bill of each month under the folder; return the files by provider key.

    ``rows`` is about the number of rows of all bills together. Azure is delivered as gzip CSV unless ``only_parquet``.
    """
    days = sum(len(_days(period)) for period in periods)
    accounts = sub_accounts(customers=customers)
    resources = _resources(accounts, count=max(len(accounts), rows // days))
    written: dict[str, list[Path]] = {provider.key: [] for provider in PROVIDERS}
    for provider in PROVIDERS:
        mine = [item for item in resources if item.sub_account.provider_key == provider.key]
        as_csv = provider.key == "azure" and not only_parquet
        for period in periods:
            file = folder / provider.key / f"{provider.key}-focus-{period}.{'csv.gz' if as_csv else 'parquet'}"
            file.parent.mkdir(parents=True, exist_ok=True)
            batches = _batches(provider=provider, period=period, resources=mine)
            _write_csv(file, batches) if as_csv else _write_parquet(file, batches)
            written[provider.key].append(file)
    return written


def _write_parquet(file: Path, batches: Iterator[pa.Table]) -> None:
    first = next(batches)
    with pa.parquet.ParquetWriter(file, first.schema, compression="snappy") as writer:
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch)


def _write_csv(file: Path, batches: Iterator[pa.Table]) -> None:
    first = next(batches)
    with pa.CompressedOutputStream(str(file), "gzip") as stream, pa.csv.CSVWriter(stream, first.schema) as writer:
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch)


def _hash(number: int, salt: int) -> int:
    mixed = (number * 2654435761 + salt * 668265263 + 12345) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = mixed * 2246822519 & 0xFFFFFFFF
    return mixed ^ mixed >> 13


def _sub_account_id(provider: Provider, number: int) -> str:
    if provider.key == "aws":
        return f"{510000000000 + number * 7919}"
    if provider.key == "azure":
        return f"/subscriptions/{_hash(number, 1):08x}-{number:04x}-4{_hash(number, 2) & 0xFFF:03x}-8000-{number:012x}"
    return f"fjord-{_hash(number, 3):08x}"


def _resources(accounts: Sequence[SubAccount], *, count: int) -> list[_Resource]:
    by_key = {provider.key: provider for provider in PROVIDERS}
    weights = [account for account in accounts for _ in range(max(1, 60 // (account.customer % 50 + 2)))]
    found = []
    for number in range(count):
        account = accounts[number] if number < len(accounts) else weights[_hash(number, 5) % len(weights)]
        provider = by_key[account.provider_key]
        sku = provider.skus[_hash(number, 6) % len(provider.skus)]
        region = _hash(number, 7) % len(provider.regions)
        found.append(
            _Resource(
                sub_account=account,
                sku=sku,
                region=region,
                resource_id=f"{account.sub_account_id}/{sku.resource_type}/{_hash(number, 8):08x}{number:06x}",
                name=f"{sku.resource_type.lower().replace(' ', '-')}-{number:06d}",
                daily_e4=max(1, sku.daily_e4 * (30 + _hash(number, 9) % 240) // 100),
            )
        )
    found.sort(key=lambda resource: resource.sub_account.sub_account_id)
    return found


def _days(period: BillingPeriod) -> list[datetime]:
    return [period.start_at + timedelta(days=day) for day in range((period.end - period.start).days)]


def _decimals(values: list[int], kind: pa.DataType) -> pa.Array:
    """Build a decimal column from scaled integers without going through Decimal objects."""
    words = array("q", bytes(16 * len(values)))
    words[0::2] = array("q", values)
    words[1::2] = array("q", [-1 if value < 0 else 0 for value in values])
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])


def _batches(*, provider: Provider, period: BillingPeriod, resources: list[_Resource]) -> Iterator[pa.Table]:
    fixed = _fixed_columns(provider, period, resources)
    prices = [resource.sku.price_e8 for resource in resources]
    usual = [resource.daily_e4 for resource in resources]
    growth = 100 + (period.year * 12 + period.month) % 7 * 2
    billed_by_account: dict[str, int] = {}
    for day in _days(period):
        salt = day.toordinal()
        quantities = [base * growth * (700 + _hash(number, salt) % 600) // 100_000 for number, base in enumerate(usual)]
        costs = [quantity * price for quantity, price in zip(quantities, prices, strict=True)]
        for resource, cost in zip(resources, costs, strict=True):
            key = resource.sub_account.sub_account_id
            billed_by_account[key] = billed_by_account.get(key, 0) + cost
        yield _usage_table(fixed, day=day, prices=prices, quantities=quantities, costs=costs)
    yield _monthly_table(provider, period, resources, billed_by_account)


def _text(value: str | None, count: int) -> pa.Array:
    indices = pa.array([0 if value is not None else None] * count, pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array([value or ""], pa.string())).dictionary_decode()


def _per_resource(resources: list[_Resource]) -> dict[str, list[str]]:
    return {
        "ResourceId": [item.resource_id for item in resources],
        "ResourceName": [item.name for item in resources],
        "ResourceType": [item.sku.resource_type for item in resources],
        "ServiceName": [item.sku.service for item in resources],
        "ServiceCategory": [item.sku.category for item in resources],
        "ServiceSubcategory": [item.sku.subcategory for item in resources],
        "SkuMeter": [item.sku.meter for item in resources],
        "ChargeDescription": [f"{item.sku.meter} per {item.sku.unit}" for item in resources],
        "PricingUnit": [item.sku.unit for item in resources],
        "ConsumedUnit": [item.sku.unit for item in resources],
        "SubAccountId": [item.sub_account.sub_account_id for item in resources],
        "SubAccountName": [item.sub_account.name for item in resources],
        "Tags": [f'{{"environment":"{item.sub_account.name.split("-")[0]}"}}' for item in resources],
    }


def _common(provider: Provider, period: BillingPeriod, count: int) -> dict[str, pa.Array]:
    start = pa.array([period.start_at] * count, TIME)
    end = pa.array([period.next.start_at] * count, TIME)
    texts = {
        "BillingAccountId": provider.billing_account_id,
        "BillingAccountName": provider.billing_account_name,
        "BillingCurrency": provider.currency,
        "InvoiceIssuerName": provider.invoice_issuer,
        "ProviderName": provider.name,
        "PublisherName": provider.name,
        "SubAccountType": provider.sub_account_type,
        "x_Batch": "made-up",
    }
    columns: dict[str, pa.Array] = {name: _text(value, count) for name, value in texts.items()}
    return {**columns, "BillingPeriodStart": start, "BillingPeriodEnd": end}


def _fixed_columns(provider: Provider, period: BillingPeriod, resources: list[_Resource]) -> dict[str, Any]:
    count = len(resources)
    columns = {name: pa.array(values, pa.string()) for name, values in _per_resource(resources).items()}
    regions = [provider.regions[item.region] for item in resources]
    columns["RegionId"] = pa.array([region[0] for region in regions], pa.string())
    columns["RegionName"] = pa.array([region[1] for region in regions], pa.string())
    columns["ChargeCategory"] = _text("Usage", count)
    columns["ChargeClass"] = _text(None, count)
    columns["ChargeFrequency"] = _text("Usage-Based", count)
    columns["PricingCategory"] = _text("Standard", count)
    return {**_common(provider, period, count), **columns}


def _usage_table(
    fixed: dict[str, Any], *, day: datetime, prices: list[int], quantities: list[int], costs: list[int]
) -> pa.Table:
    count = len(costs)
    cost = _decimals(costs, COST)
    price = _decimals(prices, PRICE)
    quantity = _decimals(quantities, QUANTITY)
    moving = {
        "ChargePeriodStart": pa.array([day] * count, TIME),
        "ChargePeriodEnd": pa.array([day + timedelta(days=1)] * count, TIME),
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "ListUnitPrice": price,
        "ContractedUnitPrice": price,
        "PricingQuantity": quantity,
        "ConsumedQuantity": quantity,
    }
    columns = {**fixed, **moving}
    return pa.table({name: columns[name] for name in sorted(columns)})


def _monthly_rows(provider: Provider, billed: dict[str, int], names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a month that are not usage; costs in units of 10^-12."""
    cent = 10**10
    rows: list[dict[str, Any]] = []
    for place, (account, cost) in enumerate(sorted(billed.items())):
        owner = {"SubAccountId": account, "SubAccountName": names[account]}
        if place % 4 == 0:
            tax = {"ChargeCategory": "Tax", "ServiceName": "Tax", "ServiceCategory": "Other"}
            text = {"ChargeDescription": "Sales tax 6.5 %"}
            rows.append({**owner, **tax, **text, "cost": cost * 65 // 1000 // cent * cent})
        if place % 5 == 1:
            credit = {"ChargeCategory": "Credit", "ServiceName": f"{provider.name} Credits", "ServiceCategory": "Other"}
            rows.append({**owner, **credit, "cost": -(cost * 3 // 100), "ChargeDescription": "Promotional credit"})
        if place % 4 == 2:
            service = {"ChargeCategory": "Usage", "ServiceName": provider.skus[0].service, "ServiceCategory": "Compute"}
            text = {"ChargeClass": "Correction", "ChargeDescription": "Refund of usage billed twice"}
            rows.append({**owner, **service, **text, "cost": -(cost * 42 // 10_000)})
        if place % 6 == 3:
            market = {"ChargeCategory": "Purchase", "ServiceName": "Observability Pro", "ServiceCategory": "Other"}
            rows.append({**owner, **market, "cost": (99 + place * 50) * 100 * cent, "ChargeDescription": "Marketplace"})
    support = {"ChargeCategory": "Purchase", "ServiceName": f"{provider.name} Support", "ServiceCategory": "Other"}
    total = max(100 * 100 * cent, sum(billed.values()) * 3 // 100 // cent * cent)
    rows.append(
        {**support, "SubAccountId": None, "SubAccountName": None, "cost": total, "ChargeDescription": "Support"}
    )
    return rows


def _monthly_table(
    provider: Provider, period: BillingPeriod, resources: list[_Resource], billed: dict[str, int]
) -> pa.Table:
    names = {item.sub_account.sub_account_id: item.sub_account.name for item in resources}
    rows = _monthly_rows(provider, billed, names)
    count = len(rows)
    corrected = period.previous.start_at + timedelta(days=14)
    starts = [corrected if row.get("ChargeClass") else period.start_at for row in rows]
    ends = [corrected + timedelta(days=1) if row.get("ChargeClass") else period.next.start_at for row in rows]
    cost = _decimals([row["cost"] for row in rows], COST)
    columns = _common(provider, period, count)
    for name in _per_resource([]):
        columns[name] = pa.array([row.get(name) for row in rows], pa.string())
    for name in ("RegionId", "RegionName", "PricingCategory"):
        columns[name] = _text(None, count)
    columns["ChargeCategory"] = pa.array([row["ChargeCategory"] for row in rows], pa.string())
    columns["ChargeClass"] = pa.array([row.get("ChargeClass") for row in rows], pa.string())
    columns["ChargeFrequency"] = _text("One-Time", count)
    columns["ChargePeriodStart"] = pa.array(starts, TIME)
    columns["ChargePeriodEnd"] = pa.array(ends, TIME)
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        columns[name] = cost
    for name in ("ListUnitPrice", "ContractedUnitPrice"):
        columns[name] = pa.nulls(count, PRICE)
    for name in ("PricingQuantity", "ConsumedQuantity"):
        columns[name] = pa.nulls(count, QUANTITY)
    return pa.table({name: columns[name] for name in sorted(columns)})
