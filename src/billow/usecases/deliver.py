"""Deliver what the outbox holds, at most once: the channel's attempt, its outcome, and when to try again."""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from billow.delivery.address import UnableToReadAddress, read_address
from billow.delivery.channel import Channel, DeliveryError
from billow.delivery.channels.smtp.settings import UnableToReadSmtpUrl
from billow.delivery.channels.table import channel_for
from billow.delivery.message import UnableToBuildMessage
from billow.records.billing.models import Delivery
from billow.records.billing.models.deliveries import DeliveryStatus
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.documents_storage import UnableToReachDocuments, UnableToReadDocument
from billow.usecases.invoice_mail import InvoiceMail, invoice_mail
from billow.usecases.refused import Refused
from billow.usecases.webhook_events import tell_of_delivery

logger = logging.getLogger(__name__)

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720, 720, 720))
"""The pause after each failed attempt, about two days in all; then the row fails."""

LEASE_MARGIN = timedelta(minutes=1)
WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED)
_RECORDING_PAUSES_S = (1, 2, 4, 8, 16)

UNKNOWN = "outcome_unknown"
_ABANDONED = (
    "Billow was stopped while it handed the mail over, so it may have been delivered and is not sent again by itself. "
    "Ask the recipient whether it arrived; if it did not, press Email PDF."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attempt, as the outbox row says it."""

    status: DeliveryStatus
    code: str = ""
    message: str = ""
    next_attempt_at: datetime | None = None


def deliver_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 20, carry_on: Callable[[], bool] = lambda: True
) -> int:
    """Try to deliver at most ``limit`` outbox rows that are due; return how many were handled.

    A row is claimed by conditional update, so any number of workers may call this at once. ``carry_on`` is asked
    before each row. Raise Refused when the mail settings are wrong: nothing is touched then.
    """
    channel = mail_channel()
    handled = _settle_abandoned(now=now())
    outage: DeliveryError | None = None
    for key in list(Delivery.objects.filter(_due(now())).order_by("next_attempt_at", "id").values_list("pk")[:limit]):
        if not carry_on():
            break
        delivery = _claim(key=key[0], worker=worker, channel=channel, now=now())
        if delivery is None:
            continue
        error = outage or _attempt(delivery=delivery, channel=channel, now=now)
        if error is not None:
            _insist(delivery=delivery, outcome=_outcome_of(error, attempts=delivery.attempts, now=now()), now=now())
            outage = error if error.affects_all else None
        handled += 1
    return handled


def settle_restored(*, backed_up_at: str, now: datetime) -> int:
    """Fail the rows that waited when a backup was made, once it is restored: their mails may have left since."""
    message = (
        f"The installation was restored from a backup of {backed_up_at}. The mail may have been sent after that and is "
        "not sent again by itself. Ask the recipient whether it arrived; if it did not, press Email PDF."
    )
    outcome = Outcome(status=DeliveryStatus.FAILED, code=UNKNOWN, message=message)
    waiting = Delivery.objects.filter(status__in=[*WAITING, DeliveryStatus.SENDING])
    with transaction.atomic():
        rows = list(waiting.select_related("invoice__management_account"))
        waiting.update(
            status=outcome.status,
            outcome_code=outcome.code,
            outcome_message=outcome.message,
            next_attempt_at=None,
            claimed_by="",
            claimed_until=None,
            updated_at=now,
        )
        for row in rows:
            _tell(delivery=row, outcome=outcome, now=now)
    return len(rows)


def mail_channel() -> Channel:
    """Return the channel that the settings choose; raise Refused if they are wrong."""
    try:
        read_address(text=settings.MAIL_FROM)
        return channel_for(smtp_url=settings.SMTP_URL, smtp_ca_file=settings.SMTP_CA_FILE, outbox=settings.OUTBOX)
    except UnableToReadAddress as wrong:
        raise Refused("mail_settings", f"BILLOW_MAIL_FROM: {wrong}") from wrong
    except UnableToReadSmtpUrl as wrong:
        raise Refused("mail_settings", str(wrong)) from wrong


def _due(now: datetime) -> Q:
    waiting = Q(status__in=WAITING, next_attempt_at__lte=now)
    # Its worker died before a byte had left: safe to start again.
    dropped = Q(status=DeliveryStatus.SENDING, transmitting_since__isnull=True, claimed_until__lt=now)
    return waiting | dropped


def _settle_abandoned(*, now: datetime) -> int:
    """Fail the rows whose worker died while it transmitted: nobody knows whether their mail was accepted."""
    abandoned = Delivery.objects.filter(
        status=DeliveryStatus.SENDING, transmitting_since__isnull=False, claimed_until__lt=now
    )
    outcome = Outcome(status=DeliveryStatus.FAILED, code=UNKNOWN, message=_ABANDONED)
    rows = list(abandoned.select_related("invoice__management_account"))
    return sum(_write(delivery=row, outcome=outcome, now=now) for row in rows)


def _claim(*, key: int, worker: str, channel: Channel, now: datetime) -> Delivery | None:
    name = f"{worker[:60]}#{secrets.token_hex(4)}"
    claimed = Delivery.objects.filter(_due(now), pk=key).update(
        status=DeliveryStatus.SENDING,
        claimed_by=name,
        claimed_until=now + timedelta(seconds=channel.prepare_timeout_s) + LEASE_MARGIN,
        attempts=F("attempts") + 1,
        updated_at=now,
    )
    if not claimed:
        return None
    related = ("invoice__management_account", "invoice__current_version", "invoice__managed_account__billing_profile")
    return Delivery.objects.select_related(*related).get(pk=key)


def _attempt(*, delivery: Delivery, channel: Channel, now: Callable[[], datetime]) -> DeliveryError | None:
    """Deliver one claimed row and record its acceptance; return what went wrong instead."""
    if delivery.attempts > len(BACK_OFF) + 1:
        # Only a row that ended its worker time and again comes here: nothing was ever recorded for it.
        return DeliveryError("gave_up", "Every attempt ended before it had an outcome. See the log.", permanent=True)
    try:
        mail = _mail(delivery)
        with channel.prepare(envelope=mail.envelope) as transmission:
            if not _begin_to_transmit(delivery=delivery, channel=channel, now=now()):
                logger.warning("%s lost its claim before transmitting; another worker has it", delivery.token)
                return None
            receipt = transmission.transmit(content=mail.content)
            accepted = Outcome(status=DeliveryStatus.ACCEPTED, code="accepted", message=receipt)
            _insist(delivery=delivery, outcome=accepted, now=now())
    except DeliveryError as error:
        return error
    return None


def _mail(delivery: Delivery) -> InvoiceMail:
    try:
        return invoice_mail(delivery=delivery)
    except UnableToReachDocuments as away:
        raise DeliveryError(away.code, str(away), permanent=False, affects_all=True) from away
    except UnableToReadDocument as damaged:
        raise DeliveryError(damaged.code, str(damaged), permanent=True) from damaged
    except UnableToBuildMessage as unfit:
        raise DeliveryError(unfit.code, str(unfit), permanent=True) from unfit
    except UnableToReadAddress as wrong:
        raise DeliveryError("invalid_address", str(wrong), permanent=True) from wrong


def _begin_to_transmit(*, delivery: Delivery, channel: Channel, now: datetime) -> bool:
    """Commit that bytes may leave from now on; say no when the claim was lost meanwhile."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        # SQLite's usual commit survives a killed process, not a power failure. This one must survive both.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
    with transaction.atomic(durable=True):
        begun = Delivery.objects.filter(
            pk=delivery.pk,
            status=DeliveryStatus.SENDING,
            claimed_by=delivery.claimed_by,
            claimed_until__gt=now,
        ).update(
            transmitting_since=now,
            claimed_until=now + timedelta(seconds=channel.transmit_timeout_s) + LEASE_MARGIN,
            updated_at=now,
        )
    return bool(begun)


def _outcome_of(error: DeliveryError, *, attempts: int, now: datetime) -> Outcome:
    if error.permanent:
        return Outcome(status=DeliveryStatus.FAILED, code=error.code, message=error.message)
    if attempts > len(BACK_OFF):
        message = f"Given up after {attempts} attempts in two days. The last: {error.message}"
        return Outcome(status=DeliveryStatus.FAILED, code="gave_up", message=message)
    return Outcome(
        status=DeliveryStatus.DEFERRED,
        code=error.code,
        message=error.message,
        next_attempt_at=now + BACK_OFF[attempts - 1],
    )


def _insist(*, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Record the outcome, and outlast a database that is away for half a minute: this knowledge exists only here."""
    for pause_s in _RECORDING_PAUSES_S:
        try:
            _write(delivery=delivery, outcome=outcome, now=now)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            logger.warning("the outcome of %s (%s) is not recorded yet", delivery.token, outcome.status, exc_info=True)
            connection.close()
            time.sleep(pause_s)
        else:
            return
    _write(delivery=delivery, outcome=outcome, now=now)


def _write(*, delivery: Delivery, outcome: Outcome, now: datetime) -> bool:
    """Write the outcome if the row still waits for it; a late acceptance corrects an unknown outcome."""
    awaited = Q(status=DeliveryStatus.SENDING)
    if outcome.status == DeliveryStatus.ACCEPTED:
        awaited |= Q(outcome_code=UNKNOWN)
    kept = {} if outcome.code == UNKNOWN or outcome.status == DeliveryStatus.ACCEPTED else {"transmitting_since": None}
    with transaction.atomic():
        written = Delivery.objects.filter(awaited, pk=delivery.pk, claimed_by=delivery.claimed_by).update(
            status=outcome.status,
            outcome_code=outcome.code,
            outcome_message=outcome.message,
            next_attempt_at=outcome.next_attempt_at,
            claimed_until=None,
            updated_at=now,
            **kept,
        )
        if written:
            _tell(delivery=delivery, outcome=outcome, now=now)
    return bool(written)


def _tell(*, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    level = logging.INFO if outcome.status == DeliveryStatus.ACCEPTED else logging.WARNING
    logger.log(level, "%s %s %s: %s", delivery.token, outcome.status, outcome.code, outcome.message)
    record(
        actor=Actor(management_account=delivery.invoice.management_account, user=None, source=Source.JOB),
        action=f"delivery.{outcome.status}",
        object_type="delivery",
        object_token=delivery.token,
        object_name=f"{delivery.invoice.number} → {delivery.recipient}",
        changes={"code": outcome.code, "message": outcome.message, "attempts": delivery.attempts},
        now=now,
    )
    tell_of_delivery(delivery=delivery, status=outcome.status, code=outcome.code, message=outcome.message, now=now)
