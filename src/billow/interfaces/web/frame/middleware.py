"""What holds for every page: who may see it, what the browser may load, and how a refusal looks."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from billow.interfaces.web.frame.refusals import refused_page
from billow.interfaces.web.frame.theme import is_own_address
from billow.usecases.refused import Refused

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
DOCUMENT_POLICY = "frame-ancestors 'self'"
"""A browser's own PDF viewer stops under a stricter policy; a PDF runs no script in our origin."""

Respond = Callable[[HttpRequest], HttpResponseBase]


class StrictHeaders:
    """Tell the browser to run and load nothing that is not ours, and to cache no page."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers to every answer."""
        answer = self.respond(request)
        is_document = answer.headers.get("Content-Type", "").startswith("application/pdf")
        answer.headers.setdefault("Content-Security-Policy", DOCUMENT_POLICY if is_document else PAGE_POLICY)
        answer.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not request.path.startswith(settings.STATIC_URL):
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


class SignedIn(LoginRequiredMiddleware):
    """Send whoever is not signed in to the sign-in page, and afterwards back to the page they were on."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:  # noqa: ARG002
        """Answer a page with a redirect, and a fragment with the wish that the browser goes there."""
        address = f"{settings.LOGIN_URL}?{urlencode({'next': _page_of(request)})}"
        answer = HttpResponseRedirect(address)
        if request.headers.get("HX-Request"):
            answer.status_code = 204
            answer.headers["HX-Redirect"] = address
            del answer.headers["Location"]
        return answer


class Refusals:
    """Show a use case's refusal as a page, or as a message where only a fragment was asked for."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.respond(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Answer a refusal; leave everything else alone."""
        return refused_page(request, refused=problem) if isinstance(problem, Refused) else None


def _page_of(request: HttpRequest) -> str:
    """Return the page to come back to: this one, or the one whose button or fragment was asked for."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return request.get_full_path()
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not is_own_address(page, request=request):
        return "/"
    parts = urlsplit(page)
    return parts.path + (f"?{parts.query}" if parts.query else "")
