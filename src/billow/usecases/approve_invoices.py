"""Approve drafts: fix the dates, store the final documents, seal the chain, and wish for the mail."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from billow.documents.csv import render_csv
from billow.documents.pdf import UnableToRenderDocument, render_pdf
from billow.invoicing.checks import check_invoice
from billow.invoicing.lifecycle import InvoiceVerb
from billow.invoicing.numbering import due_date
from billow.invoicing.serialise import UnableToReadSnapshot
from billow.records.billing.models import Document, Invoice, InvoiceSeries
from billow.records.billing.models.deliveries import DocumentKind
from billow.usecases import documents_storage
from billow.usecases.actor import Actor
from billow.usecases.change_invoice import change_status, do_each, lock_invoice, status_after
from billow.usecases.closed_months import today
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments, UnableToReadDocument
from billow.usecases.invoice_snapshot import invoice_from_rows, logo_of
from billow.usecases.refused import BulkResult, Refused
from billow.usecases.seal import seal_of
from billow.usecases.send_invoices import recipients_of, wish_to_send


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """The final documents of one version and the dates they state, stored but not yet recorded."""

    version_id: int
    issue_date: date
    due_date: date
    files: Mapping[DocumentKind, StoredFile]


def approve(
    *, actor: Actor, invoice_tokens: Sequence[str], now: datetime, send: bool = True, accept_stale: bool = False
) -> BulkResult:
    """Approve each invoice in a transaction of its own, and with ``send`` wish for its mail in the same transaction.

    A draft whose costs, rules or parties changed since (stale) is refused unless ``accept_stale``; with ``send``,
    one whose account has no billing e-mail address is refused too.
    """
    actor.must_write_invoices()

    def approve_one(invoice: Invoice) -> None:
        _refuse_unless_approvable(invoice, send=send, accept_stale=accept_stale)
        issued = _issue(invoice, now)
        with transaction.atomic():
            row = lock_invoice(invoice=invoice)
            _refuse_unless_approvable(row, send=send, accept_stale=accept_stale)
            if row.current_version_id != issued.version_id:
                raise Refused("changed_meanwhile", f"{row.number} was regenerated meanwhile; look at it again.")
            _seal(actor, row, issued, now)
            if send:
                row.refresh_from_db()
                wish_to_send(actor=actor, invoice=row, now=now)

    return do_each(actor=actor, tokens=invoice_tokens, act=approve_one)


def _refuse_unless_approvable(invoice: Invoice, *, send: bool, accept_stale: bool) -> None:
    status_after(invoice=invoice, verb=InvoiceVerb.APPROVE)
    if invoice.is_stale and not accept_stale:
        raise Refused(
            "stale_draft",
            f"{invoice.number}: costs, rules or billing data changed since it was generated. Regenerate it, "
            "or approve it as it is.",
        )
    if send and not recipients_of(addresses=invoice.managed_account.billing_email):
        raise Refused(
            "no_recipients",
            f"{invoice.number}: managed account has no billing e-mail address. Add one, or approve without sending.",
        )


def _issue(invoice: Invoice, now: datetime) -> _Issued:
    """Render the final documents and store their bytes, before anything is recorded."""
    version = invoice.current_version
    assert version is not None
    issued_on = today(management_account=invoice.management_account, now=now)
    try:
        draft = invoice_from_rows(version=version, lines=version.lines.all())
        logo = logo_of(version=version)
    except UnableToReachDocuments as unable:
        raise Refused(unable.code, f"{invoice.number}: {unable}") from unable
    except (UnableToReadSnapshot, UnableToReadDocument) as unable:
        raise Refused("draft_damaged", f"{invoice.number}: {unable} Regenerate it.") from unable
    faults = check_invoice(invoice=draft)
    if faults:
        raise Refused("invariant_broken", f"{invoice.number}: {faults[0].message} Regenerate it.", faults)
    due_on = due_date(issue_date=issued_on, payment_terms_days=draft.payment_terms_days)
    final = dataclasses.replace(draft, issue_date=issued_on, due_date=due_on)
    try:
        contents = {DocumentKind.PDF: render_pdf(invoice=final, logo=logo), DocumentKind.CSV: render_csv(invoice=final)}
    except UnableToRenderDocument as unable:
        raise Refused(unable.code, f"{invoice.number}: {unable.message}") from unable
    try:
        files = {kind: documents_storage.store(content=content, extension=kind) for kind, content in contents.items()}
    except UnableToReachDocuments as unable:
        raise Refused(unable.code, f"{invoice.number}: {unable.message}") from unable
    return _Issued(version_id=version.pk, issue_date=issued_on, due_date=due_on, files=files)


def _seal(actor: Actor, row: Invoice, issued: _Issued, now: datetime) -> None:
    version = row.current_version
    assert version is not None
    Document.objects.bulk_create(
        Document(
            invoice=row,
            version=version,
            kind=kind,
            storage_key=file.storage_key,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            created_at=now,
        )
        for kind, file in issued.files.items()
    )
    # The series is locked last: from here to the commit nothing slow may come in between.
    series = InvoiceSeries.objects.select_for_update().get(pk=row.series_id)
    position = series.chain_length + 1
    seal = seal_of(
        previous_seal=series.chain_hash,
        chain_position=position,
        number=row.number,
        token=row.token,
        version_number=version.version_number,
        version_fingerprint=version.fingerprint,
        issue_date=issued.issue_date,
        due_date=issued.due_date,
        documents={kind.value: file.sha256 for kind, file in issued.files.items()},
    )
    change_status(
        invoice=row,
        verb=InvoiceVerb.APPROVE,
        actor=actor,
        now=now,
        issue_date=issued.issue_date,
        due_date=issued.due_date,
        approved_at=now,
        approved_by=actor.user,
        chain_position=position,
        previous_seal=series.chain_hash,
        seal=seal,
    )
    InvoiceSeries.objects.filter(pk=series.pk).update(chain_length=position, chain_hash=seal)
