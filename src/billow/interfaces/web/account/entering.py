"""Enter a customer's account as Manager User, and leave it."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billow.interfaces.web.frame.actor import ENTERED, actor_of, clock
from billow.interfaces.web.frame.customers import CUSTOMERS_HOME, open_to_customers
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.frame.sessions import renew_session
from billow.usecases.enter_account import enter_account, leave_account


@open_to_customers
@require_POST
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Go on in the customer's account, with a session key of its own."""
    actor = actor_of(request)
    if actor.inside is not None and actor.inside.token == token:
        return HttpResponseRedirect(CUSTOMERS_HOME)
    account = enter_account(actor=actor, token=token, now=clock())
    renew_session(request)
    request.session[ENTERED] = account.token
    return HttpResponseRedirect(CUSTOMERS_HOME)


@open_to_customers
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Go back to where the account was entered; whoever is in none goes to the first page."""
    account = leave_account(actor=actor_of(request), now=clock())
    if account is None:
        return HttpResponseRedirect("/")
    renew_session(request)
    request.session.pop(ENTERED, None)
    return went_well(
        request, address=f"/accounts/{account.token}", said=_("You left %(account)s") % {"account": account.name}
    )
