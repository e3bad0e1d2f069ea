"""Read invoices for a person: the list, one invoice with its history, and its documents."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from billow.documents.csv import render_csv
from billow.documents.pdf import UnableToRenderDocument, render_pdf
from billow.invoicing.checks import check_invoice
from billow.invoicing.invoice import Invoice
from billow.invoicing.lifecycle import InvoiceStatus, allowed_verbs
from billow.invoicing.serialise import UnableToReadSnapshot
from billow.records.accounts.models import User
from billow.records.billing import models as billing
from billow.records.billing.models.deliveries import DocumentKind
from billow.terms.issue import Issue
from billow.terms.money import currency_of, from_minor
from billow.terms.period import BillingPeriod
from billow.terms.rounding import round_half_away
from billow.terms.text import trimmed
from billow.usecases import documents_storage
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments, UnableToReadDocument
from billow.usecases.invoice_rows import (
    CreditNoteRow,
    DeliveryRow,
    File,
    InvoicePage,
    InvoiceRow,
    MonthBefore,
    RuleEffect,
    TransitionRow,
    VersionRow,
)
from billow.usecases.invoice_snapshot import invoice_from_rows, logo_of, warnings_of
from billow.usecases.month_before import month_before
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.send_invoices import delivery_statuses

__all__ = ["File", "InvoicePage", "InvoiceRow", "invoice_of", "invoice_page", "list_invoices", "preview"]

CONTENT_TYPES = {DocumentKind.PDF: "application/pdf", DocumentKind.CSV: "text/csv; charset=utf-8"}

_SHOWN = (
    *("token", "number", "period_start", "status", "failure_code", "failure_message", "is_stale", "issue_date"),
    *("due_date", "created_at", "updated_at", "managed_account__token", "managed_account__name"),
    *("managed_account__currency", "current_version__currency", "current_version__provider_cost"),
    *("current_version__subtotal_minor", "current_version__total_minor", "current_version__warnings"),
)
"""The columns that a row is made of."""

_DRAWN_FROM_VERSION = frozenset({InvoiceStatus.AWAITING_APPROVAL.value, InvoiceStatus.FAILED.value})
"""Statuses in which documents are drawn from the current version: a failed generation leaves the one before it."""


def list_invoices(
    *,
    actor: Actor,
    now: datetime,  # noqa: ARG001  what a list shows may come to depend on the day (overdue)
    period: BillingPeriod | None = None,
    account: billing.ManagedAccount | None = None,
    status: str | None = None,
    tokens: Sequence[str] | None = None,
) -> tuple[InvoiceRow, ...]:
    """Return the invoices the actor may see, newest month first, then by number; a constant number of queries.

    With ``tokens`` only these, in no order: a database would walk all invoices in order to find the few.
    """
    invoices = _visible(actor)
    if tokens is not None:
        invoices = invoices.filter(token__in=tokens)
    if period is not None:
        invoices = invoices.filter(period_start=period.start)
    if account is not None:
        invoices = invoices.filter(managed_account=account)
    if status is not None:
        invoices = invoices.filter(status=status)
    return _as_rows(invoices.order_by(*(("-period_start", "series", "sequence") if tokens is None else ())))


def page_of_invoices(
    *, actor: Actor, wanted: PageWanted, account_token: str = "", status: str = "", period: BillingPeriod | None = None
) -> Page[InvoiceRow]:
    """Return one page of the invoices the actor may see, in the order of the list; as many queries for any page."""
    invoices = _visible(actor)
    if account_token:
        invoices = invoices.filter(managed_account__token=account_token)
    if status:
        invoices = invoices.filter(status=status)
    if period is not None:
        invoices = invoices.filter(period_start=period.start)
    page = page_of(invoices.order_by("-period_start", "series", "sequence"), wanted=wanted)
    return Page(items=_rows(page.items), total=page.total, wanted=wanted)


def has_document(*, row: InvoiceRow) -> bool:
    """Tell whether there is a PDF and a CSV: the stored ones, or those of a draft, also of one kept by a failure."""
    return row.status == InvoiceStatus.APPROVED or (row.status in _DRAWN_FROM_VERSION and row.total is not None)


def one_row(*, actor: Actor, token: str) -> InvoiceRow:
    """Return one invoice as lists show it; raise Refused if unknown."""
    return _rows([_one(actor, token)])[0]


def invoice_page(*, actor: Actor, token: str) -> InvoicePage:
    """Return one invoice with lines, rule effects, history, deliveries and versions; raise Refused if unknown."""
    row = _one(actor, token)
    invoice, findings = _content(row)
    return InvoicePage(
        row=_rows([row])[0],
        invoice=invoice,
        rule_effects=_rule_effects(invoice) if invoice else (),
        transitions=tuple(_transition(step) for step in row.transitions.select_related("user")),
        deliveries=tuple(_delivery(entry) for entry in row.deliveries.order_by("pk")),
        versions=tuple(
            _version(version, row) for version in row.versions.select_related("created_by").order_by("version_number")
        ),
        findings=findings,
        allowed_verbs=tuple(verb.value for verb in allowed_verbs(status=InvoiceStatus(row.status))),
        month_before=_month_before(actor, row),
        credit_notes=_credit_notes(row),
    )


def preview(*, actor: Actor, token: str, kind: str, now: datetime | None = None) -> File:
    """Return the ``pdf`` or ``csv``: the stored bytes once approved, rendered from the draft before.

    With ``now`` the download is written to the audit log.
    """
    row = _one(actor, token)
    if kind not in DocumentKind.values:
        raise Refused("unknown_kind", f"There is no {kind!r} of an invoice; ask for pdf or csv.")
    content = _stored(row, kind) if row.status == InvoiceStatus.APPROVED else _rendered(row, kind)
    if now is not None:
        record(
            actor=actor,
            action="invoice.download",
            object_type="invoice",
            object_token=row.token,
            object_name=row.number,
            changes={"kind": kind},
            now=now,
        )
    is_draft = row.status != InvoiceStatus.APPROVED
    return File(
        name=f"invoice-{row.number}{'-draft' if is_draft else ''}.{kind}",
        content_type=CONTENT_TYPES[DocumentKind(kind)],
        content=content,
        is_draft=is_draft,
    )


def invoice_of(*, version: billing.InvoiceVersion) -> Invoice:
    """Return the invoice that the version holds, with issue and due date if it is the approved one.

    Raises UnableToReadSnapshot if the rows are damaged.
    """
    draft = invoice_from_rows(version=version, lines=version.lines.all())
    row = version.invoice
    if row.status != InvoiceStatus.APPROVED or row.current_version_id != version.pk:
        return draft
    return replace(draft, issue_date=row.issue_date, due_date=row.due_date)


def _visible(actor: Actor) -> "QuerySet[billing.Invoice]":
    complete = billing.CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    return (
        billing.Invoice.objects.visible_to(actor)
        .annotate(is_credited=Exists(complete))
        .select_related("managed_account", "current_version")
        .defer("current_version__snapshot", "current_version__bank_details")
    )


def _as_rows(invoices: "QuerySet[billing.Invoice]") -> tuple[InvoiceRow, ...]:
    """Read only what a row shows: a list may have thousands."""
    return _of_columns(list(invoices.values_list("pk", "is_credited", *_SHOWN)))


def _one(actor: Actor, token: str) -> billing.Invoice:
    row = _visible(actor).filter(token=token).first()
    if row is None:
        raise Refused("not_found", "Resource not found")
    return row


def _rows(invoices: Sequence[billing.Invoice]) -> tuple[InvoiceRow, ...]:
    return _of_columns(
        [(invoice.pk, getattr(invoice, "is_credited", False), *_columns(invoice)) for invoice in invoices]
    )


def _columns(invoice: billing.Invoice) -> Iterable[Any]:
    for path in _SHOWN:
        record, _, name = path.rpartition("__")
        owner = getattr(invoice, record) if record else invoice
        yield None if owner is None else getattr(owner, name)


def _of_columns(found: Sequence[Sequence[Any]]) -> tuple[InvoiceRow, ...]:
    """Return rows from the invoice's key, whether it is credited, and the columns of _SHOWN; two more queries."""
    ids = [columns[0] for columns in found]
    deliveries = delivery_statuses(invoice_ids=ids)
    paths: dict[int, dict[str, Path]] = defaultdict(dict)
    stored = billing.Document.objects.filter(invoice__in=ids).values_list("invoice_id", "kind", "storage_key")
    for invoice_id, kind, key in stored:
        paths[invoice_id][kind] = documents_storage.local_path(storage_key=key)
    return tuple(
        _row(columns, delivery_status=deliveries.get(columns[0], ""), paths=paths.get(columns[0], {}))
        for columns in found
    )


def _row(columns: Sequence[Any], *, delivery_status: str, paths: Mapping[str, Path]) -> InvoiceRow:
    _, is_credited, *shown = columns
    (token, number, period_start, status, failure_code, failure_message, is_stale, issue_date, *shown) = shown
    (due_date, created_at, updated_at, account_token, account_name, account_currency, *version) = shown
    version_currency, exact_cost, subtotal_minor, total_minor, warnings = version
    has_version = version_currency is not None and status != InvoiceStatus.GENERATING
    currency = version_currency if has_version else account_currency
    cost = subtotal = total = None
    if has_version:
        cost = round_half_away(exact_cost, places=currency_of(currency).minor_unit_places)
        subtotal = from_minor(subtotal_minor, currency=currency)
        total = from_minor(total_minor, currency=currency)
    return InvoiceRow(
        token=token,
        number=number,
        account_token=account_token,
        account_name=trimmed(account_name),
        period=BillingPeriod.of(period_start),
        currency=currency,
        status=status,
        delivery_status=delivery_status,
        provider_cost=cost,
        subtotal=subtotal,
        total=total,
        margin=None if subtotal is None or cost is None else subtotal - cost,
        exact_provider_cost=exact_cost if has_version else None,
        failure_code=failure_code,
        failure_message=failure_message,
        is_stale=is_stale,
        warnings=warnings_of(warnings) if has_version else (),
        issue_date=issue_date,
        due_date=due_date,
        created_at=created_at,
        updated_at=updated_at,
        pdf=paths.get(DocumentKind.PDF),
        csv=paths.get(DocumentKind.CSV),
        is_credited=is_credited,
    )


def _content(row: billing.Invoice) -> tuple[Invoice | None, tuple[Issue, ...]]:
    """Return the current version's invoice and what there is to say about it."""
    version = row.current_version
    if version is None or row.status == InvoiceStatus.GENERATING:
        return None, ()
    try:
        invoice = invoice_of(version=version)
    except UnableToReadSnapshot as unable:
        return None, (Issue("draft_damaged", str(unable)),)
    return invoice, (*check_invoice(invoice=invoice), *warnings_of(version.warnings))


def _month_before(actor: Actor, row: billing.Invoice) -> MonthBefore | None:
    last = month_before(actor=actor, invoice=row)
    if last is None or last.current_version is None:
        return None
    currency = last.current_version.currency
    return MonthBefore(
        token=last.token,
        number=last.number,
        period=last.period,
        total=from_minor(last.current_version.total_minor, currency=currency),
        currency=currency,
    )


def _credit_notes(row: billing.Invoice) -> tuple[CreditNoteRow, ...]:
    notes = row.credit_notes.select_related("created_by").annotate(line_count=Count("lines")).order_by("pk")
    return tuple(
        CreditNoteRow(
            token=note.token,
            number=note.number,
            issue_date=note.issue_date,
            total=from_minor(note.total_minor, currency=note.currency),
            lines=note.line_count,
            reason=note.reason,
            completes=note.completes,
            who=_who(note.created_by),
        )
        for note in notes
    )


def _rule_effects(invoice: Invoice) -> tuple[RuleEffect, ...]:
    """Return what each rule changed, in the order in which the rules first appear on the lines."""
    amounts: dict[str, dict[str, Decimal]] = {}
    titles: dict[str, str] = {}
    lines: dict[str, int] = defaultdict(int)
    for line in invoice.lines:
        for delta in line.deltas:
            titles[delta.rule_token] = delta.title
            lines[delta.rule_token] += 1
            per_currency = amounts.setdefault(delta.rule_token, defaultdict(Decimal))
            per_currency[line.source_currency] += delta.amount
    return tuple(
        RuleEffect(rule_token=token, title=titles[token], amounts=dict(amounts[token]), lines=lines[token])
        for token in amounts
    )


def _stored(row: billing.Invoice, kind: str) -> bytes:
    document = next((entry for entry in row.documents.all() if entry.kind == kind), None)
    if document is None:
        raise Refused("document_missing", f"{row.number} has no stored {kind}; run `billow verify`.")
    stored = StoredFile(storage_key=document.storage_key, sha256=document.sha256, size_bytes=document.size_bytes)
    try:
        return documents_storage.read(stored=stored)
    except UnableToReachDocuments as unable:
        raise Refused(unable.code, f"{row.number}: {unable.message}") from unable
    except UnableToReadDocument as unable:
        raise Refused(unable.code, f"{row.number}: {unable.message} Restore it from a backup.") from unable


def _rendered(row: billing.Invoice, kind: str) -> bytes:
    version = row.current_version
    if version is None or row.status not in _DRAWN_FROM_VERSION:
        state = row.status.replace("_", " ")
        raise Refused("no_document", f"{row.number} has no {kind}: it is {state}.")
    try:
        invoice = invoice_of(version=version)
        if kind == DocumentKind.CSV:
            return render_csv(invoice=invoice)
        return render_pdf(invoice=invoice, logo=logo_of(version=version))
    except UnableToReadSnapshot as unable:
        raise Refused("draft_damaged", f"{row.number}: {unable} Regenerate it.") from unable
    except (UnableToRenderDocument, UnableToReadDocument) as unable:
        raise Refused(unable.code, f"{row.number}: {unable.message}") from unable


def _transition(step: billing.InvoiceTransition) -> TransitionRow:
    return TransitionRow(
        verb=step.verb,
        from_status=step.from_status,
        to_status=step.to_status,
        reason=step.reason,
        who=_who(step.user),
        at=step.created_at,
    )


def _delivery(entry: billing.Delivery) -> DeliveryRow:
    return DeliveryRow(
        token=entry.token,
        recipient=entry.recipient,
        status=entry.status,
        attempts=entry.attempts,
        outcome_code=entry.outcome_code,
        outcome_message=entry.outcome_message,
        next_attempt_at=entry.next_attempt_at,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


def _version(version: billing.InvoiceVersion, row: billing.Invoice) -> VersionRow:
    return VersionRow(
        version_number=version.version_number,
        is_current=version.pk == row.current_version_id,
        total=from_minor(version.total_minor, currency=version.currency),
        line_count=version.line_count,
        fingerprint=version.fingerprint,
        software_version=version.software_version,
        created_at=version.created_at,
        created_by=_who(version.created_by),
    )


def _who(user: User | None) -> str:
    return "" if user is None else str(user)
