"""The second step of signing in: the code of an authenticator app, or a recovery code."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import clock
from billow.interfaces.web.frame.sessions import start_session
from billow.interfaces.web.shown.fields import Field
from billow.records.accounts.models import User
from billow.usecases.one_time_codes import check_code
from billow.usecases.refused import Refused

WAITS = "code_for"
"""Where the session keeps who gave the right password and has yet to give the code."""

PATIENCE = timedelta(minutes=10)


def ask_for_code(request: HttpRequest, *, user: User, target: str) -> HttpResponse:
    """Go on to the code, under a new session key; nobody is signed in yet."""
    request.session.cycle_key()
    request.session[WAITS] = {
        "user": user.token,
        "proof": user.get_session_auth_hash(),
        "since": clock().isoformat(),
        "target": target,
    }
    return HttpResponseRedirect("/sign-in/code")


@login_not_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code_page(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and sign in whoever has it."""
    user = _waiting(request)
    if user is None or request.user.is_authenticated:
        return HttpResponseRedirect(settings.LOGIN_URL)
    problem, status = "", 200
    if request.method == "POST":
        try:
            check_code(user=user, code=request.POST.get("code", "")[:100], now=clock())
        except Refused as refused:
            problem, status = refused.message, 429 if refused.code == "too_many_attempts" else 422
        else:
            target = request.session.pop(WAITS)["target"]
            start_session(request, user=user, method="code")
            return HttpResponseRedirect(target)
    field = Field(
        name="code",
        label=_("Code"),
        hint=_("Six digits from your authenticator app, or one of your recovery codes."),
        problem=problem,
        autocomplete="one-time-code",
    )
    return render(request, "sign_in/code.html", {"field": field}, status=status)


def _waiting(request: HttpRequest) -> User | None:
    """Return who waits for the code; None after too long, or when the password was changed meanwhile."""
    waits = request.session.get(WAITS)
    if not waits or clock() - datetime.fromisoformat(waits["since"]) > PATIENCE:
        return None
    user = User.objects.select_related("management_account").filter(token=waits["user"]).first()
    same = user is not None and constant_time_compare(user.get_session_auth_hash(), waits["proof"])
    return user if same else None
