"""Let a person in who knows the password, slowly for whoever guesses."""

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction

from billow.records.accounts.models import SignInAttempt, User
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.refused import Refused

WINDOW = timedelta(minutes=15)
MOST_FAILURES = {"person_and_address": 5, "person": 50, "address": 100}
"""Failed sign-ins within the window after which one waits: few for one person from one address, so that guessing is
slow; many for the person or the address alone, so that a stranger cannot lock a person or an office out."""
_KEPT = timedelta(days=1)


def sign_in(*, email: str, password: str, address: str, now: datetime) -> User:
    """Return the active user with this e-mail address and password; raise Refused otherwise.

    ``address`` is the network address that the wish came from. Unknown and known e-mail addresses are answered alike.
    """
    email = email.strip().lower()
    keys = _keys(email, address)
    _refuse_too_many(keys, now)
    user = authenticate(username=email, password=password)
    account = user.managed_account if isinstance(user, User) else None
    if not isinstance(user, User) or user.is_service or (account is not None and account.deleted_at is not None):
        _remember_failure(keys, now)
        raise Refused("wrong_credentials", "The e-mail address or the password is not right.")
    _welcome(user, keys, now)
    return user


def _keys(email: str, address: str) -> dict[str, str]:
    parts = {"person_and_address": f"{email}\n{address}", "person": email, "address": address}
    return {kind: hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest() for kind, text in parts.items()}


def _refuse_too_many(keys: dict[str, str], now: datetime) -> None:
    for kind, key in keys.items():
        failures = SignInAttempt.objects.filter(key=key, created_at__gt=now - WINDOW).order_by("-created_at")
        times = list(failures.values_list("created_at", flat=True)[: MOST_FAILURES[kind]])
        if len(times) == MOST_FAILURES[kind]:
            minutes = max(1, -int((now - times[-1] - WINDOW).total_seconds() // 60))
            wait = "a minute" if minutes == 1 else f"{minutes} minutes"
            raise Refused("too_many_attempts", f"Too many attempts. Wait {wait} and try again.")


def _remember_failure(keys: dict[str, str], now: datetime) -> None:
    with transaction.atomic():
        SignInAttempt.objects.filter(created_at__lt=now - _KEPT).delete()
        SignInAttempt.objects.bulk_create([SignInAttempt(key=key, created_at=now) for key in keys.values()])


def _welcome(user: User, keys: dict[str, str], now: datetime) -> None:
    actor = Actor(management_account=user.management_account, user=user, source=Source.CONSOLE)
    with transaction.atomic():
        SignInAttempt.objects.filter(key__in=[keys["person_and_address"], keys["person"]]).delete()
        record(
            actor=actor,
            action="signed_in",
            object_type="user",
            object_token=user.token,
            object_name=user.email,
            now=now,
        )
