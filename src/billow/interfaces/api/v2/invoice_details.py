"""What stands behind an invoice: its lines, where each amount comes from, its versions and its mails."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text, money_text, time_text
from billow.records.accounts.models import Permission
from billow.terms.money import currency_of
from billow.usecases.invoice_rows import InvoicePage
from billow.usecases.page import page_of_all
from billow.usecases.read_invoices import invoice_page

router = Router(tags=["Invoices"])


class LineShown(Schema):
    """One line, as printed."""

    line: int
    provider: str
    billing_account_id: str
    account_id: str
    service: str
    cost_category: str
    cost_sub_category: str
    charge_type: str
    region: str
    description: str
    usage_amount: str | None
    usage_unit: str | None
    amount: str = Field(examples=["12.34"])
    currency: str


class Lines(Schema):
    """A page of an invoice's lines."""

    links: Links
    lines: list[LineShown]


class DeltaShown(Schema):
    """What one rule changed on a line, exact, in the line's source currency."""

    billing_rule_token: str
    title: str
    amount: str


class ExplainedShown(Schema):
    """Where a line's amount comes from."""

    line: int
    provider: str
    service: str
    description: str
    source_currency: str
    provider_cost: str
    deltas: list[DeltaShown]
    customer_cost: str
    exchange_rate: str
    exact_amount: str
    rounding: str
    amount: str


class Explained(Schema):
    """Where each amount of an invoice comes from."""

    invoice_number: str
    currency: str
    lines: list[ExplainedShown]


class VersionShown(Schema):
    """One version of an invoice's content; older ones are kept."""

    version: int
    is_current: bool
    total: str
    line_count: int
    fingerprint: str
    software_version: str
    created_at: str


class Versions(Schema):
    """The versions of an invoice, oldest first."""

    versions: list[VersionShown]


class DeliveryShown(Schema):
    """One mail to one recipient."""

    token: str
    recipient: str
    status: str
    attempts: int
    outcome_code: str | None
    outcome_message: str | None
    created_at: str
    updated_at: str


class Deliveries(Schema):
    """The mails of an invoice, oldest first."""

    deliveries: list[DeliveryShown]


class ExplainQuery(Schema):
    """Which lines."""

    line: int | None = Field(None, ge=1, description="Only this line.")


@router.get("/{invoice_token}/lines", response=answers(Lines), operation_id="getInvoiceLines", summary="List its lines")
def lines(request: HttpRequest, invoice_token: str, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the printed lines in their order."""
    document = invoice_page(actor=caller(request), token=invoice_token)
    page = page_of_all(_lines(document), wanted=query.wanted())
    return {"links": links_of(request, page=page), "lines": page.items}


@router.get(
    "/{invoice_token}/explain",
    response=answers(Explained),
    operation_id="explainInvoice",
    summary="Explain its amounts",
)
def explain(request: HttpRequest, invoice_token: str, query: Query[ExplainQuery]) -> dict[str, Any]:
    """Return for each line the provider cost, what each rule changed, the exchange rate and the rounding."""
    page = _of_the_msp(request, invoice_token)
    found = [each for each in _explained(page) if query.line in {None, each["line"]}]
    if query.line is not None and not found:
        raise Problem(404, f"{page.row.number} has no line {query.line}")
    return {"invoice_number": page.row.number, "currency": page.row.currency, "lines": found}


@router.get(
    "/{invoice_token}/versions", response=answers(Versions), operation_id="getInvoiceVersions", summary="List versions"
)
def versions(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return every version that was generated."""
    found = [
        {
            "version": each.version_number,
            "is_current": each.is_current,
            "total": money_text(each.total),
            "line_count": each.line_count,
            "fingerprint": each.fingerprint,
            "software_version": each.software_version,
            "created_at": time_text(each.created_at),
        }
        for each in _of_the_msp(request, invoice_token).versions
    ]
    return {"versions": found}


@router.get(
    "/{invoice_token}/deliveries",
    response=answers(Deliveries),
    operation_id="getInvoiceDeliveries",
    summary="List its mails",
)
def deliveries(request: HttpRequest, invoice_token: str) -> dict[str, Any]:
    """Return what became of each mail."""
    found = [
        {
            "token": each.token,
            "recipient": each.recipient,
            "status": each.status,
            "attempts": each.attempts,
            "outcome_code": each.outcome_code or None,
            "outcome_message": each.outcome_message or None,
            "created_at": time_text(each.created_at),
            "updated_at": time_text(each.updated_at),
        }
        for each in _of_the_msp(request, invoice_token).deliveries
    ]
    return {"deliveries": found}


def _of_the_msp(request: HttpRequest, token: str) -> InvoicePage:
    actor = caller(request)
    actor.must(Permission.SEE_MANAGEMENT)
    return invoice_page(actor=actor, token=token)


def _lines(page: InvoicePage) -> list[dict[str, Any]]:
    if page.invoice is None:
        return []
    places = currency_of(page.row.currency).minor_unit_places
    return [
        {
            "line": each.line_number,
            "provider": each.provider,
            "billing_account_id": each.billing_account_id,
            "account_id": each.sub_account_id,
            "service": each.service,
            "cost_category": each.service_category,
            "cost_sub_category": each.service_subcategory,
            "charge_type": each.charge_category,
            "region": each.region,
            "description": each.description,
            "usage_amount": None if each.usage_amount is None else decimal_text(each.usage_amount),
            "usage_unit": each.usage_unit or None,
            "amount": money_text(Decimal(each.amount_minor).scaleb(-places)),
            "currency": page.row.currency,
        }
        for each in page.invoice.lines
    ]


def _explained(page: InvoicePage) -> list[dict[str, Any]]:
    if page.invoice is None:
        raise Problem(404, f"{page.row.number} has no lines yet; it is {page.row.status.replace('_', ' ')}.")
    places = currency_of(page.row.currency).minor_unit_places
    rates = {rate.base_currency: rate.rate for rate in page.invoice.exchange_rates}
    found = []
    for each in page.invoice.lines:
        amount = Decimal(each.amount_minor).scaleb(-places)
        deltas = [
            {"billing_rule_token": delta.rule_token, "title": delta.title, "amount": decimal_text(delta.amount)}
            for delta in each.deltas
        ]
        found.append(
            {
                "line": each.line_number,
                "provider": each.provider,
                "service": each.service,
                "description": each.description,
                "source_currency": each.source_currency,
                "provider_cost": decimal_text(each.provider_cost),
                "deltas": deltas,
                "customer_cost": decimal_text(each.rated_cost),
                "exchange_rate": decimal_text(rates.get(each.source_currency, Decimal(1))),
                "exact_amount": decimal_text(each.exact_amount),
                "rounding": decimal_text(amount - each.exact_amount),
                "amount": money_text(amount),
            }
        )
    return found
