"""Register who is told of events, rotate their secrets, look at their calls, and replay them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from billow.delivery.channels.webhook.signature import SECRET_BYTES, secret_text
from billow.delivery.channels.webhook.target import UnableToReadTarget, read_target
from billow.records.accounts.models import Permission
from billow.records.webhooks.models import (
    CallStatus,
    EventType,
    WebhookAttempt,
    WebhookCall,
    WebhookEndpoint,
    WebhookSecret,
)
from billow.usecases import bell
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.call_webhooks import EVENTS_KEPT, OPEN, close_open_calls
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.refused import Refused
from billow.usecases.webhook_events import queue_test

MOST_ENDPOINTS = 20
LONGEST_OVERLAP = timedelta(days=7)
OVERLAP = timedelta(days=1)
MOST_REPLAYED = 10_000

EVENT_TYPES = tuple(each.value for each in EventType if each is not EventType.TEST)
"""What an endpoint can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointWithSecret:
    """An endpoint and the secret that is shown this once; ``old_until`` is when the one before it stops counting."""

    endpoint: WebhookEndpoint
    secret: str
    old_until: datetime | None = None


def list_endpoints(*, actor: Actor) -> "QuerySet[WebhookEndpoint]":
    """Return the endpoints of the actor's management account, oldest first."""
    actor.must(Permission.ADMINISTER)
    return WebhookEndpoint.objects.visible_to(actor.management_account).order_by("pk")


def find_endpoint(*, actor: Actor, text: str) -> WebhookEndpoint:
    """Return the endpoint with this token or description; raise Refused if there is none, or several."""
    endpoints = list_endpoints(actor=actor)
    found = list(endpoints.filter(Q(token=text.strip()) | Q(description=text.strip()))[:2]) if text.strip() else []
    if not found:
        raise Refused("not_found", f"There is no webhook {text.strip()!r}; `billow webhooks list` lists them")
    if len(found) > 1:
        raise Refused("ambiguous", f"Several webhooks are called {text.strip()!r}; name one by its token")
    return found[0]


def endpoint_with(*, actor: Actor, token: str) -> WebhookEndpoint:
    """Return the endpoint with this token."""
    endpoint = list_endpoints(actor=actor).filter(token=token).first()
    if endpoint is None:
        raise Refused("not_found", "Resource not found")
    return endpoint


def add_endpoint(
    *, actor: Actor, url: str, description: str = "", event_types: Sequence[str] = (), now: datetime
) -> EndpointWithSecret:
    """Register an address for events (none named: all of them) and return it with the secret of its signatures."""
    actor.must(Permission.ADMINISTER)
    fields = _checked({"url": url, "description": description, "event_types": event_types})
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        if list_endpoints(actor=actor).count() >= MOST_ENDPOINTS:
            raise Refused("too_many", f"There are {MOST_ENDPOINTS} webhooks already; remove one first.")
        endpoint = WebhookEndpoint.objects.create(
            management_account=actor.management_account,
            created_by=actor.user,
            created_at=now,
            updated_at=now,
            **fields,
        )
        secret = _new_secret(endpoint, now)
        _record(actor, endpoint, "add", {"event_types": endpoint.event_types}, now)
    return EndpointWithSecret(endpoint=endpoint, secret=secret)


def change_endpoint(
    *, actor: Actor, endpoint: WebhookEndpoint, fields: Mapping[str, Any], now: datetime
) -> WebhookEndpoint:
    """Change ``url``, ``description``, ``event_types`` or ``active``; what is not named stays.

    Switched off, what waits fails visibly and can be replayed; switched on, the endpoint starts with a clean record.
    """
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    checked = _checked(fields)
    with transaction.atomic():
        row = _locked(endpoint)
        changed = [name for name, value in checked.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, checked[name])
        if "active" in changed or "url" in changed:
            row.failing_since = row.resting_until = None
        if "active" in changed:
            row.off_since, row.off_reason = (None, "") if row.active else (now, "Switched off by a person.")
            if not row.active:
                close_open_calls(endpoint=row, now=now)
        if changed:
            row.updated_at = now
            row.save()
            _record(actor, row, "change", {"changed": changed}, now)
    return row


def rotate_secret(
    *, actor: Actor, endpoint: WebhookEndpoint, overlap: timedelta = OVERLAP, now: datetime
) -> EndpointWithSecret:
    """Return a new secret; calls are signed with the one before it too until the overlap ends."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Refused("wrong_overlap", f"Let the old secret count for 0 to {LONGEST_OVERLAP.days * 24} hours more.")
    with transaction.atomic():
        row = _locked(endpoint)
        row.secrets.filter(expires_at__isnull=True).update(expires_at=now + overlap)
        row.secrets.filter(expires_at__lte=now).delete()
        secret = _new_secret(row, now)
        _record(actor, row, "rotate", {"overlap_s": int(overlap.total_seconds())}, now)
    return EndpointWithSecret(endpoint=row, secret=secret, old_until=now + overlap)


def remove_endpoint(*, actor: Actor, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Forget the endpoint with its secrets and calls."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    with transaction.atomic():
        row = _locked(endpoint)
        _record(actor, row, "remove", {}, now)
        row.delete()


def calls_of(*, actor: Actor, endpoint: WebhookEndpoint, status: str | None = None) -> "QuerySet[WebhookCall]":
    """Return the endpoint's calls, newest first, with event and attempts."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    attempts = Prefetch("tries", queryset=WebhookAttempt.objects.order_by("id"))
    calls = WebhookCall.objects.filter(endpoint=endpoint).select_related("event").prefetch_related(attempts)
    if status is not None:
        if status not in CallStatus.values:
            raise Refused("unknown_status", f"There is no status {status!r}; ask for {', '.join(CallStatus.values)}.")
        calls = calls.filter(status=status)
    return calls.order_by("-id")


def send_test(*, actor: Actor, endpoint: WebhookEndpoint, now: datetime) -> WebhookCall:
    """Queue an event of type ``webhook.test`` for this endpoint alone."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    with transaction.atomic():
        row = _locked(endpoint)
        _refuse_if_off(row)
        event = queue_test(endpoint=row, now=now)
        _record(actor, row, "test", {"event": event.token}, now)
    return WebhookCall.objects.select_related("event", "endpoint").get(event=event)


def replay(
    *,
    actor: Actor,
    endpoint: WebhookEndpoint,
    event_token: str = "",
    failed_since: datetime | None = None,
    now: datetime,
) -> int:
    """Queue one event again, whatever became of it, or all that failed since a time; return how many.

    The event keeps its webhook-id, so a receiver that has it already can tell.
    """
    actor.must(Permission.ADMINISTER)
    actor.must_own(endpoint)
    if bool(event_token) == (failed_since is not None):
        raise Refused("wrong_replay", "Name either one event to replay, or the time since when all failed ones are.")
    with transaction.atomic():
        row = _locked(endpoint)
        _refuse_if_off(row)
        calls = WebhookCall.objects.filter(endpoint=row)
        if event_token:
            keys = _one_call(calls, event_token)
        else:
            assert failed_since is not None
            # A time before the oldest event that can be kept says as much, and some databases know no earlier ones.
            since = max(failed_since, now - 2 * EVENTS_KEPT)
            failed = calls.filter(status=CallStatus.FAILED, event__created_at__gte=min(since, now))
            keys = list(failed.order_by("id").values_list("pk", flat=True)[: MOST_REPLAYED + 1])
            if len(keys) > MOST_REPLAYED:
                raise Refused("too_many", f"More than {MOST_REPLAYED} failed since then; name a later time.")
        replayed = WebhookCall.objects.filter(pk__in=keys).update(
            status=CallStatus.QUEUED,
            attempts=0,
            next_attempt_at=now,
            outcome_code="",
            outcome_message="",
            claimed_by="",
            claimed_until=None,
            updated_at=now,
        )
        if replayed:
            bell.ring(work=bell.Work.CALL, token=row.token)
            _record(actor, row, "replay", {"calls": replayed, "event": event_token}, now)
    return replayed


def _one_call(calls: "QuerySet[WebhookCall]", event_token: str) -> list[int]:
    call = calls.filter(event__token=event_token).first()
    if call is None:
        raise Refused("not_found", f"This webhook has no event {event_token!r}; they are kept for 30 days.")
    if call.status in OPEN:
        raise Refused("already_queued", f"{event_token} is on its way already. Wait for its outcome.")
    return [call.pk]


def _refuse_if_off(endpoint: WebhookEndpoint) -> None:
    if not endpoint.active:
        raise Refused("webhook_off", "The webhook is switched off. Switch it on first.")


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored; raise Refused for the first that is wrong."""
    checked = {name: value for name, value in fields.items() if name in {"url", "description", "event_types", "active"}}
    for name, kind, form in (
        ("url", str, "text"),
        ("description", str, "text"),
        ("event_types", (list, tuple), "a list"),
        ("active", bool, "true or false"),
    ):
        if name in checked and not isinstance(checked[name], kind):
            raise Refused("wrong_type", f"{name}: must be {form}")
    if "url" in checked:
        checked["url"] = checked["url"].strip()
        try:
            read_target(checked["url"], settings=settings.WEBHOOKS)
        except UnableToReadTarget as wrong:
            raise Refused("wrong_url", f"url: {wrong}") from wrong
    if "description" in checked:
        checked["description"] = " ".join(checked["description"].split())
        if len(checked["description"]) > 255:
            raise Refused("wrong_description", "description: at most 255 characters")
    if "event_types" in checked:
        wanted = list(dict.fromkeys(str(each) for each in checked["event_types"]))
        unknown = sorted(set(wanted) - set(EVENT_TYPES))
        if unknown:
            raise Refused(
                "unknown_event_type",
                f"event_types: there is no {unknown[0][:100]!r}; there are {', '.join(EVENT_TYPES)}",
            )
        checked["event_types"] = wanted
    return checked


def _new_secret(endpoint: WebhookEndpoint, now: datetime) -> str:
    text = secret_text(secrets.token_bytes(SECRET_BYTES))
    WebhookSecret.objects.create(endpoint=endpoint, secret=text, created_at=now)
    return text


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    row = (
        WebhookEndpoint.objects.select_for_update(of=("self",))
        .select_related("management_account")
        .filter(pk=endpoint.pk)
        .first()
    )
    if row is None:
        raise Refused("not_found", "Resource not found")
    return row


def _record(actor: Actor, endpoint: WebhookEndpoint, verb: str, changes: dict[str, object], now: datetime) -> None:
    """Write the audit entry; the URL stays out of it, since many receivers put a secret into theirs."""
    record(
        actor=actor,
        action=f"webhook.{verb}",
        object_type="webhook",
        object_token=endpoint.token,
        object_name=str(endpoint),
        changes=changes,
        now=now,
    )
