"""The page of a comparison."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.comparison.shown import shown_of
from billow.interfaces.web.frame.actor import actor_of
from billow.usecases.compare_invoices import compare_invoice


@require_GET
def compare_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what changed since the month before, or since another version."""
    found = compare_invoice(actor=actor_of(request), token=token, against=request.GET.get("with", "")[:20])
    return render(request, "comparison/page.html", {"section": "invoices", "page": shown_of(found, token=token)})
