"""A form that is sent twice is done once: whoever sends it again is led to where the first led."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from billow.usecases.actor import Actor
from billow.usecases.kept_answers import Answer, begin, keep


def once(*, actor: Actor, key: str, work: Callable[[], str], now: datetime) -> str:
    """Do the work in one transaction and return the address it leads to; with a key that was used, only the address.

    What the work refuses is undone and frees the key, so that the corrected form can be sent. Without a key, or
    without a user, the work is simply done.
    """
    if not key or actor.user is None:
        return work()
    with transaction.atomic():
        begun = begin(caller=actor.user.token, key=f"form:{key}"[:255], fingerprint="form", now=now)
        if isinstance(begun, Answer):
            return begun.location
        address = work()
        keep(begun, answer=Answer(status=303, content_type="", location=address, body=""))
    return address
