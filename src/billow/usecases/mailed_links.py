"""Links that are mailed to people so that they can set a password: asked for, opened, used once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from billow.records.accounts.models import LinkPurpose, LinkStatus, MailedLink, Permission, User
from billow.usecases import bell
from billow.usecases.about_person import actor_for, note
from billow.usecases.actor import Actor
from billow.usecases.attempts import refuse_too_many, remember, tries_at
from billow.usecases.browser_sessions import forget_sessions
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused
from billow.usecases.sign_in import may_enter

LIFE = {LinkPurpose.RESET: timedelta(hours=1), LinkPurpose.INVITATION: timedelta(days=7)}
"""How long a link works after its mail was written."""

MOST_REQUESTS = {"person": 4, "address": 30}
"""Resets that may be asked for within the window: few for a person, so that nobody's mailbox is filled."""

MOST_INVITATIONS = {"person": 10}

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """A link that works: for whom, and what for."""

    email: str
    name: str
    company: str
    purpose: LinkPurpose


def hash_of(secret: str) -> str:
    """Return what is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ask_for_reset(*, email: str, address: str, now: datetime) -> None:
    """Queue a mail with a link for whoever has this e-mail address; say nothing about whether there is anybody."""
    email = email.strip().lower()
    tries = tries_at("reset ", parts={"person": email, "address": address}, most=MOST_REQUESTS)
    refuse_too_many(tries, now=now)
    remember(tries, now=now)
    user = User.objects.select_related("management_account").filter(email=email).first()
    if user is not None and may_enter(user):
        _queue(actor_for(user), user, LinkPurpose.RESET, "password_reset_asked", now)


def invite_user(*, actor: Actor, user: User, now: datetime) -> MailedLink:
    """Queue a mail with which somebody sets a first password; a later invitation ends the one before."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    if not may_enter(user):
        raise Refused("cannot_sign_in", f"{user} cannot sign in to the console; activate the user first")
    waiting = MailedLink.objects.filter(
        user=user, purpose=LinkPurpose.INVITATION, status=LinkStatus.QUEUED, attempts=0, ended_at=None
    ).first()
    if waiting is not None:
        return waiting  # the button was pressed twice
    tries = tries_at("invitation ", parts={"person": user.token}, most=MOST_INVITATIONS)
    refuse_too_many(tries, now=now)
    remember(tries, now=now)
    return _queue(actor, user, LinkPurpose.INVITATION, "invited", now)


def open_link(*, secret_hash: str, now: datetime) -> OpenLink:
    """Return what the link is for; raise Refused if it is used, too old, or none."""
    link = _link(secret_hash, now)
    return OpenLink(
        email=link.user.email,
        name=link.user.name,
        company=link.user.management_account.name,
        purpose=LinkPurpose(link.purpose),
    )


def set_password_by_link(*, secret_hash: str, password: str, again: str, now: datetime) -> User:
    """Set the password of whoever the link was mailed to, end the link, and end all sessions."""
    user = _link(secret_hash, now).user
    check_new_password(password, again=again, user=user)
    with transaction.atomic():
        link = _link(secret_hash, now)
        if not MailedLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=now):
            raise _useless()
        user = User.objects.select_for_update(no_key=True).get(pk=link.user_id)
        keep_password(user, password=password, now=now)
        note(
            user,
            actor=actor_for(user),
            action="password_set",
            changes={"by": link.purpose},
            now=now,
        )
    return user


def check_new_password(password: str, *, again: str, user: User) -> None:
    """Raise Refused with everything that is wrong with a new password."""
    findings = Findings()
    try:
        validate_password(password, user=user)
    except ValidationError as wrong:
        for message in wrong.messages:
            findings.error("weak_password", "password", message)
    if len(password) > 1024:
        findings.error("too_long", "password", "The password has more than 1,024 characters; choose a shorter one")
    if password != again:
        findings.error("not_the_same", "again", "The two passwords are not the same; write it once more")
    findings.refuse_if_any()


def keep_password(user: User, *, password: str, now: datetime) -> None:
    """Store the password inside the caller's transaction, and end every session and every link there is."""
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_sessions(user=user)
    MailedLink.objects.filter(user=user, ended_at=None).update(ended_at=now)


def prune_links(*, now: datetime) -> int:
    """Remove links that nobody can use any more; return how many."""
    removed, _ = MailedLink.objects.filter(created_at__lt=now - _KEPT).delete()
    return removed


def _queue(actor: Actor, user: User, purpose: LinkPurpose, action: str, now: datetime) -> MailedLink:
    with transaction.atomic():
        MailedLink.objects.filter(user=user, purpose=purpose, ended_at=None).update(ended_at=now)
        link = MailedLink.objects.create(
            user=user, purpose=purpose, created_at=now, created_by=actor.user, next_attempt_at=now
        )
        note(user, actor=actor, action=action, now=now)
        bell.ring(work=bell.Work.DELIVER, token=link.token)
    return link


def _link(secret_hash: str, now: datetime) -> MailedLink:
    links = MailedLink.objects.select_related("user__management_account")
    link = links.filter(secret_hash=secret_hash, ended_at=None, expires_at__gt=now).first() if secret_hash else None
    if link is None or not may_enter(link.user):
        raise _useless()
    return link


def _useless() -> Refused:
    return Refused("useless_link", "This link was used already, is too old, or a newer one was sent. Ask for another.")
