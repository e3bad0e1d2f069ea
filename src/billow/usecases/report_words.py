"""The words of cost reports and cost questions: groupings, bins, intervals and settings, and how they are read.

Source: the vendor's cost reports (names and defaults).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from billow.coststore.condition import CostField
from billow.coststore.series import DateBin, GroupBy, Kind
from billow.terms.period import BillingPeriod
from billow.usecases.field_checks import Findings

TAG = "tag:"
GROUPINGS: Mapping[str, CostField] = {
    field.value: field for field in CostField if field not in (CostField.MARKETPLACE, CostField.ACCOUNT_NAME)
}
MOST_GROUPINGS = 12
LONGEST_GROUPINGS = 2_000
USUAL_GROUPINGS = ("provider", "service", "account_id")

CUMULATIVE = "cumulative"
DATE_BINS = (CUMULATIVE, *(each.value for each in (DateBin.DAY, DateBin.WEEK, DateBin.MONTH, DateBin.QUARTER)), "hour")
CHART_TYPES = ("area", "line", "pie", "bar", "multi_bar")
CUSTOM_INTERVAL = "custom"
USUAL_INTERVAL = "this_month"
AGGREGATIONS = ("cost", "usage", "count")
_LAST_DAYS = {"last_3_days": 3, "last_7_days": 7, "last_14_days": 14, "last_30_days": 30}
_MONTHS: Mapping[str, tuple[int, int]] = {
    "this_month": (0, 0),
    "last_month": (-1, -1),
    "last_3_months": (-2, 0),
    "last_6_months": (-5, 0),
    "last_12_months": (-11, 0),
    "last_24_months": (-23, 0),
    "last_36_months": (-35, 0),
    "next_month": (1, 1),
    "next_3_months": (1, 3),
    "next_6_months": (1, 6),
    "next_12_months": (1, 12),
}
"""First and last month of an interval, counted from the present one."""
DATE_INTERVALS = (*_MONTHS, *_LAST_DAYS, "year_to_date", CUSTOM_INTERVAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """What a cost report counts. Billow knows no forecasts and no shared cost that is not given to anybody."""

    include_credits: bool = False
    include_refunds: bool = False
    include_discounts: bool = True
    include_tax: bool = True
    amortize: bool = True
    unallocated: bool = False
    aggregate_by: str = "cost"
    show_previous_period: bool = True
    complete_period: bool = False

    @property
    def left_out(self) -> frozenset[Kind]:
        """The kinds of charges that do not count."""
        kept = {
            Kind.CREDIT: self.include_credits,
            Kind.REFUND: self.include_refunds,
            Kind.DISCOUNT: self.include_discounts,
            Kind.TAX: self.include_tax,
        }
        return frozenset(kind for kind, is_kept in kept.items() if not is_kept)


SETTINGS = tuple(each.name for each in fields(ReportSettings))
EVERYTHING = ReportSettings(include_credits=True, include_refunds=True)
"""What an invoice counts."""


def read_settings(findings: Findings, given: object, *, over: ReportSettings) -> ReportSettings:
    """Return the settings with those that were given; unknown ones are passed over, null says nothing."""
    if not isinstance(given, Mapping):
        findings.error("not_an_object", "settings", 'Settings must be an object such as {"include_tax": true}')
        return over
    values: dict[str, object] = {name: getattr(over, name) for name in SETTINGS}
    for name in SETTINGS:
        if (value := given.get(name)) is None:
            continue
        if name == "aggregate_by":
            values[name] = findings.read_choice(value, column="aggregate_by", choices=AGGREGATIONS)
        else:
            values[name] = findings.read_flag(value, column=name)
    return ReportSettings(**values)  # type: ignore[arg-type]


def read_groupings(findings: Findings, text: object) -> tuple[GroupBy, ...]:
    """Return the groups that a comma-separated text names, each once; a value with a comma stands in quotes."""
    if not isinstance(text, str):
        findings.error("not_text", "groupings", "Groupings must be text such as provider,service", text)
        return ()
    if len(text) > LONGEST_GROUPINGS:
        findings.error("too_long", "groupings", f"Groupings have at most {LONGEST_GROUPINGS} characters")
        return ()
    try:
        rows = list(csv.reader([text.replace("\n", " ")], skipinitialspace=True, strict=True))
    except csv.Error:
        findings.error(
            "bad_groupings", "groupings", "Groupings must be separated by commas, with quotes in pairs", text
        )
        return ()
    names = [name.strip() for row in rows for name in row if name.strip()]
    groups = []
    for name in dict.fromkeys(names):
        if name.startswith(TAG) and name.removeprefix(TAG).strip():
            key = name.removeprefix(TAG).strip()
            findings.read_text(key, column="groupings")
            groups.append(GroupBy(None, tag=key))
        elif name.lower() in GROUPINGS:
            groups.append(GroupBy(GROUPINGS[name.lower()]))
        else:
            known = ", ".join((*GROUPINGS, "tag:<key>"))
            findings.error("unknown_grouping", "groupings", f"Costs cannot be grouped by {name!r}; choose from {known}")
    if len(groups) > MOST_GROUPINGS:
        findings.error("too_many", "groupings", f"There are {len(groups)} groupings; at most {MOST_GROUPINGS}")
    return tuple(groups)


def group_name(group: GroupBy) -> str:
    """Return how interfaces write the grouping."""
    return f"{TAG}{group.tag}" if group.field is None else group.field.value


def groupings_text(groups: Sequence[GroupBy]) -> str:
    """Return the groups as the text that ``read_groupings`` reads."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([group_name(group) for group in groups])
    return text.getvalue()


def days_of(interval: str, *, today: date) -> tuple[date, date]:
    """Return the first and the last day of an interval as seen today; an interval of dates is not one."""
    if interval in _LAST_DAYS:
        return today - timedelta(days=_LAST_DAYS[interval] - 1), today
    if interval == "year_to_date":
        return today.replace(month=1, day=1), today
    first, last = _MONTHS[interval]
    return _month(today, first).start, _month(today, last).last_day


def _month(today: date, distance: int) -> BillingPeriod:
    months = today.year * 12 + today.month - 1 + distance
    return BillingPeriod(months // 12, months % 12 + 1)
