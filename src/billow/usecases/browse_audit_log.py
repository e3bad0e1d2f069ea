"""Look through the audit log as a person does: filtered, newest first, as quick at its end as at its beginning."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from billow.documents.csv import safe_cell
from billow.records.accounts.models import Permission, User
from billow.records.audit.models import AuditEntry
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.read_audit_log import entry_token, entry_with
from billow.usecases.refused import Refused

NOBODY = "nobody"
"""Asks for what no user did: background work and the command line."""

_BATCH = 2000
_COLUMNS = ("time", "who", "email", "door", "action", "object_type", "object_name", "object_token", "changes", "entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What entries must have; what is empty asks for nothing. Days are the management account's, the last included.

    ``user`` is a token or NOBODY; ``thing`` is the exact token or name of what was acted upon.
    """

    user: str = ""
    object_types: Sequence[str] = ()
    source: str = ""
    thing: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Entries, newest first, and whether there are older and newer ones than these."""

    entries: tuple[AuditEntry, ...]
    has_older: bool
    has_newer: bool


def page_of_audit_log(*, actor: Actor, wanted: AuditFilter, before: str = "", after: str = "", limit: int) -> AuditPage:
    """Return the newest entries, or those just older or just newer than the entry with this token.

    An index leads to the first of them and the reading stops after the last: how many there are besides is not counted.
    """
    rows = _fitting(actor, wanted)
    cursor = _cursor(actor, before or after)
    if cursor is None:
        found = list(rows.order_by("-created_at", "-pk")[: limit + 1])
        return AuditPage(entries=tuple(found[:limit]), has_older=len(found) > limit, has_newer=False)
    if before:
        found = list(_older(rows, cursor).order_by("-created_at", "-pk")[: limit + 1])
        return AuditPage(entries=tuple(found[:limit]), has_older=len(found) > limit, has_newer=True)
    newer = Q(created_at__gt=cursor.created_at) | Q(pk__gt=cursor.pk)
    found = list(rows.filter(newer, created_at__gte=cursor.created_at).order_by("created_at", "pk")[: limit + 1])
    return AuditPage(entries=tuple(reversed(found[:limit])), has_older=True, has_newer=len(found) > limit)


def export_audit_log(*, actor: Actor, wanted: AuditFilter, now: datetime) -> Iterator[bytes]:
    """Return a CSV file of every entry that fits, newest first, made bit by bit; the log says who took it away."""
    rows = _fitting(actor, wanted)
    changes: dict[str, object] = {
        "user": wanted.user,
        "object_types": list(wanted.object_types),
        "source": wanted.source,
        "thing": wanted.thing,
        "first_day": wanted.first_day.isoformat() if wanted.first_day else "",
        "last_day": wanted.last_day.isoformat() if wanted.last_day else "",
    }
    record(
        actor=actor,
        action="audit_log.export",
        object_type="AuditLog",
        changes={name: value for name, value in changes.items() if value},
        now=now,
    )
    return _lines(_in_batches(rows.filter(created_at__lte=now)))


def people_in_log(*, actor: Actor) -> tuple[User, ...]:
    """Return whom one can ask for: the MSP's own people and services."""
    actor.must(Permission.ADMINISTER)
    rows = User.objects.filter(management_account=actor.management_account, managed_account=None)
    return tuple(rows.order_by("is_service", "name", "email"))


def _lines(entries: Iterable[AuditEntry]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        writer.writerow([safe_cell(cell) for cell in _cells(entry)])
        if text.tell() > 64 * 1024:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    user = entry.user
    return (
        entry.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "" if user is None else str(user),
        "" if user is None or user.is_service else user.email,
        entry.source,
        entry.action,
        entry.object_type,
        entry.object_name,
        entry.object_token,
        json.dumps(entry.changes, ensure_ascii=False),
        entry_token(entry=entry),
    )


def _in_batches(rows: "QuerySet[AuditEntry]") -> Iterator[AuditEntry]:
    batch = list(rows.order_by("-created_at", "-pk")[:_BATCH])
    while batch:
        yield from batch
        batch = list(_older(rows, batch[-1]).order_by("-created_at", "-pk")[:_BATCH]) if len(batch) == _BATCH else []


def _older(rows: "QuerySet[AuditEntry]", entry: AuditEntry) -> "QuerySet[AuditEntry]":
    # The first condition alone lets the index lead there; the second one sorts out those of the same instant.
    older = Q(created_at__lt=entry.created_at) | Q(pk__lt=entry.pk)
    return rows.filter(older, created_at__lte=entry.created_at)


def _cursor(actor: Actor, token: str) -> AuditEntry | None:
    """Return the entry that the page begins at; None, the beginning, for one that is none."""
    if not token:
        return None
    try:
        return entry_with(actor=actor, token=token)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        return None


def _fitting(actor: Actor, wanted: AuditFilter) -> "QuerySet[AuditEntry]":
    actor.must(Permission.ADMINISTER)
    rows = AuditEntry.objects.filter(management_account=actor.management_account).select_related("user")
    if wanted.user == NOBODY:
        rows = rows.filter(user=None)
    elif wanted.user:
        # The key, not a join: the index begins with it.
        keys = User.objects.filter(management_account=actor.management_account, token=wanted.user)
        rows = rows.filter(user=keys.values_list("pk", flat=True).first() or 0)
    if wanted.object_types:
        rows = rows.filter(object_type__in=wanted.object_types)
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    if wanted.thing:
        rows = rows.filter(Q(object_token=wanted.thing) | Q(object_name=wanted.thing))
    zone = ZoneInfo(actor.management_account.time_zone)
    if wanted.first_day is not None:
        rows = rows.filter(created_at__gte=datetime.combine(wanted.first_day, time(), tzinfo=zone))
    if wanted.last_day is not None:
        rows = rows.filter(created_at__lt=datetime.combine(wanted.last_day + timedelta(days=1), time(), tzinfo=zone))
    return rows
