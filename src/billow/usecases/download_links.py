"""Links that hand out one document to whoever holds them, for a quarter of an hour.

A link names the exact bytes: the stored document by its SHA-256, or a draft by its version. It carries no path, so
there is none to tamper with, and it is worth nothing once the draft it names has another version.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

from billow.records.billing.models import CreditNote, Invoice
from billow.records.billing.models.deliveries import DocumentKind
from billow.records.billing.models.invoices import InvoiceStatus
from billow.terms.token import TOKEN_PREFIXES
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.invoice_rows import File
from billow.usecases.read_credit_notes import credit_note_file, credit_note_with
from billow.usecases.read_invoices import preview
from billow.usecases.refused import Refused

LIFETIME = timedelta(minutes=15)
_SALT = "billow.download"
_DRAFT = "draft "


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link hands out."""

    token: str
    kind: str
    content: str


def link_to(*, actor: Actor, invoice_token: str, kind: str, now: datetime) -> str:
    """Return the signed text of a link to the ``pdf`` or ``csv`` of an invoice that the actor may see."""
    invoice = Invoice.objects.visible_to(actor).select_related("current_version").filter(token=invoice_token).first()
    if invoice is None:
        raise Refused("not_found", "Resource not found")
    if kind not in DocumentKind.values:
        raise Refused("unknown_kind", f"There is no {kind!r} of an invoice; ask for pdf or csv.")
    content = _content_of(invoice, kind)
    if content is None:
        raise Refused("no_document", f"{invoice.number} has no {kind}: it is {invoice.status.replace('_', ' ')}.")
    return _signed(actor, Link(token=invoice.token, kind=kind, content=content), "invoice", invoice.number, now)


def link_to_credit_note(*, actor: Actor, token: str, kind: str, now: datetime) -> str:
    """Return the signed text of a link to the ``pdf`` or ``csv`` of a credit note that the actor may see."""
    note = credit_note_with(actor=actor, token=token)
    content = note.documents.filter(kind=kind).values_list("sha256", flat=True).first()
    if content is None:
        raise Refused("no_document", f"{note.number} has no {kind}.")
    return _signed(actor, Link(token=note.token, kind=kind, content=content), "credit_note", note.number, now)


def read_link(text: str, *, now: datetime) -> Link:
    """Return the link that the signed text stands for; raise Refused if it is not ours, or its time is over."""
    try:
        token, kind, content, until = signing.Signer(salt=_SALT).unsign_object(text)
    except (signing.BadSignature, ValueError) as wrong:
        raise Refused("not_found", "Resource not found") from wrong
    if now.timestamp() >= until:
        raise Refused("not_found", "The link has expired. Ask for a new one.")
    return Link(token=token, kind=kind, content=content)


def file_of(link: Link) -> File:
    """Return the file that the link names; raise Refused if it has other content by now."""
    if link.token.startswith(TOKEN_PREFIXES["credit_note"]):
        return _credit_note(link)
    related = ("management_account", "current_version")
    invoice = Invoice.objects.select_related(*related).filter(token=link.token).first()
    if invoice is None or _content_of(invoice, link.kind) != link.content:
        raise _changed()
    system = Actor(management_account=invoice.management_account, user=None, source=Source.API)
    file = preview(actor=system, token=invoice.token, kind=link.kind)
    if file.is_draft != link.content.startswith(_DRAFT):
        raise _changed()  # approved in this very instant
    return file


def _signed(actor: Actor, link: Link, object_type: str, number: str, now: datetime) -> str:
    record(
        actor=actor,
        action=f"{object_type}.download_link",
        object_type=object_type,
        object_token=link.token,
        object_name=number,
        changes={"kind": link.kind},
        now=now,
    )
    until = int((now + LIFETIME).timestamp())
    return signing.Signer(salt=_SALT).sign_object([link.token, link.kind, link.content, until])


def _credit_note(link: Link) -> File:
    note = CreditNote.objects.filter(token=link.token).first()
    if note is None or not note.documents.filter(kind=link.kind, sha256=link.content).exists():
        raise _changed()
    return credit_note_file(note=note, kind=link.kind)


def _content_of(invoice: Invoice, kind: str) -> str | None:
    """Name the bytes that the invoice has now, if any."""
    if invoice.status == InvoiceStatus.APPROVED:
        return invoice.documents.filter(kind=kind).values_list("sha256", flat=True).first()
    drawn = invoice.status in {InvoiceStatus.AWAITING_APPROVAL, InvoiceStatus.FAILED}
    if drawn and invoice.current_version is not None:
        return _DRAFT + invoice.current_version.fingerprint
    return None


def _changed() -> Refused:
    return Refused("not_found", "The document has changed since the link was made. Ask for a new one.")
