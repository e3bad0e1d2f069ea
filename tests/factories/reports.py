"""Workspaces, the MSP's own and its customers', and reports in them."""

from datetime import UTC, datetime
from typing import Any

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import ManagedAccount
from billow.records.reports.models import CostReport, Workspace


def make_workspace(
    *, management_account: ManagementAccount, account: ManagedAccount | None = None, **fields: Any
) -> Workspace:
    defaults: dict[str, Any] = {"name": "Main", "currency": "USD", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return Workspace.objects.create(
        management_account=management_account, managed_account=account, **{**defaults, **fields}
    )


def make_report(*, workspace: Workspace, title: str) -> CostReport:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return CostReport.objects.create(
        management_account=workspace.management_account,
        workspace=workspace,
        title=title,
        created_at=when,
        updated_at=when,
    )
