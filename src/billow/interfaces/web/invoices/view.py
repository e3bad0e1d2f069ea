"""The Invoices screen, and what is asked for on it."""

import json
from collections.abc import Sequence
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.invoices.acts import ACTS, Act, in_words
from billow.interfaces.web.invoices.choice import choice_of
from billow.interfaces.web.invoices.confirmation import confirmation, period_of, rows_of, seen_of
from billow.interfaces.web.invoices.download import zip_of_documents
from billow.interfaces.web.invoices.month import chosen_rows, month, today_of
from billow.interfaces.web.invoices.result import Result, result_of
from billow.interfaces.web.invoices.watermark import watermark
from billow.usecases.actor import Actor
from billow.usecases.approve_invoices import approve
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import request_generation, request_regeneration
from billow.usecases.refused import BulkResult, ItemResult
from billow.usecases.send_invoices import send

CHANGED = "billow:changed"
_FINGERPRINT_DIGITS = 6


@require_GET
def invoices_page(request: HttpRequest) -> HttpResponse:
    """Show a month's invoices and what can be invoiced."""
    actor, now = actor_of(request), clock()
    choice = choice_of(request.GET.dict(), today=today_of(actor, now))
    page = {"month": month(actor=actor, choice=choice, now=now), "section": "invoices"}
    return render(request, "invoices/page.html", page)


@require_GET
def live_rows(request: HttpRequest) -> HttpResponse:
    """Answer with the rows that changed since the page was shown, or with nothing."""
    actor, now = actor_of(request), clock()
    choice = choice_of(request.GET.dict(), today=today_of(actor, now))
    if request.GET.get("mark") == watermark(management_account=actor.management_account, choice=choice):
        return HttpResponse(status=204)
    shown = month(actor=actor, choice=choice, now=now, with_costs=False)
    seen = request.GET.get("seen", "")
    if request.GET.get("shape") != shown.live.shape or len(seen) != len(shown.live.seen):
        return HttpResponse(status=204, headers={"HX-Trigger": CHANGED})
    old = [seen[start : start + _FINGERPRINT_DIGITS] for start in range(0, len(seen), _FINGERPRINT_DIGITS)]
    changed = [row for row, fingerprint in zip(shown.rows, old, strict=True) if row.fingerprint != fingerprint]
    return render(request, "invoices/_live.html", {"month": shown, "changed": changed})


@require_POST
def confirm(request: HttpRequest, name: str) -> HttpResponse:
    """Say what the act would do; nothing is done yet."""
    act, actor, now = _act(name), actor_of(request), clock()
    if act.writes:
        actor.must_write_invoices()
    return _confirmation(request, actor=actor, act=act, items=_items(request, actor, now), now=now)


@require_POST
def do(request: HttpRequest, name: str) -> HttpResponse:
    """Do the act to the items that were confirmed, and say what became of each."""
    act, actor, now = _act(name), actor_of(request), clock()
    actor.must_write_invoices()
    items = request.POST.get("items", "").split()
    stale = request.POST.get("stale_items", "").split()
    if act.name == "approve":
        rows = rows_of(actor=actor, items=[*items, *stale], now=now)
        if request.POST.get("seen") != seen_of([row for row in rows if row.status in act.statuses]) and any(
            row.status in act.statuses for row in rows
        ):
            notice = _("Something changed since you looked. This is how it stands now; please confirm again.")
            return _confirmation(request, actor=actor, act=act, items=[*items, *stale], now=now, notice=notice)
    accept_stale = request.POST.get("accept_stale") == "yes"
    bulk = _run(
        actor,
        act,
        items=[*items, *stale] if accept_stale else items,
        reason=request.POST.get("reason", ""),
        accept_stale=accept_stale,
        now=now,
    )
    return _done(request, result_of(actor=actor, act=act, bulk=bulk))


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Answer with one ZIP file of the chosen documents."""
    kinds = [kind for kind in ("pdf", "csv") if kind in request.POST.getlist("kind")] or ["pdf"]
    items = request.POST.get("items", "").split()
    return zip_of_documents(actor=actor_of(request), tokens=items, kinds=kinds, now=clock())


def _act(name: str) -> Act:
    if name not in ACTS:
        raise Http404
    return in_words(ACTS[name])


def _items(request: HttpRequest, actor: Actor, now: datetime) -> list[str]:
    """Return what is asked for: one row by its menu, everything the filters show, or the ticked rows."""
    if only := request.POST.get("only", ""):
        return [only]
    if request.POST.get("scope") == "filter" or "step" in request.POST:
        fields = request.POST.dict()
        fields["status"] = request.POST.get("step", fields.get("status", ""))
        choice = choice_of({name: str(value) for name, value in fields.items()}, today=today_of(actor, now))
        return [row.item for row in chosen_rows(actor=actor, choice=choice, now=now)]
    return request.POST.getlist("item")


def _confirmation(
    request: HttpRequest, *, actor: Actor, act: Act, items: Sequence[str], now: datetime, notice: str = ""
) -> HttpResponse:
    rows = rows_of(actor=actor, items=items, now=now)
    if items and not rows:
        raise Http404
    shown = confirmation(actor=actor, act=act, rows=rows, notice=notice)
    return _in_dialog(request, "invoices/_confirmation.html", {"confirmation": shown})


def _run(actor: Actor, act: Act, *, items: Sequence[str], reason: str, accept_stale: bool, now: datetime) -> BulkResult:
    if act.name == "generate":
        return _generate(actor, items, now)
    if act.name == "regenerate":
        return request_regeneration(actor=actor, invoice_tokens=items, now=now)
    if act.name == "approve":
        return approve(actor=actor, invoice_tokens=items, now=now, accept_stale=accept_stale)
    if act.name == "send":
        return send(actor=actor, invoice_tokens=items, now=now)
    if act.name == "cancel":
        return cancel(actor=actor, invoice_tokens=items, reason=reason, now=now)
    raise Http404


def _generate(actor: Actor, items: Sequence[str], now: datetime) -> BulkResult:
    results: list[ItemResult] = []
    for period in sorted({period for item in items if (period := period_of(item))}):
        tokens = [item.partition(":")[0] for item in items if period_of(item) == period]
        results += request_generation(actor=actor, account_tokens=tokens, period=period, now=now).items
    return BulkResult(items=tuple(results))


def _done(request: HttpRequest, result: Result) -> HttpResponse:
    answer = _in_dialog(request, "invoices/_result.html", {"result": result})
    events: dict[str, object] = {CHANGED: {}}
    if result.is_simple:
        events["billow:said"] = {"text": result.title}
    answer.headers["HX-Trigger-After-Swap"] = json.dumps(events)
    return answer


def _in_dialog(request: HttpRequest, fragment: str, values: dict[str, object]) -> HttpResponse:
    """Answer with what goes into the page's dialog, or with a whole page where there is no script."""
    if request.headers.get("HX-Request"):
        return render(request, fragment, values)
    return render(request, "invoices/dialog.html", {**values, "fragment": fragment, "section": "invoices"})
