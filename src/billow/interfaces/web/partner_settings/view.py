"""The way to every setting."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.frame.settings_places import groups_for
from billow.records.accounts.models import Permission


@require_GET
def all_settings(request: HttpRequest) -> HttpResponse:
    """Show what can be set, each with what it is for."""
    actor = actor_of(request)
    actor.must(Permission.SEE_MANAGEMENT)
    values = {"section": "settings", "place": "all", "groups": groups_for(actor.may)}
    return render(request, "partner_settings/page.html", values)
