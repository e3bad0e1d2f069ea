"""Webhooks: who is told of what happens here, and a new one, whose secret is shown once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import form_key, shown_once, went_well
from billow.interfaces.web.webhooks.form import complaints_about, typed_fields, typed_values, webhook_form
from billow.interfaces.web.webhooks.shown import call_pill, event_name, host_of, state_of, when
from billow.records.accounts.models import Permission
from billow.usecases.actor import Actor
from billow.usecases.list_webhooks import EndpointRow, endpoints_with_calls
from billow.usecases.refused import Refused
from billow.usecases.webhooks import EndpointWithSecret, add_endpoint

PATH = "/settings/webhooks"
_INVALID = 422


@require_GET
def webhooks_page(request: HttpRequest) -> HttpResponse:
    """Show the webhooks with the last call of each."""
    actor = actor_of(request)
    rows = [_row(each, actor) for each in endpoints_with_calls(actor=actor)]
    return render(request, "webhooks/page.html", {"section": "settings", "place": "webhooks", "rows": rows})


@require_http_methods(["GET", "POST"])
def new_webhook(request: HttpRequest) -> HttpResponse:
    """Show the form for a new webhook, or make it and show its secret, this once."""
    actor = actor_of(request)
    actor.must(Permission.ADMINISTER)
    problem = None
    if request.method == "POST":
        try:
            made = shown_once(request, work=lambda: _added(request, actor), back=PATH)
        except Refused as refused:
            problem = refused
        else:
            if made is None:
                said = _("The webhook was made when the form was sent first; its secret was shown then")
                return went_well(request, address=PATH, said=said)
            return secret_page(request, made)
    form = webhook_form(typed_values(request.POST), complaints_about(problem))
    values = {
        "section": "settings",
        "place": "webhooks",
        "form": form,
        "complaints": form.complaints,
        "once": request.POST.get("once") or form_key(),
    }
    return render(request, "webhooks/new.html", values, status=_INVALID if problem else 200)


def secret_page(request: HttpRequest, made: EndpointWithSecret) -> HttpResponse:
    """Answer with the secret, which no other page shows."""
    values = {
        "section": "settings",
        "place": "webhooks",
        "name": str(made.endpoint),
        "url": f"{PATH}/{made.endpoint.token}",
        "secret": made.secret,
        "old_until": when(made.old_until, made.endpoint.management_account) if made.old_until else None,
    }
    return render(request, "webhooks/secret.html", values)


def _added(request: HttpRequest, actor: Actor) -> EndpointWithSecret:
    return add_endpoint(actor=actor, **typed_fields(request.POST), now=clock())


def _row(row: EndpointRow, actor: Actor) -> dict[str, object]:
    endpoint, last = row.endpoint, row.last
    return {
        "token": endpoint.token,
        "name": endpoint.description or host_of(endpoint.url),
        "host": host_of(endpoint.url) if endpoint.description else "",
        "events": ", ".join(event_name(each) for each in endpoint.event_types) or _("All events"),
        "state": state_of(endpoint),
        "failed": row.failed,
        "waiting": row.waiting,
        "last": {
            "event": event_name(last.event.type),
            "pill": call_pill(last.status),
            "at": when(last.updated_at, actor.management_account),
        }
        if last
        else None,
    }
