"""Check credit notes: numbers, chain, content, documents, and that they take back no more than was invoiced."""

import json
from collections.abc import Sequence

from billow.invoicing.correction import Credit, UnableToCredit, credit
from billow.invoicing.serialise import UnableToReadSnapshot, canonical_json, fingerprint
from billow.records.billing.models import CreditNote, Invoice, InvoiceSeries
from billow.records.billing.models.deliveries import DocumentKind
from billow.usecases import documents_storage
from billow.usecases.credit_invoices import credit_of, credits_of
from billow.usecases.documents_storage import StoredFile, UnableToReadDocument
from billow.usecases.read_invoices import invoice_of
from billow.usecases.seal import seal_of_credit_note
from billow.usecases.verification import Findings

_SUMS = ("subtotal_minor", "discounts_minor", "charges_minor", "credits_minor", "total_minor")


def check_credit_notes(*, series: InvoiceSeries, findings: Findings) -> None:
    """Note everything about the credit notes of a series that is not as it was issued."""
    notes = list(
        CreditNote.objects.filter(series=series)
        .select_related("preceding_invoice__current_version")
        .prefetch_related("documents", "lines__invoice_line")
        .order_by("sequence")
    )
    findings.count("number series")
    findings.count("credit notes", len(notes))
    _check_numbers(series, notes, findings)
    _check_chain(series, notes, findings)
    for note in notes:
        _check_content(note, findings)
        _check_documents(note, findings)
    for invoice in {note.preceding_invoice_id: note.preceding_invoice for note in notes}.values():
        _check_sum(invoice, findings)


def _check_numbers(series: InvoiceSeries, notes: Sequence[CreditNote], findings: Findings) -> None:
    taken = {note.sequence for note in notes}
    for sequence in range(1, series.next_sequence):
        if sequence not in taken:
            where = f"place {sequence} of series {series.name}"
            findings.add("number_missing", where, "This number was taken, its credit note is gone.")
    for note in notes:
        if note.sequence >= series.next_sequence:
            findings.add("number_beyond_counter", note.number, "This number was never taken from its series.")


def _check_chain(series: InvoiceSeries, notes: Sequence[CreditNote], findings: Findings) -> None:
    previous = ""
    for position, note in enumerate(sorted(notes, key=lambda each: each.chain_position), start=1):
        findings.count("seals")
        if note.chain_position != position or note.previous_seal != previous:
            findings.add("chain_broken", note.number, "Its seal does not follow the seal of the credit note before it.")
        seal = seal_of_credit_note(
            previous_seal=note.previous_seal,
            chain_position=note.chain_position,
            number=note.number,
            token=note.token,
            note_fingerprint=note.fingerprint,
            documents={document.kind: document.sha256 for document in note.documents.all()},
        )
        if seal != note.seal:
            findings.add("seal_differs", note.number, "Number, content or documents are not those that were sealed.")
        previous = note.seal
    if previous != series.chain_hash or len(notes) != series.chain_length:
        findings.add(
            "chain_end_differs", f"series {series.name}", "The last seal is not the one that the series recorded."
        )


def _check_content(note: CreditNote, findings: Findings) -> None:
    """Compare the snapshot with its fingerprint, and with every column and line that is read instead of it."""
    try:
        entry = json.loads(note.snapshot)
        is_written = (
            canonical_json(snapshot=entry).decode() == note.snapshot and fingerprint(snapshot=entry) == note.fingerprint
        )
        invoice, version = note.preceding_invoice, note.preceding_invoice.current_version
        pairs = {
            "number": (note.number, entry["number"]),
            "token": (note.token, entry["token"]),
            "reason": (note.reason, entry["reason"]),
            "currency": (note.currency, entry["currency"]),
            "issue date": (note.issue_date.isoformat(), entry["issue_date"]),
            "completes": (note.completes, entry["completes"]),
            "invoice": (invoice.token, entry["invoice"]["token"]),
            "seal of the invoice": (invoice.seal, entry["invoice"]["seal"]),
            "content of the invoice": (version.fingerprint if version else "", entry["invoice"]["fingerprint"]),
            "lines": (
                {line.invoice_line.line_number: line.amount_minor for line in note.lines.all()},
                dict(credit_of(note=note).lines),
            ),
            **{name: (getattr(note, name), entry["totals"][name]) for name in _SUMS},
        }
    except (UnableToReadSnapshot, ValueError, KeyError, TypeError) as broken:
        findings.add("note_unreadable", note.number, f"Its content cannot be read: {broken!r}.")
        return
    if not is_written:
        findings.add("note_changed", note.number, "Its content is not what was written.")
    for name, (stored, written) in pairs.items():
        if stored != written:
            findings.add("column_changed", note.number, f"The {name} is {stored} now, written was {written}.")


def _check_documents(note: CreditNote, findings: Findings) -> None:
    documents = {document.kind: document for document in note.documents.all()}
    for kind in DocumentKind.values:
        if kind not in documents:
            findings.add("document_missing", note.number, f"No {kind} is recorded for this credit note.")
    for kind, document in documents.items():
        findings.count("documents")
        stored = StoredFile(storage_key=document.storage_key, sha256=document.sha256, size_bytes=document.size_bytes)
        try:
            documents_storage.read(stored=stored)
        except UnableToReadDocument as unable:
            where = str(documents_storage.local_path(storage_key=stored.storage_key))
            findings.add(unable.code, where, f"The {kind} of {note.number}: {unable.message}")


def _check_sum(invoice: Invoice, findings: Findings) -> None:
    """Calculate every credit of the invoice again, one after the other; a complete one leaves exactly nothing."""
    try:
        assert invoice.current_version is not None
        value = invoice_of(version=invoice.current_version)
        written = credits_of(invoice=invoice)
        before: list[Credit] = []
        for each in written:
            again = credit(value, before=before, line_numbers=_lines_asked(each))
            if again != each:
                findings.add("credit_differs", invoice.number, "A credit note of it takes back other amounts.")
            before.append(each)
    except UnableToCredit as unable:
        findings.add("credited_too_much", invoice.number, str(unable))
    except (UnableToReadSnapshot, ValueError, KeyError, TypeError) as damaged:
        findings.add("note_unreadable", invoice.number, f"Its credit notes cannot be calculated: {damaged!r}.")
    else:
        left = value.totals.total_minor - sum(each.totals.total_minor for each in written)
        if any(each.completes for each in written) and left != 0:
            findings.add("credit_incomplete", invoice.number, "It is wholly credited, but not to zero.")


def _lines_asked(written: Credit) -> list[int] | None:
    """Return how the credit was asked for: one that completes is what was left, however it was asked."""
    return None if written.completes else list(written.lines)
