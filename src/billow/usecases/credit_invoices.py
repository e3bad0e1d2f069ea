"""Issue a credit note for an approved invoice, whole or line by line, and read what was issued."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billow import __version__
from billow.documents.csv import render_credit_note_csv
from billow.documents.pdf import UnableToRenderDocument, render_credit_note_pdf
from billow.invoicing.correction import Credit, CreditNote, UnableToCredit, credit, credit_note
from billow.invoicing.invoice import Totals
from billow.invoicing.lifecycle import InvoiceStatus
from billow.invoicing.numbering import UnableToNumber, format_number
from billow.invoicing.serialise import UnableToReadSnapshot, canonical_json, fingerprint
from billow.records.billing import models as billing
from billow.records.billing.models.deliveries import DocumentKind
from billow.terms.money import from_minor
from billow.terms.token import new_token
from billow.usecases import documents_storage
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.change_invoice import lock_invoice
from billow.usecases.closed_months import today
from billow.usecases.documents_storage import StoredFile, UnableToReadDocument
from billow.usecases.invoice_snapshot import logo_of
from billow.usecases.management_account import credit_note_series
from billow.usecases.read_invoices import invoice_of
from billow.usecases.refused import Refused
from billow.usecases.seal import seal_of_credit_note
from billow.usecases.webhook_events import tell_of_credit_note

LONGEST_REASON = 300


def credit_invoice(
    *,
    actor: Actor,
    invoice_token: str,
    line_numbers: Sequence[int] | None = None,
    reason: str,
    now: datetime,
    expected: Decimal | None = None,
) -> billing.CreditNote:
    """Credit everything that is left of an approved invoice, or these lines of it, with a document of its own number.

    After a note that leaves nothing the month can be invoiced again. With ``expected``, the total that somebody was
    shown, another total is refused.
    """
    actor.must_write_invoices()
    found = billing.Invoice.objects.visible_to(actor).filter(token=invoice_token).first()
    if found is None:
        raise Refused("not_found", "Resource not found")
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON:
        raise Refused("no_reason", f"Say why in at most {LONGEST_REASON} characters: the reason is printed on it.")
    with transaction.atomic():
        # The lock makes two credits of one invoice wait for each other, so that no line is credited twice.
        row = lock_invoice(invoice=found)
        if row.status != InvoiceStatus.APPROVED or row.current_version is None:
            raise Refused("not_approved", f"{row.number} was not issued; regenerate or cancel it instead.")
        try:
            taken = credit(
                invoice_of(version=row.current_version), before=credits_of(invoice=row), line_numbers=line_numbers
            )
        except UnableToCredit as unable:
            raise Refused(unable.code, str(unable)) from unable
        except UnableToReadSnapshot as unable:
            raise Refused("version_unreadable", f"{row.number}: {unable} Run `billow verify`.") from unable
        total = from_minor(taken.totals.total_minor, currency=row.current_version.currency)
        if expected is not None and total != expected:
            raise Refused("changed_meanwhile", f"{row.number}: this would credit {total} by now; look at it again.")
        return _issue(actor, row, taken, why, now)


def credits_of(*, invoice: billing.Invoice) -> list[Credit]:
    """Return what the invoice's credit notes took back, in order."""
    return [credit_of(note=note) for note in invoice.credit_notes.order_by("pk")]


def credit_of(*, note: billing.CreditNote) -> Credit:
    """Return the amounts that a credit note's snapshot says; raise UnableToReadSnapshot if it is damaged."""
    try:
        entry = json.loads(note.snapshot)
        return Credit(
            lines={line["line_number"]: line["amount_minor"] for line in entry["lines"]},
            adjustments=tuple(each["amount_minor"] for each in entry["adjustments"]),
            totals=Totals(**entry["totals"]),
            completes=entry["completes"],
        )
    except (KeyError, TypeError, ValueError) as broken:
        raise UnableToReadSnapshot(f"The credit note {note.number} is damaged: {broken!r}.") from broken


def _issue(actor: Actor, row: billing.Invoice, taken: Credit, reason: str, now: datetime) -> billing.CreditNote:
    """Take the number, print, store and seal. The number is printed, so the series stays locked meanwhile."""
    assert row.current_version is not None
    first = credit_note_series(management_account=row.management_account)
    series = billing.InvoiceSeries.objects.select_for_update().get(pk=first.pk)
    day = today(management_account=row.management_account, now=now)
    try:
        number = format_number(pattern=series.pattern, year=day.year, month=day.month, sequence=series.next_sequence)
    except UnableToNumber as unable:
        raise Refused("wrong_number_pattern", str(unable)) from unable
    token = new_token(kind="credit_note")
    invoice = invoice_of(version=row.current_version)
    note = credit_note(invoice, credit=taken, number=number, token=token, issue_date=day, reason=reason)
    files = _printed(row.current_version, note)
    snapshot = _snapshot(row, note, taken)
    position = series.chain_length + 1
    seal = seal_of_credit_note(
        previous_seal=series.chain_hash,
        chain_position=position,
        number=number,
        token=token,
        note_fingerprint=fingerprint(snapshot=snapshot),
        documents={kind.value: file.sha256 for kind, file in files.items()},
    )
    issued = billing.CreditNote.objects.create(
        token=token,
        management_account=row.management_account,
        preceding_invoice=row,
        series=series,
        sequence=series.next_sequence,
        number=number,
        currency=invoice.currency,
        reason=reason,
        completes=taken.completes,
        snapshot=canonical_json(snapshot=snapshot).decode(),
        fingerprint=fingerprint(snapshot=snapshot),
        issue_date=day,
        chain_position=position,
        previous_seal=series.chain_hash,
        seal=seal,
        created_at=now,
        created_by=actor.user,
        **snapshot["totals"],
    )
    _add_parts(issued, row.current_version, taken, files, now)
    billing.InvoiceSeries.objects.filter(pk=series.pk).update(
        next_sequence=series.next_sequence + 1, chain_length=position, chain_hash=seal
    )
    _tell(actor, issued, row, now)
    return issued


def _printed(version: billing.InvoiceVersion, note: CreditNote) -> dict[DocumentKind, StoredFile]:
    number = note.document.number
    try:
        contents = {
            DocumentKind.PDF: render_credit_note_pdf(note=note, logo=logo_of(version=version)),
            DocumentKind.CSV: render_credit_note_csv(note=note),
        }
        return {kind: documents_storage.store(content=content, extension=kind) for kind, content in contents.items()}
    except (UnableToRenderDocument, UnableToReadDocument) as unable:
        raise Refused(unable.code, f"{number}: {unable.message}") from unable


def _snapshot(row: billing.Invoice, note: CreditNote, taken: Credit) -> dict[str, Any]:
    version = row.current_version
    assert version is not None
    totals = taken.totals
    return {
        "number": note.document.number,
        "token": note.document.token,
        "reason": note.reason,
        "currency": note.document.currency,
        "issue_date": note.document.issue_date.isoformat() if note.document.issue_date else "",
        "completes": taken.completes,
        "invoice": {"number": row.number, "token": row.token, "seal": row.seal, "fingerprint": version.fingerprint},
        "lines": [{"line_number": number, "amount_minor": amount} for number, amount in sorted(taken.lines.items())],
        "adjustments": [
            {"name": entry.name, "amount_minor": entry.amount_minor} for entry in note.document.adjustments
        ],
        "totals": {
            "subtotal_minor": totals.subtotal_minor,
            "discounts_minor": totals.discounts_minor,
            "charges_minor": totals.charges_minor,
            "credits_minor": totals.credits_minor,
            "total_minor": totals.total_minor,
        },
        "software_version": __version__,
    }


def _add_parts(
    issued: billing.CreditNote,
    version: billing.InvoiceVersion,
    taken: Credit,
    files: Mapping[DocumentKind, StoredFile],
    now: datetime,
) -> None:
    keys = dict(version.lines.values_list("line_number", "pk"))
    billing.CreditNoteLine.objects.bulk_create(
        billing.CreditNoteLine(credit_note=issued, invoice_line_id=keys[number], amount_minor=amount)
        for number, amount in sorted(taken.lines.items())
    )
    billing.CreditNoteDocument.objects.bulk_create(
        billing.CreditNoteDocument(
            credit_note=issued,
            kind=kind,
            storage_key=file.storage_key,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            created_at=now,
        )
        for kind, file in files.items()
    )


def _tell(actor: Actor, issued: billing.CreditNote, row: billing.Invoice, now: datetime) -> None:
    record(
        actor=actor,
        action="credit_note.issue",
        object_type="credit_note",
        object_token=issued.token,
        object_name=f"{issued.number} for {row.number}",
        changes={"reason": issued.reason, "completes": issued.completes},
        now=now,
    )
    tell_of_credit_note(note=issued, now=now)
