"""The session at the door: begun with a key of its own, remembered with its browser, renewed when a role changes."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase

from billow.interfaces.web.frame.actor import clock
from billow.records.accounts.models import User
from billow.usecases.browser_sessions import NOTICED_EVERY, begin_session, notice_session, rename_session

SEEN, ROLE = "seen_at", "role"
"""What a session keeps beside Django's own: when its use was last written down, and the role it was begun with."""


def start_session(request: HttpRequest, *, user: User, method: str) -> None:
    """Sign somebody in under a new session key, and remember the browser."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if request.session.session_key is None:
        request.session.save()
    now = clock()
    request.session[SEEN], request.session[ROLE] = now.isoformat(), user.role
    begin_session(
        user=user,
        session_key=str(request.session.session_key),
        method=method,
        address=request.META.get("REMOTE_ADDR", ""),
        browser=request.headers.get("User-Agent", ""),
        now=now,
    )


def renew_session(request: HttpRequest) -> None:
    """Go on with the same session under a new key, because what it may do changes."""
    old_key = str(request.session.session_key)
    request.session.cycle_key()
    rename_session(old_key=old_key, new_key=str(request.session.session_key))


class KnownBrowsers:
    """Notices every few minutes that a browser is in use, and gives its session a new key when the role changed."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; sessions that were begun otherwise are left alone."""
        seen = request.session.get(SEEN)
        if seen and request.user.is_authenticated:
            _notice(request, request.user, datetime.fromisoformat(seen))
        return self.respond(request)


def _notice(request: HttpRequest, user: User, seen: datetime) -> None:
    now = clock()
    if request.session.get(ROLE) != user.role:
        renew_session(request)
        request.session[ROLE] = user.role
    if now - seen >= NOTICED_EVERY:
        request.session[SEEN] = now.isoformat()
        notice_session(user=user, session_key=str(request.session.session_key), now=now)
