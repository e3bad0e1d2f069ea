"""Light, dark, or as the system has it: a choice kept in a cookie so that pages need no script for it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "billow_theme"
THEMES = ("system", "light", "dark")
_A_YEAR_S = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """Return the theme that this browser chose."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else "system"


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme and go back to the page."""
    back = request.POST.get("back", "")
    answer = HttpResponseRedirect(back if is_own_path(back, request=request) else "/")
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            COOKIE, chosen, max_age=_A_YEAR_S, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    return answer


def is_own_path(address: str, *, request: HttpRequest) -> bool:
    """Tell whether it is a path of this installation, so that forms may carry it along."""
    return address.startswith("/") and is_own_address(address, request=request)


def is_own_address(address: str, *, request: HttpRequest) -> bool:
    """Tell whether it is safe to send the browser to this address."""
    return bool(address) and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
