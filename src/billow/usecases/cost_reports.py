"""Cost reports: questions about costs that are kept, with *All Resources* in every workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile, Invoice
from billow.records.reports.models import CostReport, Workspace
from billow.terms.focus import CostBasis
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.cost_question import read_condition
from billow.usecases.field_checks import Findings
from billow.usecases.folders import folder_in, read_tokens
from billow.usecases.invoice_parties import profile_of
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.report_words import (
    CHART_TYPES,
    CUSTOM_INTERVAL,
    DATE_BINS,
    DATE_INTERVALS,
    EVERYTHING,
    ReportSettings,
    read_groupings,
    read_settings,
)
from billow.usecases.workspaces import default_workspace, meant_workspace, own_workspaces, workspace_with

REPORT_FIELDS = (
    "title",
    "folder_token",
    "filter",
    "groupings",
    "settings",
    "saved_filter_tokens",
    "start_date",
    "end_date",
    "previous_period_start_date",
    "previous_period_end_date",
    "date_interval",
    "date_bin",
    "chart_type",
    "chart_settings",
    "workspace_token",
)
ALL_RESOURCES = "All Resources"
DATE_AXIS = "date"
AXES = ("cost", "usage", "count")
USUAL_CHART = {"x_axis_dimension": [DATE_AXIS], "y_axis_dimension": AXES[0]}
_DAYS = ("start_date", "end_date")
_PREVIOUS_DAYS = ("previous_period_start_date", "previous_period_end_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCosts:
    """The report behind an invoice: *All Resources* of the customer, and what to ask it for the invoice's sum."""

    report: CostReport
    start_date: str
    end_date: str
    settings: Mapping[str, object]


def page_of_reports(
    *,
    actor: Actor,
    wanted: PageWanted,
    workspace_token: str = "",
    folder_token: str = "",
    text: str = "",
    now: datetime,
) -> Page[CostReport]:
    """Return the reports of a workspace, or of all of the actor's own, *All Resources* first."""
    if workspace_token:
        workspaces = [workspace_with(actor=actor, token=workspace_token)]
    else:
        workspaces = list(own_workspaces(actor=actor, now=now))
    for workspace in workspaces:
        default_report(workspace=workspace, now=now)
    rows = _visible(actor).filter(workspace__in=workspaces)
    if folder_token:
        rows = rows.filter(folder__token=folder_token)
    if text:
        rows = rows.filter(title__icontains=text)
    return page_of(rows.order_by("-is_default", "title", "pk"), wanted=wanted)


def report_with(*, actor: Actor, token: str) -> CostReport:
    """Return the report with this token."""
    report = _visible(actor).filter(token=token).first()
    if report is None:
        raise Refused("not_found", "Resource not found")
    return report


def default_report(*, workspace: Workspace, now: datetime) -> CostReport:
    """Return the workspace's *All Resources* report; a customer's counts what its invoices count."""
    settings = ReportSettings() if workspace.managed_account is None else _as_invoiced(workspace)
    report, _ = CostReport.objects.select_related("workspace", "folder").get_or_create(
        management_account=workspace.management_account,
        workspace=workspace,
        is_default=True,
        defaults={
            "title": ALL_RESOURCES,
            "settings": asdict(settings),
            "groupings": "provider, service",
            "chart_settings": USUAL_CHART,
            "created_at": now,
            "updated_at": now,
        },
    )
    return report


def invoice_costs(*, actor: Actor, token: str, now: datetime) -> InvoiceCosts:
    """Return the report behind an invoice that the actor may see."""
    related = ("management_account", "managed_account__billing_profile")
    invoice = Invoice.objects.visible_to(actor).select_related(*related).filter(token=token).first()
    if invoice is None:
        raise Refused("not_found", "Resource not found")
    workspace = default_workspace(
        management_account=invoice.management_account, account=invoice.managed_account, now=now
    )
    counted = _as_invoiced(workspace)
    return InvoiceCosts(
        report=default_report(workspace=workspace, now=now),
        start_date=invoice.period.start.isoformat(),
        end_date=invoice.period.last_day.isoformat(),
        settings={
            name: getattr(counted, name)
            for name in ("include_credits", "include_refunds", "include_discounts", "include_tax", "amortize")
        },
    )


def add_report(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> CostReport:
    """Add a report from REPORT_FIELDS; only the title is needed."""
    actor.must(Permission.WRITE_REPORTS)
    workspace = meant_workspace(actor=actor, token=fields.get("workspace_token"), now=now)
    report = CostReport(
        management_account=actor.management_account,
        workspace=workspace,
        settings=asdict(ReportSettings()),
        chart_settings=dict(USUAL_CHART),
        created_by=actor.user,
        created_at=now,
    )
    return _save(actor, report, {"title": None, **fields}, "record_created", now)


def change_report(*, actor: Actor, report: CostReport, fields: Mapping[str, object], now: datetime) -> CostReport:
    """Change the given fields; a report stays in its workspace."""
    actor.must(Permission.WRITE_REPORTS)
    actor.must_own(report)
    return _save(actor, report, fields, "record_updated", now)


def delete_report(*, actor: Actor, report: CostReport, now: datetime) -> None:
    """Delete a report; *All Resources* stays."""
    actor.must(Permission.WRITE_REPORTS)
    actor.must_own(report)
    if report.is_default:
        raise Refused("default_report", f"{report} is the default report of its workspace and cannot be deleted")
    with transaction.atomic():
        _record(actor, report, "record_destroyed", {}, now)
        report.delete()


def _visible(actor: Actor) -> "QuerySet[CostReport]":
    related = ("workspace__management_account", "workspace__managed_account__billing_profile", "folder")
    return CostReport.objects.visible_to(actor).select_related(*related)


def _as_invoiced(workspace: Workspace) -> ReportSettings:
    account = workspace.managed_account
    profiles = tuple(BillingProfile.objects.visible_to(workspace.management_account)[:2])
    profile = None if account is None else profile_of(account=account, profiles=profiles)
    return replace(EVERYTHING, amortize=profile is not None and profile.cost_basis == CostBasis.EFFECTIVE_COST)


def _save(actor: Actor, report: CostReport, fields: Mapping[str, object], action: str, now: datetime) -> CostReport:
    findings = Findings(keeps_spaces=actor.is_program)
    _fill(findings, report, fields)
    _fill_days(findings, report, fields)
    findings.refuse_if_any()
    report.updated_at = now
    with transaction.atomic():
        report.save()
        _record(actor, report, action, fields, now)
    return report


def _fill(findings: Findings, report: CostReport, fields: Mapping[str, object]) -> None:
    if "title" in fields:
        report.title = findings.read_text(fields["title"], column="title", required=True) or ""
    if "folder_token" in fields:
        report.folder = folder_in(
            findings, workspace=report.workspace, token=fields["folder_token"], column="folder_token"
        )
    if "filter" in fields:
        read_condition(findings, fields["filter"])
        report.filter = str(fields["filter"]) or None
    if "groupings" in fields:
        read_groupings(findings, fields["groupings"])
        report.groupings = str(fields["groupings"]) or None
    if "settings" in fields:
        read = read_settings(findings, fields["settings"], over=ReportSettings(**report.settings))
        report.settings = asdict(read)
    if "saved_filter_tokens" in fields:
        tokens = read_tokens(findings, fields["saved_filter_tokens"], column="saved_filter_tokens")
        report.saved_filter_tokens = tokens
    if "date_bin" in fields:
        report.date_bin = findings.read_choice(fields["date_bin"], column="date_bin", choices=DATE_BINS)
    if "chart_type" in fields:
        report.chart_type = findings.read_choice(fields["chart_type"], column="chart_type", choices=CHART_TYPES)
    if "chart_settings" in fields:
        report.chart_settings = _read_chart(findings, report.chart_settings, fields["chart_settings"])


def _read_chart(findings: Findings, over: Mapping[str, object], given: object) -> dict[str, object]:
    if not isinstance(given, Mapping):
        findings.error("not_an_object", "chart_settings", "Chart settings must be an object")
        return dict(over)
    chart = dict(over)
    if (axis := given.get("y_axis_dimension")) is not None:
        chart["y_axis_dimension"] = findings.read_choice(axis, column="y_axis_dimension", choices=AXES)
    if (axis := given.get("x_axis_dimension")) is not None:
        names: Sequence[object] = axis if isinstance(axis, list) else []
        if not names or len(names) > len(REPORT_FIELDS) or not all(isinstance(each, str) for each in names):
            findings.error(
                "not_a_list", "x_axis_dimension", 'X axis dimension must be a list of names such as ["date"]'
            )
        for each in names:
            findings.read_text(each, column="x_axis_dimension", required=True)
        chart["x_axis_dimension"] = list(names)
    return chart


def _fill_days(findings: Findings, report: CostReport, fields: Mapping[str, object]) -> None:
    """Take either an interval or a pair of days; the other is given up."""
    interval = None
    if "date_interval" in fields:
        interval = findings.read_choice(fields["date_interval"], column="date_interval", choices=DATE_INTERVALS)
    days = _read_pair(findings, fields, _DAYS)
    if days is not None:
        if interval not in (None, CUSTOM_INTERVAL):
            findings.error("two_ranges", "date_interval", "Give either a date interval or start date and end date")
        report.start_date, report.end_date = days
        report.date_interval = CUSTOM_INTERVAL
    elif interval == CUSTOM_INTERVAL and report.start_date is None:
        findings.error("no_days", "start_date", "A custom interval needs start date and end date")
    elif interval is not None and interval != CUSTOM_INTERVAL:
        report.start_date = report.end_date = None
        report.date_interval = interval
    previous = None
    if all(fields.get(name) for name in _PREVIOUS_DAYS):  # published clients must send the last day, even by itself
        previous = _read_pair(findings, fields, _PREVIOUS_DAYS)
    if previous is not None:
        report.previous_period_start_date, report.previous_period_end_date = previous


def _read_pair(findings: Findings, fields: Mapping[str, object], names: tuple[str, str]) -> tuple[date, date] | None:
    first, last = (findings.read_date(fields.get(name), column=name) for name in names)
    if first is None and last is None:
        return None
    if first is None or last is None:
        missing = names[0] if first is None else names[1]
        if not findings.failed:
            findings.error("half_a_pair", missing, f"{missing.replace('_', ' ').capitalize()} can't be blank")
        return None
    if last < first:
        findings.error("end_before_start", names[1], f"End date {last} is before the start date {first}")
    return first, last


def _record(actor: Actor, report: CostReport, action: str, fields: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="CostReport",
        object_token=report.token,
        object_name=report.title,
        changes={name: str(value)[:500] for name, value in fields.items() if name in REPORT_FIELDS},
        now=now,
    )
