"""The MSP's own exchange rates, by month."""

from datetime import UTC
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.form import read_form
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text
from billow.records.billing.models import ExchangeRate
from billow.usecases.rates import import_rates, page_of_rates

router = Router(tags=["Exchange rates"])

_CSV_FORM = {"type": "object", "properties": {"csv": {"type": "string"}}, "required": ["csv"]}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _CSV_FORM},
            "multipart/form-data": {"schema": _CSV_FORM},
        },
    }
}


class ExchangeRateShown(Schema):
    """Units of ``currency_code`` for one unit of ``base_currency_code``, from a day."""

    base_currency_code: str = Field(examples=["USD"])
    currency_code: str = Field(examples=["EUR"])
    rate: str = Field(examples=["0.925"])
    effective_date: str = Field(examples=["2026-10-01"])
    updated_at: str = Field(examples=["2026-10-02 00:05:41 UTC"])


class Meta(Schema):
    """Where one is in the list."""

    current_page: int
    next_page: int | None
    prev_page: int | None
    total_pages: int
    total_count: int


class ExchangeRates(Schema):
    """A page of exchange rates."""

    links: Links
    meta: Meta
    exchange_rates: list[ExchangeRateShown]


@router.get("", response=answers(ExchangeRates), operation_id="getExchangeRates", summary="List exchange rates")
def list_rates(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the rates, newest day first."""
    page = page_of_rates(actor=caller(request), wanted=query.wanted())
    number = page.wanted.number
    return {
        "links": links_of(request, page=page),
        "meta": {
            "current_page": number,
            "next_page": number + 1 if number < page.last else None,
            "prev_page": min(number - 1, page.last) if number > 1 else None,
            "total_pages": page.last,
            "total_count": page.total,
        },
        "exchange_rates": [_shown(rate) for rate in page.items],
    }


@router.post(
    "/csv",
    response=answers(None, status=201),
    operation_id="createExchangeRatesViaCsv",
    summary="Upload exchange rates",
    openapi_extra=_BODY,
)
def upload(request: HttpRequest) -> HttpResponse:
    """Store every rate of the CSV in the form field ``csv``, or none; the same pair and day overwrites."""
    actor = caller(request)
    actor.must_write_invoices()
    data = read_form(request).get("csv")
    if data is None:
        raise Problem(400, "Csv can't be blank; send a form with the field csv")
    import_rates(actor=actor, data=data, now=clock())
    return HttpResponse(status=201)


def _shown(rate: ExchangeRate) -> dict[str, Any]:
    return {
        "base_currency_code": rate.base_currency,
        "currency_code": rate.currency,
        "rate": decimal_text(rate.rate),
        "effective_date": rate.effective_date.isoformat(),
        "updated_at": rate.updated_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    }
