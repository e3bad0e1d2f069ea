"""The content of an invoice version as rows, and back: snapshot, encrypted bank data, lines, fingerprint.

The fingerprint covers the snapshot, the bank data and the hash of every line. The bank data carries a salt, so
that nobody who sees fingerprint and snapshot can find an account number by trying.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billow import __version__
from billow.billingrules.rule import BillingRule, CustomRule
from billow.documents.logo import Logo
from billow.invoicing.invoice import Invoice, InvoiceLine
from billow.invoicing.serialise import canonical_json, invoice_from_dict, invoice_to_dict
from billow.invoicing.serialise import fingerprint as hash_of
from billow.records.billing import models as billing
from billow.records.costs.models import CostImport
from billow.terms.issue import Issue, Severity
from billow.usecases import documents_storage
from billow.usecases.documents_storage import StoredFile
from billow.usecases.price_list import PricesInUse

_LINE_FIELDS = tuple(InvoiceLine.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an invoice was made from, beside its own content."""

    profile: billing.BillingProfile
    account: billing.ManagedAccount
    rules: tuple[BillingRule, ...]
    cost_imports: tuple[CostImport, ...]
    logo: StoredFile | None
    warnings: tuple[Issue, ...]
    prices: PricesInUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A version ready to be written: its snapshot, its lines with their hashes, and what is encrypted."""

    snapshot: Mapping[str, Any]
    bank: Mapping[str, str]
    lines: tuple[Mapping[str, Any], ...]
    line_hashes: tuple[str, ...]
    fingerprint: str


def content_of(*, invoice: Invoice, origin: Origin) -> Content:
    """Return the draft as a version's content."""
    entry = invoice_to_dict(invoice=invoice)
    lines = tuple(entry.pop("lines"))
    bank = {**entry.pop("bank"), "salt": secrets.token_hex(16)}
    line_hashes = tuple(hash_of(snapshot=line) for line in lines)
    snapshot = {
        "invoice": entry,
        "line_count": len(lines),
        "provider_cost": f"{converted_provider_cost(invoice=invoice):f}",
        "exact_subtotal": f"{sum((line.exact_amount for line in invoice.lines), Decimal(0)):f}",
        "software_version": __version__,
        "origin": _origin(origin),
    }
    return Content(
        snapshot=snapshot,
        bank=bank,
        lines=lines,
        line_hashes=line_hashes,
        fingerprint=fingerprint_of(snapshot=snapshot, bank=bank, line_hashes=line_hashes),
    )


def fingerprint_of(*, snapshot: Mapping[str, Any], bank: Mapping[str, str], line_hashes: Sequence[str]) -> str:
    """Return the SHA-256 that stands for a version's whole content."""
    return hash_of(snapshot={"snapshot": snapshot, "bank": bank, "lines": list(line_hashes)})


def line_hash_of(*, line: billing.InvoiceLine) -> str:
    """Return the SHA-256 of a line as its row says it now."""
    return hash_of(snapshot=_line_entry(line))


def converted_provider_cost(*, invoice: Invoice) -> Decimal:
    """Return the provider cost of all lines in the invoice's currency, exact, at the invoice's own rates."""
    rates = {rate.base_currency: rate.rate for rate in invoice.exchange_rates}
    rates[invoice.currency] = Decimal(1)
    return sum((line.provider_cost * rates[line.source_currency] for line in invoice.lines), Decimal(0))


def version_row(
    *, invoice: billing.Invoice, version_number: int, content: Content, now: datetime
) -> billing.InvoiceVersion:
    """Return the unsaved version of the invoice."""
    entry = content.snapshot["invoice"]
    return billing.InvoiceVersion(
        invoice=invoice,
        version_number=version_number,
        snapshot=canonical_json(snapshot=content.snapshot).decode(),
        bank_details=json.dumps(content.bank, sort_keys=True),
        fingerprint=content.fingerprint,
        software_version=content.snapshot["software_version"],
        currency=entry["currency"],
        line_count=len(content.lines),
        provider_cost=Decimal(content.snapshot["provider_cost"]),
        exact_subtotal=Decimal(content.snapshot["exact_subtotal"]),
        warnings=content.snapshot["origin"]["warnings"],
        created_at=now,
        created_by_id=invoice.generation_requested_by_id,
        **entry["totals"],
    )


def line_rows(*, version: billing.InvoiceVersion, content: Content) -> list[billing.InvoiceLine]:
    """Return the unsaved lines of the version."""
    return [
        billing.InvoiceLine(version=version, line_hash=line_hash, **line)
        for line, line_hash in zip(content.lines, content.line_hashes, strict=True)
    ]


def bank_entry_of(*, version: billing.InvoiceVersion) -> Mapping[str, str]:
    """Return the decrypted bank data of the version, with its salt."""
    entry: Mapping[str, str] = json.loads(version.bank_details)
    return entry


def invoice_from_rows(*, version: billing.InvoiceVersion, lines: Iterable[billing.InvoiceLine]) -> Invoice:
    """Return the draft that a version and its lines hold; raise UnableToReadSnapshot if they are damaged."""
    snapshot = json.loads(version.snapshot)
    bank = {name: value for name, value in bank_entry_of(version=version).items() if name != "salt"}
    return invoice_from_dict(
        snapshot={**snapshot["invoice"], "bank": bank, "lines": [_line_entry(line) for line in lines]}
    )


def warnings_of(entries: Iterable[Mapping[str, str]]) -> tuple[Issue, ...]:
    """Return the warnings that the generation left, as a version keeps them."""
    return tuple(
        Issue(entry["code"], entry["message"], severity=Severity.WARNING, path=entry.get("path", ""))
        for entry in entries
    )


def logo_of(*, version: billing.InvoiceVersion) -> Logo | None:
    """Return the logo the version is printed with; raise UnableToReadDocument if its bytes are gone or changed."""
    entry = json.loads(version.snapshot)["origin"]["logo"]
    if entry is None:
        return None
    stored = logo_file(entry=entry)
    return Logo(
        png=documents_storage.read(stored=stored), width=entry["width"], height=entry["height"], sha256=stored.sha256
    )


def logo_file(*, entry: Mapping[str, Any]) -> StoredFile:
    """Return where the logo of a snapshot is stored."""
    return StoredFile(storage_key=entry["storage_key"], sha256=entry["sha256"], size_bytes=entry["size_bytes"])


def _origin(origin: Origin) -> dict[str, Any]:
    profile, account = origin.profile, origin.account
    return {
        "management_account": {
            "token": profile.management_account.token,
            "name": profile.management_account.name,
            "time_zone": profile.management_account.time_zone,
        },
        "billing_profile": {"token": profile.token, "nickname": profile.nickname},
        "managed_account": {
            "token": account.token,
            "name": account.name,
            "contact_email": account.contact_email,
            "include_managed_account_integrations": account.include_managed_account_integrations,
        },
        "rules": [_rule(position, rule) for position, rule in enumerate(origin.rules, start=1)],
        "price_list": _price_list(origin.prices),
        "cost_imports": [
            {
                "token": cost_import.token,
                "integration": cost_import.integration.token,
                "sha256": cost_import.sha256,
                "rows": cost_import.rows,
                "stored_files": cost_import.stored_files,
            }
            for cost_import in origin.cost_imports
        ],
        "logo": _logo(origin),
        "warnings": [{"code": issue.code, "message": issue.message, "path": issue.path} for issue in origin.warnings],
    }


def _logo(origin: Origin) -> dict[str, Any] | None:
    if origin.logo is None:
        return None
    return {
        "storage_key": origin.logo.storage_key,
        "sha256": origin.logo.sha256,
        "size_bytes": origin.logo.size_bytes,
        "width": origin.profile.logo_width,
        "height": origin.profile.logo_height,
    }


def _rule(position: int, rule: BillingRule) -> dict[str, Any]:
    """Return everything that the rule says, by field name, so that rule kinds to come need no change here."""
    fields = {name: _written(getattr(rule, name)) for name in rule.__dataclass_fields__}
    if isinstance(rule, CustomRule):
        fields["sql_sha256"] = hashlib.sha256(rule.sql_query.encode()).hexdigest()
    return {"position": position, "type": type(rule).__name__, **fields}


def _written(value: Any) -> Any:
    """Return a rule's value as text, and a part of several values as what it says by name."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if is_dataclass(value):
        return {name: _written(getattr(value, name)) for name in value.__dataclass_fields__}
    return str(_plain(value))


def _price_list(used: PricesInUse | None) -> dict[str, str] | None:
    if used is None:
        return None
    prices = used.prices
    return {"source": prices.source, "effective_date": prices.effective_date.isoformat(), "sha256": used.sha256}


def _line_entry(line: billing.InvoiceLine) -> dict[str, Any]:
    return {name: _plain(getattr(line, name)) for name in _LINE_FIELDS}


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
