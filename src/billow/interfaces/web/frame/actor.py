"""Who is at the console, and what time it is: read once per request, at the door."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from billow.records.accounts.models import User
from billow.usecases.actor import Actor, Source
from billow.usecases.enter_account import entered_account

ENTERED = "entered_account"
"""The session's word for the token of the customer's account that a person of the MSP is in."""
_KEPT = "_billow_actor"


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as an actor, in the customer's account where one was entered."""
    user = cast(User, request.user)
    token = request.session.get(ENTERED)
    kept: tuple[User, object, Actor] | None = getattr(request, _KEPT, None)
    if kept is not None and kept[0] is user and kept[1] == token:
        return kept[2]
    inside = entered_account(user=user, token=str(token)) if token else None
    if token and inside is None:
        del request.session[ENTERED]  # deleted, or not this person's to see any more
    actor = Actor(management_account=user.management_account, user=user, source=Source.CONSOLE, inside=inside)
    setattr(request, _KEPT, (user, token if inside else None, actor))
    return actor


def clock() -> datetime:
    """Return the present instant, UTC."""
    return timezone.now()
