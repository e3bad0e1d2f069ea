"""What a customer's own people may open: the addresses that say so, and no other, however new it is."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.frame.refusals import refused_page
from billow.usecases.refused import Refused

ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])

CUSTOMERS_HOME = "/portal"
_MARK = "open_to_customers"


def open_to_customers(view: ViewT) -> ViewT:
    """Mark a view that customers may ask; it shows them what is theirs and nothing else."""
    setattr(view, _MARK, True)
    return view


class CustomersDoor:
    """Keep customers out of every view that is not marked, before it reads anything."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.respond(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        """Answer a customer who is in the wrong place; leave everybody else alone."""
        if not request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        account = actor_of(request).account
        if account is None:
            return None
        if account.deleted_at is not None:
            logout(request)
            return HttpResponseRedirect(settings.LOGIN_URL)
        if getattr(view, _MARK, False):
            return None
        return refused_page(request, refused=Refused("not_permitted", "This page is not part of your portal."))
