"""Do a request that carries a key once: the first one is done, and every further one gets its answer.

The caller chooses how. *In one transaction*: begin, the work and keeping the answer commit together or not at all, so
a crash leaves no trace and whoever asks meanwhile waits. *In steps*, for work that commits as it goes: begin commits a
lease, whoever asks meanwhile is refused, and after a crash the lease runs out.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from billow.records.answers.models import KeptAnswer
from billow.usecases.refused import Refused

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=5)
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it was given."""

    status: int
    content_type: str
    location: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The right to do the work of a key, until its lease ends."""

    row: int
    claim: str


def begin(*, caller: str, key: str, fingerprint: str, now: datetime) -> Begun | Answer:
    """Return the right to do the work, or the answer that was given to the same request before.

    Raise Refused for a key that stands for another request (``key_reused``), whose work is under way
    (``key_in_use``), or that is none (``wrong_key``).
    """
    if not _KEY.fullmatch(key):
        raise Refused("wrong_key", "An Idempotency-Key has 1 to 255 printable ASCII characters, such as a UUID.")
    KeptAnswer.objects.filter(caller=caller, key=key, created_at__lte=now - KEPT).delete()
    claim = secrets.token_hex(16)
    new = KeptAnswer(
        caller=caller, key=key, fingerprint=fingerprint, claim=claim, claimed_until=now + LEASE, created_at=now
    )
    # Where another transaction holds the key, the database waits here until that one is committed or undone.
    KeptAnswer.objects.bulk_create([new], ignore_conflicts=True)
    row = KeptAnswer.objects.filter(caller=caller, key=key).first()
    if row is None:
        raise _in_use()  # whoever had it gave it back this instant
    if row.fingerprint != fingerprint:
        raise Refused(
            "key_reused", "This Idempotency-Key was used for another request. Use a new key for a new request."
        )
    if row.status is not None:
        return Answer(status=row.status, content_type=row.content_type, location=row.location, body=row.body)
    if row.claim != claim and not _take_over(row, claim, now):
        raise _in_use()
    return Begun(row=row.pk, claim=claim)


def keep(begun: Begun, *, answer: Answer) -> None:
    """Keep the answer for whoever asks again; a claim that was lost keeps nothing."""
    KeptAnswer.objects.filter(pk=begun.row, claim=begun.claim, status__isnull=True).update(
        status=answer.status,
        content_type=answer.content_type[:100],
        location=answer.location,
        body=answer.body,
    )


def give_back(begun: Begun) -> None:
    """Free the key: the request was refused or failed, so it may be repaired and asked again."""
    KeptAnswer.objects.filter(pk=begun.row, claim=begun.claim, status__isnull=True).delete()


def prune_answers(*, now: datetime) -> int:
    """Forget the answers whose time is over; return how many."""
    with transaction.atomic():
        removed, _ = KeptAnswer.objects.filter(created_at__lte=now - KEPT).delete()
    return removed


def _take_over(row: KeptAnswer, claim: str, now: datetime) -> bool:
    """Claim what a process that died left behind."""
    dead = KeptAnswer.objects.filter(pk=row.pk, claim=row.claim, status__isnull=True, claimed_until__lte=now)
    return bool(dead.update(claim=claim, claimed_until=now + LEASE))


def _in_use() -> Refused:
    return Refused("key_in_use", "A request with this Idempotency-Key is being done. Ask again in a moment.")
