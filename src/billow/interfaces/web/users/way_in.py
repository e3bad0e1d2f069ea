"""How somebody gets in: mail them a link, and help whoever has lost the phone."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import in_dialog, went_well
from billow.interfaces.web.shown.times import moment, zone_of
from billow.records.accounts.models import User
from billow.usecases.actor import Actor
from billow.usecases.list_people import somebody_with
from billow.usecases.mailed_links import invite_user
from billow.usecases.one_time_codes import forget_factors
from billow.usecases.refused import Refused
from billow.usecases.way_in import way_in

PATH = "/settings/users"


@require_POST
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Mail somebody a link with which they choose a password."""
    actor = actor_of(request)
    user = somebody_with(actor=actor, token=token)
    invite_user(actor=actor, user=user, now=clock())
    said = _("A link is on its way to %(email)s") % {"email": user.email}
    return went_well(request, address=f"{PATH}/{token}", said=said)


@require_http_methods(["GET", "POST"])
def recover(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether app, passkeys and sign-on of somebody should be forgotten, and do it."""
    actor = actor_of(request)
    user = somebody_with(actor=actor, token=token)
    problem = ""
    if request.method == "POST":
        try:
            forget_factors(actor=actor, user=user, now=clock())
        except Refused as refused:
            problem = refused.message
        else:
            said = _("%(name)s signs in with the password alone now") % {"name": user}
            return went_well(request, address=f"{PATH}/{token}", said=said)
    values = {"url": f"{PATH}/{token}/recover", "name": str(user), "problem": problem, "section": "settings"}
    title = _("Help %(name)s back in") % {"name": user}
    return in_dialog(request, "users/_recover.html", values, back=f"{PATH}/{token}", title=title)


def shown_way_in(user: User, *, actor: Actor, now: datetime) -> dict[str, object]:
    """Return what the page of a user says about getting in."""
    found = way_in(actor=actor, user=user, now=now)
    zone = zone_of(actor.management_account.time_zone)
    invited = None if found.invited_at is None else moment(found.invited_at, zone=zone, now=now)
    return {"way_in": found, "invited": invited}
