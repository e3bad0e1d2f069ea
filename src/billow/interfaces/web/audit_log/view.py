"""The audit log: who did what and when, the detail of one entry, and a file of what was asked for."""

from datetime import UTC, date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billow.interfaces.web.audit_log.shown import (
    KINDS,
    action_name,
    changes_of,
    kind_names,
    page_of,
    source_names,
    thing_name,
    type_name,
)
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.shown.fields import choices_of
from billow.interfaces.web.shown.times import moment, zone_of
from billow.records.audit.models import AuditEntry
from billow.usecases.actor import Actor
from billow.usecases.browse_audit_log import (
    NOBODY,
    AuditFilter,
    export_audit_log,
    page_of_audit_log,
    people_in_log,
)
from billow.usecases.read_audit_log import entry_token, entry_with

PATH = "/settings/audit-log"
ROWS = 50
_FIELDS = ("who", "what", "door", "thing", "from", "to")
_MOST_CHARACTERS = 255


@require_GET
def audit_log_page(request: HttpRequest) -> HttpResponse:
    """Show the entries that were asked for, newest first."""
    actor, fields = actor_of(request), _fields(request)
    page = page_of_audit_log(
        actor=actor,
        wanted=_wanted(fields),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
        limit=ROWS,
    )
    kept = {name: value for name, value in fields.items() if value}
    first, last = (entry_token(entry=page.entries[at]) if page.entries else "" for at in (0, -1))
    values = {
        "section": "settings",
        "place": "audit_log",
        "fields": fields,
        "is_filtered": bool(kept),
        "people": choices_of(
            [
                ("", _("Everybody")),
                *((user.token, str(user)) for user in people_in_log(actor=actor)),
                (NOBODY, _("Nobody: background work, command line")),
            ]
        ),
        "kinds": choices_of([("", _("Everything")), *kind_names()]),
        "doors": choices_of([("", _("Any way")), *source_names().items()]),
        "rows": [_row(entry, actor) for entry in page.entries],
        "newer_url": _url({**kept, "after": first}) if page.has_newer and first else "",
        "older_url": _url({**kept, "before": last}) if page.has_older and last else "",
        "csv_url": f"{PATH}.csv?{urlencode(kept)}" if kept else f"{PATH}.csv",
    }
    return render(request, "audit_log/page.html", values)


@require_GET
def one_entry(request: HttpRequest, token: str) -> HttpResponse:
    """Show one entry with what it changed."""
    actor = actor_of(request)
    entry = entry_with(actor=actor, token=token)
    values = {
        "section": "settings",
        "place": "audit_log",
        "entry": _row(entry, actor),
        "at": entry.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "email": entry.user.email if entry.user is not None and not entry.user.is_service else "",
        "type": type_name(entry),
        "object_token": entry.object_token,
        "page": page_of(entry),
        "all_url": _url({"thing": entry.object_token}) if entry.object_token else "",
        "changes": changes_of(entry),
    }
    is_fragment = bool(request.headers.get("HX-Request"))
    return render(request, "audit_log/_entry.html" if is_fragment else "audit_log/entry.html", values)


@require_GET
def audit_log_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Answer with a file of all entries that were asked for."""
    actor = actor_of(request)
    return StreamingHttpResponse(
        export_audit_log(actor=actor, wanted=_wanted(_fields(request)), now=clock()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"'},
    )


def _fields(request: HttpRequest) -> dict[str, str]:
    """Return the filters of the address; what makes no sense is left out."""
    found = {name: request.GET.get(name, "").strip()[:_MOST_CHARACTERS] for name in _FIELDS}
    return {
        **found,
        "what": found["what"] if found["what"] in KINDS else "",
        "door": found["door"] if found["door"] in source_names() else "",
        "from": found["from"] if _day(found["from"]) else "",
        "to": found["to"] if _day(found["to"]) else "",
    }


def _wanted(fields: dict[str, str]) -> AuditFilter:
    return AuditFilter(
        user=fields["who"],
        object_types=KINDS.get(fields["what"], ()),
        source=fields["door"],
        thing=fields["thing"],
        first_day=_day(fields["from"]),
        last_day=_day(fields["to"]),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # A year at either end would leave the calendar when it is moved into a time zone.
    return day if 1900 <= day.year <= 9000 else None


def _url(fields: dict[str, str]) -> str:
    return f"{PATH}?{urlencode(fields)}" if fields else PATH


def _row(entry: AuditEntry, actor: Actor) -> dict[str, object]:
    token = entry_token(entry=entry)
    return {
        "token": token,
        "url": f"{PATH}/{token}",
        "at": moment(entry.created_at, zone=zone_of(actor.management_account.time_zone), now=clock()),
        "who": str(entry.user) if entry.user is not None else "",
        "door": source_names().get(entry.source, entry.source),
        "action": action_name(entry.action),
        "type": type_name(entry),
        "thing": thing_name(entry),
        "summary": ", ".join(f"{name}: {text}" for name, text, is_long in changes_of(entry) if not is_long),
    }
