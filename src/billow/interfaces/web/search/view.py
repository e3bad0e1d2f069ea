"""Search: an invoice by its number, a customer by name or address."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.shown.pills import Pill, status_pill
from billow.interfaces.web.shown.times import month_short
from billow.usecases.search import MOST_CHARACTERS, Found, search

_MOST_IN_THE_BAR, _MOST_ON_THE_PAGE = 6, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One line of what was found; ``pill`` is an invoice's status."""

    url: str
    title: str
    words: str
    pill: Pill | None = None


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what was found, in the bar while one types or on a page; go straight to the only thing there is."""
    text = request.GET.get("q", "").strip()[:MOST_CHARACTERS]
    is_bar = bool(request.headers.get("HX-Request"))
    found = search(actor=actor_of(request), text=text, most=_MOST_IN_THE_BAR if is_bar else _MOST_ON_THE_PAGE)
    accounts, invoices = _accounts(found), _invoices(found)
    page = {"text": text, "accounts": accounts, "invoices": invoices, "has_more": found.has_more}
    if is_bar:
        return render(request, "search/_found.html", page)
    if only := _only(text, accounts, invoices):
        return HttpResponseRedirect(only.url)
    return render(request, "search/page.html", page)


def _only(text: str, accounts: tuple[Hit, ...], invoices: tuple[Hit, ...]) -> Hit | None:
    """Return the invoice with exactly this number, or the one customer or invoice that was found."""
    exact = [hit for hit in invoices if hit.title.casefold() == text.casefold()]
    if len(exact) == 1:
        return exact[0]
    if len(accounts) == 1:
        return accounts[0]
    return invoices[0] if len(invoices) == 1 and not accounts else None


def _accounts(found: Found) -> tuple[Hit, ...]:
    return tuple(Hit(url=f"/accounts/{row.token}", title=row.name, words=row.contact_email) for row in found.accounts)


def _invoices(found: Found) -> tuple[Hit, ...]:
    return tuple(
        Hit(
            url=f"/invoices/{row.token}",
            title=row.number,
            words=f"{row.account} · {month_short(row.period)}",
            pill=status_pill(row.status),
        )
        for row in found.invoices
    )
