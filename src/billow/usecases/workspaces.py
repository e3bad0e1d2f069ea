"""Workspaces: the MSP's own and its customers', each with a default one that is there when it is first needed."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billow.records.accounts.models import ManagementAccount, Permission
from billow.records.billing.models import ManagedAccount
from billow.records.reports.models import Workspace
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

WORKSPACE_FIELDS = ("name", "enable_currency_conversion", "currency", "exchange_rate_date")
EXCHANGE_RATE_DATES = ("daily_rate", "end_of_billing_period_rate")
"""Accepted and kept; costs are converted at the rate of their month, as on invoices."""
DEFAULT_NAME = "Default"


def page_of_workspaces(
    *, actor: Actor, wanted: PageWanted, text: str = "", account_token: str = "", now: datetime
) -> Page[Workspace]:
    """Return the actor's own workspaces, or those of one managed account, the default one first."""
    if account_token:
        account = _account(actor, account_token)
        default_workspace(management_account=actor.management_account, account=account, now=now)
        rows: QuerySet[Workspace] = Workspace.objects.visible_to(actor).filter(managed_account=account)
    else:
        rows = _own(actor, now)
    if text:
        rows = rows.filter(name__icontains=text)
    return page_of(rows.order_by("-is_default", "name", "pk"), wanted=wanted)


def own_workspaces(*, actor: Actor, now: datetime) -> tuple[Workspace, ...]:
    """Return the actor's own workspaces, the default one first."""
    return tuple(_own(actor, now).order_by("-is_default", "name", "pk"))


def workspace_with(*, actor: Actor, token: str) -> Workspace:
    """Return the workspace with this token; raise Refused, as if there were none, for what the actor may not see."""
    rows = Workspace.objects.visible_to(actor).select_related("management_account", "managed_account__billing_profile")
    workspace = rows.filter(token=token).first()
    if workspace is None or (workspace.managed_account and workspace.managed_account.deleted_at):
        raise Refused("not_found", "Resource not found")
    return workspace


def meant_workspace(*, actor: Actor, token: object, now: datetime) -> Workspace:
    """Return the named workspace; one need not be named by who has only one."""
    if token is not None and token != "":
        return workspace_with(actor=actor, token=str(token))
    own = list(_own(actor, now).order_by("pk")[:2])
    if len(own) > 1:
        raise Refused("ambiguous", "Workspace token can't be blank: there are several workspaces to choose from")
    return own[0]


def default_workspace(
    *, management_account: ManagementAccount, account: ManagedAccount | None, now: datetime
) -> Workspace:
    """Return the default workspace of the MSP or of the managed account, made when it is first asked for."""
    workspace, _ = Workspace.objects.select_related("management_account", "managed_account").get_or_create(
        management_account=management_account,
        managed_account=account,
        is_default=True,
        defaults={
            "name": DEFAULT_NAME if account is None else account.name,
            "currency": (account or management_account).currency,
            "created_at": now,
        },
    )
    return workspace


def add_workspace(*, actor: Actor, fields: Mapping[str, object], account_token: str = "", now: datetime) -> Workspace:
    """Add a workspace from WORKSPACE_FIELDS; only the name is needed."""
    actor.must(Permission.ADMINISTER)
    account = _account(actor, account_token) if account_token else None
    findings = Findings(keeps_spaces=actor.is_program)
    workspace = Workspace(
        management_account=actor.management_account,
        managed_account=account,
        currency=(account or actor.management_account).currency,
        created_at=now,
    )
    _fill(findings, workspace, {"name": None, **fields})
    findings.refuse_if_any()
    with transaction.atomic():
        workspace.save()
        _record(actor, workspace, "record_created", fields, now)
    return workspace


def change_workspace(*, actor: Actor, workspace: Workspace, fields: Mapping[str, object], now: datetime) -> Workspace:
    """Change the given fields."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(workspace)
    findings = Findings(keeps_spaces=actor.is_program)
    _fill(findings, workspace, fields)
    findings.refuse_if_any()
    with transaction.atomic():
        workspace.save()
        _record(actor, workspace, "record_updated", fields, now)
    return workspace


def delete_workspace(*, actor: Actor, workspace: Workspace, now: datetime) -> None:
    """Delete a workspace with its reports and folders; the default one stays."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(workspace)
    if workspace.is_default:
        raise Refused("default_workspace", f"{workspace} is the default workspace and cannot be deleted")
    with transaction.atomic():
        _record(actor, workspace, "record_destroyed", {}, now)
        workspace.delete()


def _own(actor: Actor, now: datetime) -> "QuerySet[Workspace]":
    account = actor.account
    default_workspace(management_account=actor.management_account, account=account, now=now)
    rows = Workspace.objects.visible_to(actor).filter(managed_account=account)
    return rows.select_related("management_account", "managed_account__billing_profile")


def _account(actor: Actor, token: str) -> ManagedAccount:
    account = ManagedAccount.objects.visible_to(actor).live().filter(token=token).first()
    if account is None:
        raise Refused("not_found", "Resource not found")
    return account


def _fill(findings: Findings, workspace: Workspace, fields: Mapping[str, object]) -> None:
    if "name" in fields:
        workspace.name = findings.read_text(fields["name"], column="name", required=True) or ""
    if "enable_currency_conversion" in fields:
        flag = findings.read_flag(fields["enable_currency_conversion"], column="enable_currency_conversion")
        workspace.enable_currency_conversion = flag
    if "currency" in fields:
        workspace.currency = findings.read_currency(fields["currency"], column="currency")
    if "exchange_rate_date" in fields:
        workspace.exchange_rate_date = findings.read_choice(
            fields["exchange_rate_date"], column="exchange_rate_date", choices=EXCHANGE_RATE_DATES
        )


def _record(actor: Actor, workspace: Workspace, action: str, fields: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="Workspace",
        object_token=workspace.token,
        object_name=workspace.name,
        changes={name: str(value) for name, value in fields.items() if name in WORKSPACE_FIELDS},
        now=now,
    )
