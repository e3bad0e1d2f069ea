"""Call the webhooks that events wait for, at least once: claim, post, record, and try again later or give up."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from billow.delivery.channel import DeliveryError
from billow.delivery.channels.webhook.channel import Answer, WebhookChannel
from billow.delivery.channels.webhook.signature import signed_headers
from billow.records.webhooks.models import (
    CallStatus,
    WebhookAttempt,
    WebhookCall,
    WebhookEndpoint,
    WebhookEvent,
)
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.webhook_events import OFF, OFF_MESSAGE

logger = logging.getLogger(__name__)

BACK_OFF = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The pause after each failed attempt, a little more than three days in all; then the call fails."""

LEASE = timedelta(minutes=3)
REST = timedelta(minutes=1)
SWITCHED_OFF_AFTER = timedelta(days=5)
EVENTS_KEPT = timedelta(days=30)

_WAITING = (CallStatus.QUEUED, CallStatus.DEFERRED)
OPEN = (*_WAITING, CallStatus.CALLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What one request brought: an answer with its status, or only a code."""

    code: str
    message: str
    response_status: int | None = None
    excerpt: str = ""
    retry_after: timedelta = timedelta()
    is_accepted: bool = False
    rests: bool = False
    is_gone: bool = False


def call_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 20, carry_on: Callable[[], bool] = lambda: True
) -> int:
    """Make at most ``limit`` calls that are due; return how many were made.

    A row is claimed by conditional update, so any number of workers may call this at once. A worker that dies
    leaves a lease behind, and another one calls again: a receiver can get an event twice, with the same webhook-id.
    """
    channel = WebhookChannel(settings.WEBHOOKS)
    due = WebhookCall.objects.filter(_due(now())).order_by("next_attempt_at", "id").values_list("pk", flat=True)
    made = 0
    for key in list(due[:limit]):
        if not carry_on():
            break
        claim = _claim(key=key, worker=worker, now=now())
        if claim is not None:
            call, attempt = claim
            _write(call=call, attempt=attempt, result=_post(call=call, channel=channel, now=now()), now=now())
            made += 1
    return made


def close_open_calls(*, endpoint: WebhookEndpoint, now: datetime) -> int:
    """Fail what waits for an endpoint that is switched off, in the caller's transaction; replaying brings it back."""
    return WebhookCall.objects.filter(endpoint=endpoint, status__in=OPEN).update(
        status=CallStatus.FAILED,
        outcome_code=OFF,
        outcome_message=OFF_MESSAGE,
        next_attempt_at=None,
        claimed_by="",
        claimed_until=None,
        updated_at=now,
    )


def prune_events(*, now: datetime, limit: int = 1000) -> int:
    """Remove old events that nobody waits for, with their calls and attempts; return how many."""
    old = WebhookEvent.objects.filter(created_at__lt=now - EVENTS_KEPT)
    waited_for = WebhookCall.objects.filter(status__in=OPEN).values("event")
    keys = list(old.exclude(pk__in=waited_for).order_by("created_at").values_list("pk", flat=True)[:limit])
    WebhookEvent.objects.filter(pk__in=keys).delete()
    return len(keys)


def _due(now: datetime) -> Q:
    """Return the condition, of the call's own columns but for the endpoints, which are a list in it.

    With a join the claim would update what a subquery found, and PostgreSQL does not ask that again after it waited for
    another worker's claim: both would have the row.
    """
    waiting = Q(status__in=_WAITING, next_attempt_at__lte=now)
    # Its worker died: what it sent may have arrived, and a receiver knows an event by its webhook-id.
    dropped = Q(status=CallStatus.CALLING, claimed_until__lt=now)
    awake = Q(resting_until__isnull=True) | Q(resting_until__lte=now)
    return (waiting | dropped) & Q(endpoint__in=WebhookEndpoint.objects.filter(awake, active=True).values("pk"))


def _claim(*, key: int, worker: str, now: datetime) -> tuple[WebhookCall, WebhookAttempt] | None:
    name = f"{worker[:60]}#{secrets.token_hex(4)}"
    with transaction.atomic():
        claimed = WebhookCall.objects.filter(_due(now), pk=key).update(
            status=CallStatus.CALLING,
            claimed_by=name,
            claimed_until=now + LEASE,
            attempts=F("attempts") + 1,
            updated_at=now,
        )
        if not claimed:
            return None
        call = WebhookCall.objects.select_related("event", "endpoint__management_account").get(pk=key)
        call.tries.filter(ended_at__isnull=True).update(
            ended_at=now, code="interrupted", message="The worker stopped before it knew the answer."
        )
        return call, WebhookAttempt.objects.create(call=call, started_at=now)


def _post(*, call: WebhookCall, channel: WebhookChannel, now: datetime) -> _Result:
    if call.attempts > len(BACK_OFF) + 1:
        # Only a call that ended its worker time and again comes here.
        return _Result(code="gave_up", message="Every attempt ended before it had an outcome. See the log.")
    body = call.event.payload.encode("utf-8")
    valid = call.endpoint.secrets.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now)).order_by("-id")
    headers = signed_headers(
        body,
        message_id=call.event.token,
        timestamp=int(now.timestamp()),
        secrets=[each.secret for each in valid],
    )
    try:
        return _result_of(channel.post(url=call.endpoint.url, headers=headers, body=body))
    except DeliveryError as error:
        rests = error.code in {"timeout", "unreachable", "host_unknown"}
        return _Result(code=error.code, message=error.message, rests=rests)
    except Exception as error:
        logger.exception("%s failed for a reason nobody foresaw", call.token)
        return _Result(code="unexpected", message=f"Something nobody foresaw ({type(error).__name__}); see the log.")


def _result_of(answer: Answer) -> _Result:
    if answer.is_accepted:
        return _Result(
            code="accepted",
            message=f"The receiver answered {answer.status}.",
            response_status=answer.status,
            excerpt=answer.excerpt,
            is_accepted=True,
        )
    is_redirect = 300 <= answer.status < 400
    message = f"The receiver answered {answer.status}."
    if is_redirect:
        message += " Redirects are not followed: give the webhook the address that is meant."
    return _Result(
        code="redirected" if is_redirect else f"http_{answer.status}",
        message=message,
        response_status=answer.status,
        excerpt=answer.excerpt,
        retry_after=timedelta(seconds=answer.retry_after_s),
        rests=answer.status in {429, 502, 503, 504},
        is_gone=answer.status == 410,
    )


def _write(*, call: WebhookCall, attempt: WebhookAttempt, result: _Result, now: datetime) -> None:
    """Record the attempt, what it means for the call, and what it means for the endpoint."""
    with transaction.atomic():
        WebhookAttempt.objects.filter(pk=attempt.pk).update(
            ended_at=now,
            response_status=result.response_status,
            code=result.code,
            message=result.message,
            excerpt=result.excerpt,
        )
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=call.endpoint_id).first()
        if endpoint is None:
            return  # removed meanwhile, and the call with it
        still_ours = Q(pk=call.pk, status=CallStatus.CALLING, claimed_by=call.claimed_by)
        WebhookCall.objects.filter(still_ours).update(
            claimed_until=None, updated_at=now, **_columns_after(result, attempts=call.attempts, now=now)
        )
        _note_health(endpoint=endpoint, result=result, now=now)
    level = logging.INFO if result.is_accepted else logging.WARNING
    logger.log(level, "%s to %s: %s", call.event, call.endpoint.token, result.code)


def _columns_after(result: _Result, *, attempts: int, now: datetime) -> dict[str, object]:
    if result.is_accepted:
        status, next_at, message = CallStatus.ACCEPTED, None, result.message
    elif attempts > len(BACK_OFF):
        message = f"Given up after {attempts} attempts. The last: {result.message}"
        status, next_at = CallStatus.FAILED, None
    else:
        pause = max(BACK_OFF[attempts - 1], result.retry_after)
        status, next_at, message = CallStatus.DEFERRED, now + pause, result.message
    return {"status": status, "next_attempt_at": next_at, "outcome_code": result.code, "outcome_message": message}


def _note_health(*, endpoint: WebhookEndpoint, result: _Result, now: datetime) -> None:
    if result.is_accepted:
        if endpoint.failing_since or endpoint.resting_until:
            endpoint.failing_since = endpoint.resting_until = None
            endpoint.save(update_fields=["failing_since", "resting_until"])
        return
    endpoint.failing_since = endpoint.failing_since or now
    if result.rests:
        endpoint.resting_until = now + max(REST, result.retry_after)
    endpoint.save(update_fields=["failing_since", "resting_until"])
    if not endpoint.active:
        return
    if result.is_gone:
        _switch_off(endpoint, "The receiver answered 410: it wants no events any more.", now)
    elif now - endpoint.failing_since >= SWITCHED_OFF_AFTER:
        days = SWITCHED_OFF_AFTER.days
        _switch_off(endpoint, f"No call succeeded for {days} days. The last: {result.message}", now)


def _switch_off(endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    endpoint.active, endpoint.off_since, endpoint.off_reason, endpoint.updated_at = False, now, reason, now
    endpoint.save(update_fields=["active", "off_since", "off_reason", "updated_at"])
    close_open_calls(endpoint=endpoint, now=now)
    logger.warning("webhook %s is switched off: %s", endpoint.token, reason)
    record(
        actor=Actor(management_account=endpoint.management_account, user=None, source=Source.JOB),
        action="webhook.switch_off",
        object_type="webhook",
        object_token=endpoint.token,
        object_name=str(endpoint),
        changes={"reason": reason},
        now=now,
    )
