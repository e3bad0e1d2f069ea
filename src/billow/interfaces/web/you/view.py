"""One's own account: the name, the look, the password, and the browsers one is signed in with."""

from dataclasses import dataclass

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.frame.sessions import start_session
from billow.interfaces.web.shown.browser import browser_words
from billow.interfaces.web.shown.fields import Complaints, Field, complaints_of
from billow.interfaces.web.shown.times import Moment, moment, zone_of
from billow.records.accounts.models import User
from billow.usecases.actor import Actor
from billow.usecases.browser_sessions import end_all_sessions, end_session, list_sessions
from billow.usecases.one_time_codes import codes_state
from billow.usecases.own_account import change_own_name, change_own_password
from billow.usecases.passkeys import list_passkeys, passkeys_possible
from billow.usecases.refused import Refused

PATH = "/you"
_INVALID = 422
_COLUMNS = {"name": ("name",), "password": ("current", "password", "again")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser of the list; ``is_this`` is the one that looks at it."""

    token: str
    name: str
    method: str
    address: str
    began: Moment
    seen: Moment
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPasskey:
    """One passkey of the list."""

    token: str
    name: str
    added: Moment
    used: Moment | None


@open_to_customers
@require_GET
def you_page(request: HttpRequest) -> HttpResponse:
    """Show everything about oneself."""
    return _page(request)


@open_to_customers
@require_POST
def change_name(request: HttpRequest) -> HttpResponse:
    """Change how others see the person."""
    try:
        change_own_name(actor=actor_of(request), name=request.POST.get("name", ""), now=clock())
    except Refused as refused:
        return _page(request, place="name", refused=refused)
    return went_well(request, address=PATH, said=_("Your name was saved"))


@open_to_customers
@sensitive_post_parameters("current", "password", "again")
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password; this browser goes on with a new session, all others are signed out."""
    try:
        person = change_own_password(
            actor=actor_of(request),
            current=request.POST.get("current", ""),
            password=request.POST.get("password", ""),
            again=request.POST.get("again", ""),
            now=clock(),
        )
    except Refused as refused:
        return _page(request, place="password", refused=refused)
    start_session(request, user=person, method="password")
    return went_well(request, address=PATH, said=_("Your password was changed; other browsers are signed out"))


@open_to_customers
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the person, this one too."""
    end_all_sessions(actor=actor_of(request), now=clock())
    logout(request)
    return HttpResponseRedirect("/sign-in?done=everywhere")


@open_to_customers
@require_POST
def end_browser(request: HttpRequest, token: str) -> HttpResponse:
    """Sign one other browser out."""
    end_session(actor=actor_of(request), token=token, now=clock())
    return went_well(request, address=f"{PATH}#browsers", said=_("The browser is signed out"))


def _page(request: HttpRequest, *, place: str = "", refused: Refused | None = None) -> HttpResponse:
    actor = actor_of(request)
    found = complaints_of(refused, columns=_COLUMNS.get(place, ()))
    person = actor.user
    assert isinstance(person, User), "the page needs a signed-in person"
    page = {
        "person": person,
        "complaints": found,
        "name_field": _name_field(request, person, found),
        "password_fields": _password_fields(found),
        "has_password": person.has_usable_password(),
        "codes": codes_state(actor=actor),
        "passkeys": _passkeys(actor),
        "passkeys_possible": passkeys_possible(),
        "browsers": _browsers(request, actor),
    }
    status = 200 if refused is None else 429 if refused.code == "too_many_attempts" else _INVALID
    return render(request, "you/page.html", page, status=status)


def _name_field(request: HttpRequest, person: User, found: Complaints) -> Field:
    return Field(
        name="name",
        label=_("Name"),
        value=request.POST.get("name", person.name),
        problem=found.about("name"),
        autocomplete="name",
    )


def _password_fields(found: Complaints) -> tuple[Field, ...]:
    rows = (
        ("current", _("Present password"), "current-password", ""),
        ("password", _("New password"), "new-password", _("At least 10 characters.")),
        ("again", _("The same once more"), "new-password", ""),
    )
    return tuple(
        Field(
            name=name,
            label=label,
            kind="password",
            hint=hint,
            autocomplete=autocomplete,
            problem=found.about(name),
            style="third",
        )
        for name, label, autocomplete, hint in rows
    )


def _passkeys(actor: Actor) -> tuple[ShownPasskey, ...]:
    zone, now = zone_of(actor.management_account.time_zone), clock()
    return tuple(
        ShownPasskey(
            token=row.token,
            name=row.name,
            added=moment(row.created_at, zone=zone, now=now),
            used=None if row.last_used_at is None else moment(row.last_used_at, zone=zone, now=now),
        )
        for row in list_passkeys(actor=actor)
    )


def _browsers(request: HttpRequest, actor: Actor) -> tuple[Browser, ...]:
    zone, now = zone_of(actor.management_account.time_zone), clock()
    methods = {"password": _("password"), "code": _("password and code"), "passkey": _("passkey"), "oidc": _("sign-on")}
    return tuple(
        Browser(
            token=row.token,
            name=browser_words(row.browser),
            method=methods.get(row.method, row.method),
            address=row.address,
            began=moment(row.created_at, zone=zone, now=now),
            seen=moment(row.last_seen_at, zone=zone, now=now),
            is_this=row.session_key == request.session.session_key,
        )
        for row in list_sessions(actor=actor, now=now)
    )
