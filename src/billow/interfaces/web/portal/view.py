"""The customer's own pages: approved invoices, their documents, and whom to write to."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import CUSTOMERS_HOME, open_to_customers
from billow.interfaces.web.invoices.download import file_response
from billow.interfaces.web.portal.shown import contact_shown, page_shown, row_shown
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.usecases.read_own_invoices import (
    account_of,
    contact,
    own_credit_note_document,
    own_document,
    own_invoice,
    page_of_own_invoices,
)


@open_to_customers
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show a customer its invoices and whom to ask; people of the MSP have another first page."""
    actor = actor_of(request)
    if not actor.is_customer:
        return HttpResponseRedirect("/")
    found = page_of_own_invoices(actor=actor, wanted=page_wanted(request.GET.dict()))
    rows = [row_shown(row) for row in found.items]
    values = {
        "section": "portal",
        "account": account_of(actor).name,
        "latest": rows[0] if rows and found.wanted.number == 1 else None,
        "rows": rows,
        "total": found.total,
        "turning": turning(found, path=CUSTOMERS_HOME, fields={}),
        "contact": contact_shown(contact(actor=actor)),
    }
    return render(request, "portal/home.html", values)


@open_to_customers
@require_GET
def own_invoice_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show one approved invoice as its customer sees it."""
    actor = actor_of(request)
    if not actor.is_customer:
        return HttpResponseRedirect(f"/invoices/{token}")
    page = page_shown(own_invoice(actor=actor, token=token))
    return render(request, "portal/invoice.html", {"section": "portal", "page": page, "row": page.row})


@open_to_customers
@require_GET
@xframe_options_sameorigin
def own_invoice_document(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Answer with a stored document; the page's own preview of the PDF is no download."""
    is_preview = kind == "pdf" and "v" in request.GET
    file = own_document(actor=actor_of(request), token=token, kind=kind, now=None if is_preview else clock())
    return file_response(file, as_attachment=kind != "pdf")


@open_to_customers
@require_GET
def credit_note_document(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Answer with a stored document of a credit note."""
    file = own_credit_note_document(actor=actor_of(request), token=token, kind=kind, now=clock())
    return file_response(file, as_attachment=kind != "pdf")


@open_to_customers
@require_GET
def sellers_logo(request: HttpRequest) -> HttpResponse:
    """Answer with the logo of whoever sends the invoices."""
    logo = contact(actor=actor_of(request)).logo
    if logo is None:
        raise Http404
    return HttpResponse(logo, content_type="image/png")
