"""One webhook: its calls and what became of them, its settings, and what can be done with it."""

import json
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, in_dialog, shown_once, went_well
from billow.interfaces.web.shown.fields import choices_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.webhooks.form import complaints_about, typed_fields, typed_values, values_of, webhook_form
from billow.interfaces.web.webhooks.shown import call_pill, event_name, host_of, state_of, when
from billow.interfaces.web.webhooks.view import PATH, secret_page
from billow.records.webhooks.models import CallStatus, WebhookAttempt, WebhookCall, WebhookEndpoint
from billow.usecases.actor import Actor
from billow.usecases.list_webhooks import call_with, page_of_calls
from billow.usecases.refused import Refused
from billow.usecases.webhooks import (
    OVERLAP,
    change_endpoint,
    endpoint_with,
    remove_endpoint,
    replay,
    rotate_secret,
    send_test,
)

_INVALID = 422
_UNDER_WAY = frozenset({CallStatus.QUEUED, CallStatus.CALLING})
_DAYS = (1, 7, 30)


@require_GET
def one_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """Show the calls of a webhook, newest first."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    status = request.GET.get("status", "")
    status = status if status in CallStatus.values else ""
    page = page_of_calls(actor=actor, endpoint=endpoint, status=status or None, wanted=page_wanted(request.GET.dict()))
    busy = {call.status for call in page.items} & {*_UNDER_WAY, CallStatus.DEFERRED}
    values = {
        **_head(endpoint, "calls"),
        "rows": [_row(call, endpoint) for call in page.items],
        "status": status,
        "statuses": choices_of([("", _("All")), *((each, call_pill(each).label) for each in CallStatus.values)]),
        "turning": turning(page, path=f"{PATH}/{token}", fields={"status": status}),
        "here": request.get_full_path(),
        "every_s": 2 if busy & _UNDER_WAY else 20 if busy else 0,
        "once": form_key(),
    }
    return render(request, "webhooks/calls.html", values)


@require_http_methods(["GET", "POST"])
def webhook_settings(request: HttpRequest, token: str) -> HttpResponse:
    """Show what can be changed of a webhook, or save it."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    values, problem = values_of(endpoint), None
    if request.method == "POST":
        values = typed_values(request.POST)
        try:
            change_endpoint(actor=actor, endpoint=endpoint, fields=typed_fields(request.POST), now=clock())
        except Refused as refused:
            problem = refused
        else:
            return went_well(request, address=f"{PATH}/{token}/settings", said=_("The webhook was saved"))
    form = webhook_form(values, complaints_about(problem))
    page = {**_head(endpoint, "settings"), "form": form, "complaints": form.complaints}
    return render(request, "webhooks/settings.html", page, status=_INVALID if problem else 200)


@require_GET
def one_call(request: HttpRequest, token: str, call: str) -> HttpResponse:
    """Show one call: what was sent, and every attempt with its answer."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    found = call_with(actor=actor, endpoint=endpoint, token=call)
    values = {
        **_head(endpoint, "calls"),
        "call": _row(found, endpoint),
        "payload": json.dumps(json.loads(found.event.payload), indent=2, ensure_ascii=False),
        "attempts": [_attempt(each, endpoint) for each in found.tries.all()],
    }
    return render(request, "webhooks/call.html", values)


@require_POST
def try_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """Send a test event."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)

    def work() -> str:
        send_test(actor=actor, endpoint=endpoint, now=clock())
        return f"{PATH}/{token}"

    return done_once(request, work=work, said=_("A test event is on its way"))


@require_POST
def replay_call(request: HttpRequest, token: str, event: str) -> HttpResponse:
    """Send one event again."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    replay(actor=actor, endpoint=endpoint, event_token=event, now=clock())
    return went_well(request, address=f"{PATH}/{token}", said=_("The event is on its way again"))


@require_http_methods(["GET", "POST"])
def replay_failed(request: HttpRequest, token: str) -> HttpResponse:
    """Ask since when all that failed should be sent again, and do it."""

    def work(actor: Actor, endpoint: WebhookEndpoint) -> str:
        days = request.POST.get("days", "")
        since = clock() - timedelta(days=int(days) if days in {str(each) for each in _DAYS} else 1)
        number = replay(actor=actor, endpoint=endpoint, failed_since=since, now=clock())
        if not number:
            return _("Nothing failed since then")
        return ngettext("%(number)s event is on its way again", "%(number)s events are on their way again", number) % {
            "number": number
        }

    days = [(str(each), ngettext("The last day", "The last %(days)s days", each) % {"days": each}) for each in _DAYS]
    return _asked(request, token, "replay-failed", work, days=choices_of(days))


@require_http_methods(["GET", "POST"])
def pause_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to call the webhook no more for now, and do it."""

    def work(actor: Actor, endpoint: WebhookEndpoint) -> str:
        change_endpoint(actor=actor, endpoint=endpoint, fields={"active": False}, now=clock())
        return _("The webhook is paused")

    return _asked(request, token, "pause", work)


@require_POST
def resume_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """Call the webhook again from now on."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    change_endpoint(actor=actor, endpoint=endpoint, fields={"active": True}, now=clock())
    return went_well(request, address=f"{PATH}/{token}", said=_("The webhook is called again"))


@require_http_methods(["GET", "POST"])
def new_secret(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the webhook should get a new secret, and show it, this once."""
    actor = actor_of(request)
    endpoint = endpoint_with(actor=actor, token=token)
    if request.method == "POST":
        overlap = timedelta() if request.POST.get("overlap") == "none" else OVERLAP
        made = shown_once(
            request,
            work=lambda: rotate_secret(actor=actor, endpoint=endpoint, overlap=overlap, now=clock()),
            back=f"{PATH}/{token}/settings",
        )
        if made is None:
            said = _("The secret was made when the form was sent first; it was shown then")
            return went_well(request, address=f"{PATH}/{token}/settings", said=said)
        return secret_page(request, made)
    return _asked(request, token, "secret", None, once=form_key(), overlap_hours=int(OVERLAP.total_seconds() // 3600))


@require_http_methods(["GET", "POST"])
def remove_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to delete the webhook, and do it."""

    def work(actor: Actor, endpoint: WebhookEndpoint) -> str:
        remove_endpoint(actor=actor, endpoint=endpoint, now=clock())
        return _("%(name)s was deleted") % {"name": endpoint}

    return _asked(request, token, "delete", work, after=PATH)


def _asked(
    request: HttpRequest,
    token: str,
    act: str,
    work: Callable[[Actor, WebhookEndpoint], str] | None,
    *,
    after: str = "",
    **more: object,
) -> HttpResponse:
    """Show the question before an act, or do it and go to the webhook."""
    actor, back = actor_of(request), f"{PATH}/{token}"
    endpoint = endpoint_with(actor=actor, token=token)
    problem = ""
    if request.method == "POST" and work is not None:
        try:
            said = work(actor, endpoint)
        except Refused as refused:
            if refused.code in {"not_permitted", "not_found"}:
                raise
            problem = refused.message
        else:
            return went_well(request, address=after or back, said=said)
    values = {
        "section": "settings",
        "act": act,
        "url": f"{back}/{act}",
        "name": endpoint.description or host_of(endpoint.url),
        "problem": problem,
        **more,
    }
    title = endpoint.description or host_of(endpoint.url)
    return in_dialog(request, "webhooks/_ask.html", values, back=back, title=title)


def _head(endpoint: WebhookEndpoint, tab: str) -> dict[str, object]:
    account = endpoint.management_account
    return {
        "section": "settings",
        "place": "webhooks",
        "tab": tab,
        "hook": {
            "token": endpoint.token,
            "name": endpoint.description or host_of(endpoint.url),
            "host": host_of(endpoint.url),
            "state": state_of(endpoint),
            "active": endpoint.active,
            "off_reason": endpoint.off_reason,
            "off_since": when(endpoint.off_since, account) if endpoint.off_since else None,
            "failing_since": when(endpoint.failing_since, account) if endpoint.failing_since else None,
        },
    }


def _row(call: WebhookCall, endpoint: WebhookEndpoint) -> dict[str, object]:
    account = endpoint.management_account
    tries = list(call.tries.all())
    return {
        "token": call.token,
        "event": call.event.token,
        "name": event_name(call.event.type),
        "type": call.event.type,
        "at": when(call.event.created_at, account),
        "pill": call_pill(call.status),
        "attempts": len(tries),
        "answer": tries[-1].response_status if tries else None,
        "outcome": call.outcome_message,
        "next": when(call.next_attempt_at, account)
        if call.status == CallStatus.DEFERRED and call.next_attempt_at
        else None,
        "may_replay": endpoint.active and call.status in {CallStatus.ACCEPTED, CallStatus.FAILED},
    }


def _attempt(attempt: WebhookAttempt, endpoint: WebhookEndpoint) -> dict[str, object]:
    took = attempt.ended_at - attempt.started_at if attempt.ended_at else None
    return {
        "at": when(attempt.started_at, endpoint.management_account),
        "took": "" if took is None else f"{took.total_seconds():.2f} s",
        "answer": attempt.response_status,
        "is_good": attempt.code == "accepted",
        "message": attempt.message,
        "excerpt": attempt.excerpt,
    }
