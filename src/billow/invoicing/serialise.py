"""The invoice as a JSON-able snapshot, without loss, and the fingerprint of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billow.invoicing.invoice import (
    Adjustment,
    AdjustmentType,
    BankAccount,
    CalculationType,
    CustomField,
    ExchangeRate,
    Invoice,
    InvoiceLine,
    LineDelta,
    Party,
    Totals,
)
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule

SCHEMA_VERSION = 1


class UnableToReadSnapshot(Exception):
    """The snapshot is not one that this version of the software wrote."""


def invoice_to_dict(*, invoice: Invoice) -> dict[str, Any]:
    """Return the invoice as text, integers, lists and dictionaries only; decimals and dates as text."""
    snapshot = {"schema_version": SCHEMA_VERSION, **_plain(asdict(invoice))}
    snapshot["period"] = str(invoice.period)
    return snapshot


def invoice_from_dict(*, snapshot: Mapping[str, Any]) -> Invoice:
    """Return the invoice that was written as the snapshot; raise UnableToReadSnapshot otherwise."""
    version = snapshot.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UnableToReadSnapshot(f"The snapshot has schema version {version!r}; this software reads {SCHEMA_VERSION}")
    try:
        return _invoice(snapshot)
    except (KeyError, TypeError, ValueError, ArithmeticError) as broken:
        raise UnableToReadSnapshot(f"The snapshot is damaged: {broken!r}") from broken


def canonical_json(*, snapshot: Mapping[str, Any]) -> bytes:
    """Return the one way to write the snapshot: sorted keys, no spaces, UTF-8."""
    text = json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def fingerprint(*, snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(snapshot=snapshot)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _invoice(snapshot: Mapping[str, Any]) -> Invoice:
    fields = {key: entry for key, entry in snapshot.items() if key != "schema_version"}
    return Invoice(
        **{
            **fields,
            "period": BillingPeriod.parse(fields["period"]),
            "seller": _party(fields["seller"]),
            "buyer": _party(fields["buyer"]),
            "bank": BankAccount(**fields["bank"]),
            "lines": tuple(_line(entry) for entry in fields["lines"]),
            "adjustments": tuple(_adjustment(entry) for entry in fields["adjustments"]),
            "totals": Totals(**fields["totals"]),
            "exchange_rates": tuple(_exchange_rate(entry) for entry in fields["exchange_rates"]),
            "cost_basis": CostBasis(fields["cost_basis"]),
            "rounding_rule": RoundingRule(fields["rounding_rule"]),
            "issue_date": _day(fields["issue_date"]),
            "due_date": _day(fields["due_date"]),
        }
    )


def _party(entry: Mapping[str, Any]) -> Party:
    custom_fields = tuple(CustomField(**field) for field in entry["custom_fields"])
    return Party(**{**entry, "billing_email": tuple(entry["billing_email"]), "custom_fields": custom_fields})


def _line(entry: Mapping[str, Any]) -> InvoiceLine:
    usage = entry["usage_amount"]
    return InvoiceLine(
        **{
            **entry,
            "provider_cost": Decimal(entry["provider_cost"]),
            "rated_cost": Decimal(entry["rated_cost"]),
            "deltas": tuple(LineDelta(**{**delta, "amount": Decimal(delta["amount"])}) for delta in entry["deltas"]),
            "exact_amount": Decimal(entry["exact_amount"]),
            "usage_amount": None if usage is None else Decimal(usage),
        }
    )


def _adjustment(entry: Mapping[str, Any]) -> Adjustment:
    return Adjustment(
        **{
            **entry,
            "adjustment_type": AdjustmentType(entry["adjustment_type"]),
            "calculation_type": CalculationType(entry["calculation_type"]),
            "amount": Decimal(entry["amount"]),
        }
    )


def _exchange_rate(entry: Mapping[str, Any]) -> ExchangeRate:
    effective_date = date.fromisoformat(entry["effective_date"])
    return ExchangeRate(**{**entry, "rate": Decimal(entry["rate"]), "effective_date": effective_date})


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
