"""A token for every placeholder of a path: of what is shown, and of what is hidden."""

from collections.abc import Mapping
from dataclasses import asdict

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.records.costs.models import UserCostsUpload
from billow.records.reports.models import CostReport, DataExport, Folder
from billow.usecases.cost_reports import USUAL_CHART
from billow.usecases.read_audit_log import entry_token
from billow.usecases.report_words import ReportSettings
from billow.usecases.workspaces import default_workspace
from tests.api.world import NOW, Msp
from tests.factories.invoices import make_credit_note

Objects = Mapping[str, str]


def shown_objects(msp: Msp) -> Objects:
    """Return a token for every placeholder, of something that the people of this MSP see."""
    entry = AuditEntry.objects.filter(management_account=msp.account).first()
    assert entry is not None
    return {
        "user_token": msp.people["editor"].token,
        "team_token": msp.team.token,
        "invoice_token": msp.invoice.token,
        "billing_profile_token": msp.profile.token,
        "billing_rule_token": msp.rule.token,
        "managed_account_token": msp.shown.token,
        "integration_token": msp.integration.token,
        "audit_log_token": entry_token(entry=entry),
        "user_costs_upload_token": upload_of(msp).token,
        "webhook_token": msp.webhook.token,
        "credit_note_token": make_credit_note(invoice=msp.invoice).token,
        **report_objects(msp, msp.shown),
    }


def hidden_objects(msp: Msp) -> Objects:
    """Return a token for every placeholder that belongs to a managed account, of one that nobody here may see."""
    return {
        "invoice_token": msp.hidden_invoice.token,
        "managed_account_token": msp.hidden.token,
        "credit_note_token": make_credit_note(invoice=msp.hidden_invoice).token,
        **report_objects(msp, msp.hidden),
    }


def upload_of(msp: Msp) -> UserCostsUpload:
    """Return a file of costs that somebody uploaded."""
    what = {"sha256": "0" * 64, "size_bytes": 1, "storage_key": "00/0.csv", "rows": 1, "filename": "october.csv"}
    when = {"start_date": NOW.date(), "end_date": NOW.date(), "created_at": NOW}
    return UserCostsUpload.objects.create(integration=msp.integration, **what, **when)


def report_objects(msp: Msp, account: ManagedAccount) -> Objects:
    """Return a workspace of the customer, and what lies in it."""
    workspace = default_workspace(management_account=msp.account, account=account, now=NOW)
    kept = {"settings": asdict(ReportSettings()), "chart_settings": USUAL_CHART}
    owned = {"management_account": msp.account, "created_at": NOW}
    common = {"workspace": workspace, "updated_at": NOW, **owned}
    return {
        "workspace_token": workspace.token,
        "data_export_token": DataExport.objects.create(workspace=workspace, **owned).token,
        "folder_token": Folder.objects.create(title="Mine", **common).token,
        "cost_report_token": CostReport.objects.create(title="Mine", **kept, **common).token,
    }
