"""What a customer reads about itself: its approved invoices, what is on them, and whom to ask.

The values here have no place for a provider's cost, a margin, a rule or a draft, so no page made of them can show one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from billow.invoicing.invoice import Adjustment, ExchangeRate, Invoice, Party
from billow.invoicing.serialise import UnableToReadSnapshot
from billow.records.billing import models as billing
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.invoice_parties import profile_of, seller_of
from billow.usecases.invoice_rows import File
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.read_credit_notes import download_credit_note
from billow.usecases.read_invoices import invoice_of, preview
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvoice:
    """An approved invoice as a list shows it; ``documents`` are the kinds that were stored."""

    token: str
    number: str
    period: BillingPeriod
    currency: str
    subtotal_minor: int
    total_minor: int
    issue_date: date
    due_date: date
    is_credited: bool
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCreditNote:
    """A credit note to an own invoice."""

    token: str
    number: str
    currency: str
    total_minor: int
    issue_date: date
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLine:
    """What one line says, and what is charged for it."""

    provider: str
    service: str
    title: str
    account: str
    region: str
    kind: str
    usage: Decimal | None
    unit: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvoicePage:
    """Everything a customer sees about one invoice."""

    row: OwnInvoice
    seller: str
    buyer: str
    payment_terms_days: int
    lines: tuple[OwnLine, ...]
    adjustments: tuple[Adjustment, ...]
    rates: tuple[ExchangeRate, ...]
    credit_notes: tuple[OwnCreditNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The MSP as its customer writes to it; ``logo`` is a PNG."""

    party: Party
    logo: bytes | None


def account_of(actor: Actor) -> billing.ManagedAccount:
    """Return the account whose portal the actor is in; raise Refused for everybody else."""
    if actor.account is None:
        raise Refused("not_found", "Resource not found")
    return actor.account


def page_of_own_invoices(*, actor: Actor, wanted: PageWanted) -> Page[OwnInvoice]:
    """Return the customer's approved invoices, newest month first."""
    account_of(actor)
    return page_of(_own(actor).order_by("-period_start", "-series", "-sequence"), wanted=wanted).mapped(_row)


def own_invoice(*, actor: Actor, token: str) -> OwnInvoicePage:
    """Return one approved invoice of the customer; raise Refused if there is none."""
    account_of(actor)
    row = _own(actor).filter(token=token).first()
    if row is None or row.current_version is None:
        raise Refused("not_found", "Resource not found")
    try:
        invoice = invoice_of(version=row.current_version)
    except UnableToReadSnapshot as unable:
        raise Refused("invoice_damaged", f"{row.number} cannot be shown; its documents are whole.") from unable
    notes = billing.CreditNote.objects.visible_to(actor).filter(preceding_invoice=row).prefetch_related("documents")
    return OwnInvoicePage(
        row=_row(row),
        seller=invoice.seller.name,
        buyer=invoice.buyer.name,
        payment_terms_days=invoice.payment_terms_days,
        lines=_lines(invoice),
        adjustments=tuple(item for item in invoice.adjustments if item.amount_minor),
        rates=invoice.exchange_rates,
        credit_notes=tuple(_note(note) for note in notes.order_by("pk")),
    )


def own_document(*, actor: Actor, token: str, kind: str, now: datetime | None = None) -> File:
    """Return a document of an approved invoice of the customer; with ``now`` the download is audited."""
    account_of(actor)
    return preview(actor=actor, token=token, kind=kind, now=now)


def own_credit_note_document(*, actor: Actor, token: str, kind: str, now: datetime) -> File:
    """Return a document of a credit note to an invoice of the customer, and audit the download."""
    account_of(actor)
    return download_credit_note(actor=actor, token=token, kind=kind, now=now)


def contact(*, actor: Actor) -> Contact:
    """Return the MSP as the customer's billing profile names it, or by its bare name where it has none."""
    account = account_of(actor)
    profiles = billing.BillingProfile.objects.visible_to(actor.management_account)
    profile = profile_of(account=account, profiles=list(profiles.select_related("management_account")[:2]))
    if profile is None:
        return Contact(party=Party(token="", name=actor.management_account.name), logo=None)
    return Contact(party=seller_of(profile=profile), logo=bytes(profile.logo_png) if profile.logo_png else None)


def _own(actor: Actor) -> "QuerySet[billing.Invoice]":
    complete = billing.CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    return (
        billing.Invoice.objects.visible_to(actor)
        .annotate(is_credited=Exists(complete))
        .select_related("current_version")
        .prefetch_related("documents")
    )


def _row(invoice: billing.Invoice) -> OwnInvoice:
    version = invoice.current_version
    assert version is not None, "the database keeps approved invoices with their version"
    assert invoice.issue_date is not None, "the database keeps approved invoices with their dates"
    assert invoice.due_date is not None, "the database keeps approved invoices with their dates"
    return OwnInvoice(
        token=invoice.token,
        number=invoice.number,
        period=invoice.period,
        currency=version.currency,
        subtotal_minor=version.subtotal_minor,
        total_minor=version.total_minor,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        is_credited=invoice.is_credited,  # type: ignore[attr-defined]  # annotated above
        documents=_kinds(invoice.documents.all()),
    )


def _note(note: billing.CreditNote) -> OwnCreditNote:
    return OwnCreditNote(
        token=note.token,
        number=note.number,
        currency=note.currency,
        total_minor=note.total_minor,
        issue_date=note.issue_date,
        documents=_kinds(note.documents.all()),
    )


def _kinds(documents: "QuerySet[billing.Document] | QuerySet[billing.CreditNoteDocument]") -> tuple[str, ...]:
    """Return the kinds of the stored documents, the PDF first."""
    return tuple(sorted((document.kind for document in documents), key=lambda kind: (kind != "pdf", kind)))


def _lines(invoice: Invoice) -> tuple[OwnLine, ...]:
    """Return the lines that cost or give something: the others would tell what a rule took away."""
    return tuple(
        OwnLine(
            provider=line.provider,
            service=line.service,
            title=line.title,
            account=line.account,
            region=line.region,
            kind=line.kind,
            usage=line.usage_amount,
            unit=line.usage_unit,
            amount_minor=line.amount_minor,
        )
        for line in invoice.lines
        if line.amount_minor
    )
