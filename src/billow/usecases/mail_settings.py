"""How mails leave this installation, without its secrets, and a mail to try it with."""

import dataclasses
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from billow.delivery.address import UnableToReadAddress, read_address
from billow.delivery.channel import Channel, DeliveryError, Envelope
from billow.delivery.channels.smtp.channel import SmtpChannel
from billow.delivery.channels.smtp.settings import SmtpSettings, read_smtp_url
from billow.delivery.enclose import enclosed_letter
from billow.delivery.message import UnableToBuildMessage
from billow.delivery.trial_letter import write_trial_letter
from billow.records.accounts.models import Permission
from billow.records.billing.models import Delivery
from billow.usecases.actor import Actor
from billow.usecases.attempts import refuse_too_many, remember, tries_at
from billow.usecases.audit import record
from billow.usecases.deliver import mail_channel
from billow.usecases.field_checks import Findings
from billow.usecases.kept_answers import Answer, begin, give_back, keep
from billow.usecases.refused import Refused

MOST_TRIALS = 10
"""Mails that one management account may send to try it, within a quarter of an hour."""

_PATIENCE_S = 10
"""How long the server may think about each step, since a person waits."""
_COUNTED = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """What is in effect. Without a server, mails are files in the folder ``outbox``."""

    sender: str
    server: SmtpSettings | None
    outbox: str

    @property
    def is_protected(self) -> bool:
        """Tell whether the connection to the server is encrypted."""
        return self.server is not None and self.server.tls.value != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a test mail: the server's own words, and how long it took."""

    recipient: str
    accepted: bool
    answer: str
    code: str
    took: timedelta


def show_mail_settings(*, actor: Actor) -> MailSettings:
    """Return how mails leave, for an owner; no password is in what a page may show of it."""
    actor.must(Permission.ADMINISTER)
    server = read_smtp_url(url=settings.SMTP_URL, ca_file=settings.SMTP_CA_FILE) if settings.SMTP_URL else None
    shown = None if server is None else dataclasses.replace(server, password="")
    return MailSettings(sender=settings.MAIL_FROM, server=shown, outbox=str(settings.OUTBOX))


def recent_mails(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Return how many mails about invoices were asked for in the last seven days, by status."""
    actor.must(Permission.ADMINISTER)
    mails = Delivery.objects.filter(
        invoice__management_account=actor.management_account, created_at__gte=now - _COUNTED
    )
    return {row["status"]: row["number"] for row in mails.values("status").annotate(number=Count("pk"))}


def send_trial(*, actor: Actor, recipient: str, key: str, sent: str, now: datetime) -> Trial | None:
    """Send a mail and return the server's answer; None for a form (``key``) that was sent before.

    No transaction is open while the server is asked: others may write meanwhile.
    """
    actor.must(Permission.ADMINISTER)
    assert actor.user is not None
    findings = Findings()
    address = findings.read_address(recipient, column="recipient") or ""
    findings.refuse_if_any()
    with transaction.atomic():
        # A form without a key is one of its own.
        name = f"form:{key or secrets.token_urlsafe(16)}"[:255]
        begun = begin(caller=actor.user.token, key=name, fingerprint="form", now=now)
    if isinstance(begun, Answer):
        return None
    try:
        tries = tries_at(
            "trial mail ", parts={"account": actor.management_account.token}, most={"account": MOST_TRIALS}
        )
        refuse_too_many(tries, now=now)
        remember(tries, now=now)
        trial = _tried(actor, address, sent, now)
    except BaseException:
        give_back(begun)
        raise
    with transaction.atomic():
        keep(begun, answer=Answer(status=303, content_type="", location="/", body=""))
        changes: dict[str, object] = {"recipient": address, "accepted": trial.accepted, "answer": trial.answer}
        record(actor=actor, action="mail.test", object_type="Mail", object_name=address, changes=changes, now=now)
    return trial


def _tried(actor: Actor, address: str, sent: str, now: datetime) -> Trial:
    begun = datetime.now(tz=now.tzinfo)
    try:
        envelope, content = _mail(actor, address, sent, now)
        with _impatient(mail_channel()).prepare(envelope=envelope) as transmission:
            answer, code = transmission.transmit(content=content), ""
    except DeliveryError as error:
        answer, code = error.message, error.code
    except (UnableToReadAddress, UnableToBuildMessage) as unfit:
        raise Refused("unfit", str(unfit)) from unfit
    took = datetime.now(tz=now.tzinfo) - begun
    return Trial(recipient=address, accepted=not code, answer=answer, code=code, took=took)


def _impatient(channel: Channel) -> Channel:
    """Return the channel with less patience where it is a mail server's."""
    if not isinstance(channel, SmtpChannel):
        return channel
    patience_s = min(channel.settings.reply_timeout_s, _PATIENCE_S)
    return SmtpChannel(dataclasses.replace(channel.settings, reply_timeout_s=patience_s))


def _mail(actor: Actor, address: str, sent: str, now: datetime) -> tuple[Envelope, bytes]:
    sender, recipient = read_address(text=settings.MAIL_FROM), read_address(text=address)
    company = actor.management_account.name
    letter = write_trial_letter(company=company, person=str(actor.user), sent=sent)
    return enclosed_letter(
        letter=letter,
        company=company,
        sender=sender,
        recipient=recipient,
        seed=f"trial\n{actor.management_account.token}\n{address}\n{now.isoformat()}",
        reference="test",
        now=now,
    )
