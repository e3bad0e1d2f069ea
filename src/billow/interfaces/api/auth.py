"""Who asks: the bearer token of a request becomes an actor, once, at the door."""

import re
from datetime import datetime
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from billow.interfaces.api.chunked import read_pieces
from billow.interfaces.api.json_body import refuse_unreadable
from billow.interfaces.api.limits import Allowance, counter
from billow.interfaces.api.problem import Problem
from billow.usecases.actor import Actor
from billow.usecases.api_tokens import Bearer, bearer_of

_COSTS = re.compile(r"/v2/costs(/|$)")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiRequest(HttpRequest):
    """A request that passed the door."""

    auth: Bearer
    allowance: Allowance


class ApiToken(HttpBearer):
    """Let in who has a token with the scope: ``read`` for reading, ``write`` for the rest unless said otherwise."""

    def __init__(self, *, scope: str | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Bearer:
        """Return who acts; raise Refused or Problem."""
        now = clock()
        bearer = bearer_of(secret=token.strip(), now=now)
        refuse_too_many(request, counter.take(token=bearer.token, now=now), what="requests")
        if _COSTS.match(request.path_info):
            refuse_too_many(request, counter.take_costs(token=bearer.token, now=now), what="questions about costs")
        scope = self.scope or ("read" if request.method in _READING else "write")
        if scope not in bearer.scopes:
            raise Problem(403, f"The API token has no {scope} scope.")
        refuse_unreadable(request.path)
        read_pieces(request)  # not before it is known who sends them
        return bearer


def refuse_too_many(request: HttpRequest, allowance: Allowance | None, *, what: str) -> None:
    """Let the answer's headers tell what is left; raise Problem where it is used up."""
    if allowance is not None:
        request.allowance = allowance  # type: ignore[attr-defined]
        if allowance.refused:
            raise Problem(429, f"More than {allowance.limit} {what} in a minute. Wait, then go on.")


def bearer(request: HttpRequest) -> Bearer:
    """Return the token that the request came with."""
    return cast(ApiRequest, request).auth


def caller(request: HttpRequest) -> Actor:
    """Return the actor who makes the request."""
    return bearer(request).actor


def clock() -> datetime:
    """Return the present instant, UTC: a door is where the clock is read."""
    return timezone.now()
