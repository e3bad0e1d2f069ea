"""Webhooks: who is told of events, by HTTPS. An extension, and an owner's alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Flag, Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.webhooks.models import WebhookCall, WebhookEndpoint
from billow.usecases.page import page_of
from billow.usecases.webhooks import (
    OVERLAP,
    EndpointWithSecret,
    add_endpoint,
    calls_of,
    change_endpoint,
    endpoint_with,
    list_endpoints,
    remove_endpoint,
    replay,
    rotate_secret,
    send_test,
)

router = Router(tags=["Webhooks"])


class WebhookShown(Schema):
    """A webhook; no event types means all of them."""

    token: str = Field(examples=["whk_endpt_0123456789abcdef"])
    url: str = Field(examples=["https://erp.example.com/billow"])
    description: str
    event_types: list[str] = Field(examples=[["invoice.approved", "delivery.failed"]])
    active: bool
    off_since: str | None
    off_reason: str | None
    failing_since: str | None
    created_at: str
    updated_at: str


class WebhookWithSecret(WebhookShown):
    """A webhook with the secret of its signatures, which is shown this once."""

    secret: str = Field(examples=["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="])
    old_secret_until: str | None


class Webhooks(Schema):
    """A page of webhooks."""

    links: Links
    webhooks: list[WebhookShown]


class AttemptShown(Schema):
    """One request and its answer."""

    started_at: str
    ended_at: str | None
    response_status: int | None
    code: str = Field(examples=["accepted", "timeout", "http_500"])
    message: str
    excerpt: str


class CallShown(Schema):
    """One event for this webhook, and what became of it."""

    event_token: str = Field(examples=["whk_evt_0123456789abcdef"])
    type: str = Field(examples=["invoice.approved"])
    object_token: str
    occurred_at: str
    status: str = Field(examples=["queued", "calling", "accepted", "deferred", "failed"])
    outcome_code: str
    outcome_message: str
    next_attempt_at: str | None
    attempts: list[AttemptShown]


class Calls(Schema):
    """A page of calls."""

    links: Links
    calls: list[CallShown]


class CallQuery(PageQuery):
    """Which calls."""

    limit: int = Field(100, ge=1, description="Calls on a page, at most 1000.")
    status: str = ""


class WebhookGiven(Given):
    """A webhook as a client writes it."""

    url: Text = Field(None, examples=["https://erp.example.com/billow"])
    description: Text = None
    event_types: Texts = None
    active: Flag = None


class RotationGiven(Schema):
    """How long the old secret counts too."""

    overlap_hours: int | None = Field(None, ge=0, le=168, description="24 where missing.", examples=[48])


class ReplayGiven(Schema):
    """One event, or everything that failed since a time."""

    event_token: str | None = Field(None, examples=["whk_evt_0123456789abcdef"])
    failed_since: datetime | None = Field(None, examples=["2026-11-01T00:00:00Z"])


class Replayed(Schema):
    """How many events are queued again."""

    replayed: int


@router.get("", response=answers(Webhooks), operation_id="getWebhooks", summary="List webhooks")
def list_webhooks(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the webhooks, oldest first."""
    page = page_of(list_endpoints(actor=caller(request)), wanted=query.wanted())
    return {"links": links_of(request, page=page), "webhooks": [_shown(endpoint) for endpoint in page.items]}


@router.post(
    "", response=answers(WebhookWithSecret, status=201), operation_id="createWebhook", summary="Register a webhook"
)
def create_webhook(request: HttpRequest, given: Body[WebhookGiven]) -> Status[Any]:
    """Return the webhook with the secret of its signatures, which nobody can read again."""
    fields = given.fields()
    added = add_endpoint(
        actor=caller(request),
        url=fields.get("url", ""),
        description=fields.get("description", ""),
        event_types=fields.get("event_types", []),
        now=clock(),
    )
    return Status(201, _with_secret(added))


@router.get("/{webhook_token}", response=answers(WebhookShown), operation_id="getWebhook", summary="Show a webhook")
def get_webhook(request: HttpRequest, webhook_token: str) -> dict[str, Any]:
    """Return one webhook and how it is."""
    return _shown(endpoint_with(actor=caller(request), token=webhook_token))


@router.put(
    "/{webhook_token}", response=answers(WebhookShown), operation_id="updateWebhook", summary="Change a webhook"
)
def update_webhook(request: HttpRequest, webhook_token: str, given: Body[WebhookGiven]) -> dict[str, Any]:
    """Return the webhook as it is now; `active` switches it off and on."""
    actor = caller(request)
    endpoint = endpoint_with(actor=actor, token=webhook_token)
    return _shown(change_endpoint(actor=actor, endpoint=endpoint, fields=given.fields(), now=clock()))


@router.delete(
    "/{webhook_token}", response=answers(None, status=204), operation_id="deleteWebhook", summary="Remove a webhook"
)
def delete_webhook(request: HttpRequest, webhook_token: str) -> Status[None]:
    """Forget the webhook with its secrets and calls."""
    actor = caller(request)
    remove_endpoint(actor=actor, endpoint=endpoint_with(actor=actor, token=webhook_token), now=clock())
    return Status(204, None)


@router.post(
    "/{webhook_token}/rotate_secret",
    response=answers(WebhookWithSecret),
    operation_id="rotateWebhookSecret",
    summary="Make a new secret",
)
def rotate(request: HttpRequest, webhook_token: str, given: Body[RotationGiven | None] = None) -> dict[str, Any]:
    """Return the new secret; calls are signed with the old one too for a while."""
    actor = caller(request)
    hours = None if given is None else given.overlap_hours
    rotated = rotate_secret(
        actor=actor,
        endpoint=endpoint_with(actor=actor, token=webhook_token),
        overlap=OVERLAP if hours is None else timedelta(hours=hours),
        now=clock(),
    )
    return _with_secret(rotated)


@router.post(
    "/{webhook_token}/test", response=answers(CallShown), operation_id="testWebhook", summary="Queue a test event"
)
def test(request: HttpRequest, webhook_token: str) -> dict[str, Any]:
    """Return the queued call; ask for the webhook's calls to see what became of it."""
    actor = caller(request)
    return _call(send_test(actor=actor, endpoint=endpoint_with(actor=actor, token=webhook_token), now=clock()))


@router.post(
    "/{webhook_token}/replay",
    response=answers(Replayed),
    operation_id="replayWebhookEvents",
    summary="Call again for past events",
)
def replay_events(request: HttpRequest, webhook_token: str, given: Body[ReplayGiven]) -> dict[str, Any]:
    """Queue one event again, or everything that failed since a time; events keep their webhook-id."""
    actor, since = caller(request), given.failed_since
    replayed = replay(
        actor=actor,
        endpoint=endpoint_with(actor=actor, token=webhook_token),
        event_token=given.event_token or "",
        failed_since=since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since,
        now=clock(),
    )
    return {"replayed": replayed}


@router.get(
    "/{webhook_token}/calls",
    response=answers(Calls),
    operation_id="getWebhookCalls",
    summary="List a webhook's calls",
)
def list_calls(request: HttpRequest, webhook_token: str, query: Query[CallQuery]) -> dict[str, Any]:
    """Return the calls, newest first, each with its attempts."""
    actor = caller(request)
    endpoint = endpoint_with(actor=actor, token=webhook_token)
    page = page_of(calls_of(actor=actor, endpoint=endpoint, status=query.status or None), wanted=query.wanted())
    return {"links": links_of(request, page=page), "calls": [_call(call) for call in page.items]}


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "token": endpoint.token,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
        "active": endpoint.active,
        "off_since": _time(endpoint.off_since),
        "off_reason": endpoint.off_reason or None,
        "failing_since": _time(endpoint.failing_since),
        "created_at": time_text(endpoint.created_at),
        "updated_at": time_text(endpoint.updated_at),
    }


def _with_secret(shown: EndpointWithSecret) -> dict[str, Any]:
    return {**_shown(shown.endpoint), "secret": shown.secret, "old_secret_until": _time(shown.old_until)}


def _call(call: WebhookCall) -> dict[str, Any]:
    return {
        "event_token": call.event.token,
        "type": call.event.type,
        "object_token": call.event.object_token,
        "occurred_at": time_text(call.event.created_at),
        "status": call.status,
        "outcome_code": call.outcome_code,
        "outcome_message": call.outcome_message,
        "next_attempt_at": _time(call.next_attempt_at),
        "attempts": [
            {
                "started_at": time_text(attempt.started_at),
                "ended_at": _time(attempt.ended_at),
                "response_status": attempt.response_status,
                "code": attempt.code,
                "message": attempt.message,
                "excerpt": attempt.excerpt,
            }
            for attempt in call.tries.all()
        ],
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)
