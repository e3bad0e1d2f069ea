"""The first page: how far the close of the month is, and what to do next."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers, to_portal
from billow.interfaces.web.overview.shown import shown_of
from billow.records.accounts.models import Permission
from billow.terms.period import BillingPeriod, InvalidBillingPeriod
from billow.usecases.close_overview import close_overview


@open_to_customers
@require_GET
def overview_page(request: HttpRequest) -> HttpResponse:
    """Show the month's close to people of the MSP; a customer's own people have another first page."""
    actor, now = actor_of(request), clock()
    if not actor.may(Permission.SEE_MANAGEMENT):
        return to_portal(request)
    overview = close_overview(actor=actor, now=now, period=_period(request.GET.get("period", "")))
    shown = shown_of(overview, actor=actor, now=now)
    mark = hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
    if request.GET.get("mark") == mark:
        return HttpResponse(status=204)  # what is on the screen stays, with the focus on it
    return render(request, "overview/page.html", {"section": "overview", "overview": shown, "mark": mark})


def _period(text: str) -> BillingPeriod | None:
    try:
        return BillingPeriod.parse(text)
    except InvalidBillingPeriod:
        return None
