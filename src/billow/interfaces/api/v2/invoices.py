"""Invoices: list, create, read, and every step of their lives."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import ApiToken, caller, clock
from billow.interfaces.api.downloads import download_url
from billow.interfaces.api.given import Given, Text
from billow.interfaces.api.links import PageQuery, absolute, links_of
from billow.interfaces.api.once_per_key import reads_only
from billow.interfaces.api.periods import read_month, read_period
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.v2.invoice_shown import STATUSES, Invoices, InvoiceShown, shown
from billow.usecases.cost_reports import invoice_costs
from billow.usecases.one_invoice import approve_one, regenerate_one, request_one, send_one
from billow.usecases.read_invoices import has_document, one_row, page_of_invoices

router = Router(tags=["Invoices"])


class InvoiceQuery(PageQuery):
    """Which invoices."""

    managed_account_token: str = Field("", description="Only this customer's.")
    status: str = Field("", description="Only in this status.", examples=list(STATUSES.values()))
    billing_period_start: str = Field("", description="Only of the month with this first day.")


class InvoiceGiven(Given):
    """What to invoice: a customer's whole month."""

    billing_period_start: Text = Field(None, examples=["2026-10-01"])
    billing_period_end: Text = Field(None, examples=["2026-10-31"])
    account_token: Text = Field(None, examples=["acct_0123456789abcdef"])


class DownloadGiven(Given):
    """Which document."""

    file_type: Text = Field(None, examples=["pdf", "csv"])


class Download(Schema):
    """Where the document can be fetched, with plain HTTP and without a token, for a short while."""

    download_url: str


class Recipients(Schema):
    """To whom the mail goes."""

    recipients: list[str]


class CostReportUrl(Schema):
    """Where a person sees the costs behind the invoice."""

    cost_report_url: str
    cost_report_token: str
    costs_url: str = Field(
        description="The same as numbers; it adds up to the invoice while costs and rules are those of then."
    )


@router.get("", response=answers(Invoices), operation_id="getInvoices", summary="List invoices")
def list_invoices(request: HttpRequest, query: Query[InvoiceQuery]) -> dict[str, Any]:
    """Return the invoices, newest month first, then by number. A customer sees its own approved ones."""
    actor = caller(request)
    page = page_of_invoices(
        actor=actor,
        wanted=query.wanted(),
        account_token=query.managed_account_token,
        status=_status(query.status),
        period=read_month(start=query.billing_period_start),
    )
    return {"links": links_of(request, page=page), "invoices": [shown(row, actor=actor) for row in page.items]}


@router.post("", response=answers(InvoiceShown, status=201), operation_id="createInvoice", summary="Create an invoice")
def create_invoice(request: HttpRequest, given: Body[InvoiceGiven]) -> Status[Any]:
    """Return the invoice with its number; it is generated in the background, and its total is null until then."""
    actor = caller(request)
    actor.must_write_invoices()
    account = given.account_token if isinstance(given.account_token, str) else ""
    others = () if account else ("Account token can't be blank",)
    period = read_period(start=given.billing_period_start, end=given.billing_period_end, others=others)
    row = request_one(actor=actor, account_token=account, period=period, now=clock())
    return Status(201, shown(row, actor=actor))


@router.get("/{invoice_token}", response=answers(InvoiceShown), operation_id="getInvoice", summary="Show an invoice")
def get_invoice(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return one invoice."""
    actor = caller(request)
    return shown(one_row(actor=actor, token=invoice_token), actor=actor)


@router.post(
    "/{invoice_token}/download",
    auth=ApiToken(scope="read"),
    response=answers(Download),
    operation_id="downloadInvoice",
    summary="Fetch an invoice's document",
)
@reads_only
def download(request: HttpRequest, invoice_token: str, given: Body[DownloadGiven]) -> dict[str, Any]:
    """Return the address of the PDF or CSV: the stored one once approved, a draft before; 404 while there is none."""
    actor = caller(request)
    row = one_row(actor=actor, token=invoice_token)
    if given.file_type not in ("pdf", "csv"):
        raise Problem(400, "File type must be pdf or csv")
    if not has_document(row=row):
        raise Problem(404, f"{row.number} has no document: it is {row.status.replace('_', ' ')}.")
    return {"download_url": download_url(request, invoice_token=row.token, kind=given.file_type)}


@router.post(
    "/{invoice_token}/send",
    response=answers(Recipients),
    operation_id="sendInvoice",
    summary="Mail an approved invoice again",
)
def send(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return to whom the stored PDF goes: the customer's addresses of today."""
    return {"recipients": send_one(actor=caller(request), token=invoice_token, now=clock())}


@router.post(
    "/{invoice_token}/send_and_approve",
    response=answers(Recipients),
    operation_id="sendAndApproveInvoice",
    summary="Approve an invoice and mail it",
)
def send_and_approve(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return to whom it goes. From now on it never changes."""
    return {"recipients": approve_one(actor=caller(request), token=invoice_token, now=clock())}


@router.get(
    "/{invoice_token}/cost_report",
    response=answers(CostReportUrl),
    operation_id="getInvoiceCostReport",
    summary="Find the costs behind an invoice",
)
def cost_report(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return the address of the console's cost report with the days and settings of the invoice.

    `costs_url` asks the API for the same; both add up to the invoice.
    """
    costs = invoice_costs(actor=caller(request), token=invoice_token, now=clock())
    asked = {"cost_report_token": costs.report.token, "start_date": costs.start_date, "end_date": costs.end_date}
    counted = {f"settings[{name}]": str(value).lower() for name, value in costs.settings.items()}
    return {
        "cost_report_url": absolute(request, path=f"/invoices/{invoice_token}/cost-report"),
        "cost_report_token": costs.report.token,
        "costs_url": absolute(request, path=f"/v2/costs?{urlencode(asked | counted)}"),
    }


@router.post(
    "/{invoice_token}/regenerate",
    response=answers(InvoiceShown),
    operation_id="regenerateInvoice",
    summary="Make a new version of a draft",
)
def regenerate(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return the invoice, which keeps its number; an approved one is refused."""
    actor = caller(request)
    return shown(regenerate_one(actor=actor, token=invoice_token, now=clock()), actor=actor)


def _status(word: str) -> str:
    own = {api_word: status for status, api_word in STATUSES.items()}
    if word and word not in own:
        raise Problem(400, f"Status must be one of {', '.join(own)}")
    return own.get(word, "")
