"""What acts about one's own way in share: whose it is, and the line in the audit log."""

from datetime import datetime

from billow.records.accounts.models import User
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.refused import Refused


def person_of(actor: Actor) -> User:
    """Return the person who acts; raise Refused for the operator and for services, which have no account of theirs."""
    if actor.user is None or actor.user.is_service:
        raise Refused("not_permitted", "Only a person who signs in has this.")
    return actor.user


def actor_for(person: User) -> Actor:
    """Return somebody as the actor of what happens before they are in."""
    return Actor(management_account=person.management_account, user=person, source=Source.CONSOLE)


def note(person: User, *, actor: Actor, action: str, changes: dict[str, object] | None = None, now: datetime) -> None:
    """Add a line about the person to the audit log."""
    record(
        actor=actor,
        action=action,
        object_type="user",
        object_token=person.token,
        object_name=person.email,
        changes=changes or {},
        now=now,
    )
