"""Read webhooks as a person looks at them: what each was told last, and what became of one call."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from billow.records.webhooks.models import CallStatus, WebhookCall, WebhookEndpoint
from billow.usecases.actor import Actor
from billow.usecases.call_webhooks import OPEN
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.webhooks import calls_of, list_endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """A webhook with its newest call, if any, and how many calls failed and wait."""

    endpoint: WebhookEndpoint
    last: WebhookCall | None
    failed: int
    waiting: int


def endpoints_with_calls(*, actor: Actor) -> Sequence[EndpointRow]:
    """Return every webhook, oldest first; two queries, however many there are."""
    endpoints = list_endpoints(actor=actor).annotate(
        newest=Max("calls__pk"),
        failed=Count("calls", filter=Q(calls__status=CallStatus.FAILED)),
        waiting=Count("calls", filter=Q(calls__status__in=OPEN)),
    )
    counted = list(endpoints.values_list("pk", "newest", "failed", "waiting"))
    newest = WebhookCall.objects.filter(pk__in=[key for _, key, _, _ in counted if key is not None])
    calls = {call.pk: call for call in newest.select_related("event")}
    found = {endpoint.pk: endpoint for endpoint in list_endpoints(actor=actor)}
    return tuple(
        EndpointRow(endpoint=found[pk], last=calls.get(key or 0), failed=failed, waiting=waiting)
        for pk, key, failed, waiting in counted
    )


def page_of_calls(
    *, actor: Actor, endpoint: WebhookEndpoint, status: str | None = None, wanted: PageWanted
) -> Page[WebhookCall]:
    """Return one page of a webhook's calls, newest first."""
    return page_of(calls_of(actor=actor, endpoint=endpoint, status=status), wanted=wanted)


def call_with(*, actor: Actor, endpoint: WebhookEndpoint, token: str) -> WebhookCall:
    """Return the webhook's call with this token, with its event and attempts."""
    call = calls_of(actor=actor, endpoint=endpoint).filter(token=token).first()
    if call is None:
        raise Refused("not_found", "Resource not found")
    return call
