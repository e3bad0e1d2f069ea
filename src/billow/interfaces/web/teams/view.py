"""Teams: the list, a new one, its name, its members, which customers they see, and its end."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, in_dialog, went_well
from billow.interfaces.web.shown.fields import Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.roles import role_name
from billow.records.accounts.models import Permission, Team, TeamMember
from billow.usecases.actor import Actor
from billow.usecases.refused import Refused
from billow.usecases.team_access import AccessRow, Size, page_of_access, people_outside, set_accesses, sizes_of
from billow.usecases.teams import (
    add_member,
    add_team,
    change_team,
    delete_team,
    members_of,
    page_of_teams,
    remove_member,
    team_with,
)

PATH = "/settings/teams"
COLUMNS = ("name", "description")
_INVALID = 422
_MOST_CHARACTERS = 100


@require_GET
def teams_page(request: HttpRequest) -> HttpResponse:
    """Show the teams with how many they are and how much they say."""
    actor = _owner(request)
    page = page_of_teams(actor=actor, wanted=page_wanted(request.GET.dict()))
    sizes = sizes_of(actor=actor, teams=tuple(page.items))
    values = {
        "section": "settings",
        "place": "teams",
        "rows": [_row(team, sizes[team.token]) for team in page.items],
        "turning": turning(page, path=PATH, fields={}),
    }
    return render(request, "teams/page.html", values)


@require_http_methods(["GET", "POST"])
def new_team(request: HttpRequest) -> HttpResponse:
    """Show the form for a new team, or make it."""
    actor, problem = _owner(request), None
    typed = _typed(request)

    def work() -> str:
        return f"{PATH}/{add_team(actor=actor, fields=typed, now=clock()).token}"

    if request.method == "POST":
        try:
            said = _("%(name)s was added; now its members and customers") % {"name": typed["name"]}
            return done_once(request, work=work, said=said)
        except Refused as refused:
            problem = refused
    complaints = complaints_of(problem, columns=COLUMNS)
    values = {
        "section": "settings",
        "place": "teams",
        "fields": _fields(typed, complaints),
        "complaints": complaints,
        "once": request.POST.get("once") or form_key(),
    }
    return render(request, "teams/new.html", values, status=_INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def one_team(request: HttpRequest, token: str) -> HttpResponse:
    """Show a team with its members and what it says about the customers, or save its name."""
    actor = _owner(request)
    team = team_with(actor=actor, token=token)
    if request.method == "GET":
        return _shown(request, actor, team, None)
    try:
        change_team(actor=actor, team=team, fields=_typed(request), now=clock())
    except Refused as refused:
        return _shown(request, actor, team_with(actor=actor, token=token), refused)
    return went_well(request, address=f"{PATH}/{token}", said=_("The team was saved"))


@require_POST
def add_to_team(request: HttpRequest, token: str) -> HttpResponse:
    """Put somebody into the team."""

    def work(actor: Actor, team: Team) -> str:
        member = add_member(actor=actor, team=team, email=request.POST.get("email", ""), now=clock())
        return _("%(name)s is in the team") % {"name": member.user}

    return _changed(request, token, work)


@require_POST
def remove_from_team(request: HttpRequest, token: str, user: str) -> HttpResponse:
    """Take somebody out of the team."""

    def work(actor: Actor, team: Team) -> str:
        remove_member(actor=actor, team=team, user_token=user, now=clock())
        return _("The team has one member less")

    return _changed(request, token, work)


@require_POST
def say_access(request: HttpRequest, token: str) -> HttpResponse:
    """Say about the customers of a page whether the team sees them."""
    said = {
        name.removeprefix("access-"): str(value) for name, value in request.POST.items() if name.startswith("access-")
    }
    # Only what was chosen anew, so that what somebody else changed meanwhile stays.
    wanted = {token: value for token, value in said.items() if value != request.POST.get(f"was-{token}")}

    def work(actor: Actor, team: Team) -> str:
        number = set_accesses(actor=actor, team=team, wanted=wanted, now=clock())
        return ngettext("%(number)s customer was changed", "%(number)s customers were changed", number) % {
            "number": number
        }

    return _changed(request, token, work)


@require_http_methods(["GET", "POST"])
def remove_team(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to delete the team, and do it."""
    actor = _owner(request)
    team = team_with(actor=actor, token=token)
    if request.method == "POST":
        delete_team(actor=actor, team=team, now=clock())
        return went_well(request, address=PATH, said=_("%(name)s was deleted") % {"name": team.name})
    size = sizes_of(actor=actor, teams=(team,))[team.token]
    values = {"section": "settings", "url": f"{PATH}/{token}/delete", "name": team.name, "size": size}
    title = _("Delete %(name)s") % {"name": team.name}
    return in_dialog(request, "teams/_delete.html", values, back=f"{PATH}/{token}", title=title)


def _owner(request: HttpRequest) -> Actor:
    """Return the actor; the pages say which customers are hidden from whom, which only an owner may know."""
    actor = actor_of(request)
    actor.must(Permission.ADMINISTER)
    return actor


def _changed(request: HttpRequest, token: str, work: Callable[[Actor, Team], str]) -> HttpResponse:
    """Do the work and come back to the page of the team, to where one was in its list."""
    actor = _owner(request)
    team = team_with(actor=actor, token=token)
    try:
        said = work(actor, team)
    except Refused as refused:
        return _shown(request, actor, team, refused)
    kept = {name: request.POST.get(name, "") for name in ("q", "page") if request.POST.get(name)}
    address = f"{PATH}/{token}" + (f"?{urlencode(kept)}" if kept else "")
    return went_well(request, address=address, said=said)


def _shown(request: HttpRequest, actor: Actor, team: Team, problem: Refused | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    text = asked.get("q", "").strip()[:_MOST_CHARACTERS]
    complaints = complaints_of(problem, columns=COLUMNS)
    page = page_of_access(actor=actor, team=team, text=text, wanted=page_wanted(asked.dict()))
    kept: dict[str, object] = {"name": team.name, "description": team.description or ""}
    values = {
        "section": "settings",
        "place": "teams",
        "team": {"token": team.token, "name": team.name, "is_everyone": team.is_everyone},
        "fields": _fields(_typed(request) if "name" in request.POST else kept, complaints),
        "complaints": complaints,
        "members": [_member(each) for each in members_of(team=team)],
        "outside": choices_of(
            (email, f"{name}, {email}" if name else email) for email, name in people_outside(actor=actor, team=team)
        ),
        "accounts": [_access(each, team) for each in page.items],
        "text": text,
        "at": page.wanted.number,
        "has_accounts": bool(page.total or text),
        "turning": turning(page, path=f"{PATH}/{team.token}", fields={"q": text}),
    }
    return render(request, "teams/one.html", values, status=_INVALID if problem else 200)


def _typed(request: HttpRequest) -> dict[str, object]:
    return {name: request.POST.get(name, "").strip() for name in COLUMNS}


def _fields(values: dict[str, object], complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(name="name", label=_("Name"), value=str(values["name"]), problem=complaints.about("name")),
        Field(
            name="description",
            label=_("Description"),
            kind="textarea",
            value=str(values["description"]),
            problem=complaints.about("description"),
            is_optional=True,
        ),
    )


def _row(team: Team, size: Size) -> dict[str, object]:
    return {
        "token": team.token,
        "name": team.name,
        "description": _("Everybody, by themselves") if team.is_everyone else team.description or "",
        "members": size.members,
        "can": size.can,
        "cannot": size.cannot,
    }


def _member(member: TeamMember) -> dict[str, str]:
    user = member.user
    return {
        "token": user.token,
        "name": str(user),
        "email": _("Service") if user.is_service else user.email if user.name else "",
        "role": role_name(user.role),
    }


def _access(row: AccessRow, team: Team) -> dict[str, object]:
    says = _("can see") if row.everyone == "can" else _("cannot see")
    choices = [("can", _("Can see")), ("cannot", _("Cannot see"))]
    if not team.is_everyone:
        choices.insert(0, ("inherit", _("As Everyone: %(says)s") % {"says": says}))
    elif row.said == "inherit":
        choices[0] = ("inherit", _("Can see"))
    return {"token": row.token, "name": row.name, "chosen": row.said, "choices": choices_of(choices), "sees": row.sees}
