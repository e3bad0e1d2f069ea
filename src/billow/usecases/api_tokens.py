"""API tokens: secrets with which programs act as a user. Shown once, kept as a hash."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q

from billow.records.accounts.models import ApiToken, Permission, User
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused

PREFIX = "vntg_tkn_"
SCOPES = ("read", "write")
_SECRET = re.compile(r"vntg_tkn_[0-9a-f]{40}")
_USE_NOTED_EVERY = timedelta(minutes=1)
"""A use within this time of the last one is not written down again: reading must not wait for a writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """The token's row, and the secret, which nobody can read again."""

    row: ApiToken
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who a request's token lets act, and how far."""

    actor: Actor
    user: User
    token: str
    description: str
    scopes: frozenset[str]
    created_at: datetime


def create_token(
    *,
    actor: Actor,
    user: User,
    scopes: Sequence[str],
    description: str = "",
    expires_at: datetime | None = None,
    now: datetime,
) -> NewToken:
    """Create a token for the user; anybody may for himself, an owner for everybody."""
    if actor.user is None or actor.user.pk != user.pk:
        actor.must(Permission.ADMINISTER)
        actor.must_own(user)
    findings = Findings()
    text = findings.read_text(description, column="description") or ""
    wanted = _read_scopes(findings, scopes)
    if expires_at is not None and expires_at <= now:
        findings.error("expired", "expires_at", "The token would have expired already", expires_at.isoformat())
    if not user.is_active:
        findings.error("user_inactive", "user", f"{user.email} is not active")
    findings.refuse_if_any()
    secret = PREFIX + secrets.token_hex(20)
    with transaction.atomic():
        row = ApiToken.objects.create(
            user=user,
            description=text,
            secret_hash=_hash(secret),
            scopes=wanted,
            created_at=now,
            created_by=actor.user,
            expires_at=expires_at,
        )
        _record(actor, row, "record_created", now)
    return NewToken(row=row, secret=secret)


def list_tokens(*, actor: Actor) -> tuple[ApiToken, ...]:
    """Return all tokens for an owner, one's own for anybody else, newest first; no secrets."""
    return tuple(_visible(actor).select_related("user").order_by("-pk"))


def revoke_token(*, actor: Actor, token: str, now: datetime) -> ApiToken:
    """End a token for good. It may be named by its identifier or by the secret itself."""
    row = _visible(actor).select_related("user").filter(Q(token=token) | Q(secret_hash=_hash(token))).first()
    if row is None:
        raise Refused("not_found", "There is no such token; `billow tokens list` lists them")
    if row.revoked_at is None:
        with transaction.atomic():
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            _record(actor, row, "record_destroyed", now)
    return row


def bearer_of(*, secret: str, now: datetime) -> Bearer:
    """Return who acts with this secret; raise Refused unless it is a live token of an active user."""
    if not _SECRET.fullmatch(secret):
        raise Refused("not_authenticated", "The API token is not right.")
    rows = ApiToken.objects.select_related("user__management_account", "user__managed_account")
    row = rows.filter(secret_hash=_hash(secret)).first()
    if row is None or not _is_live(row, now):
        raise Refused("not_authenticated", "The API token is not right, was revoked or has expired.")
    if row.last_used_at is None or now - row.last_used_at >= _USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
        User.objects.filter(pk=row.user_id).update(last_seen_at=now)
    return Bearer(
        actor=Actor(management_account=row.user.management_account, user=row.user, source=Source.API),
        user=row.user,
        token=row.token,
        description=row.description,
        scopes=frozenset(row.scopes),
        created_at=row.created_at,
    )


def _is_live(row: ApiToken, now: datetime) -> bool:
    account = row.user.managed_account
    return (
        row.user.is_active
        and row.revoked_at is None
        and (row.expires_at is None or row.expires_at > now)
        and (account is None or account.deleted_at is None)
    )


def _visible(actor: Actor) -> "models.QuerySet[ApiToken]":
    rows = ApiToken.objects.filter(user__management_account=actor.management_account)
    return rows if actor.may(Permission.ADMINISTER) else rows.filter(user=actor.user)


def _read_scopes(findings: Findings, scopes: Sequence[str]) -> list[str]:
    wanted = [findings.read_choice(scope, column="scope", choices=SCOPES) for scope in scopes]
    if not wanted:
        findings.error("blank", "scope", "Scope can't be blank; write read, or read and write")
    return [scope for scope in SCOPES if scope in wanted]


def _hash(secret: str) -> str:
    # The secret is 160 random bits, so that a slow hash would protect nothing more.
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(actor: Actor, row: ApiToken, action: str, now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="ApiToken",
        object_token=row.token,
        object_name=row.description,
        changes={"user": row.user.email, "scopes": row.scopes},
        now=now,
    )
