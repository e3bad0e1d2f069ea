"""Costs: what was charged, over time, by whatever one groups it by."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text
from billow.usecases.ask_costs import ask_costs
from billow.usecases.query_costs import CostRow, Usage, is_hourly
from billow.usecases.report_words import SETTINGS, TAG

router = Router(tags=["Costs"])

MOST_PER_PAGE = 5000
_ASKED = ("cost_report_token", "workspace_token", "filter", "start_date", "end_date", "date_bin")


class Amount(Schema):
    """Money, exact."""

    amount: str = Field(examples=["1234.5"])
    currency: str = Field(examples=["USD"])


class UsageShown(Schema):
    """How much was used."""

    amount: str
    unit: str


class CostShown(Schema):
    """What one group cost in one bin of time; fields that costs are not grouped by are null."""

    accrued_at: str = Field(examples=["2026-10-01"])
    amount: str
    currency: str
    usage: UsageShown | None = None
    provider: str | None = None
    billing_account_id: str | None = None
    account_id: str | None = None
    service: str | None = None
    region: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    tags: list[str] | None = Field(None, description="The tags grouped by, as key:value.")
    cost_category: str | None = None
    cost_subcategory: str | None = None
    charge_type: str | None = None
    tagged: bool | None = None
    usage_unit: str | None = None
    tag_values: dict[str, str | None] | None = Field(None, description="The value of every tag grouped by.")


class Costs(Schema):
    """A page of costs, and the sums of all pages."""

    links: Links
    total_cost: Amount
    total_costs: list[Amount] = Field(description="The sum of each currency, where not all could be converted.")
    total_usage: list[UsageShown]
    total_count: int | None = None
    costs: list[CostShown]


class CostQuery(PageQuery):
    """What is asked. What is left open comes from the report, if one is named."""

    limit: int = Field(1000, ge=1, description="Costs on a page, at most 5000.")
    cost_report_token: str | None = Field(None, description="A report to ask.")
    workspace_token: str | None = Field(None, description="The workspace, where there are several.")
    filter: str | None = Field(None, description="Which charges.", examples=["costs.provider = 'aws'"])
    start_date: str | None = Field(None, examples=["2026-10-01"])
    end_date: str | None = Field(None, description="The last day, inclusive.", examples=["2026-10-31"])
    groupings: str | None = Field(None, description="Separated by commas.", examples=["provider,service", "tag:team"])
    order: str = Field("asc", description="asc or desc, by time.")
    date_bin: str | None = Field(None, description="hour, day, week, month, quarter or cumulative.")


SETTINGS_ASKED: list[dict[str, Any]] = [
    {
        "name": f"settings[{name}]",
        "in": "query",
        "required": False,
        "schema": {"type": "string"},
        "description": "Instead of what the report says, or the default.",
    }
    for name in SETTINGS
]
"""Told to readers only: the framework reads no names in brackets."""


@router.get(
    "",
    response=answers(Costs),
    operation_id="getCosts",
    summary="Ask what was charged",
    openapi_extra={"parameters": SETTINGS_ASKED},
)
def get_costs(request: HttpRequest, query: Query[CostQuery]) -> dict[str, Any]:
    """Return the costs. The MSP's workspaces show what providers charge; a customer's what the customer is charged."""
    if query.order.lower() not in ("asc", "desc"):
        raise Problem(400, "Order must be asc or desc")
    asked = ask_costs(
        actor=caller(request),
        fields=asked_fields(request, query),
        newest_first=query.order.lower() == "desc",
        wanted=query.wanted(most=MOST_PER_PAGE),
        now=clock(),
    )
    amount, currency = asked.answer.total
    hourly = is_hourly(asked.answer.question)
    return {
        "links": links_of(request, page=asked.page),
        "total_cost": {"amount": decimal_text(amount), "currency": currency},
        "total_costs": [
            {"amount": decimal_text(total), "currency": code} for code, total in asked.answer.totals.items()
        ],
        "total_usage": [_usage(usage) for usage in asked.answer.usage],
        "costs": [_shown(row, hourly=hourly) for row in asked.page.items],
    }


def asked_fields(request: HttpRequest, query: CostQuery) -> dict[str, Any]:
    """Return what the query string asks: lists as one text, and settings as ``settings[include_tax]=true``."""
    fields = {name: value for name in _ASKED if (value := getattr(query, name)) is not None}
    groupings = [*request.GET.getlist("groupings"), *request.GET.getlist("groupings[]")]
    if any(groupings):
        fields["groupings"] = ",".join(groupings)
    settings = {name: value for name in SETTINGS if (value := request.GET.get(f"settings[{name}]"))}
    return fields | ({"settings": settings} if settings else {})


def _shown(row: CostRow, *, hourly: bool) -> dict[str, Any]:
    tags = {name.removeprefix(TAG): value for name, value in row.groups.items() if name.startswith(TAG)}
    shown: dict[str, Any] = {name: value for name, value in row.groups.items() if not name.startswith(TAG)}
    if "tagged" in shown:
        shown["tagged"] = shown["tagged"] == "true"
    if tags:
        named = [f"{name}:{value}" for name, value in tags.items() if value is not None]
        shown |= {"tag": next(iter(tags.values())), "tags": named, "tag_values": tags}
    return shown | {
        "accrued_at": f"{row.accrued_at:%Y-%m-%dT%H:%M:%SZ}" if hourly else f"{row.accrued_at:%Y-%m-%d}",
        "amount": decimal_text(row.amount),
        "currency": row.currency,
        "usage": None if row.usage is None else _usage(row.usage),
    }


def _usage(usage: Usage) -> dict[str, str]:
    return {"amount": decimal_text(usage.amount), "unit": usage.unit}
