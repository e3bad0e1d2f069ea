"""An integration's costs that nobody owns, and what is delegated already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.integration.head import PATH, head_of
from billow.interfaces.web.shown.amounts import Amount, amount
from billow.interfaces.web.shown.fields import NOTHING_WRONG, Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.pills import Pill
from billow.interfaces.web.shown.times import day, month_name
from billow.records.billing.models import Delegation, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod, InvalidBillingPeriod
from billow.usecases.accounts import list_accounts
from billow.usecases.actor import Actor
from billow.usecases.closed_months import newest_ended_month, today
from billow.usecases.deliveries_of_costs import months_of
from billow.usecases.field_checks import Findings
from billow.usecases.integrations import delegate_places, integration_with
from billow.usecases.page import page_of_all
from billow.usecases.refused import Refused
from billow.usecases.unallocated_costs import UnallocatedPlace, unallocated_costs

MOST_SHOWN = 500
_COLUMNS = ("account", "start_date")
_INVALID = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place as a line of the table; ``value`` names it in the form."""

    value: str
    name: str
    identifier: str
    billing_account: str
    costs: tuple[Amount | None, ...]
    charges: str
    is_chosen: bool


@require_http_methods(["GET", "POST"])
def unallocated(request: HttpRequest, token: str) -> HttpResponse:
    """Show the places of a month whose costs nobody owns, and give the ticked ones to a customer."""
    actor = actor_of(request)
    integration = integration_with(actor=actor, token=token)
    months = months_of(actor=actor, integration=integration)
    period = _period(request, actor, months)
    complaints: Complaints = NOTHING_WRONG
    accounts = list_accounts(actor=actor)
    found = [each for each in unallocated_costs(actor=actor, period=period) if each.integration_token == token]
    if request.method == "POST":
        try:
            said = _delegated(request, actor, integration, accounts, found)
        except Refused as refused:
            complaints = complaints_of(refused, columns=_COLUMNS)
        else:
            return went_well(request, address=f"{PATH}/{token}/unallocated?period={period}", said=said)
    chosen = request.POST.getlist("place")
    values = {
        "section": "settings",
        "head": head_of(integration, tab="unallocated", actor=actor),
        "period": str(period),
        "month": month_name(period),
        "months": choices_of((str(each), month_name(each)) for each in dict.fromkeys((period, *months))),
        "has_bill": period in months,
        "places": [_place(each, chosen) for each in found[:MOST_SHOWN]],
        "number": len(found),
        "more": max(len(found) - MOST_SHOWN, 0),
        "sums": _sums(found),
        "has_customers": bool(accounts),
        "fields": _fields(accounts, request.POST.dict(), complaints),
        "complaints": complaints,
    }
    return render(request, "integration/unallocated.html", values, status=_INVALID if complaints.all else 200)


@require_GET
def delegations(request: HttpRequest, token: str) -> HttpResponse:
    """Show what of the integration is delegated to whom."""
    actor = actor_of(request)
    integration = integration_with(actor=actor, token=token)
    at = today(management_account=actor.management_account, now=clock())
    page = page_of_all(tuple(integration.delegations.all()), wanted=page_wanted(request.GET.dict()))
    values = {
        "section": "settings",
        "head": head_of(integration, tab="delegations", actor=actor),
        "rows": [_given(row, at) for row in page.items],
        "turning": turning(page, path=f"{PATH}/{token}/delegations", fields={}),
    }
    return render(request, "integration/delegations.html", values)


def _period(request: HttpRequest, actor: Actor, months: Sequence[BillingPeriod]) -> BillingPeriod:
    """Return the month that is asked for, else the newest that has a bill, else the newest that ended."""
    try:
        return BillingPeriod.parse(request.GET.get("period") or request.POST.get("period", ""))
    except InvalidBillingPeriod:
        if months:
            return months[0]
        return newest_ended_month(management_account=actor.management_account, now=clock())


def _delegated(
    request: HttpRequest,
    actor: Actor,
    integration: Integration,
    accounts: Sequence[ManagedAccount],
    found: Sequence[UnallocatedPlace],
) -> str:
    """Give the ticked places, or all that were found, and say so."""
    actor.must_write_rules()
    findings = Findings()
    wanted = request.POST.get("account", "")
    account = next((each for each in accounts if each.token == wanted), None)
    ticked = [_value(each) for each in found] if "all" in request.POST else request.POST.getlist("place")
    places = [(billing, sub) for text in ticked for billing, _mark, sub in [text.partition("|")]]
    if account is None:
        findings.error("blank", "account", _("Choose the customer that gets these costs"))
    if not places:
        findings.error("blank", "places", _("Tick at least one account of the provider"))
    start = findings.read_date(request.POST.get("start_date", ""), column="start_date")
    findings.refuse_if_any()
    assert account is not None
    made = delegate_places(
        actor=actor, integration=integration, account=account, places=places, start_date=start, now=clock()
    )
    text = ngettext(
        "%(number)d account was delegated to %(customer)s",
        "%(number)d accounts were delegated to %(customer)s",
        len(made),
    )
    return text % {"number": len(made), "customer": account.name}


def _value(each: UnallocatedPlace) -> str:
    """Return what names the place in the form."""
    return f"{each.billing_account_id}|{each.sub_account_id}"


def _place(each: UnallocatedPlace, chosen: Sequence[str]) -> Place:
    value = _value(each)
    return Place(
        value=value,
        name=each.name or each.sub_account_id or _("Costs of no account"),
        identifier=each.sub_account_id,
        billing_account=each.billing_account_id,
        costs=tuple(amount(cost, currency=currency) for currency, cost in each.costs.items()),
        charges=f"{each.charges:,}",
        is_chosen=value in chosen,
    )


def _sums(found: Sequence[UnallocatedPlace]) -> tuple[Amount | None, ...]:
    sums: dict[str, Decimal] = {}
    for each in found:
        for currency, cost in each.costs.items():
            sums[currency] = sums.get(currency, Decimal(0)) + cost
    return tuple(amount(cost, currency=currency) for currency, cost in sorted(sums.items()))


def _fields(accounts: Sequence[ManagedAccount], values: Mapping[str, str], complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(
            name="account",
            label=_("Customer"),
            kind="select",
            value=values.get("account", ""),
            choices=choices_of([("", _("Choose…")), *((each.token, each.name) for each in accounts)]),
            problem=complaints.about("account"),
        ),
        Field(
            name="start_date",
            label=_("From"),
            kind="date",
            value=values.get("start_date", ""),
            is_optional=True,
            problem=complaints.about("start_date"),
        ),
    )


def _given(row: Delegation, at: date) -> dict[str, object]:
    pill = Pill(label=_("Active"), tone="good")
    if row.end_date is not None and row.end_date < at:
        pill = Pill(label=_("Ended"), tone="quiet")
    elif row.start_date is not None and row.start_date > at:
        pill = Pill(label=_("Not yet"), tone="ready")
    return {
        "account": row.managed_account.name,
        "account_url": f"/accounts/{row.managed_account.token}/integrations",
        "what": row.sub_account_id or row.billing_account_id or _("Everything"),
        "under": row.billing_account_id if row.sub_account_id else "",
        "start": day(row.start_date),
        "end": day(row.end_date),
        "pill": pill,
    }
