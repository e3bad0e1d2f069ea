"""Let a person in who knows the password, slowly for whoever guesses."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction

from billow.records.accounts.models import TotpSecret, User
from billow.usecases.about_person import actor_for, note
from billow.usecases.attempts import WINDOW, Tries, forget, refuse_too_many, remember, tries_at
from billow.usecases.refused import Refused

__all__ = ["MOST_FAILURES", "WINDOW", "may_enter", "needs_code", "sign_in", "welcome"]

MOST_FAILURES = {"person_and_address": 5, "person": 50, "address": 100}
"""Failed sign-ins within the window after which one waits: few for one person from one address, so that guessing is
slow; many for the person or the address alone, so that a stranger cannot lock a person or an office out."""


def sign_in(*, email: str, password: str, address: str, now: datetime) -> User:
    """Return the active user with this e-mail address and password; raise Refused otherwise.

    Who has an authenticator app is not in yet: the code comes next.

    ``address`` is the network address that the wish came from. Unknown and known e-mail addresses are answered alike.
    """
    email = email.strip().lower()
    tries = _tries(email, address)
    refuse_too_many(tries, now=now)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User) or not may_enter(user):
        remember(tries, now=now)
        _note_failure(email, now)
        raise Refused("wrong_credentials", "The e-mail address or the password is not right.")
    with transaction.atomic():
        forget(tries, kinds=["person_and_address", "person"])
        if not needs_code(user):
            welcome(user, method="password", now=now)
    return user


def may_enter(user: User) -> bool:
    """Tell whether this is somebody whom the console lets in at all: no service, nor of a customer who is gone."""
    account = user.managed_account
    return user.is_active and not user.is_service and (account is None or account.deleted_at is None)


def needs_code(user: User) -> bool:
    """Tell whether the password alone does not let this person in."""
    return TotpSecret.objects.filter(user=user, confirmed_at__isnull=False).exists()


def welcome(user: User, *, method: str, now: datetime) -> None:
    """Write down that somebody came in, and how."""
    note(user, actor=actor_for(user), action="signed_in", changes={"method": method}, now=now)


def _tries(email: str, address: str) -> Tries:
    parts = {"person_and_address": f"{email}\n{address}", "person": email, "address": address}
    return tries_at("", parts=parts, most=MOST_FAILURES)


def _note_failure(email: str, now: datetime) -> None:
    user = User.objects.select_related("management_account").filter(email=email).first()
    if user is not None and not user.is_service:
        note(user, actor=actor_for(user), action="sign_in_refused", changes={"method": "password"}, now=now)
