"""Who did what; an owner's to see."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.audit.models import AuditEntry
from billow.usecases.read_audit_log import AuditQuestion, entry_token, entry_with, page_of_entries

router = Router(tags=["Audit log"])

MOST_PER_PAGE = 5000


class AuditLogShown(Schema):
    """One act: who, through which door, on what, and what changed."""

    token: str = Field(examples=["adt_lg_0000000000000001"])
    user_token: str | None
    user_email: str | None
    action: str = Field(examples=["record_updated", "invoice.approve"])
    source: str = Field(examples=["console", "api", "cli", "job"])
    object_type: str
    object_name: str
    object_token: str
    object_title: str | None
    event: str
    user: str | None
    workspace_title: str | None = None
    workspace_token: str | None = None
    changed_values: dict[str, Any]
    unchanged_values: dict[str, Any] = {}
    created_at: str


class AuditLogs(Schema):
    """A page of the audit log."""

    links: Links
    audit_logs: list[AuditLogShown]


class AuditQuery(PageQuery):
    """Which entries."""

    limit: int = Field(100, ge=1, description="Entries on a page, at most 5000.")
    user: str = Field("", description="A user's token.")
    workspace_token: str = Field("", description="Accepted for older clients; the log is the whole account's.")
    action: str = ""
    source: str = ""
    object_type: str = ""
    object_name: str = ""
    object_token: str = ""
    token: str = Field("", description="An entry's own token.")
    start_date: date | None = None
    end_date: date | None = Field(None, description="The last day, inclusive.")


@router.get("", response=answers(AuditLogs), operation_id="getAuditLogs", summary="Read the audit log")
def list_entries(request: HttpRequest, query: Query[AuditQuery]) -> dict[str, Any]:
    """Return the entries, newest first."""
    question = AuditQuestion(
        token=query.token,
        user=query.user,
        action=query.action,
        source=query.source,
        object_type=query.object_type,
        object_name=query.object_name,
        object_token=query.object_token,
        start_date=query.start_date,
        end_date=query.end_date,
    )
    page = page_of_entries(actor=caller(request), question=question, wanted=query.wanted(most=MOST_PER_PAGE))
    shown = [_shown(entry) for entry in page.items]
    return {"links": links_of(request, page=page), "audit_logs": shown}


@router.get(
    "/{audit_log_token}", response=answers(AuditLogShown), operation_id="getAuditLog", summary="Show an audit entry"
)
def get_entry(request: HttpRequest, audit_log_token: str) -> dict[str, Any]:
    """Return one entry."""
    return _shown(entry_with(actor=caller(request), token=audit_log_token))


def _shown(entry: AuditEntry) -> dict[str, Any]:
    return {
        "token": entry_token(entry=entry),
        "user_token": None if entry.user is None else entry.user.token,
        "user_email": None if entry.user is None else entry.user.email,
        "action": entry.action,
        "source": entry.source,
        "object_type": entry.object_type,
        "object_name": entry.object_name,
        "object_token": entry.object_token,
        "object_title": entry.object_name or None,
        "event": entry.action,
        "user": None if entry.user is None else str(entry.user),
        "changed_values": entry.changes,
        "created_at": time_text(entry.created_at),
    }
