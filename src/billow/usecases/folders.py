"""Folders of cost reports."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from billow.records.accounts.models import Permission
from billow.records.reports.models import Folder, Workspace
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.workspaces import meant_workspace, own_workspaces, workspace_with

FOLDER_FIELDS = ("title", "parent_folder_token", "saved_filter_tokens", "workspace_token")
MOST_TOKENS = 100
DEEPEST = 20


def page_of_folders(*, actor: Actor, wanted: PageWanted, workspace_token: str = "", now: datetime) -> Page[Folder]:
    """Return the folders of a workspace, or of all of the actor's own, by title."""
    if workspace_token:
        workspaces = [workspace_with(actor=actor, token=workspace_token)]
    else:
        workspaces = list(own_workspaces(actor=actor, now=now))
    rows = Folder.objects.filter(workspace__in=workspaces).select_related("workspace", "parent_folder")
    return page_of(rows.order_by("title", "pk"), wanted=wanted)


def folder_with(*, actor: Actor, token: str) -> Folder:
    """Return the folder with this token."""
    rows = Folder.objects.visible_to(actor).select_related("workspace", "parent_folder")
    folder = rows.filter(token=token).first()
    if folder is None:
        raise Refused("not_found", "Resource not found")
    return folder


def folder_in(findings: Findings, *, workspace: Workspace, token: object, column: str) -> Folder | None:
    """Return the workspace's folder with this token; empty text means none."""
    if token is None or token == "":
        return None
    found = Folder.objects.filter(workspace=workspace, token=str(token)).first()
    if found is None:
        findings.error("unknown_folder", column, f"There is no folder {str(token)[:60]!r} in this workspace", token)
    return found


def add_folder(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> Folder:
    """Add a folder from FOLDER_FIELDS."""
    actor.must(Permission.WRITE_REPORTS)
    workspace = meant_workspace(actor=actor, token=fields.get("workspace_token"), now=now)
    folder = Folder(management_account=actor.management_account, workspace=workspace, created_at=now)
    return _save(actor, folder, {"title": None, **fields}, "record_created", now)


def change_folder(*, actor: Actor, folder: Folder, fields: Mapping[str, object], now: datetime) -> Folder:
    """Change the given fields; a folder stays in its workspace."""
    actor.must(Permission.WRITE_REPORTS)
    actor.must_own(folder)
    return _save(actor, folder, fields, "record_updated", now)


def delete_folder(*, actor: Actor, folder: Folder, now: datetime) -> None:
    """Delete a folder with those in it; reports in them stay, without a folder."""
    actor.must(Permission.WRITE_REPORTS)
    actor.must_own(folder)
    with transaction.atomic():
        _record(actor, folder, "record_destroyed", {}, now)
        folder.delete()


def read_tokens(findings: Findings, value: object, *, column: str) -> list[str]:
    """Return a list of tokens as it was written."""
    if not isinstance(value, list) or not all(isinstance(each, str) and len(each) <= 60 for each in value):
        findings.error("not_a_list", column, f"{column.replace('_', ' ').capitalize()} must be a list of tokens")
        return []
    if len(value) > MOST_TOKENS:
        findings.error("too_many", column, f"There are {len(value)} tokens; at most {MOST_TOKENS}")
    return list(value)


def _save(actor: Actor, folder: Folder, fields: Mapping[str, object], action: str, now: datetime) -> Folder:
    findings = Findings(keeps_spaces=actor.is_program)
    if "title" in fields:
        folder.title = findings.read_text(fields["title"], column="title", required=True)
    if "saved_filter_tokens" in fields:
        tokens = read_tokens(findings, fields["saved_filter_tokens"], column="saved_filter_tokens")
        folder.saved_filter_tokens = tokens
    if "parent_folder_token" in fields:
        parent = folder_in(
            findings, workspace=folder.workspace, token=fields["parent_folder_token"], column="parent_folder_token"
        )
        _refuse_circle(findings, folder, parent)
        folder.parent_folder = parent
    findings.refuse_if_any()
    folder.updated_at = now
    with transaction.atomic():
        folder.save()
        _record(actor, folder, action, fields, now)
    return folder


def _refuse_circle(findings: Findings, folder: Folder, parent: Folder | None) -> None:
    above = parent
    for _ in range(DEEPEST):
        if above is None:
            return
        if folder.pk is not None and above.pk == folder.pk:
            findings.error("circle", "parent_folder_token", "A folder cannot lie in itself or in a folder inside it")
            return
        above = above.parent_folder
    if above is not None:
        findings.error("too_deep", "parent_folder_token", f"Folders nest at most {DEEPEST} deep")


def _record(actor: Actor, folder: Folder, action: str, fields: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="Folder",
        object_token=folder.token,
        object_name=str(folder),
        changes={name: str(value)[:500] for name, value in fields.items() if name in FOLDER_FIELDS},
        now=now,
    )
