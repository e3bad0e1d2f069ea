"""Read credit notes: the list, one of them, and its documents."""

from datetime import datetime

from django.db.models import QuerySet

from billow.records.billing.models import CreditNote
from billow.records.billing.models.deliveries import DocumentKind
from billow.usecases import documents_storage
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments, UnableToReadDocument
from billow.usecases.invoice_rows import File
from billow.usecases.read_invoices import CONTENT_TYPES
from billow.usecases.refused import Refused


def list_credit_notes(*, actor: Actor, invoice_token: str = "", account_token: str = "") -> "QuerySet[CreditNote]":
    """Return the credit notes that the actor may see, newest first."""
    notes = CreditNote.objects.visible_to(actor).select_related("preceding_invoice__managed_account")
    if invoice_token:
        notes = notes.filter(preceding_invoice__token=invoice_token)
    if account_token:
        notes = notes.filter(preceding_invoice__managed_account__token=account_token)
    return notes.order_by("-pk")


def credit_note_with(*, actor: Actor, token: str) -> CreditNote:
    """Return the credit note with this token, or number."""
    note = list_credit_notes(actor=actor).filter(token=token).first()
    note = note or list_credit_notes(actor=actor).filter(number=token).first()
    if note is None:
        raise Refused("not_found", "Resource not found")
    return note


def credit_note_file(*, note: CreditNote, kind: str) -> File:
    """Return the stored ``pdf`` or ``csv``."""
    if kind not in DocumentKind.values:
        raise Refused("unknown_kind", f"There is no {kind!r} of a credit note; ask for pdf or csv.")
    document = note.documents.filter(kind=kind).first()
    if document is None:
        raise Refused("document_missing", f"{note.number} has no stored {kind}; run `billow verify`.")
    stored = StoredFile(storage_key=document.storage_key, sha256=document.sha256, size_bytes=document.size_bytes)
    try:
        content = documents_storage.read(stored=stored)
    except UnableToReachDocuments as unable:
        raise Refused(unable.code, f"{note.number}: {unable.message}") from unable
    except UnableToReadDocument as unable:
        raise Refused(unable.code, f"{note.number}: {unable.message} Restore it from a backup.") from unable
    return File(
        name=f"credit-note-{note.number}.{kind}", content_type=CONTENT_TYPES[DocumentKind(kind)], content=content
    )


def download_credit_note(*, actor: Actor, token: str, kind: str, now: datetime) -> File:
    """Return the stored ``pdf`` or ``csv`` of a credit note that the actor may see, and audit the download."""
    note = credit_note_with(actor=actor, token=token)
    file = credit_note_file(note=note, kind=kind)
    record(
        actor=actor,
        action="credit_note.download",
        object_type="credit_note",
        object_token=note.token,
        object_name=note.number,
        changes={"kind": kind},
        now=now,
    )
    return file
