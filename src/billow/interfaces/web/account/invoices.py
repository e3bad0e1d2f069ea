"""The invoices of one managed account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.account.tabs import head_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.invoices.rows import Reader, invoice_row
from billow.interfaces.web.shown.times import zone_of
from billow.usecases.accounts import account_with
from billow.usecases.read_invoices import list_invoices


@require_GET
def invoices(request: HttpRequest, token: str) -> HttpResponse:
    """Show every invoice of the account, newest month first."""
    actor, now = actor_of(request), clock()
    account = account_with(actor=actor, token=token)
    reader = Reader(may_write=False, zone=zone_of(actor.management_account.time_zone), now=now)
    rows = [invoice_row(row, reader=reader) for row in list_invoices(actor=actor, account=account, now=now)]
    page = {"head": head_of(account, tab="invoices", actor=actor), "rows": rows, "section": "accounts"}
    return render(request, "account/invoices.html", page)
