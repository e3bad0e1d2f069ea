"""Cost reports."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field, WithJsonSchema

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.reports.models import CostReport
from billow.usecases.cost_reports import add_report, change_report, delete_report, page_of_reports, report_with
from billow.usecases.report_words import SETTINGS

router = Router(tags=["Cost reports"])


class SettingsShown(Schema):
    """What a report counts."""

    include_credits: bool
    include_refunds: bool
    include_discounts: bool
    include_tax: bool
    amortize: bool
    unallocated: bool
    aggregate_by: str = Field(examples=["cost", "usage", "count"])
    show_previous_period: bool
    complete_period: bool


class ChartSettings(Schema):
    """The axes of a report's chart."""

    x_axis_dimension: list[str] = Field(examples=[["date"]])
    y_axis_dimension: str = Field(examples=["cost", "usage", "count"])


class Forecast(Schema):
    """Which forecast a report shows; Billow makes none, so it is always the baseline."""

    kind: str = "baseline"
    report_forecast_token: str | None = None


class CostReportShown(Schema):
    """A question about costs that is kept."""

    token: str = Field(examples=["rprt_0123456789abcdef"])
    title: str
    folder_token: str | None
    saved_filter_tokens: list[str]
    business_metric_tokens_with_metadata: list[dict[str, Any]] = []
    default_forecast: Forecast = Forecast()
    filter: str | None = Field(examples=["costs.provider = 'aws'"])
    groupings: str | None = Field(examples=["provider, service"])
    settings: SettingsShown
    created_at: str
    workspace_token: str
    previous_period_start_date: str | None
    previous_period_end_date: str | None
    start_date: str | None
    end_date: str | None
    date_interval: str = Field(examples=["this_month", "last_3_months", "custom"])
    chart_type: str = Field(examples=["line", "bar"])
    date_bin: str = Field(examples=["cumulative", "day", "month"])
    chart_settings: ChartSettings


class CostReports(Schema):
    """A page of cost reports."""

    links: Links
    cost_reports: list[CostReportShown]


class CostReportQuery(PageQuery):
    """Which reports."""

    workspace_token: str = Field("", description="Those of this workspace instead of all of one's own.")
    folder_token: str = ""
    q: str = Field("", description="Part of the title.")


_CHOICES = frozenset({"date_interval", "date_bin", "chart_type"})
_FLAG = {"type": ["boolean", "null"]}
SettingsGiven = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "properties": {name: _FLAG for name in SETTINGS if name != "aggregate_by"}
            | {"aggregate_by": {"type": ["string", "null"]}},
        }
    ),
]
"""Settings as a client writes them; those left out stay."""
ChartGiven = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "properties": {
                "x_axis_dimension": {"type": ["array", "null"], "items": {"type": "string"}},
                "y_axis_dimension": {"type": ["string", "null"]},
            },
        }
    ),
]
"""A chart's axes as a client writes them."""


class CostReportGiven(Given):
    """A report as a client writes it."""

    title: Text = Field(None, examples=["Compute by team"])
    folder_token: Text = None
    filter: Text = Field(None, examples=["costs.provider = 'aws' AND costs.service LIKE '%S3%'"])
    groupings: Text = Field(None, examples=["provider, service", "tag:team"])
    settings: SettingsGiven = None
    saved_filter_tokens: Texts = None
    start_date: Text = None
    end_date: Text = None
    previous_period_start_date: Text = None
    previous_period_end_date: Text = None
    date_interval: Text = None
    chart_type: Text = None
    date_bin: Text = None
    chart_settings: ChartGiven = None
    workspace_token: Text = Field(None, description="Needed by who has several workspaces; fixed afterwards.")

    def fields(self) -> dict[str, Any]:
        """Return the keys that say something; Terraform writes an empty text for a choice it leaves to us."""
        return {name: value for name, value in super().fields().items() if value != "" or name not in _CHOICES}


@router.get("", response=answers(CostReports), operation_id="getCostReports", summary="List cost reports")
def list_reports(request: HttpRequest, query: Query[CostReportQuery]) -> dict[str, Any]:
    """Return the reports, *All Resources* first."""
    page = page_of_reports(
        actor=caller(request),
        wanted=query.wanted(),
        workspace_token=query.workspace_token,
        folder_token=query.folder_token,
        text=query.q,
        now=clock(),
    )
    return {"links": links_of(request, page=page), "cost_reports": [_shown(each) for each in page.items]}


@router.post(
    "", response=answers(CostReportShown, status=201), operation_id="createCostReport", summary="Create a cost report"
)
def create_report(request: HttpRequest, given: Body[CostReportGiven]) -> Status[Any]:
    """Return the new report."""
    return Status(201, _shown(add_report(actor=caller(request), fields=given.fields(), now=clock())))


@router.get(
    "/{cost_report_token}",
    response=answers(CostReportShown),
    operation_id="getCostReport",
    summary="Show a cost report",
)
def get_report(request: HttpRequest, cost_report_token: str) -> dict[str, Any]:
    """Return one report."""
    return _shown(report_with(actor=caller(request), token=cost_report_token))


@router.put(
    "/{cost_report_token}",
    response=answers(CostReportShown),
    operation_id="updateCostReport",
    summary="Change a cost report",
)
def update_report(request: HttpRequest, cost_report_token: str, given: Body[CostReportGiven]) -> dict[str, Any]:
    """Return the report as it is now."""
    actor = caller(request)
    report = report_with(actor=actor, token=cost_report_token)
    return _shown(change_report(actor=actor, report=report, fields=given.fields(), now=clock()))


@router.delete(
    "/{cost_report_token}",
    response=answers(None, status=204),
    operation_id="deleteCostReport",
    summary="Delete a cost report",
)
def remove_report(request: HttpRequest, cost_report_token: str) -> Status[None]:
    """Delete the report; *All Resources* is refused."""
    actor = caller(request)
    delete_report(actor=actor, report=report_with(actor=actor, token=cost_report_token), now=clock())
    return Status(204, None)


def _shown(report: CostReport) -> dict[str, Any]:
    return {
        "token": report.token,
        "title": report.title,
        "folder_token": None if report.folder is None else report.folder.token,
        "saved_filter_tokens": report.saved_filter_tokens,
        "filter": report.filter,
        "groupings": report.groupings,
        "settings": report.settings,
        "created_at": time_text(report.created_at),
        "workspace_token": report.workspace.token,
        "previous_period_start_date": _day(report.previous_period_start_date),
        "previous_period_end_date": _day(report.previous_period_end_date),
        "start_date": _day(report.start_date),
        "end_date": _day(report.end_date),
        "date_interval": report.date_interval,
        "chart_type": report.chart_type,
        "date_bin": report.date_bin,
        "chart_settings": report.chart_settings,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
