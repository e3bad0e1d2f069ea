"""What somebody changes about themselves: the name, and the password."""

from datetime import datetime

from django.db import transaction

from billow.records.accounts.models import User
from billow.usecases.about_person import note, person_of
from billow.usecases.actor import Actor
from billow.usecases.attempts import forget, refuse_too_many, remember, tries_at
from billow.usecases.field_checks import Findings
from billow.usecases.mailed_links import check_new_password, keep_password

MOST_FAILURES = {"person": 5}
"""Wrong passwords of somebody who is signed in already, within the window."""


def change_own_name(*, actor: Actor, name: str, now: datetime) -> User:
    """Change how others see the person."""
    person = person_of(actor)
    findings = Findings()
    clean = findings.read_text(name, column="name") or ""
    findings.refuse_if_any()
    if clean == person.name:
        return person
    with transaction.atomic():
        person.name = clean
        person.save(update_fields=["name"])
        note(person, actor=actor, action="record_updated", changes={"name": clean}, now=now)
    return person


def change_own_password(*, actor: Actor, current: str, password: str, again: str, now: datetime) -> User:
    """Change the password of whoever knows the present one; every session and every mailed link ends."""
    person = person_of(actor)
    prove_password(actor=actor, password=current, now=now)
    check_new_password(password, again=again, user=person)
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        keep_password(person, password=password, now=now)
        note(person, actor=actor, action="password_changed", now=now)
    return person


def prove_password(*, actor: Actor, password: str, now: datetime) -> None:
    """Raise Refused unless it is the person's password, or where it was guessed too often."""
    person = person_of(actor)
    tries = tries_at("own ", parts={"person": person.token}, most=MOST_FAILURES)
    refuse_too_many(tries, now=now)
    if not person.check_password(password):
        remember(tries, now=now)
        findings = Findings()
        findings.error("wrong_password", "current", "This is not your present password")
        findings.refuse_if_any()
    forget(tries, kinds=["person"])
