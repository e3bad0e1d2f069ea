"""The mail of one outbox row, built from what was issued: the same row always gives the same bytes."""

import json
from dataclasses import dataclass

from django.conf import settings

from billow.delivery.address import Address, UnableToReadAddress, read_address
from billow.delivery.channel import Envelope
from billow.delivery.enclose import enclosed
from billow.delivery.letter import InvoiceFacts, write_letter
from billow.delivery.message import Attachment, Message, attachment_name
from billow.records.billing.models import Delivery, Invoice
from billow.records.billing.models.deliveries import DocumentKind
from billow.usecases import documents_storage
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments, UnableToReadDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceMail:
    """A mail that is ready to leave."""

    envelope: Envelope
    content: bytes


def invoice_mail(*, delivery: Delivery) -> InvoiceMail:
    """Return the row's mail with the stored PDF.

    Raise UnableToReadDocument, UnableToBuildMessage, or UnableToReadAddress.
    """
    invoice = delivery.invoice
    facts, reply_to = _facts(invoice)
    letter = write_letter(facts=facts)
    message = Message(
        message_id=delivery.message_id,
        date=delivery.created_at,
        sender_name=facts.company,
        sender=read_address(text=settings.MAIL_FROM),
        reply_to=reply_to,
        recipient=read_address(text=delivery.recipient),
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        attachments=(
            Attachment(
                name=attachment_name(number=invoice.number),
                content_type="application/pdf",
                content=_stored_pdf(invoice),
            ),
        ),
    )
    envelope, content = enclosed(message=message, reference=invoice.number)
    return InvoiceMail(envelope=envelope, content=content)


def _facts(invoice: Invoice) -> tuple[InvoiceFacts, Address | None]:
    version = invoice.current_version
    assert version is not None, "the database keeps approved invoices with their version"
    assert invoice.issue_date is not None, "the database keeps approved invoices with their dates"
    assert invoice.due_date is not None, "the database keeps approved invoices with their dates"
    issued = json.loads(version.snapshot)["invoice"]
    reply_to = _reply_to(invoice, issued_addresses=issued["seller"]["billing_email"])
    facts = InvoiceFacts(
        number=invoice.number,
        company=issued["seller"]["name"],
        buyer=issued["buyer"]["name"],
        period=invoice.period,
        currency=version.currency,
        total_minor=version.total_minor,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        locale=issued["locale"],
        takes_replies=reply_to is not None,
    )
    return facts, reply_to


def _reply_to(invoice: Invoice, *, issued_addresses: list[str]) -> Address | None:
    # The profile's address of today, since an answer to a mail of today must reach somebody; else the printed one.
    profile = invoice.managed_account.billing_profile
    for text in [*(profile.billing_email if profile else []), *issued_addresses]:
        try:
            return read_address(text=text)
        except UnableToReadAddress:
            continue
    return None


def _stored_pdf(invoice: Invoice) -> bytes:
    advice = "Nothing was sent. Run billow verify, restore the documents from a backup, then press Email PDF."
    document = invoice.documents.filter(kind=DocumentKind.PDF).first()
    if document is None:
        raise UnableToReadDocument("document_missing", f"The PDF of {invoice.number} was never stored. {advice}")
    stored = StoredFile(storage_key=document.storage_key, sha256=document.sha256, size_bytes=document.size_bytes)
    try:
        return documents_storage.read(stored=stored)
    except UnableToReachDocuments:
        raise
    except UnableToReadDocument as damaged:
        raise UnableToReadDocument(damaged.code, f"{damaged.message} {advice}") from damaged
