"""Users: the list of people, services and customers' people, a new one, and one to change or to disable."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import form_key, in_dialog, shown_once, went_well
from billow.interfaces.web.shown.fields import complaints_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.roles import role_name
from billow.interfaces.web.shown.times import Moment, moment, zone_of
from billow.interfaces.web.users.form import COLUMNS, SHOWN, new_fields, one_fields, typed_values
from billow.interfaces.web.users.way_in import shown_way_in
from billow.records.accounts.models import Permission, User
from billow.usecases.actor import Actor
from billow.usecases.invite_people import Invited, invite_person
from billow.usecases.list_people import (
    Kind,
    count_everybody,
    hidden_from,
    kind_of,
    memberships_of,
    page_of_everybody,
    somebody_with,
)
from billow.usecases.refused import Refused
from billow.usecases.teams import all_teams
from billow.usecases.users import change_user

PATH = "/settings/users"
_INVALID = 422
_MOST_CHARACTERS = 100
_MOST_HIDDEN = 20


@require_GET
def users_page(request: HttpRequest) -> HttpResponse:
    """Show everybody of one kind."""
    actor, now = actor_of(request), clock()
    kind = Kind(request.GET["kind"]) if request.GET.get("kind") in set(Kind) else Kind.PEOPLE
    text = request.GET.get("q", "").strip()[:_MOST_CHARACTERS]
    page = page_of_everybody(actor=actor, kind=kind, text=text, wanted=page_wanted(request.GET.dict()))
    counts = count_everybody(actor=actor)
    values = {
        "section": "settings",
        "place": "users",
        "kind": kind.value,
        "tabs": [
            {"key": each.value, "name": name, "count": counts[each], "url": PATH + query}
            for each, name, query in (
                (Kind.PEOPLE, _("Your people"), ""),
                (Kind.CUSTOMERS, _("Customers' people"), "?kind=customers"),
                (Kind.SERVICES, _("Services"), "?kind=services"),
            )
        ],
        "text": text,
        "rows": [_row(each, actor=actor, now=now) for each in page.items],
        "turning": turning(page, path=PATH, fields={"kind": "" if kind is Kind.PEOPLE else kind.value, "q": text}),
    }
    return render(request, "users/page.html", values)


@require_http_methods(["GET", "POST"])
def new_user(request: HttpRequest) -> HttpResponse:
    """Show the form for somebody new, or add them: a link is mailed, or a first password is shown, this once."""
    actor = actor_of(request)
    actor.must(Permission.ADMINISTER)
    problem = None
    if request.method == "POST":
        try:
            made = shown_once(request, work=lambda: _invited(request, actor), back=PATH)
        except Refused as refused:
            problem = refused
        else:
            if made is None:
                said = _("The person was added when the form was sent first; a password was shown only then")
                return went_well(request, address=PATH, said=said)
            if not made.password:
                said = _("A link to choose a password is on its way to %(email)s") % {"email": made.user.email}
                return went_well(request, address=f"{PATH}/{made.user.token}", said=said)
            values = {"section": "settings", "place": "users", "user": made.user, "password": made.password}
            return render(request, "users/made.html", values)
    complaints = complaints_of(problem, columns=COLUMNS)
    values = {
        "section": "settings",
        "place": "users",
        "fields": new_fields(typed_values(request.POST), all_teams(actor=actor), complaints),
        "complaints": complaints,
        "once": request.POST.get("once") or form_key(),
    }
    return render(request, "users/new.html", values, status=_INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def one_user(request: HttpRequest, token: str) -> HttpResponse:
    """Show somebody with teams and what they may not see, or save name and role."""
    actor, now = actor_of(request), clock()
    user = somebody_with(actor=actor, token=token)
    name, typed, problem = str(user), {"name": user.name, "role": user.role}, None
    if request.method == "POST":
        typed = {field: request.POST.get(field, "").strip() for field in ("name", "role")}
        try:
            changed = change_user(actor=actor, user=user, fields=typed, now=now)
        except Refused as refused:
            problem = refused
        else:
            return went_well(request, address=f"{PATH}/{token}", said=_("%(name)s was saved") % {"name": changed})
    complaints = complaints_of(problem, columns=COLUMNS)
    user = somebody_with(actor=actor, token=token)
    values = {
        "section": "settings",
        "place": "users",
        "name": name,
        "user": _row(user, actor=actor, now=now),
        "fields": one_fields(typed, complaints),
        "complaints": complaints,
        **_sight(actor, user),
        **shown_way_in(user, actor=actor, now=now),
    }
    return render(request, "users/one.html", values, status=_INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def disable(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether somebody should be kept out from now on, and do it."""
    actor, now = actor_of(request), clock()
    user = somebody_with(actor=actor, token=token)
    problem = ""
    if request.method == "POST":
        try:
            change_user(actor=actor, user=user, fields={"is_active": False}, now=now)
        except Refused as refused:
            problem = refused.message
        else:
            said = _("%(name)s was disabled") % {"name": user}
            return went_well(request, address=f"{PATH}/{token}", said=said)
    values = {
        "section": "settings",
        "url": f"{PATH}/{token}/disable",
        "name": str(user),
        "is_me": actor.user == user,
        "kind": kind_of(user).value,
        "problem": problem,
    }
    title = _("Disable %(name)s") % {"name": user}
    return in_dialog(request, "users/_disable.html", values, back=f"{PATH}/{token}", title=title)


@require_http_methods(["POST"])
def enable(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody in again."""
    actor = actor_of(request)
    user = somebody_with(actor=actor, token=token)
    change_user(actor=actor, user=user, fields={"is_active": True}, now=clock())
    return went_well(request, address=f"{PATH}/{token}", said=_("%(name)s may sign in again") % {"name": user})


def _invited(request: HttpRequest, actor: Actor) -> Invited:
    values = typed_values(request.POST)
    return invite_person(
        actor=actor,
        email=values["email"],
        name=values["name"],
        role=values["role"],
        team=values["team"],
        by_mail=values["way"] != SHOWN,
        now=clock(),
    )


def _sight(actor: Actor, user: User) -> dict[str, object]:
    """Return the teams of one of the MSP's own, and which accounts stay hidden because of them."""
    if kind_of(user) is Kind.CUSTOMERS:
        return {}
    hidden, number = hidden_from(actor=actor, user=user, most=_MOST_HIDDEN)
    return {
        "teams": [
            {"token": each.team.token, "name": each.team.name} for each in memberships_of(actor=actor, user=user)
        ],
        "hidden": hidden,
        "more_hidden": number - len(hidden),
    }


def _row(user: User, *, actor: Actor, now: datetime) -> dict[str, object]:
    kind = kind_of(user)
    teams = user.memberships.all() if kind is not Kind.CUSTOMERS else ()
    return {
        "token": user.token,
        "name": str(user),
        "email": "" if user.is_service else user.email,
        "has_name": bool(user.name),
        "kind": kind.value,
        "is_me": actor.user == user,
        "role": role_name(user.role),
        "account": user.managed_account.name if user.managed_account is not None else "",
        "teams": ", ".join(sorted(member.team.name for member in teams)),
        "seen": _seen(user, actor=actor, now=now),
        "is_active": user.is_active,
    }


def _seen(user: User, *, actor: Actor, now: datetime) -> Moment | None:
    at = max((each for each in (user.last_seen_at, user.last_login) if each is not None), default=None)
    return None if at is None else moment(at, zone=zone_of(actor.management_account.time_zone), now=now)
