"""The floor of the API's benchmark: the framework alone, answering the same shapes from memory."""

from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.urls import path
from ninja import Body, NinjaAPI, Schema, Status

INVOICE: dict[str, Any] = {
    "token": "msp_inv_0123456789abcdef",
    "invoice_number": "INV-2026-00012",
    "total": "1234.56",
    "billing_period_start": "2026-10-01",
    "billing_period_end": "2026-10-31",
    "status": "awaiting_approval",
    "created_at": "2026-11-03T09:00:00Z",
    "updated_at": "2026-11-03T09:00:00Z",
    "account_token": "acct_0123456789abcdef",
    "account_name": "Thessaly Olives",
    "msp_account_token": "acct_fedcba9876543210",
    "currency": "EUR",
    "subtotal": "1134.56",
    "issue_date": None,
    "due_date": None,
    "delivery_status": None,
    "is_credited": False,
    "is_stale": False,
    "failure": None,
    "provider_cost": "1000.00",
    "margin": "134.56",
}


class InvoiceShown(Schema):
    """An invoice with the fields that Billow shows."""

    token: str
    invoice_number: str
    total: str | None
    billing_period_start: str
    billing_period_end: str
    status: str
    created_at: str
    updated_at: str
    account_token: str
    account_name: str
    msp_account_token: str
    currency: str
    subtotal: str | None
    issue_date: str | None
    due_date: str | None
    delivery_status: str | None
    is_credited: bool
    is_stale: bool | None
    failure: str | None
    provider_cost: str | None
    margin: str | None


class Invoices(Schema):
    """A page of them."""

    links: dict[str, str | None]
    invoices: list[InvoiceShown]


class InvoiceGiven(Schema):
    """What to invoice."""

    billing_period_start: str
    billing_period_end: str
    account_token: str


api = NinjaAPI(openapi_url=None, docs_url=None)


@api.get("/invoices", response=Invoices)
def list_invoices(request: HttpRequest, limit: int) -> dict[str, Any]:  # noqa: ARG001
    """Answer a page of so many."""
    return {"links": {"self": "http://127.0.0.1/"}, "invoices": [INVOICE] * limit}


@api.post("/invoices", response={201: InvoiceShown})
def create_invoice(request: HttpRequest, given: Body[InvoiceGiven]) -> Status[Any]:  # noqa: ARG001
    """Answer with what was sent, and keep nothing."""
    return Status(201, {**INVOICE, **given.dict()})


@api.get("/invoices/{token}", response=InvoiceShown)
def get_invoice(request: HttpRequest, token: str) -> dict[str, Any]:  # noqa: ARG001
    """Answer with one."""
    return {**INVOICE, "token": token}


urlpatterns = [path("v2/", api.urls)]
application = get_wsgi_application()
