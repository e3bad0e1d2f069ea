"""The session at the door: begun with a key of its own, remembered with its browser, renewed when a role changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar, cast
from urllib.parse import urlencode

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from billow.interfaces.web.frame.actor import clock
from billow.records.accounts.models import User
from billow.usecases.browser_sessions import NOTICED_EVERY, begin_session, notice_session, rename_session

SEEN, ROLE, PROVED = "seen_at", "role", "proved_at"
"""What a session keeps beside Django's own: when its use was last written down, the role it was begun with, and when
the person last showed who they are."""

PROOF_LASTS = timedelta(minutes=15)
"""How long after that the way in may be changed without another proof."""

CONFIRM = "/you/confirm"

ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])


def start_session(request: HttpRequest, *, user: User, method: str) -> None:
    """Sign somebody in under a new session key, and remember the browser."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if request.session.session_key is None:
        request.session.save()
    now = clock()
    request.session[SEEN], request.session[ROLE] = now.isoformat(), user.role
    request.session[PROVED] = now.isoformat()
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


def note_proof(request: HttpRequest) -> None:
    """Remember that the person has just shown who they are."""
    renew_session(request)
    request.session[PROVED] = clock().isoformat()


def is_proved(request: HttpRequest) -> bool:
    """Tell whether the person showed who they are a short while ago."""
    proved = request.session.get(PROVED, "")
    return bool(proved) and clock() - datetime.fromisoformat(proved) < PROOF_LASTS


def recently_proved(view: ViewT) -> ViewT:
    """Ask for the password first where it was last given a while ago: an open browser is not yet its owner."""

    @wraps(view)
    def proved(request: HttpRequest, **parts: str) -> HttpResponseBase:
        if is_proved(request):
            return view(request, **parts)
        back = request.path if request.method == "GET" else "/you"
        return HttpResponseRedirect(f"{CONFIRM}?{urlencode({'next': back})}")

    return cast(ViewT, proved)


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
