"""What a managed account is charged for: parts of integrations, given from one day to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.account.tabs import head_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import in_dialog, went_well
from billow.interfaces.web.shown.fields import Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.shown.pills import Pill
from billow.interfaces.web.shown.times import day
from billow.records.billing.models import Delegation, ManagedAccount
from billow.records.costs.models import Integration
from billow.usecases.accounts import account_with
from billow.usecases.actor import Actor
from billow.usecases.closed_months import today
from billow.usecases.cost_words import CostPlaces, cost_places
from billow.usecases.field_checks import Findings
from billow.usecases.integrations import delegate, end_delegation, integration_with, list_integrations
from billow.usecases.refused import Refused

_COLUMNS = ("integration", "billing_account_id", "sub_account_ids", "start_date", "end_date")
_INVALID = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One delegation as a line of the table."""

    integration: str
    provider: str
    what: str
    start: str
    end: str
    pill: Pill
    is_customers_own: bool
    end_url: str


@require_http_methods(["GET", "POST"])
def integrations(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is delegated to the account, or delegate more."""
    actor = actor_of(request)
    account = account_with(actor=actor, token=token)
    known = list_integrations(actor=actor)
    values: dict[str, str] = {}
    problem = None
    if request.method == "POST":
        values = {name: request.POST.get(name, "") for name in _COLUMNS}
        try:
            said = _delegated(actor, account, known, values)
        except Refused as refused:
            problem = refused
        else:
            return went_well(request, address=f"/accounts/{token}/integrations", said=said)
    complaints = complaints_of(problem, columns=_COLUMNS)
    at = today(management_account=actor.management_account, now=clock())
    page = {
        "head": head_of(account, tab="integrations", actor=actor),
        "given": [_given(row, at) for row in account.delegations.all()],
        "fields": _fields(known, values, complaints, cost_places(actor=actor)),
        "has_integrations": bool(known),
        "complaints": complaints,
        "section": "accounts",
    }
    return render(request, "account/integrations.html", page, status=_INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the last day of one delegation, and end it then or take it back altogether."""
    actor = actor_of(request)
    actor.must_write_rules()
    account = account_with(actor=actor, token=token)
    named = {name: request.GET.get(name, "") for name in ("integration", "billing", "sub", "start")}
    integration = integration_with(actor=actor, token=named["integration"])
    last_day = (
        request.POST.get("end_date") or today(management_account=actor.management_account, now=clock()).isoformat()
    )
    problem = ""
    if request.method == "POST":
        try:
            said = _ended(actor, account, integration, named, "" if "all" in request.POST else last_day)
        except Refused as refused:
            if refused.code in {"not_found", "not_permitted"}:
                raise
            problem = refused.message
        else:
            return went_well(request, address=f"/accounts/{token}/integrations", said=said)
    values = {
        "account": account.name,
        "integration": integration.name,
        "what": _what(named["billing"], named["sub"]),
        "field": Field(
            name="end_date", label=_("Last day"), kind="date", value=last_day, problem=problem, place="dialog"
        ),
        "url": f"/accounts/{token}/integrations/end?{urlencode(named)}",
        "section": "accounts",
    }
    return in_dialog(
        request, "account/_end.html", values, back=f"/accounts/{token}/integrations", title=_("End a delegation")
    )


def _delegated(actor: Actor, account: ManagedAccount, known: Sequence[Integration], values: Mapping[str, str]) -> str:
    actor.must_write_rules()
    findings = Findings()
    integration = next((each for each in known if each.token == values["integration"]), None)
    if integration is None:
        findings.error("blank", "integration", _("Choose the integration that the costs come from"))
    start = findings.read_date(values["start_date"], column="start_date")
    last = findings.read_date(values["end_date"], column="end_date")
    findings.refuse_if_any()
    assert integration is not None
    subs = [part.strip() for part in values["sub_account_ids"].replace("\n", ",").split(",") if part.strip()]
    delegate(
        actor=actor,
        integration=integration,
        account=account,
        billing_account_id=values["billing_account_id"],
        sub_account_ids=subs,
        start_date=start,
        end_date=last,
        now=clock(),
    )
    return _("%(integration)s was delegated to %(account)s") % {"integration": integration, "account": account}


def _ended(
    actor: Actor, account: ManagedAccount, integration: Integration, named: Mapping[str, str], last_day: str
) -> str:
    findings = Findings()
    start = findings.read_date(named["start"], column="start")
    last = findings.read_date(last_day, column="end_date")
    findings.refuse_if_any()
    end_delegation(
        actor=actor,
        integration=integration,
        account=account,
        billing_account_id=named["billing"],
        sub_account_id=named["sub"],
        start_date=start,
        last_day=last,
        now=clock(),
    )
    return _("The delegation ends on %(day)s") % {"day": day(last)} if last else _("The delegation was taken back")


def _fields(
    known: Sequence[Integration], values: Mapping[str, str], complaints: Complaints, places: CostPlaces
) -> tuple[Field, ...]:
    def field(name: str, label: str, **more: object) -> Field:
        common = {"name": name, "label": label, "value": values.get(name, ""), "problem": complaints.about(name)}
        return Field(**common, **more)  # type: ignore[arg-type]

    names = choices_of((each.token, f"{each} ({each.provider})") for each in known)
    return (
        field("integration", _("Integration"), kind="select", choices=names),
        field(
            "billing_account_id",
            _("Billing account"),
            style="half",
            is_optional=True,
            hint=_("Empty: all that the integration brings."),
            suggestions=places.billing_accounts,
        ),
        field(
            "sub_account_ids",
            _("Accounts, subscriptions or projects"),
            style="half",
            is_optional=True,
            hint=_("Their identifiers, with commas between."),
            suggestions=places.sub_accounts,
        ),
        field("start_date", _("From"), kind="date", style="half", is_optional=True),
        field("end_date", _("Until"), kind="date", style="half", is_optional=True),
    )


def _given(row: Delegation, at: date) -> Given:
    named = {
        "integration": row.integration.token,
        "billing": row.billing_account_id,
        "sub": row.sub_account_id,
        "start": row.start_date.isoformat() if row.start_date else "",
    }
    return Given(
        integration=row.integration.name,
        provider=row.integration.provider,
        what=_what(row.billing_account_id, row.sub_account_id),
        start=day(row.start_date) or _("the beginning"),
        end=day(row.end_date) or _("further notice"),
        pill=_pill(row, at),
        is_customers_own=row.connected_by_customer,
        end_url=f"/accounts/{row.managed_account.token}/integrations/end?{urlencode(named)}",
    )


def _pill(row: Delegation, at: date) -> Pill:
    if row.end_date is not None and row.end_date < at:
        return Pill(label=_("Ended"), tone="quiet")
    if row.start_date is not None and row.start_date > at:
        return Pill(label=_("Not yet"), tone="ready")
    return Pill(label=_("Active"), tone="good")


def _what(billing_account: str, sub_account: str) -> str:
    if sub_account and billing_account:
        return _("Account %(account)s of %(billing)s") % {"account": sub_account, "billing": billing_account}
    if sub_account:
        return _("Account %(account)s") % {"account": sub_account}
    return _("Billing account %(billing)s") % {"billing": billing_account} if billing_account else _("Everything")
