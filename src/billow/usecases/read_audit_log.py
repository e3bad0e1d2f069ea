"""Read the audit log: an owner's to see."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from billow.records.accounts.models import Permission
from billow.records.audit.models import AuditEntry
from billow.usecases.actor import Actor
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

_PREFIX = "adt_lg_"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """What the entries must have; an empty text asks for nothing. ``end_date`` is the last day."""

    token: str = ""
    user: str = ""
    action: str = ""
    source: str = ""
    object_type: str = ""
    object_name: str = ""
    object_token: str = ""
    start_date: date | None = None
    end_date: date | None = None


def page_of_entries(*, actor: Actor, question: AuditQuestion, wanted: PageWanted) -> Page[AuditEntry]:
    """Return the entries that fit, newest first."""
    rows = _visible(actor)
    if question.token:
        rows = rows.filter(pk=_key_of(question.token))
    for column, value in (
        ("user__token", question.user),
        ("action", question.action),
        ("source", question.source),
        ("object_type", question.object_type),
        ("object_name", question.object_name),
        ("object_token", question.object_token),
    ):
        if value:
            rows = rows.filter(**{column: value})
    if question.start_date is not None:
        rows = rows.filter(created_at__date__gte=question.start_date)
    if question.end_date is not None:
        rows = rows.filter(created_at__date__lte=question.end_date)
    return page_of(rows.order_by("-created_at", "-pk"), wanted=wanted)


def entry_with(*, actor: Actor, token: str) -> AuditEntry:
    """Return the entry with this token."""
    entry = _visible(actor).filter(pk=_key_of(token)).first()
    if entry is None:
        raise Refused("not_found", "Resource not found")
    return entry


def entry_token(*, entry: AuditEntry) -> str:
    """Return the public identifier of an entry; rows are never changed, so it is made of the key."""
    return f"{_PREFIX}{entry.pk:016x}"


def _visible(actor: Actor) -> "QuerySet[AuditEntry]":
    actor.must(Permission.ADMINISTER)
    return AuditEntry.objects.filter(management_account=actor.management_account).select_related("user")


def _key_of(token: str) -> int:
    """Return the key that the token is made of; 0, which no row has, where it is none of ours."""
    digits = token.removeprefix(_PREFIX)
    key = int(digits, 16) if token != digits and len(digits) == 16 and _is_hex(digits) else 0
    # The store counts with 63 bits.
    return key if key < 2**63 else 0


def _is_hex(text: str) -> bool:
    return all(sign in "0123456789abcdef" for sign in text)
