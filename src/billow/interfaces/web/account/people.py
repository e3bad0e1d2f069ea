"""The people of a managed account, who see its portal, and a form to invite one more."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.account.tabs import head_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key
from billow.interfaces.web.shown.fields import Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.shown.roles import role_name
from billow.interfaces.web.shown.times import moment, zone_of
from billow.records.accounts.models import Role
from billow.records.billing.models import ManagedAccount
from billow.usecases.accounts import account_with
from billow.usecases.actor import Actor
from billow.usecases.customers_people import invite_customer, people_of
from billow.usecases.refused import Refused

_COLUMNS = ("email", "name", "role")
_ROLES = (Role.VIEWER, Role.EDITOR, Role.OWNER)
_INVALID = 422


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest, token: str) -> HttpResponse:
    """Show who sees the account's portal; invite the person that was typed."""
    actor = actor_of(request)
    account = account_with(actor=actor, token=token)
    people_of(actor=actor, account=account)  # refuses whoever may not see them before anything is read
    values = {name: request.POST.get(name, "").strip() for name in _COLUMNS}
    values["role"] = values["role"] or Role.VIEWER.value
    problem = None
    if request.method == "POST":
        said = _("An invitation goes to %(email)s") % {"email": values["email"]}
        try:
            return done_once(request, work=lambda: _invited(actor, account, values), said=said)
        except Refused as refused:
            if refused.code in {"not_permitted", "not_found"}:
                raise
            problem = refused
    complaints = complaints_of(problem, columns=_COLUMNS)
    page = {
        "head": head_of(account, tab="people", actor=actor),
        "rows": _rows(actor, account),
        "fields": _fields(values, complaints),
        "complaints": complaints,
        "once": request.POST.get("once") or form_key(),
        "section": "accounts",
    }
    return render(request, "account/people.html", page, status=_INVALID if problem else 200)


def _invited(actor: Actor, account: ManagedAccount, values: Mapping[str, str]) -> str:
    invite_customer(
        actor=actor,
        account=account,
        email=values["email"],
        name=values["name"],
        role=values["role"],
        now=clock(),
    )
    return f"/accounts/{account.token}/people"


def _rows(actor: Actor, account: ManagedAccount) -> list[dict[str, object]]:
    now, zone = clock(), zone_of(actor.management_account.time_zone)
    return [
        {
            "token": user.token,
            "name": str(user),
            "email": user.email if user.name else "",
            "role": role_name(user.role),
            "is_active": user.is_active,
            "seen": moment(user.last_seen_at, zone=zone, now=now) if user.last_seen_at else None,
        }
        for user in people_of(actor=actor, account=account)
    ]


def _fields(values: Mapping[str, str], complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(
            name="email",
            label=_("E-mail address"),
            kind="email",
            style="half",
            value=values["email"],
            problem=complaints.about("email"),
        ),
        Field(
            name="name",
            label=_("Name"),
            style="half",
            value=values["name"],
            problem=complaints.about("name"),
            is_optional=True,
        ),
        Field(
            name="role",
            label=_("Role"),
            kind="select",
            value=values["role"],
            problem=complaints.about("role"),
            choices=choices_of((role.value, role_name(role.value)) for role in _ROLES),
            hint=_("Every role sees the whole portal; cost reports are kept by editors and owners."),
        ),
    )
