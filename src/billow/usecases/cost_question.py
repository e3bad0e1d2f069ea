"""A question about costs as somebody asks it, read into one that can be answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billow.coststore.condition import Condition
from billow.coststore.series import DateBin, GroupBy
from billow.coststore.vql import UnableToReadFilter, read_filter
from billow.records.reports.models import CostReport, Workspace
from billow.usecases.field_checks import Findings
from billow.usecases.report_words import (
    CUMULATIVE,
    CUSTOM_INTERVAL,
    DATE_BINS,
    USUAL_GROUPINGS,
    USUAL_INTERVAL,
    ReportSettings,
    days_of,
    read_groupings,
    read_settings,
)

MOST_DAYS = 1850
QUESTION_FIELDS = ("filter", "groupings", "start_date", "end_date", "date_bin", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostQuestion:
    """What is asked of a workspace's costs; both days count. ``cumulative`` adds each day to those before.

    ``where`` is what the text ``filter`` states.
    """

    workspace: Workspace
    first_day: date
    last_day: date
    date_bin: DateBin
    cumulative: bool
    group_by: tuple[GroupBy, ...]
    where: Condition | None
    filter: str
    settings: ReportSettings


def read_question(
    *, workspace: Workspace, report: CostReport | None = None, fields: Mapping[str, object], now: datetime
) -> CostQuestion:
    """Return the question of QUESTION_FIELDS; what they leave open comes from the report. Raises Refused."""
    findings = Findings()
    first, last = _days(findings, workspace, report, fields, now)
    date_bin = _date_bin(findings, report, fields)
    groups = fields.get("groupings")
    if groups is None:
        saved = None if report is None else report.groupings
        groups = ",".join(USUAL_GROUPINGS) if report is None else saved or ""
    text = fields.get("filter")
    if text is None and report is not None:
        text = report.filter
    over = ReportSettings() if report is None else ReportSettings(**report.settings)
    question = CostQuestion(
        workspace=workspace,
        first_day=first,
        last_day=last,
        date_bin=DateBin.DAY if date_bin == CUMULATIVE else DateBin(date_bin),
        cumulative=date_bin == CUMULATIVE,
        group_by=read_groupings(findings, groups),
        where=read_condition(findings, text),
        filter=text if isinstance(text, str) else "",
        settings=read_settings(findings, fields.get("settings") or {}, over=over),
    )
    findings.refuse_if_any()
    return question


def read_condition(findings: Findings, text: object) -> Condition | None:
    """Return the filter's condition; None where there is no filter."""
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        findings.error("not_text", "filter", "Filter must be text such as costs.provider = 'aws'", text)
        return None
    try:
        return read_filter(text)
    except UnableToReadFilter as unreadable:
        findings.error("bad_filter", "filter", str(unreadable), text)
        return None


def today_of(*, workspace: Workspace, now: datetime) -> date:
    """Return the day it is where the MSP is."""
    return now.astimezone(ZoneInfo(workspace.management_account.time_zone)).date()


def _days(
    findings: Findings,
    workspace: Workspace,
    report: CostReport | None,
    fields: Mapping[str, object],
    now: datetime,
) -> tuple[date, date]:
    today = today_of(workspace=workspace, now=now)
    interval = USUAL_INTERVAL if report is None else report.date_interval
    if report is not None and report.start_date and report.end_date:
        usual = report.start_date, report.end_date
    else:
        usual = days_of(USUAL_INTERVAL if interval == CUSTOM_INTERVAL else interval, today=today)
    first = findings.read_date(fields.get("start_date"), column="start_date")
    last = findings.read_date(fields.get("end_date"), column="end_date")
    for column, day in (("start_date", first), ("end_date", last)):
        if day is not None and not 1900 < day.year < 9999:
            findings.error("no_such_costs", column, f"There are no costs of {day.year}; name a day of this century")
    if first is None and last is None:
        return usual
    first = first or min(usual[0], last or usual[0])
    last = last or max(usual[1], first)
    if last < first:
        findings.error("end_before_start", "end_date", f"End date {last} is before the start date {first}")
    elif (last - first).days >= MOST_DAYS:
        findings.error("too_long", "end_date", f"The dates span {(last - first).days + 1} days; at most {MOST_DAYS}")
    return first, last


def _date_bin(findings: Findings, report: CostReport | None, fields: Mapping[str, object]) -> str:
    given = fields.get("date_bin")
    if given is None:
        return DateBin.DAY.value if report is None else report.date_bin
    chosen = findings.read_choice(given, column="date_bin", choices=DATE_BINS)
    return chosen if chosen in DATE_BINS else DateBin.DAY.value
