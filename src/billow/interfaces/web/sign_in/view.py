"""Sign in and out."""

from collections.abc import Mapping

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.sessions import start_session
from billow.interfaces.web.frame.theme import is_own_path
from billow.interfaces.web.sign_in.code import ask_for_code
from billow.usecases.browser_sessions import end_own_session
from billow.usecases.passkeys import passkeys_possible
from billow.usecases.refused import Refused
from billow.usecases.sign_in import needs_code, sign_in
from billow.usecases.sign_in_by_oidc import sign_on_name


class Credentials(forms.Form):
    """What a person types to sign in."""

    email = forms.EmailField(max_length=254, error_messages={"required": gettext_lazy("Write your e-mail address.")})
    password = forms.CharField(
        max_length=1024, strip=False, error_messages={"required": gettext_lazy("Write your password.")}
    )


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Show the form; with right credentials start a session of its own and go on to the wished page."""
    wished = request.POST.get("next") or request.GET.get("next", "")
    target = wished if is_own_path(wished, request=request) else settings.LOGIN_REDIRECT_URL
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = Credentials(request.POST or None)
    problem, status = "", 200
    if form.is_bound and form.is_valid():
        try:
            user = sign_in(
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
                address=request.META.get("REMOTE_ADDR", ""),
                now=clock(),
            )
        except Refused as refused:
            problem, status = refused.message, 429 if refused.code == "too_many_attempts" else 422
        else:
            if needs_code(user):
                return ask_for_code(request, user=user, target=target)
            start_session(request, user=user, method="password")
            return HttpResponseRedirect(target)
    problems = {name: str(form.errors.get(name, [""])[0]) for name in ("email", "password")} if form.is_bound else {}
    return _page(request, target=target, problem=problem, problems=problems, status=422 if form.errors else status)


def sign_in_again(request: HttpRequest, *, refused: Refused, target: str) -> HttpResponse:
    """Show the form after another way in was refused."""
    status = 429 if refused.code == "too_many_attempts" else 422
    return _page(request, target=target, problem=refused.message, problems={}, status=status)


def _page(request: HttpRequest, *, target: str, problem: str, problems: Mapping[str, str], status: int) -> HttpResponse:
    page = {
        "email": request.POST.get("email", ""),
        "target": target,
        "returns": target not in {"/", settings.LOGIN_REDIRECT_URL},
        "said": "" if request.method == "POST" else _said(request.GET.get("done", "")),
        "problem": problem,
        "email_problem": problems.get("email", ""),
        "password_problem": problems.get("password", ""),
        "passkeys_possible": passkeys_possible(),
        "sign_on": sign_on_name(),
    }
    return render(request, "sign_in/page.html", page, status=status)


def _said(done: str) -> str:
    """Return what is said to somebody who comes from another page of the way in."""
    return {
        "password": _("Your password is set. Sign in with it."),
        "everywhere": _("You are signed out in every browser."),
    }.get(done, "")


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if request.user.is_authenticated:
        end_own_session(actor=actor_of(request), session_key=request.session.session_key or "", now=clock())
    logout(request)
    return HttpResponseRedirect(settings.LOGIN_URL)
