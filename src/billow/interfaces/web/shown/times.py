"""Months, days and instants as a person reads them, in the management account's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from billow.terms.period import BillingPeriod

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant: short for tables, whole for titles, and for machines."""

    short: str
    full: str
    iso: str


def month_name(period: BillingPeriod) -> str:
    """Write a month in full, such as March 2026."""
    return f"{_MONTHS[period.month - 1]} {period.year}"


def month_short(period: BillingPeriod) -> str:
    """Write a month in short, such as Mar 2026."""
    return f"{_MONTHS[period.month - 1][:3]} {period.year}"


def day(value: date | None) -> str:
    """Write a day, such as 4 Apr 2026; empty for None."""
    return "" if value is None else f"{value.day} {_MONTHS[value.month - 1][:3]} {value.year}"


def moment(at: datetime, *, zone: tzinfo, now: datetime) -> Moment:
    """Write an instant: the time alone today, the day without its year this year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        short = clock
    elif local.year == today.year:
        short = f"{local.day} {_MONTHS[local.month - 1][:3]}, {clock}"
    else:
        short = day(local.date())
    return Moment(short=short, full=f"{day(local.date())}, {local:%H:%M:%S} {local.tzname()}", iso=at.isoformat())


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this name."""
    return ZoneInfo(name)
