"""Access tokens: which there are, a new one, which is shown once, and the end of one."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.api_tokens.form import COLUMNS, NEW_SERVICE, days_of, token_form, typed_values
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import form_key, in_dialog, shown_once, went_well
from billow.interfaces.web.shown.fields import complaints_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.roles import role_name
from billow.interfaces.web.shown.times import day, moment, zone_of
from billow.records.accounts.models import ApiToken, Permission, User
from billow.usecases.actor import Actor
from billow.usecases.api_tokens import NewToken, revoke_token
from billow.usecases.list_api_tokens import (
    NewService,
    count_tokens,
    create_token_for,
    page_of_tokens,
    token_holders,
    token_with,
)
from billow.usecases.refused import Refused
from billow.usecases.teams import all_teams

PATH = "/settings/tokens"
_INVALID = 422


@require_GET
def tokens_page(request: HttpRequest) -> HttpResponse:
    """Show the tokens that work, or those that have ended."""
    actor, now = actor_of(request), clock()
    ended = request.GET.get("show") == "ended"
    page = page_of_tokens(actor=actor, wanted=page_wanted(request.GET.dict()), ended=ended, now=now)
    values = {
        "section": "settings",
        "place": "tokens",
        "ended": ended,
        "others": count_tokens(actor=actor, ended=not ended, now=now),
        "total": page.total,
        "rows": [_row(each, actor=actor, now=now) for each in page.items],
        "turning": turning(page, path=PATH, fields={"show": "ended" if ended else ""}),
        "sees_all": actor.may(Permission.ADMINISTER),
    }
    return render(request, "api_tokens/page.html", values)


@require_http_methods(["GET", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """Show the form for a new token, or make it and show its secret, this once."""
    actor = actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            made = shown_once(request, work=lambda: _made(request, actor), back=PATH)
        except Refused as refused:
            problem = refused
        else:
            if made is None:
                said = _("The token was made when the form was sent first; its secret was shown then and never again")
                return went_well(request, address=PATH, said=said)
            return _secret(request, made)
    form = token_form(
        actor=actor,
        values=typed_values(request.POST, actor=actor),
        holders=token_holders(actor=actor),
        teams=all_teams(actor=actor) if actor.may(Permission.ADMINISTER) else (),
        complaints=complaints_of(problem, columns=COLUMNS),
    )
    values = {
        "section": "settings",
        "place": "tokens",
        "form": form,
        "complaints": form.complaints,
        "once": request.POST.get("once") or form_key(),
    }
    return render(request, "api_tokens/new.html", values, status=_INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to end the token, and do it."""
    actor, now = actor_of(request), clock()
    row = token_with(actor=actor, token=token)
    if request.method == "POST":
        revoke_token(actor=actor, token=row.token, now=now)
        return went_well(request, address=PATH, said=_("%(name)s was revoked") % {"name": _name(row)})
    values = {
        "section": "settings",
        "url": f"{PATH}/{row.token}/revoke",
        "row": _row(row, actor=actor, now=now),
    }
    return in_dialog(request, "api_tokens/_revoke.html", values, back=PATH, title=_("Revoke the token"))


def _made(request: HttpRequest, actor: Actor) -> NewToken:
    values = typed_values(request.POST, actor=actor)
    now, holder = clock(), values["holder"]
    days = days_of(values["expires"])
    return create_token_for(
        actor=actor,
        holder=NewService(name=values["service"], role=values["role"], team=values["team"])
        if holder == NEW_SERVICE
        else holder,
        scopes=["read", "write"] if values["scope"] == "read,write" else [values["scope"]],
        description=values["description"],
        expires_at=None if days is None else now + timedelta(days=days),
        now=now,
    )


def _secret(request: HttpRequest, made: NewToken) -> HttpResponse:
    values = {
        "section": "settings",
        "place": "tokens",
        "name": _name(made.row),
        "owner": _owner(made.row.user),
        "secret": made.secret,
        "address": request.build_absolute_uri("/v2/me"),
    }
    return render(request, "api_tokens/made.html", values)


def _row(row: ApiToken, *, actor: Actor, now: datetime) -> dict[str, object]:
    zone = zone_of(actor.management_account.time_zone)
    soon = row.expires_at is not None and now < row.expires_at <= now + timedelta(days=14)
    return {
        "token": row.token,
        "name": _name(row),
        "owner": _owner(row.user),
        "owner_is": _kind(row.user),
        "scopes": _("Read and write") if "write" in row.scopes else _("Read only"),
        "used": moment(row.last_used_at, zone=zone, now=now) if row.last_used_at else None,
        "made": day(row.created_at.astimezone(zone).date()),
        "expires": day(row.expires_at.astimezone(zone).date()) if row.expires_at else "",
        "soon": soon,
        "ended": _ended(row, now=now),
    }


def _ended(row: ApiToken, *, now: datetime) -> str:
    if row.revoked_at is not None:
        return _("Revoked")
    if row.expires_at is not None and row.expires_at <= now:
        return _("Expired")
    return "" if row.user.is_active else _("Its owner may not sign in")


def _name(row: ApiToken) -> str:
    return row.description or row.token


def _owner(user: User) -> str:
    return user.name or user.email


def _kind(user: User) -> str:
    parts = [_("Service") if user.is_service else user.email, role_name(user.role)]
    if user.managed_account is not None:
        parts.append(user.managed_account.name)
    return " · ".join(parts)
