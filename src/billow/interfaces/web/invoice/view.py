"""One invoice's page, and its documents."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.invoice.shown import seen_of, shown
from billow.interfaces.web.invoices.download import file_response
from billow.usecases.read_invoices import invoice_page, preview

CHANGED = "billow:changed"


@require_GET
def one_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """Show one invoice with lines, rules, history and a preview."""
    actor = actor_of(request)
    page = shown(invoice_page(actor=actor, token=token), actor=actor, now=clock())
    return render(
        request,
        "invoice/page.html",
        {"page": page, "row": page.row, "section": "invoices", "expanded": request.GET.get("expand") == "all"},
    )


@require_GET
def live_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """Say whether the page is out of date."""
    actor, now = actor_of(request), clock()
    page = invoice_page(actor=actor, token=token)
    seen = seen_of(shown(page, actor=actor, now=now).row, page)
    headers = {} if seen == request.GET.get("seen") else {"HX-Trigger": CHANGED}
    return HttpResponse(status=204, headers=headers)


@require_GET
@xframe_options_sameorigin
def document(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Answer with the PDF (shown by the browser) or the CSV (kept); a page's own preview is no download."""
    if kind not in {"pdf", "csv"}:
        raise Http404
    is_preview = kind == "pdf" and "v" in request.GET
    file = preview(actor=actor_of(request), token=token, kind=kind, now=None if is_preview else clock())
    return file_response(file, as_attachment=kind == "csv")
