"""The lines of an invoice as they are printed: by provider and service, like with like, small with small.

Every printed amount is an integer sum of rounded line amounts, so each level adds up to the
level above and the whole to the invoice's subtotal.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from billow.invoicing.invoice import InvoiceLine

SMALL_MINOR = 100
"""A printed row below this many minor units is small."""
FEWEST_GROUPED = 3
"""So few small rows stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRow:
    """One printed row; ``grouped`` above 0 says how many small rows it stands for."""

    description: str
    charge_category: str
    region: str
    account: str
    amount_minor: int
    usage_amount: Decimal | None = None
    usage_unit: str = ""
    grouped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCharges:
    """A service's rows, largest first, and their sum."""

    service: str
    amount_minor: int
    rows: tuple[ChargeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCharges:
    """A provider's services, largest first, and their sum."""

    provider: str
    amount_minor: int
    services: tuple[ServiceCharges, ...]


@dataclass(slots=True)
class _Sum:
    amount_minor: int = 0
    usage_amount: Decimal | None = None
    usage_units: set[str] = field(default_factory=set)


_RowKey = tuple[str, str, str, str]


def charges_by_provider(*, lines: Iterable[InvoiceLine]) -> tuple[ProviderCharges, ...]:
    """Return the lines as printed: providers, services and rows, each largest first.

    Lines that differ in nothing printed become one row, rows of no amount are left out and
    three or more small rows of a service become one.
    """
    sums: dict[str, dict[str, dict[_RowKey, _Sum]]] = {}
    for line in lines:
        if not line.rated_cost and (line.provider_cost or any(delta.amount for delta in line.deltas)):
            continue  # a rule hides it: neither its cost nor its usage is the reader's
        rows = sums.setdefault(line.provider, {}).setdefault(line.service, {})
        _add(rows.setdefault(_row_key(line), _Sum()), line)
    providers = (
        _provider(provider, [_service(service, rows) for service, rows in services.items()])
        for provider, services in sums.items()
    )
    return tuple(sorted((p for p in providers if p.services), key=lambda p: (-p.amount_minor, p.provider)))


def _row_key(line: InvoiceLine) -> _RowKey:
    return (_description(line), line.charge_category, line.region, line.account)


def _description(line: InvoiceLine) -> str:
    """Return what the bill says about the charge: its sub-category where that tells more than the service's name."""
    is_said = line.service_subcategory.casefold() in line.service.casefold()
    return line.description or ("" if is_said else line.service_subcategory)


def _add(total: _Sum, line: InvoiceLine) -> None:
    total.amount_minor += line.amount_minor
    if line.usage_amount is not None:
        total.usage_amount = (total.usage_amount or Decimal(0)) + line.usage_amount
    total.usage_units.add(line.usage_unit if line.usage_amount is not None else "")


def _provider(provider: str, services: list[ServiceCharges]) -> ProviderCharges:
    kept = sorted((s for s in services if s.rows), key=lambda s: (-s.amount_minor, s.service))
    return ProviderCharges(provider=provider, amount_minor=sum(s.amount_minor for s in kept), services=tuple(kept))


def _service(service: str, sums: dict[_RowKey, _Sum]) -> ServiceCharges:
    rows = [_row(key, total) for key, total in sums.items() if total.amount_minor]
    small = [row for row in rows if abs(row.amount_minor) < SMALL_MINOR]
    if len(small) >= FEWEST_GROUPED:
        rows = [row for row in rows if abs(row.amount_minor) >= SMALL_MINOR]
    else:
        small = []
    rows.sort(key=lambda row: (-row.amount_minor, row.description, row.charge_category, row.region, row.account))
    if small:
        rows.append(_grouped(small))
    return ServiceCharges(service=service, amount_minor=sum(row.amount_minor for row in rows), rows=tuple(rows))


def _row(key: _RowKey, total: _Sum) -> ChargeRow:
    description, charge_category, region, account = key
    one_unit = len(total.usage_units) == 1 and "" not in total.usage_units
    return ChargeRow(
        description=description,
        charge_category=charge_category,
        region=region,
        account=account,
        amount_minor=total.amount_minor,
        usage_amount=total.usage_amount if one_unit else None,
        usage_unit=next(iter(total.usage_units)) if one_unit else "",
    )


def _grouped(small: list[ChargeRow]) -> ChargeRow:
    return ChargeRow(
        description="",
        charge_category="",
        region="",
        account="",
        amount_minor=sum(row.amount_minor for row in small),
        grouped=len(small),
    )
