"""Every endpoint, asked by everybody, about what is theirs, what is hidden from them, and what is another MSP's."""

import re
from collections.abc import Mapping
from dataclasses import asdict

import pytest
from django.db import transaction

from billow.interfaces.api.server import make_api
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.records.costs.models import UserCostsUpload
from billow.records.reports.models import CostReport, DataExport, Folder
from billow.usecases.cost_reports import USUAL_CHART
from billow.usecases.read_audit_log import entry_token
from billow.usecases.report_words import ReportSettings
from billow.usecases.workspaces import default_workspace
from tests.api.endpoints import ASKERS, ENDPOINTS, OPEN, Endpoint
from tests.api.world import NOW, ApiClient, Msp
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


def placeholders(endpoint: Endpoint) -> list[str]:
    return re.findall(r"{(\w+)}", endpoint.path)


def status_of(client: ApiClient, endpoint: Endpoint, objects: Objects) -> int:
    """Ask, and take back whatever it did."""
    with transaction.atomic():
        answer = client.ask(endpoint.method, endpoint.path.format(**objects), dict(endpoint.body))
        transaction.set_rollback(True)
    if answer.status_code >= 400:
        assert all(isinstance(text, str) for text in answer.json()["errors"])
    assert answer.status_code < 500
    return int(answer.status_code)


def test_every_endpoint_is_in_the_table_once() -> None:
    paths = make_api().get_openapi_schema(path_prefix="/v2/")["paths"]
    served = sorted((method.upper(), path) for path, methods in paths.items() for method in methods)
    assert served == sorted((each.method, each.path) for each in (*OPEN, *ENDPOINTS))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_roles(endpoint: Endpoint, ours: Msp) -> None:
    objects = shown_objects(ours)
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, objects)
        if who in endpoint.may:
            assert status not in {401, 403, 404, 405}, f"{who} is refused with {status}"
        else:
            assert status == 403, f"{who} is answered {status}"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_without_a_token_or_its_scope_nothing_is_answered(endpoint: Endpoint, ours: Msp) -> None:
    objects = shown_objects(ours)
    assert status_of(ApiClient(None), endpoint, objects) == 401
    assert status_of(ApiClient("vntg_tkn_" + "0" * 40), endpoint, objects) == 401
    read_only = status_of(ours.client("read_only"), endpoint, objects)
    assert (read_only == 403) == (endpoint.scope == "write")


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if placeholders(each)], ids=lambda each: each.name)
def test_what_is_another_msps_does_not_exist(endpoint: Endpoint, ours: Msp, theirs: Msp) -> None:
    foreign = shown_objects(theirs)
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, foreign)
        assert status == 404 if who in endpoint.may else status in {403, 404}, f"{who} is answered {status}"


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if placeholders(each)], ids=lambda each: each.name)
def test_what_a_team_may_not_see_does_not_exist(endpoint: Endpoint, ours: Msp) -> None:
    hidden = hidden_objects(ours)
    if not set(placeholders(endpoint)) & set(hidden):
        return
    objects = {**shown_objects(ours), **hidden}
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, objects)
        assert status == 404 if who in endpoint.may else status in {403, 404}, f"{who} is answered {status}"
