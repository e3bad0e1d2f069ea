"""Slow down whoever guesses: count tries by who and from where, on any number of web processes."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from billow.records.accounts.models import SignInAttempt
from billow.usecases.refused import Refused

WINDOW = timedelta(minutes=15)
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What is counted for one form: a hash by kind of key, and how many are borne within the window."""

    keys: Mapping[str, str]
    most: Mapping[str, int]


def tries_at(form: str, *, parts: Mapping[str, str], most: Mapping[str, int]) -> Tries:
    """Return what is counted when this form is sent; ``parts`` says by kind who or where it is sent from."""
    keys = {kind: hashlib.sha256(f"{form}{kind}\n{text}".encode()).hexdigest() for kind, text in parts.items()}
    return Tries(keys=keys, most=most)


def refuse_too_many(tries: Tries, *, now: datetime) -> None:
    """Raise Refused, saying how long to wait, where there were too many within the window."""
    for kind, key in tries.keys.items():
        failures = SignInAttempt.objects.filter(key=key, created_at__gt=now - WINDOW).order_by("-created_at")
        times = list(failures.values_list("created_at", flat=True)[: tries.most[kind]])
        if len(times) == tries.most[kind]:
            minutes = max(1, -int((now - times[-1] - WINDOW).total_seconds() // 60))
            wait = "a minute" if minutes == 1 else f"{minutes} minutes"
            raise Refused("too_many_attempts", f"Too many attempts. Wait {wait} and try again.")


def remember(tries: Tries, *, now: datetime) -> None:
    """Count one more, and forget those of the day before."""
    with transaction.atomic():
        SignInAttempt.objects.filter(created_at__lt=now - _KEPT).delete()
        SignInAttempt.objects.bulk_create([SignInAttempt(key=key, created_at=now) for key in tries.keys.values()])


def forget(tries: Tries, *, kinds: Collection[str]) -> None:
    """Forget what was counted of these kinds: it was the right person."""
    SignInAttempt.objects.filter(key__in=[tries.keys[kind] for kind in kinds]).delete()
