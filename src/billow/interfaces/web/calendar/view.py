"""Company and calendar: whose months these are, where they begin, and when they can be invoiced."""

from datetime import timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.shown.fields import (
    Choice,
    Complaints,
    Field,
    choices_of,
    complaints_of,
    currency_choices,
    with_value,
)
from billow.interfaces.web.shown.times import moment, month_name, zone_of
from billow.records.accounts.models import Permission
from billow.usecases.management_account import ManagementSettings, change_settings, show_settings
from billow.usecases.open_months import when_months_open
from billow.usecases.refused import Refused

PATH = "/settings/calendar"
_COLUMNS = ("name", "currency", "time_zone", "data_ingestion_delay")
_INVALID = 422


@require_http_methods(["GET", "POST"])
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Show the company's name, currency and calendar, or save them."""
    actor, now, problem = actor_of(request), clock(), None
    actor.must(Permission.SEE_MANAGEMENT)
    if request.method == "POST":
        try:
            change_settings(actor=actor, fields=_typed(request), now=now)
        except Refused as refused:
            problem = refused
        else:
            return went_well(request, address=PATH, said=_("The calendar was saved"))
    complaints = complaints_of(problem, columns=_COLUMNS)
    found = show_settings(actor=actor)
    typed = _typed(request) if problem else _stored(found)
    opening = when_months_open(actor=actor, now=now)
    zone = zone_of(found.time_zone)
    values = {
        "section": "settings",
        "place": "calendar",
        "company": _company(typed, complaints),
        "months": _months(typed, complaints),
        "clock": moment(now, zone=zone, now=now - timedelta(days=400)).full,
        "newest": month_name(opening.newest),
        "next": month_name(opening.next),
        "next_at": moment(opening.next_at, zone=zone, now=now).full,
        "exceptions": opening.exceptions,
        "complaints": complaints,
        "may_change": actor.may(Permission.WRITE_INVOICES),
    }
    return render(request, "calendar/page.html", values, status=_INVALID if problem else 200)


def _typed(request: HttpRequest) -> dict[str, object]:
    texts: dict[str, object] = {name: request.POST.get(name, "").strip() for name in ("name", "currency", "time_zone")}
    return {**texts, "data_ingestion_delay": "yes" if "data_ingestion_delay" in request.POST else "no"}


def _stored(found: ManagementSettings) -> dict[str, object]:
    return {
        "name": found.name,
        "currency": found.currency,
        "time_zone": found.time_zone,
        "data_ingestion_delay": "yes" if found.data_ingestion_delay else "no",
    }


def _company(values: dict[str, object], complaints: Complaints) -> tuple[Field, ...]:
    currency = str(values["currency"])
    return (
        Field(
            name="name",
            label=_("Company"),
            value=str(values["name"]),
            problem=complaints.about("name"),
            style="half",
            hint=_("Printed on invoices whose profile has no company name."),
        ),
        Field(
            name="currency",
            label=_("Currency of new customers"),
            kind="select",
            value=currency,
            choices=with_value(currency_choices(), currency),
            problem=complaints.about("currency"),
            style="half",
        ),
    )


def _months(values: dict[str, object], complaints: Complaints) -> tuple[Field, ...]:
    zone = str(values["time_zone"])
    return (
        Field(
            name="time_zone",
            label=_("Time zone"),
            kind="select",
            value=zone,
            choices=with_value(_zones(), zone),
            problem=complaints.about("time_zone"),
            hint=_("Months begin and end at midnight here, and all times in the console are those of this zone."),
        ),
        Field(
            name="data_ingestion_delay",
            label=_("Wait for late data: months open on the 4th instead of the 1st"),
            kind="tick",
            value=str(values["data_ingestion_delay"]),
            problem=complaints.about("data_ingestion_delay"),
            hint=_("Providers go on adding costs for some days after a month. A customer's own setting wins."),
        ),
    )


@lru_cache(maxsize=1)
def _zones() -> tuple[Choice, ...]:
    """Return the zones that people live in, by continent, and UTC first."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "System")))
    return choices_of([("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)])
