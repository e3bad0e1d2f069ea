"""Passkeys: a device of somebody's keeps a key, and shows it in place of password and code."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from billow.records.accounts.models import Passkey, User
from billow.usecases.about_person import actor_for, note, person_of
from billow.usecases.actor import Actor
from billow.usecases.attempts import refuse_too_many, remember, tries_at
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused
from billow.usecases.sign_in import may_enter, welcome

logger = logging.getLogger(__name__)

MOST_PASSKEYS = 20
MOST_FAILURES = {"address": 30}
"""Passkeys that were refused within the window, from one address."""

_LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the browser is asked, and what the door keeps until the answer comes: good for one answer."""

    options: dict[str, Any]
    state: dict[str, Any]


def passkeys_possible() -> bool:
    """Tell whether browsers offer passkeys at this installation's address: a name, and over HTTPS."""
    address = urlsplit(settings.BASE_URL)
    host = address.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return address.scheme == "https" or host == "localhost"
    return False


def list_passkeys(*, actor: Actor) -> tuple[Passkey, ...]:
    """Return the person's passkeys, oldest first."""
    return tuple(Passkey.objects.filter(user=person_of(actor)).order_by("pk"))


def ask_for_new_passkey(*, actor: Actor) -> Question:
    """Return what a browser needs to make a key; devices that have one already are left out."""
    person = person_of(actor)
    known = [
        PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=_data(row).credential_id)
        for row in list_passkeys(actor=actor)
    ]
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=person.token.encode(), name=person.email, display_name=str(person)),
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Question(options=dict(options)["publicKey"], state=state)


def add_passkey(*, actor: Actor, name: str, answer: str, state: Mapping[str, Any] | None, now: datetime) -> Passkey:
    """Keep the public half of the key that the browser has made."""
    person = person_of(actor)
    findings = Findings()
    clean = findings.read_text(name, column="name", required=True) or ""
    findings.refuse_if_any()
    if Passkey.objects.filter(user=person).count() >= MOST_PASSKEYS:
        raise Refused("too_many_passkeys", f"You have {MOST_PASSKEYS} passkeys. Remove one that you do not use.")
    if state is None:
        raise _asked_anew()
    made = _made(answer, state)
    data = None if made is None else made.credential_data
    if made is None or data is None:
        raise Refused("no_passkey", "The browser's answer is no passkey for this address. Try again.")
    try:
        with transaction.atomic():
            row = Passkey.objects.create(
                user=person,
                name=clean,
                credential_id=websafe_encode(data.credential_id),
                credential=bytes(data),
                sign_count=made.counter,
                created_at=now,
            )
            note(person, actor=actor, action="passkey_added", changes={"name": clean, "passkey": row.token}, now=now)
    except IntegrityError as known:
        raise Refused("passkey_known", "This passkey is known already.") from known
    return row


def remove_passkey(*, actor: Actor, token: str, now: datetime) -> str:
    """Take a passkey away and return its name; the device may keep its half, which opens nothing any more."""
    person = person_of(actor)
    with transaction.atomic():
        row = Passkey.objects.filter(user=person, token=token).first()
        if row is None:
            raise Refused("not_found", "Resource not found")
        row.delete()
        note(person, actor=actor, action="passkey_removed", changes={"name": row.name, "passkey": token}, now=now)
    return row.name


def ask_for_passkey() -> Question:
    """Return what a browser needs to let somebody choose one of their keys; nobody is named."""
    options, state = _server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return Question(options=dict(options)["publicKey"], state=state)


def sign_in_with_passkey(*, answer: str, state: Mapping[str, Any] | None, address: str, now: datetime) -> User:
    """Return whose passkey it is, whom the device has recognised; raise Refused for everything else."""
    tries = tries_at("passkey ", parts={"address": address}, most=MOST_FAILURES)
    refuse_too_many(tries, now=now)
    if state is None:
        raise _asked_anew()
    response = _response(answer)
    row = None if response is None else _row_of(response)
    is_in = (
        response is not None
        and row is not None
        and may_enter(row.user)
        and _is_right(row, response, state)
        and _count_use(row, response.response.authenticator_data.counter, now)
    )
    if row is None or not is_in:
        remember(tries, now=now)
        if row is not None:
            changes: dict[str, object] = {"method": "passkey", "passkey": row.token}
            note(row.user, actor=actor_for(row.user), action="sign_in_refused", changes=changes, now=now)
        raise Refused("passkey_refused", "This passkey does not let you in. Sign in another way.")
    welcome(row.user, method="passkey", now=now)
    return row.user


def _made(answer: str, state: Mapping[str, Any]) -> AuthenticatorData | None:
    """Return what the device says of the new key; None for whatever is no answer to the question."""
    try:
        return _server().register_complete(dict(state), _read(answer))
    except Exception:  # forged bytes can fail anywhere in the reading of them
        logger.info("a new passkey was refused", exc_info=True)
        return None


def _response(answer: str) -> AuthenticationResponse | None:
    try:
        return AuthenticationResponse.from_dict(_read(answer))
    except Exception:  # forged bytes can fail anywhere in the reading of them
        return None


def _row_of(response: AuthenticationResponse) -> Passkey | None:
    rows = Passkey.objects.select_related("user__management_account", "user__managed_account")
    return rows.filter(credential_id=websafe_encode(response.raw_id)).first()


def _is_right(row: Passkey, response: AuthenticationResponse, state: Mapping[str, Any]) -> bool:
    """Tell whether the device holds the key, has recognised its owner, and answers our question from our address."""
    handle = response.response.user_handle
    if handle is not None and handle != row.user.token.encode():
        return False
    try:
        _server().authenticate_complete(dict(state), [_data(row)], response)
    except Exception:  # as above
        logger.info("%s was refused", row.token, exc_info=True)
        return False
    return True


def _count_use(row: Passkey, count: int, now: datetime) -> bool:
    """Note the use; say no where the device's own count did not grow, which a copy of the key gives away."""
    rows = Passkey.objects.filter(pk=row.pk)
    if count or row.sign_count:
        rows = rows.filter(sign_count__lt=count)
    return bool(rows.update(sign_count=count, last_used_at=now))


def _data(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(row.credential))


def _server() -> Fido2Server:
    """Return the checks for this installation's address, and no other origin."""
    address = urlsplit(settings.BASE_URL)
    entity = PublicKeyCredentialRpEntity(id=address.hostname, name="Billow")
    return Fido2Server(entity, verify_origin=lambda origin: origin == f"{address.scheme}://{address.netloc}")


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LARGEST_ANSWER:
        raise ValueError("too large")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError("no object")
    return read


def _asked_anew() -> Refused:
    return Refused("ask_again", "That took too long, or was done already. Try again.")
