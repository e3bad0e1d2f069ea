"""The browsers in which somebody is signed in: begin one, notice its use, list them, end them."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from billow.records.accounts.models import BrowserSession, User
from billow.usecases.about_person import note, person_of
from billow.usecases.actor import Actor
from billow.usecases.refused import Refused

NOTICED_EVERY = timedelta(minutes=5)
"""How exactly is known when a browser was last used."""


def begin_session(*, user: User, session_key: str, method: str, address: str, browser: str, now: datetime) -> None:
    """Remember a browser in which somebody has just signed in."""
    BrowserSession.objects.update_or_create(
        session_key=session_key,
        defaults={
            "user": user,
            "method": method,
            "address": address[:64],
            "browser": browser[:255],
            "created_at": now,
            "last_seen_at": now,
        },
    )
    User.objects.filter(pk=user.pk).update(last_seen_at=now)


def notice_session(*, user: User, session_key: str, now: datetime) -> None:
    """Remember that the browser was used just now."""
    BrowserSession.objects.filter(session_key=session_key, user=user).update(last_seen_at=now)
    User.objects.filter(pk=user.pk).update(last_seen_at=now)


def rename_session(*, old_key: str, new_key: str) -> None:
    """Go on with the same browser under the key that its session was given in place of the old one."""
    BrowserSession.objects.filter(session_key=old_key).update(session_key=new_key)


def list_sessions(*, actor: Actor, now: datetime) -> tuple[BrowserSession, ...]:
    """Return the person's browsers whose sessions last, the one used latest first."""
    rows = list(BrowserSession.objects.filter(user=person_of(actor)).order_by("-last_seen_at", "-pk"))
    alive = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=now)
    keys = set(alive.values_list("session_key", flat=True))
    return tuple(row for row in rows if row.session_key in keys)


def end_session(*, actor: Actor, token: str, now: datetime) -> None:
    """Sign one of the person's browsers out."""
    person = person_of(actor)
    with transaction.atomic():
        row = BrowserSession.objects.filter(user=person, token=token).first()
        if row is None:
            raise Refused("not_found", "Resource not found")
        Session.objects.filter(session_key=row.session_key).delete()
        row.delete()
        note(person, actor=actor, action="signed_out_browser", changes={"browser": token}, now=now)


def end_own_session(*, actor: Actor, session_key: str, now: datetime) -> None:
    """Write down that somebody signed out in this browser; the door ends the session itself."""
    person = person_of(actor)
    with transaction.atomic():
        BrowserSession.objects.filter(user=person, session_key=session_key).delete()
        note(person, actor=actor, action="signed_out", now=now)


def end_all_sessions(*, actor: Actor, now: datetime) -> None:
    """Sign the person out in every browser, this one too."""
    person = person_of(actor)
    with transaction.atomic():
        forget_sessions(user=person)
        note(person, actor=actor, action="signed_out_everywhere", now=now)


def forget_sessions(*, user: User) -> None:
    """End every session of somebody, inside the caller's transaction, also those that nobody wrote down."""
    rows = BrowserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
    rows.delete()
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    user.refresh_from_db(fields=["session_generation"])


def prune_sessions(*, now: datetime) -> int:
    """Remove sessions whose time is over, and what was remembered of browsers without one; return how many."""
    removed, _ = Session.objects.filter(expire_date__lt=now).delete()
    alive = Session.objects.values("session_key")
    forgotten, _ = (
        BrowserSession.objects.filter(created_at__lt=now - NOTICED_EVERY).exclude(session_key__in=alive).delete()
    )
    return removed + forgotten
