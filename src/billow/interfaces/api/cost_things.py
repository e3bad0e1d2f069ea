"""Whole answers about costs and their reports, one for each thing; they belong to the bodies of ``examples``."""

from collections.abc import Mapping

from billow.interfaces.api.answer_things import BASE, WORKSPACE, Answer
from billow.interfaces.api.examples import PLACEHOLDER

_REPORT = f"rprt_{PLACEHOLDER}"
_WORKSPACE = f"wrkspc_{PLACEHOLDER}"
_EXPORT = f"dta_xprt_{PLACEHOLDER}"
_CREATED = "2026-11-03T09:00:00Z"

_EXPORT_SHOWN: Answer = {
    "token": _EXPORT,
    "status": "completed",
    "created_at": _CREATED,
    "export_type": "cost_report",
    "manifest": {
        "files": [f"{BASE}/v2/data_exports/files/WyJkdGFfeHBydF8…"],
        "completed_at": "2026-11-03T09:00:04Z",
        "valid_until": "2026-11-04T09:00:04Z",
    },
    "attributes": {
        "schema": "focus",
        "filter": "costs.provider = 'aws'",
        "groupings": "service",
        "start_date": "2026-07-01",
        "end_date": "2026-09-30",
        "date_bin": "day",
    },
    "failure": None,
}
_SETTINGS: Answer = {
    "include_credits": False,
    "include_refunds": False,
    "include_discounts": True,
    "include_tax": True,
    "amortize": True,
    "unallocated": False,
    "aggregate_by": "cost",
    "show_previous_period": True,
    "complete_period": False,
}
_COST: Answer = {
    "accrued_at": "2026-10-01",
    "amount": "1175.7712",
    "currency": "USD",
    "usage": {"amount": "744.0", "unit": "Hours"},
    "provider": "aws",
    "billing_account_id": None,
    "account_id": None,
    "service": "Amazon EC2",
    "region": None,
    "resource_id": None,
    "tag": None,
    "tags": None,
    "cost_category": None,
    "cost_subcategory": None,
    "charge_type": None,
    "tagged": None,
    "usage_unit": None,
    "tag_values": None,
}

COST_THINGS: Mapping[str, Answer] = {
    "WorkspaceShown": WORKSPACE,
    "FolderShown": {
        "token": f"fldr_{PLACEHOLDER}",
        "title": "Engineering",
        "type": "CostFolder",
        "parent_folder_token": None,
        "saved_filter_tokens": [],
        "created_at": _CREATED,
        "updated_at": _CREATED,
        "workspace_token": _WORKSPACE,
    },
    "CostReportShown": {
        "token": _REPORT,
        "title": "Compute by service",
        "folder_token": f"fldr_{PLACEHOLDER}",
        "saved_filter_tokens": [],
        "business_metric_tokens_with_metadata": [],
        "default_forecast": {"kind": "baseline", "report_forecast_token": None},
        "filter": "costs.provider = 'aws'",
        "groupings": "service",
        "settings": _SETTINGS,
        "created_at": _CREATED,
        "workspace_token": _WORKSPACE,
        "previous_period_start_date": None,
        "previous_period_end_date": None,
        "start_date": None,
        "end_date": None,
        "date_interval": "this_month",
        "chart_type": "bar",
        "date_bin": "month",
        "chart_settings": {"x_axis_dimension": ["date"], "y_axis_dimension": "cost"},
    },
    "Costs": {
        "links": None,
        "total_cost": {"amount": "1175.7712", "currency": "USD"},
        "total_costs": [{"amount": "1175.7712", "currency": "USD"}],
        "total_usage": [{"amount": "744.0", "unit": "Hours"}],
        "total_count": None,
        "costs": [_COST],
    },
    "ProviderAccountShown": {
        "title": "hooli-production",
        "account_id": "510000000001",
        "provider_uuid": "400000000001",
        "provider": "aws",
    },
    "DataExportShown": _EXPORT_SHOWN,
}
"""By the name of its schema."""
