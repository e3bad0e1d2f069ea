"""Credit notes: what was taken back of issued invoices. An extension."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import ApiToken, caller, clock
from billow.interfaces.api.downloads import credit_note_url
from billow.interfaces.api.given import Given, Text, WholeNumbers
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.once_per_key import reads_only
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import money_text, time_text
from billow.records.billing.models import CreditNote
from billow.terms.money import from_minor
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.page import page_of
from billow.usecases.read_credit_notes import credit_note_with, list_credit_notes
from billow.usecases.read_invoices import one_row

of_invoices = Router(tags=["Credit notes"])
router = Router(tags=["Credit notes"])


class CreditNoteShown(Schema):
    """A credit note; amounts mirror the invoice's, so what it takes back is positive."""

    token: str = Field(examples=["crdt_nt_0123456789abcdef"])
    credit_note_number: str = Field(examples=["CN-2026-00001"])
    invoice_token: str
    invoice_number: str = Field(examples=["INV-2026-00012"])
    account_token: str
    account_name: str
    total: str = Field(examples=["180.00"])
    subtotal: str
    currency: str
    completes: bool = Field(description="Whether nothing is left of the invoice; its month can be invoiced again then.")
    reason: str
    issue_date: str = Field(examples=["2026-11-03"])
    created_at: str


class CreditNotes(Schema):
    """A page of credit notes."""

    links: Links
    credit_notes: list[CreditNoteShown]


class CreditNoteQuery(PageQuery):
    """Which credit notes."""

    managed_account_token: str = Field("", description="Only this customer's.")


class CreditNoteGiven(Given):
    """What to take back, and why."""

    reason: Text = Field(None, examples=["Another customer's resources were tagged as yours"])
    line_numbers: WholeNumbers = Field(None, description="Only these lines; the whole invoice where missing.")


class DocumentGiven(Given):
    """Which document."""

    file_type: Text = Field(None, examples=["pdf", "csv"])


class DocumentUrl(Schema):
    """Where the document can be fetched, with plain HTTP and without a token, for a short while."""

    download_url: str


@of_invoices.get(
    "/{invoice_token}/credit_notes",
    response=answers(CreditNotes),
    operation_id="getInvoiceCreditNotes",
    summary="List an invoice's credit notes",
)
def list_of_invoice(request: HttpRequest, invoice_token: str, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the credit notes of one invoice, newest first."""
    actor = caller(request)
    row = one_row(actor=actor, token=invoice_token)
    page = page_of(list_credit_notes(actor=actor, invoice_token=row.token), wanted=query.wanted())
    return {"links": links_of(request, page=page), "credit_notes": [_shown(note) for note in page.items]}


@of_invoices.post(
    "/{invoice_token}/credit_notes",
    response=answers(CreditNoteShown, status=201),
    operation_id="createCreditNote",
    summary="Credit an issued invoice",
)
def create_credit_note(request: HttpRequest, invoice_token: str, given: Body[CreditNoteGiven]) -> Status[Any]:
    """Return the credit note, which can never be taken back: of everything that is left, or of some lines."""
    note = credit_invoice(
        actor=caller(request),
        invoice_token=invoice_token,
        line_numbers=_lines(given.line_numbers),
        reason=given.reason if isinstance(given.reason, str) else "",
        now=clock(),
    )
    return Status(201, _shown(note))


@router.get("", response=answers(CreditNotes), operation_id="getCreditNotes", summary="List credit notes")
def list_notes(request: HttpRequest, query: Query[CreditNoteQuery]) -> dict[str, Any]:
    """Return the credit notes, newest first. A customer sees its own."""
    found = list_credit_notes(actor=caller(request), account_token=query.managed_account_token)
    page = page_of(found, wanted=query.wanted())
    return {"links": links_of(request, page=page), "credit_notes": [_shown(note) for note in page.items]}


@router.get(
    "/{credit_note_token}",
    response=answers(CreditNoteShown),
    operation_id="getCreditNote",
    summary="Show a credit note",
)
def get_note(request: HttpRequest, credit_note_token: str) -> dict[str, Any]:
    """Return one credit note."""
    return _shown(credit_note_with(actor=caller(request), token=credit_note_token))


@router.post(
    "/{credit_note_token}/download",
    auth=ApiToken(scope="read"),
    response=answers(DocumentUrl),
    operation_id="downloadCreditNote",
    summary="Fetch a credit note's document",
)
@reads_only
def download(request: HttpRequest, credit_note_token: str, given: Body[DocumentGiven]) -> dict[str, Any]:
    """Return the address of the stored PDF or CSV."""
    note = credit_note_with(actor=caller(request), token=credit_note_token)
    if given.file_type not in ("pdf", "csv"):
        raise Problem(400, "File type must be pdf or csv")
    return {"download_url": credit_note_url(request, token=note.token, kind=given.file_type)}


def _lines(value: object) -> list[int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(each) is int and 0 < each < 2**31 for each in value):
        raise Problem(400, "Line numbers must be a list of whole numbers")
    return value


def _shown(note: CreditNote) -> dict[str, Any]:
    invoice = note.preceding_invoice
    return {
        "token": note.token,
        "credit_note_number": note.number,
        "invoice_token": invoice.token,
        "invoice_number": invoice.number,
        "account_token": invoice.managed_account.token,
        "account_name": invoice.managed_account.name,
        "total": money_text(from_minor(note.total_minor, currency=note.currency)),
        "subtotal": money_text(from_minor(note.subtotal_minor, currency=note.currency)),
        "currency": note.currency,
        "completes": note.completes,
        "reason": note.reason,
        "issue_date": note.issue_date.isoformat(),
        "created_at": time_text(note.created_at),
    }
