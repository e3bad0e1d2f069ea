"""Exports of costs as files: asked for, written in the background, fetched by a signed link."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text
from billow.interfaces.api.links import absolute
from billow.interfaces.api.text import time_text
from billow.interfaces.api.v2.cost_reports import SettingsGiven
from billow.interfaces.api.v2.costs import CostQuery, asked_fields
from billow.records.reports.models import DataExport
from billow.usecases.export_costs import EXPORT_TYPE, export_with, file_behind, link_of, request_export

router = Router(tags=["Costs"])


class Manifest(Schema):
    """The files of an export, once it is written; their addresses need no token."""

    files: list[str]
    completed_at: str | None
    valid_until: str | None


class DataExportShown(Schema):
    """An export of costs."""

    token: str = Field(examples=["dta_xprt_0123456789abcdef"])
    status: str = Field(examples=["pending", "completed", "failed"])
    created_at: str
    export_type: str = Field(examples=["cost_report"])
    manifest: Manifest
    attributes: dict[str, Any]
    failure: str | None = Field(None, description="Why it failed.")


class ExportGiven(Given):
    """What to export; the same may stand in the query."""

    cost_report_token: Text = None
    workspace_token: Text = None
    filter: Text = Field(None, examples=["costs.provider = 'aws'"])
    groupings: Text = Field(None, examples=["provider, service"])
    start_date: Text = Field(None, examples=["2026-10-01"])
    end_date: Text = Field(None, examples=["2026-10-31"])
    date_bin: Text = None
    settings: SettingsGiven = None
    export_schema: Text = Field(None, alias="schema", description="vntg, focus or comparison.")


@router.post(
    "/costs/data_exports",
    response=answers(DataExportShown, status=202),
    operation_id="createCostExport",
    summary="Export costs",
)
def create_export(
    request: HttpRequest, response: HttpResponse, query: Query[CostQuery], given: Body[ExportGiven]
) -> Status[Any]:
    """Return where the export can be looked after: its address stands in the header Location."""
    fields = given.fields()
    if (schema := fields.pop("export_schema", None)) is not None:
        fields["schema"] = schema
    export = request_export(actor=caller(request), fields=asked_fields(request, query) | fields, now=clock())
    response.headers["Location"] = absolute(request, path=f"/v2/data_exports/{export.token}")
    return Status(202, _shown(request, export))


@router.get(
    "/data_exports/{data_export_token}",
    response=answers(DataExportShown),
    operation_id="getDataExport",
    summary="Show an export",
)
def get_export(request: HttpRequest, data_export_token: str) -> dict[str, Any]:
    """Return the export, with the address of its file once it is written."""
    return _shown(request, export_with(actor=caller(request), token=data_export_token))


@router.api_operation(["GET", "HEAD"], "/data_exports/files/{link}", auth=None, include_in_schema=False)
def get_file(request: HttpRequest, link: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the file; whoever holds the address may fetch it."""
    file = file_behind(link, now=clock())
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or "attachment",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(file.content, content_type="text/csv; charset=utf-8", headers=headers)


def _shown(request: HttpRequest, export: DataExport) -> dict[str, Any]:
    link = link_of(export=export, now=clock())
    return {
        "token": export.token,
        "status": export.status,
        "created_at": time_text(export.created_at),
        "export_type": EXPORT_TYPE,
        "manifest": {
            "files": [] if link is None else [absolute(request, path=f"/v2/data_exports/files/{link}")],
            "completed_at": None if export.completed_at is None else time_text(export.completed_at),
            "valid_until": None if export.valid_until is None else time_text(export.valid_until),
        },
        "attributes": export.question,
        "failure": export.failure or None,
    }
