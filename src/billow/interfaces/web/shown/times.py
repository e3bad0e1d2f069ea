"""Months, days and instants as a person reads them, in the management account's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.terms.period import BillingPeriod

_MONTHS = (
    gettext_noop("January"),
    gettext_noop("February"),
    gettext_noop("March"),
    gettext_noop("April"),
    gettext_noop("May"),
    gettext_noop("June"),
    gettext_noop("July"),
    gettext_noop("August"),
    gettext_noop("September"),
    gettext_noop("October"),
    gettext_noop("November"),
    gettext_noop("December"),
)
_SHORT = (
    gettext_noop("Jan"),
    gettext_noop("Feb"),
    gettext_noop("Mar"),
    gettext_noop("Apr"),
    gettext_noop("May"),
    gettext_noop("Jun"),
    gettext_noop("Jul"),
    gettext_noop("Aug"),
    gettext_noop("Sep"),
    gettext_noop("Oct"),
    gettext_noop("Nov"),
    gettext_noop("Dec"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant: short for tables, whole for titles, and for machines."""

    short: str
    full: str
    iso: str


def month_name(period: BillingPeriod) -> str:
    """Write a month in full, such as March 2026."""
    return _("%(month)s %(year)s") % {"month": _(_MONTHS[period.month - 1]), "year": period.year}


def month_short(period: BillingPeriod) -> str:
    """Write a month in short, such as Mar 2026."""
    return _("%(month)s %(year)s") % {"month": month_letters(period.month), "year": period.year}


def month_letters(number: int) -> str:
    """Write the name of a month in a few letters, such as Mar."""
    return _(_SHORT[number - 1])


def day(value: date | None) -> str:
    """Write a day, such as 4 Apr 2026; empty for None."""
    if value is None:
        return ""
    return _("%(day)s %(month)s %(year)s") % {
        "day": value.day,
        "month": month_letters(value.month),
        "year": value.year,
    }


def moment(at: datetime, *, zone: tzinfo, now: datetime) -> Moment:
    """Write an instant: the time alone today, the day without its year this year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        short = clock
    elif local.year == today.year:
        short = _("%(day)s %(month)s, %(time)s") % {
            "day": local.day,
            "month": month_letters(local.month),
            "time": clock,
        }
    else:
        short = day(local.date())
    return Moment(short=short, full=f"{day(local.date())}, {local:%H:%M:%S} {local.tzname()}", iso=at.isoformat())


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this name."""
    return ZoneInfo(name)
