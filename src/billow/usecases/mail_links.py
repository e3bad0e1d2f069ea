"""Mail the links that were asked for: the secret is made here, goes into the mail, and is kept only as a hash."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from billow.delivery.access_letter import AccessFacts, write_access_letter
from billow.delivery.address import UnableToReadAddress, read_address
from billow.delivery.channel import Channel, DeliveryError, Envelope
from billow.delivery.enclose import enclosed_letter
from billow.delivery.message import UnableToBuildMessage
from billow.records.accounts.models import LinkPurpose, LinkStatus, MailedLink
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.deliver import mail_channel
from billow.usecases.mailed_links import LIFE, hash_of

logger = logging.getLogger(__name__)

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30))
"""The pause after each failed attempt, about an hour in all: who waits for a link asks again before that."""

_MARGIN = timedelta(minutes=1)


def mail_links_due(*, now: Callable[[], datetime], limit: int = 20, carry_on: Callable[[], bool] = lambda: True) -> int:
    """Try to mail at most ``limit`` links that wait; return how many were handled.

    A row is claimed by conditional update, so any number of workers may call this at once. A mail may come twice when
    a worker dies in between; only the link in the later one works.
    """
    keys = list(MailedLink.objects.filter(_due(now())).order_by("next_attempt_at", "pk").values_list("pk")[:limit])
    if not keys:
        return 0
    channel = mail_channel()
    handled = 0
    for (key,) in keys:
        if not carry_on():
            break
        lease = timedelta(seconds=channel.prepare_timeout_s + channel.transmit_timeout_s) + _MARGIN
        claimed = MailedLink.objects.filter(_due(now()), pk=key).update(
            status=LinkStatus.SENDING, next_attempt_at=now() + lease, attempts=F("attempts") + 1
        )
        if claimed and not _mail(
            MailedLink.objects.select_related("user__management_account").get(pk=key), channel, now
        ):
            break
        handled += claimed
    return handled


def _due(now: datetime) -> Q:
    # A row that is being sent falls due again when its worker has been gone for too long.
    return Q(status__in=[LinkStatus.QUEUED, LinkStatus.SENDING], next_attempt_at__lte=now, ended_at=None)


def _mail(link: MailedLink, channel: Channel, now: Callable[[], datetime]) -> bool:
    """Mail one link and write down what became of it; say no when the channel is out of order for everybody."""
    purpose, secret, begun = LinkPurpose(link.purpose), secrets.token_urlsafe(32), now()
    if begun > link.created_at + LIFE[purpose]:
        _write(link, LinkStatus.FAILED, "It waited longer than the link would have worked.", begun)
        return True
    open_links = MailedLink.objects.filter(pk=link.pk, ended_at=None)
    if not open_links.update(secret_hash=hash_of(secret), expires_at=begun + LIFE[purpose]):
        return True
    try:
        envelope, content = _letter(link, purpose, secret, begun)
        with channel.prepare(envelope=envelope) as transmission:
            receipt = transmission.transmit(content=content)
    except DeliveryError as error:
        if error.unknown:
            _write(link, LinkStatus.SENT, error.message, now())
        elif error.permanent or link.attempts > len(BACK_OFF):
            _write(link, LinkStatus.FAILED, error.message, now())
        else:
            pause = BACK_OFF[min(link.attempts, len(BACK_OFF)) - 1]
            MailedLink.objects.filter(pk=link.pk).update(
                status=LinkStatus.QUEUED, next_attempt_at=now() + pause, outcome_message=error.message
            )
            logger.warning("%s waits: %s", link.token, error.message)
        return not error.affects_all
    except (UnableToReadAddress, UnableToBuildMessage) as unfit:
        _write(link, LinkStatus.FAILED, str(unfit), now())
        return True
    _write(link, LinkStatus.SENT, receipt, now())
    return True


def _letter(link: MailedLink, purpose: LinkPurpose, secret: str, now: datetime) -> tuple[Envelope, bytes]:
    sender, recipient = read_address(text=settings.MAIL_FROM), read_address(text=link.user.email)
    company = link.user.management_account.name
    letter = write_access_letter(
        facts=AccessFacts(
            company=company,
            is_invitation=purpose is LinkPurpose.INVITATION,
            address=f"{settings.BASE_URL}/links/{secret}",
            email=link.user.email,
            hours=int(LIFE[purpose].total_seconds() // 3600),
        )
    )
    return enclosed_letter(
        letter=letter,
        company=company,
        sender=sender,
        recipient=recipient,
        seed=f"{link.token}\n{link.attempts}",
        reference=f"{purpose.value}-{link.token}",
        now=now,
    )


def _write(link: MailedLink, status: LinkStatus, message: str, now: datetime) -> None:
    MailedLink.objects.filter(pk=link.pk).update(status=status, outcome_message=message, next_attempt_at=None)
    logger.log(logging.INFO if status is LinkStatus.SENT else logging.WARNING, "%s %s: %s", link.token, status, message)
    record(
        actor=Actor(management_account=link.user.management_account, user=None, source=Source.JOB),
        action=f"mailed_link.{status}",
        object_type="user",
        object_token=link.user.token,
        object_name=link.user.email,
        changes={"purpose": link.purpose, "message": message},
        now=now,
    )
