"""Check one invoice: its lines, content, sums, documents and history against what was recorded of them."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from billow.invoicing.checks import check_invoice
from billow.invoicing.lifecycle import InvoiceStatus, InvoiceVerb, UnableToChangeInvoice, next_status
from billow.invoicing.serialise import UnableToReadSnapshot, canonical_json
from billow.records.billing.models import Invoice, InvoiceLine, InvoiceVersion
from billow.records.billing.models.deliveries import DocumentKind
from billow.usecases import documents_storage
from billow.usecases.documents_storage import StoredFile, UnableToReadDocument
from billow.usecases.invoice_snapshot import (
    bank_entry_of,
    converted_provider_cost,
    fingerprint_of,
    invoice_from_rows,
    line_hash_of,
    logo_file,
)
from billow.usecases.verification import Findings

_COLUMNS = ("subtotal_minor", "discounts_minor", "charges_minor", "credits_minor", "total_minor")

_UNREADABLE = (InvalidOperation, ValueError, ImproperlyConfigured)
"""What the columns' own readers say to garbage: no number, no JSON, nothing this key encrypted."""


def check_one_invoice(*, invoice: Invoice, findings: Findings) -> None:
    """Note everything about the invoice that is not as it was recorded. Every version is checked."""
    findings.count("invoices")
    _check_history(invoice, findings)
    versions = invoice.versions.defer("bank_details")
    for key, version_number in invoice.versions.order_by("version_number").values_list("pk", "version_number"):
        findings.count("versions")
        try:
            version = versions.get(pk=key)
        except _UNREADABLE as garbage:
            where = _name(invoice, key, version_number)
            findings.add("version_unreadable", where, f"A column of it cannot be read: {garbage!r}.")
        else:
            _check_version(invoice, version, findings)
    if invoice.status == InvoiceStatus.APPROVED:
        _check_documents(invoice, findings)


def _check_version(invoice: Invoice, version: InvoiceVersion, findings: Findings) -> None:
    where = _name(invoice, version.pk, version.version_number)
    lines = _read_lines(where, version, findings)
    findings.count("lines", len(lines))
    _check_lines(where, version, lines, findings)
    try:
        snapshot = json.loads(version.snapshot)
        canonical = canonical_json(snapshot=snapshot).decode()
        bank = bank_entry_of(version=version)
        fingerprint = fingerprint_of(snapshot=snapshot, bank=bank, line_hashes=[line.line_hash for line in lines])
    except (*_UNREADABLE, TypeError) as broken:
        findings.add("version_unreadable", where, f"Its content cannot be read: {broken}.")
        return
    if fingerprint != version.fingerprint or canonical != version.snapshot:
        findings.add(
            "version_changed", where, "Its content (snapshot, bank data or set of lines) is not what was written."
        )
    _check_columns(where, invoice, version, snapshot, findings)
    _check_value(where, version, lines, findings)
    _check_logo(where, snapshot, findings)


def _read_lines(where: str, version: InvoiceVersion, findings: Findings) -> list[InvoiceLine]:
    """Return the lines; one that holds garbage where a number or JSON belongs is named and left out."""
    try:
        return list(version.lines.order_by("line_number"))
    except _UNREADABLE:
        lines = []
    for key, line_number in version.lines.order_by("line_number").values_list("pk", "line_number"):
        try:
            lines.append(version.lines.get(pk=key))
        except _UNREADABLE:
            findings.add("line_changed", f"{where} line {line_number}", "This line cannot be read any more.")
    return lines


def _check_lines(where: str, version: InvoiceVersion, lines: Sequence[InvoiceLine], findings: Findings) -> None:
    if len(lines) != version.line_count:
        findings.add("lines_missing", where, f"It has {len(lines)} lines, {version.line_count} were written.")
    for line in lines:
        try:
            same = line_hash_of(line=line) == line.line_hash
        except (*_UNREADABLE, TypeError):
            same = False
        if not same:
            findings.add("line_changed", f"{where} line {line.line_number}", "This line is not what was written.")


def _check_columns(
    where: str, invoice: Invoice, version: InvoiceVersion, snapshot: Mapping[str, Any], findings: Findings
) -> None:
    """Compare the columns that lists and sums are read from with the snapshot, and the snapshot with its invoice."""
    try:
        entry = snapshot["invoice"]
        pairs = {
            **{name: (getattr(version, name), entry["totals"][name]) for name in _COLUMNS},
            "currency": (version.currency, entry["currency"]),
            "line_count": (version.line_count, snapshot["line_count"]),
            "provider_cost": (version.provider_cost, Decimal(snapshot["provider_cost"])),
            "exact_subtotal": (version.exact_subtotal, Decimal(snapshot["exact_subtotal"])),
            "software_version": (version.software_version, snapshot["software_version"]),
            "warnings": (version.warnings, snapshot["origin"]["warnings"]),
            "number": (invoice.number, entry["number"]),
            "token": (invoice.token, entry["token"]),
            "period": (str(invoice.period), entry["period"]),
            "managed account": (invoice.managed_account.token, entry["buyer"]["token"]),
        }
    except (KeyError, TypeError, InvalidOperation) as missing:
        findings.add("version_unreadable", where, f"Its snapshot lacks {missing}.")
        return
    for name, (stored, written) in pairs.items():
        if stored != written:
            findings.add("column_changed", where, f"The {name} in the database is {stored}, written was {written}.")


def _check_value(where: str, version: InvoiceVersion, lines: Sequence[InvoiceLine], findings: Findings) -> None:
    try:
        value = invoice_from_rows(version=version, lines=lines)
        cost = converted_provider_cost(invoice=value)
        faults = check_invoice(invoice=value)
    except (UnableToReadSnapshot, KeyError) as damaged:
        findings.add("version_unreadable", where, str(damaged))
        return
    for fault in faults:
        findings.add(fault.code, where, fault.message)
    if cost != version.provider_cost:
        findings.add(
            "provider_cost_differs", where, f"Its lines cost {cost} at the provider, not {version.provider_cost}."
        )


def _check_logo(where: str, snapshot: Mapping[str, Any], findings: Findings) -> None:
    entry = snapshot.get("origin", {}).get("logo")
    if entry is not None:
        _check_file(where, logo_file(entry=entry), "logo", findings)


def _check_documents(invoice: Invoice, findings: Findings) -> None:
    documents = {document.kind: document for document in invoice.documents.all()}
    for kind in DocumentKind.values:
        if kind not in documents:
            findings.add("document_missing", invoice.number, f"No {kind} is recorded for this approved invoice.")
    for kind, document in documents.items():
        if document.version_id != invoice.current_version_id:
            findings.add("document_of_other_version", invoice.number, f"Its {kind} was made of another version.")
        stored = StoredFile(storage_key=document.storage_key, sha256=document.sha256, size_bytes=document.size_bytes)
        _check_file(invoice.number, stored, kind, findings)


def _check_file(number: str, stored: StoredFile, kind: str, findings: Findings) -> None:
    findings.count("documents")
    try:
        documents_storage.read(stored=stored)
    except UnableToReadDocument as unable:
        where = str(documents_storage.local_path(storage_key=stored.storage_key))
        findings.add(unable.code, where, f"The {kind} of {number}: {unable.message}")


def _check_history(invoice: Invoice, findings: Findings) -> None:
    """Follow the recorded steps along the lifecycle; they must end where the invoice is."""
    steps = sorted(invoice.transitions.all(), key=lambda step: step.pk)
    findings.count("transitions", len(steps))
    if not steps or steps[-1].to_status != invoice.status:
        ended = steps[-1].to_status if steps else "nothing"
        findings.add("history_differs", invoice.number, f"Its history ends with {ended}, it is {invoice.status}.")
    for step in steps:
        try:
            came_from = InvoiceStatus(step.from_status) if step.from_status else None
            possible = next_status(status=came_from, verb=InvoiceVerb(step.verb)) == step.to_status
        except (UnableToChangeInvoice, ValueError):
            possible = False
        if not possible:
            text = f"{step.verb} cannot lead from {step.from_status or 'nothing'} to {step.to_status}."
            findings.add("history_impossible", invoice.number, text)
    for before, after in pairwise(steps):
        if before.to_status != after.from_status:
            text = f"{after.verb} started from {after.from_status}, but it was {before.to_status} before."
            findings.add("history_broken", invoice.number, text)


def _name(invoice: Invoice, version_key: int, version_number: int) -> str:
    """Name the invoice, and the version unless it is the one that counts."""
    if version_key == invoice.current_version_id:
        return invoice.number
    return f"{invoice.number} version {version_number}"
