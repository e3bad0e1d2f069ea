"""An invoice as the API writes it."""

from typing import Any

from ninja import Schema
from pydantic import Field

from billow.interfaces.api.links import Links
from billow.interfaces.api.text import money_text, time_text
from billow.records.accounts.models import Permission
from billow.usecases.actor import Actor
from billow.usecases.invoice_rows import InvoiceRow

STATUSES = {
    "generating": "generating_invoice",
    "awaiting_approval": "awaiting_approval",
    "failed": "generation_failed",
    "approved": "approved_and_sent",
    "cancelled": "cancelled",
}
"""The API's word for each status; whether the mail arrived is ``delivery_status``."""


class Failure(Schema):
    """Why an invoice could not be generated."""

    code: str
    message: str


class InvoiceShown(Schema):
    """An invoice. Amounts are null until it is generated."""

    token: str = Field(examples=["msp_inv_0123456789abcdef"])
    invoice_number: str = Field(examples=["INV-2026-00012"])
    total: str | None = Field(examples=["1234.56"])
    billing_period_start: str = Field(examples=["2026-10-01"])
    billing_period_end: str = Field(examples=["2026-10-31"])
    status: str = Field(examples=list(STATUSES.values()))
    created_at: str = Field(examples=["2026-11-03T09:00:00Z"])
    updated_at: str
    account_token: str = Field(examples=["acct_0123456789abcdef"])
    account_name: str
    msp_account_token: str
    currency: str = Field(examples=["EUR"])
    subtotal: str | None
    issue_date: str | None
    due_date: str | None
    delivery_status: str | None = Field(
        description="What became of the newest mail: queued, sending, accepted, deferred, failed, bounced or "
        "partly_failed; null while nothing was sent."
    )
    is_credited: bool = Field(False, description="Whether credit notes left nothing of it.")
    is_stale: bool | None = Field(None, description="Whether something it rests on changed since; null for customers.")
    failure: Failure | None = None
    provider_cost: str | None = Field(None, description="What the provider charged; null for customers.")
    margin: str | None = Field(None, description="Subtotal less provider cost; null for customers.")


class Invoices(Schema):
    """A page of invoices."""

    links: Links
    invoices: list[InvoiceShown]


def shown(row: InvoiceRow, *, actor: Actor) -> dict[str, Any]:
    """Return the invoice; a customer is told nothing of what the MSP pays."""
    is_msp = actor.may(Permission.SEE_MANAGEMENT)
    failure = {"code": row.failure_code, "message": row.failure_message} if row.failure_message else None
    return {
        "token": row.token,
        "invoice_number": row.number,
        "total": None if row.total is None else money_text(row.total),
        "billing_period_start": row.period.start.isoformat(),
        "billing_period_end": row.period.last_day.isoformat(),
        "status": STATUSES[row.status],
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
        "account_token": row.account_token,
        "account_name": row.account_name,
        "msp_account_token": actor.management_account.token,
        "currency": row.currency,
        "subtotal": None if row.subtotal is None else money_text(row.subtotal),
        "issue_date": None if row.issue_date is None else row.issue_date.isoformat(),
        "due_date": None if row.due_date is None else row.due_date.isoformat(),
        "delivery_status": row.delivery_status or None,
        "is_credited": row.is_credited,
        "is_stale": row.is_stale if is_msp else None,
        "failure": failure if is_msp else None,
        "provider_cost": money_text(row.provider_cost) if is_msp and row.provider_cost is not None else None,
        "margin": money_text(row.margin) if is_msp and row.margin is not None else None,
    }
