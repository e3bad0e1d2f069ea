"""Sign in through the company's identity provider."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import clock
from billow.interfaces.web.frame.sessions import start_session
from billow.interfaces.web.frame.theme import is_own_path
from billow.interfaces.web.sign_in.view import sign_in_again
from billow.usecases.refused import Refused
from billow.usecases.sign_in_by_oidc import arrive, depart

ASKED = "oidc_asked"
"""Where the session keeps what was asked of the provider, until its one answer comes."""


@login_not_required
@require_GET
def to_provider(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    wished = request.GET.get("next", "")
    target = wished if is_own_path(wished, request=request) else settings.LOGIN_REDIRECT_URL
    try:
        departure = depart(now=clock())
    except Refused as refused:
        if refused.code == "not_found":
            raise
        return sign_in_again(request, refused=refused, target=target)
    request.session[ASKED] = {**departure.kept, "target": target}
    return HttpResponseRedirect(departure.address)


@login_not_required
@require_GET
def from_provider(request: HttpRequest) -> HttpResponse:
    """Sign in whom the provider sent back."""
    kept = request.session.pop(ASKED, None)
    target = kept["target"] if kept else settings.LOGIN_REDIRECT_URL
    answer = {
        name: request.GET.get(name, "")[:4096] for name in ("state", "code", "iss", "error") if name in request.GET
    }
    try:
        user = arrive(answer=answer, kept=kept, address=request.META.get("REMOTE_ADDR", ""), now=clock())
    except Refused as refused:
        if refused.code == "not_found":
            raise
        return sign_in_again(request, refused=refused, target=target)
    start_session(request, user=user, method="oidc")
    return HttpResponseRedirect(target)
