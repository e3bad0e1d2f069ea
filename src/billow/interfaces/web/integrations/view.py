"""The list of integrations, and a new one."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key
from billow.interfaces.web.shown.amounts import amount
from billow.interfaces.web.shown.fields import Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.providers import provider_name, provider_names
from billow.interfaces.web.shown.times import moment, month_short, zone_of
from billow.records.accounts.models import Permission
from billow.records.costs.models import Integration
from billow.usecases.actor import Actor
from billow.usecases.deliveries_of_costs import CostDelivery, newest_imports
from billow.usecases.integrations import add_integration, page_of_integrations
from billow.usecases.refused import Refused

PATH = "/settings/integrations"
_COLUMNS = ("name", "provider", "other")
_INVALID = 422


@require_GET
def integrations_page(request: HttpRequest) -> HttpResponse:
    """Show the integrations with what each delivered last."""
    actor, now = actor_of(request), clock()
    page = page_of_integrations(actor=actor, wanted=page_wanted(request.GET.dict()))
    newest = newest_imports(actor=actor, integrations=page.items)
    values = {
        "section": "settings",
        "place": "integrations",
        "rows": [_row(each, newest.get(each.token), actor=actor, now=now) for each in page.items],
        "turning": turning(page, path=PATH, fields={}),
        "may_change": actor.may(Permission.WRITE_RULES),
    }
    return render(request, "integrations/page.html", values)


@require_http_methods(["GET", "POST"])
def new_integration(request: HttpRequest) -> HttpResponse:
    """Show the form for a new integration, or add it."""
    actor = actor_of(request)
    actor.must_write_rules()
    if request.method == "GET":
        return _form(request, {"provider": "aws"}, None)
    values = {name: request.POST.get(name, "").strip() for name in _COLUMNS}
    try:
        said = _("%(name)s was added") % {"name": values["name"]}
        return done_once(request, work=lambda: _added(actor, values), said=said)
    except Refused as refused:
        return _form(request, values, refused)


def _added(actor: Actor, values: Mapping[str, str]) -> str:
    provider = values["provider"] or values["other"]
    made = add_integration(actor=actor, name=values["name"], provider=provider, now=clock())
    return f"{PATH}/{made.token}"


def _form(request: HttpRequest, values: Mapping[str, str], refused: Refused | None) -> HttpResponse:
    complaints = complaints_of(refused, columns=_COLUMNS)
    page = {
        "section": "settings",
        "place": "integrations",
        "fields": _fields(values, complaints),
        "complaints": complaints,
        "once": request.POST.get("once") or form_key(),
    }
    return render(request, "integrations/new.html", page, status=_INVALID if refused else 200)


def _fields(values: Mapping[str, str], complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(
            name="name",
            label=_("Name"),
            value=values.get("name", ""),
            problem=complaints.about("name"),
            hint=_("As you call it, such as AWS payer."),
        ),
        Field(
            name="provider",
            label=_("Provider"),
            kind="select",
            style="half",
            value=values.get("provider", ""),
            choices=choices_of([*provider_names(), ("", _("Another provider"))]),
            problem="" if values.get("other") else complaints.about("provider"),
        ),
        Field(
            name="other",
            label=_("Key of another provider"),
            style="half",
            is_optional=True,
            value=values.get("other", ""),
            problem=complaints.about("provider") if values.get("other") else "",
            hint=_("Small letters, such as oracle or digital_ocean."),
        ),
    )


def _row(each: Integration, last: CostDelivery | None, *, actor: Actor, now: datetime) -> dict[str, object]:
    zone = zone_of(actor.management_account.time_zone)
    return {
        "token": each.token,
        "name": each.name,
        "provider": provider_name(each.provider),
        "customers": len({row.managed_account_id for row in each.delegations.all()}),
        "month": month_short(last.period) if last else "",
        "arrived": moment(last.arrived_at, zone=zone, now=now) if last else None,
        "costs": [amount(cost, currency=currency) for currency, cost in last.costs.items()] if last else [],
    }
