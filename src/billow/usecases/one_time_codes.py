"""The second step of signing in: codes of an authenticator app, and recovery codes for whoever has lost it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from django.db import transaction

from billow.records.accounts.models import IdentityLink, Passkey, Permission, RecoveryCode, TotpSecret, User
from billow.usecases.about_person import actor_for, note, person_of
from billow.usecases.actor import Actor
from billow.usecases.attempts import forget, refuse_too_many, remember, tries_at
from billow.usecases.browser_sessions import forget_sessions
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused
from billow.usecases.sign_in import may_enter, needs_code, welcome

ISSUER = "Billow"
RECOVERY_CODES = 8
MOST_FAILURES = {"person": 5}
"""Codes that somebody who knows the password may try within the window."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4
_DRIFT = (0, -1, 1)
"""Half minutes by which the clock of a phone may be off, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesState:
    """What somebody has set up: since when codes are asked for, and how many recovery codes are left."""

    since: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret to take into an authenticator app: in groups to be typed, and as a picture to be scanned."""

    text: str
    picture: str


def codes_state(*, actor: Actor) -> CodesState:
    """Return what the person has set up."""
    person = person_of(actor)
    since = TotpSecret.objects.filter(user=person).values_list("confirmed_at", flat=True).first()
    left = RecoveryCode.objects.filter(user=person, used_at=None).count() if since else 0
    return CodesState(since=since, recovery_codes_left=left)


def new_secret(*, actor: Actor, now: datetime) -> NewSecret:
    """Return the secret that waits for its first code, making one where there is none."""
    person = person_of(actor)
    row, _ = TotpSecret.objects.get_or_create(
        user=person, defaults={"secret": pyotp.random_base32(), "created_at": now}
    )
    if row.confirmed_at is not None:
        raise _on_already()
    address = pyotp.TOTP(row.secret).provisioning_uri(name=person.email, issuer_name=ISSUER)
    picture = segno.make(address, error="m").svg_inline(
        omitsize=True, svgclass="code-picture", lineclass=None, border=2
    )
    text = " ".join(row.secret[at : at + 4] for at in range(0, len(row.secret), 4))
    return NewSecret(text=text, picture=picture)


def switch_codes_on(*, actor: Actor, code: str, now: datetime) -> tuple[str, ...]:
    """Ask for codes from now on, once a first one is right; return the recovery codes, which are shown this once."""
    person = person_of(actor)
    row = TotpSecret.objects.filter(user=person).first()
    if row is None:
        raise Refused("no_secret", "Take the secret into your authenticator app first.")
    if row.confirmed_at is not None:
        raise _on_already()
    _count_try(person, now)
    counter = _matching_counter(row, "".join(code.split()), now)
    if counter is None:
        raise _wrong_code("This code is not right. Check that the phone's clock is; then write the code it shows now")
    with transaction.atomic():
        begun = TotpSecret.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=now, last_counter=counter)
        if not begun:
            raise _on_already()
        codes = _new_recovery_codes(person, now)
        note(person, actor=actor, action="codes_switched_on", now=now)
    _forget_tries(person)
    return codes


def renew_recovery_codes(*, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return new recovery codes, shown this once; the old ones end."""
    person = person_of(actor)
    if not needs_code(person):
        raise Refused("codes_off", "Recovery codes belong to an authenticator app; set one up first.")
    with transaction.atomic():
        codes = _new_recovery_codes(person, now)
        note(person, actor=actor, action="recovery_codes_made", now=now)
    return codes


def switch_codes_off(*, actor: Actor, now: datetime) -> None:
    """Ask for no code any more; the recovery codes end too."""
    person = person_of(actor)
    with transaction.atomic():
        removed, _ = TotpSecret.objects.filter(user=person).delete()
        RecoveryCode.objects.filter(user=person).delete()
        if removed:
            note(person, actor=actor, action="codes_switched_off", now=now)


def forget_factors(*, actor: Actor, user: User, now: datetime) -> None:
    """Let somebody who lost the phone in with the password alone; passkeys, sign-on and sessions of theirs end too."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    with transaction.atomic():
        TotpSecret.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        Passkey.objects.filter(user=user).delete()
        IdentityLink.objects.filter(user=user).delete()
        forget_sessions(user=user)
        note(user, actor=actor, action="factors_forgotten", now=now)


def check_code(*, user: User, code: str, now: datetime) -> None:
    """Let somebody in who knew the password and has the code; raise Refused otherwise.

    Every try is counted before it is looked at, so that many at once are no way around the limit.
    """
    if not may_enter(user):
        raise _wrong_code("This code is not right")
    _count_try(user, now)
    clean = "".join(sign for sign in code.lower() if sign.isalnum())
    way = _way_of(user, clean, now)
    if way is None:
        note(user, actor=actor_for(user), action="sign_in_refused", changes={"method": "code"}, now=now)
        raise _wrong_code("This code is not right, or it was used already. Write the one that is shown now")
    with transaction.atomic():
        welcome(user, method=way, now=now)
        _forget_tries(user)


def _way_of(user: User, clean: str, now: datetime) -> str | None:
    """Use the code up, and return what it was; None where it is not right."""
    row = TotpSecret.objects.filter(user=user, confirmed_at__isnull=False).first()
    if row is None:
        return None
    if len(clean) == 6:
        counter = _matching_counter(row, clean, now)
        fresh = TotpSecret.objects.filter(pk=row.pk, last_counter__lt=counter) if counter is not None else None
        return "password and code" if fresh is not None and fresh.update(last_counter=counter) else None
    codes = RecoveryCode.objects.filter(user=user, code_hash=_hash(clean), used_at=None)
    return "password and recovery code" if codes.update(used_at=now) else None


def _matching_counter(row: TotpSecret, clean: str, now: datetime) -> int | None:
    totp = pyotp.TOTP(row.secret)
    for drift in _DRIFT:
        if hmac.compare_digest(totp.at(now, counter_offset=drift).encode(), clean.encode()):
            return totp.timecode(now) + drift
    return None


def _new_recovery_codes(user: User, now: datetime) -> tuple[str, ...]:
    plain = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_hash=_hash(code), created_at=now) for code in plain])
    return tuple("-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in plain)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _count_try(user: User, now: datetime) -> None:
    tries = tries_at("code ", parts={"person": user.token}, most=MOST_FAILURES)
    refuse_too_many(tries, now=now)
    remember(tries, now=now)


def _forget_tries(user: User) -> None:
    forget(tries_at("code ", parts={"person": user.token}, most=MOST_FAILURES), kinds=["person"])


def _wrong_code(message: str) -> Refused:
    findings = Findings()
    findings.error("wrong_code", "code", message)
    return Refused("wrong_code", message, findings.issues)


def _on_already() -> Refused:
    return Refused("codes_on", "An authenticator app is set up already. Remove it before you set up another.")
