"""What a customer's own people may open: the addresses that say so, and no other, however new it is."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from billow.interfaces.web.frame.actor import ENTERED, actor_of
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.frame.refusals import refused_page
from billow.usecases.actor import Actor
from billow.usecases.refused import Refused

ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])

CUSTOMERS_HOME = "/portal"
_MARK = "open_to_customers"


def open_to_customers(view: ViewT) -> ViewT:
    """Mark a view that customers may ask; it shows them what is theirs and nothing else."""
    setattr(view, _MARK, True)
    return view


def to_portal(request: HttpRequest) -> HttpResponse:
    """Send the browser to the portal, also where a page asked for a part of itself only."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": CUSTOMERS_HOME})
    return HttpResponseRedirect(CUSTOMERS_HOME)


class CustomersDoor:
    """Keep customers out of every view that is not marked, before it reads anything."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.respond(request)

    def process_view(self, request: HttpRequest, view: Any, *rest: Any) -> HttpResponse | None:  # noqa: ARG002
        """Answer whoever is in the wrong place; leave everybody else alone."""
        if not request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        was_inside = ENTERED in request.session
        actor = actor_of(request)
        if was_inside and actor.inside is None:
            gone = _(
                "You are no longer in the customer's account: it was deleted, or hidden from you. Nothing was done."
            )
            return went_well(request, address="/accounts", said=gone)
        account = actor.account
        if account is None:
            return None
        if account.deleted_at is not None:
            logout(request)
            return HttpResponseRedirect(settings.LOGIN_URL)
        return None if getattr(view, _MARK, False) else _closed(request, actor, account.name)


def _closed(request: HttpRequest, actor: Actor, account: str) -> HttpResponse:
    if actor.inside is None:
        return refused_page(request, refused=Refused("not_permitted", _("This page is not part of your portal.")))
    if request.method == "GET" and request.headers.get("HX-Request"):
        return to_portal(request)  # a page that was open before the account was entered, and asks for news
    words = _(
        "You are in the account of %(account)s. Leave it first; then this page of %(company)s is open to you again."
    )
    message = words % {"account": account, "company": actor.management_account.name}
    return refused_page(request, refused=Refused("not_permitted", message))
