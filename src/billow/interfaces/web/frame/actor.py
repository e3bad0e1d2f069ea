"""Who is at the console, and what time it is: read once per request, at the door."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from billow.records.accounts.models import User
from billow.usecases.actor import Actor, Source


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as an actor."""
    user = cast(User, request.user)
    return Actor(management_account=user.management_account, user=user, source=Source.CONSOLE)


def clock() -> datetime:
    """Return the present instant, UTC."""
    return timezone.now()
