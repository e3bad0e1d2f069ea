"""Workspaces, folders and cost reports, as scripts keep them."""

from typing import Any

import pytest

from billow.terms.focus import CostBasis
from billow.usecases.cost_reports import default_report, invoice_costs
from billow.usecases.workspaces import default_workspace
from tests.api.world import NOW, Msp

NOTHING_GIVEN: dict[str, Any] = {
    "folder_token": None,
    "saved_filter_tokens": [],
    "business_metric_tokens_with_metadata": [],
    "default_forecast": {"kind": "baseline", "report_forecast_token": None},
    "filter": None,
    "groupings": None,
    "settings": {
        "include_credits": False,
        "include_refunds": False,
        "include_discounts": True,
        "include_tax": True,
        "amortize": True,
        "unallocated": False,
        "aggregate_by": "cost",
        "show_previous_period": True,
        "complete_period": False,
    },
    "previous_period_start_date": None,
    "previous_period_end_date": None,
    "start_date": None,
    "end_date": None,
    "date_interval": "this_month",
    "chart_type": "line",
    "date_bin": "cumulative",
    "chart_settings": {"x_axis_dimension": ["date"], "y_axis_dimension": "cost"},
}


def own_workspace(msp: Msp, who: str = "owner") -> str:
    token: str = msp.client(who).get("/v2/me").json()["default_workspace_token"]
    return token


def test_everybody_has_a_workspace_from_the_start(ours: Msp) -> None:
    me = ours.client("viewer").get("/v2/me").json()
    (workspace,) = me["workspaces"]
    assert workspace["token"] == me["default_workspace_token"]
    assert workspace["token"].startswith("wrkspc_")
    assert {name: workspace[name] for name in ("enable_currency_conversion", "currency", "exchange_rate_date")} == {
        "enable_currency_conversion": True,
        "currency": "USD",
        "exchange_rate_date": "daily_rate",
    }
    (own,) = ours.client("customer").get("/v2/me").json()["workspaces"]
    assert own["token"] != workspace["token"]
    assert own["managed_account_token"] == ours.shown.token
    listed = ours.client("owner").get(f"/v2/workspaces?managed_account_token={ours.shown.token}").json()
    assert [each["token"] for each in listed["workspaces"]] == [own["token"]]
    hidden = ours.client("owner").get(f"/v2/workspaces?managed_account_token={ours.hidden.token}")
    assert hidden.status_code == 404


def test_a_workspace_is_added_changed_and_deleted(ours: Msp) -> None:
    client = ours.client("owner")
    made = client.post("/v2/workspaces", {"name": "Finance", "currency": "eur", "unheard_of": 1})
    assert (made.status_code, made.json()["currency"]) == (201, "EUR")
    path = f"/v2/workspaces/{made.json()['token']}"
    changed = client.put(path, {"name": "Money", "enable_currency_conversion": False, "currency": None})
    assert changed.json() | {"created_at": ""} == made.json() | {
        "name": "Money",
        "enable_currency_conversion": False,
        "created_at": "",
    }
    assert [each["name"] for each in client.get("/v2/workspaces?q=mon").json()["workspaces"]] == ["Money"]
    assert client.delete(path, {}).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(f"/v2/workspaces/{own_workspace(ours)}").status_code == 400


def test_a_workspace_must_be_named_only_by_who_has_several(ours: Msp) -> None:
    client = ours.client("owner")
    assert client.post("/v2/folders", {"title": "One"}).status_code == 201
    other = client.post("/v2/workspaces", {"name": "Finance"}).json()["token"]
    refused = client.post("/v2/folders", {"title": "Two"})
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        ["Workspace token can't be blank: there are several workspaces to choose from"],
    )
    assert client.post("/v2/folders", {"title": "Two", "workspace_token": other}).status_code == 201
    assert client.get("/v2/costs").status_code == 400
    assert client.get(f"/v2/costs?workspace_token={other}").status_code == 200


def test_folders_lie_in_folders_but_never_in_themselves(ours: Msp) -> None:
    client = ours.client("editor")
    outer = client.post("/v2/folders", {"title": "Outer"}).json()
    inner = client.post("/v2/folders", {"title": "Inner", "parent_folder_token": outer["token"]}).json()
    assert (inner["type"], inner["parent_folder_token"]) == ("CostFolder", outer["token"])
    circle = client.put(f"/v2/folders/{outer['token']}", {"parent_folder_token": inner["token"]})
    assert circle.status_code == 400
    assert client.put(f"/v2/folders/{inner['token']}", {"title": "Moved"}).json()["title"] == "Moved"
    assert [each["title"] for each in client.get("/v2/folders").json()["folders"]] == ["Moved", "Outer"]
    assert client.delete(f"/v2/folders/{outer['token']}").status_code == 204
    assert client.get("/v2/folders").json()["folders"] == []
    unknown = client.post("/v2/folders", {"title": "Lost", "parent_folder_token": "fldr_0000000000000000"})
    assert unknown.status_code == 400


def test_a_report_has_every_default(ours: Msp) -> None:
    client = ours.client("editor")
    made = client.post("/v2/cost_reports", {"title": "All of it"})
    assert made.status_code == 201
    report = made.json()
    assert report["token"].startswith("rprt_")
    own = {"token", "title", "created_at", "workspace_token"}
    assert {name: value for name, value in report.items() if name not in own} == NOTHING_GIVEN
    assert client.get(f"/v2/cost_reports/{report['token']}").json() == report


def test_a_report_keeps_what_it_is_given_and_changes_what_it_is_told(ours: Msp) -> None:
    client = ours.client("owner")
    folder = client.post("/v2/folders", {"title": "Customers"}).json()["token"]
    given = {
        "title": "Storage",
        "folder_token": folder,
        "filter": "costs.provider = 'aws'\n  AND costs.service ~* 's3'",
        "groupings": "service,tag:team",
        "settings": {"include_credits": True, "amortize": False},
        "saved_filter_tokens": ["svd_fltr_0123456789abcdef"],
        "start_date": "2026-10-01",
        "end_date": "2026-10-31",
        "previous_period_start_date": "2026-09-01",
        "previous_period_end_date": "2026-09-30",
        "chart_type": "bar",
        "date_bin": "week",
        "chart_settings": {"y_axis_dimension": "usage"},
    }
    report = client.post("/v2/cost_reports", given).json()
    assert {name: report[name] for name in given if name not in ("settings", "chart_settings")} == {
        name: value for name, value in given.items() if name not in ("settings", "chart_settings")
    }
    assert report["settings"] == {**NOTHING_GIVEN["settings"], "include_credits": True, "amortize": False}
    assert report["date_interval"] == "custom"
    path = f"/v2/cost_reports/{report['token']}"
    changed = client.put(path, {"date_interval": "last_3_months", "settings": {"include_tax": False}}).json()
    assert (changed["start_date"], changed["date_interval"]) == (None, "last_3_months")
    assert changed["settings"] == {**report["settings"], "include_tax": False}
    again = client.put(path, {name: value for name, value in report.items() if name != "token"}).json()
    assert again == report, "sending back what was read changes nothing"
    assert client.get(f"/v2/cost_reports?folder_token={folder}&q=stor").json()["cost_reports"] == [report]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Title can't be blank"),
        ({"title": "x", "filter": "costs.service = 'S3'"}, "Filter, position 1: every expression must name"),
        ({"title": "x", "groupings": "colour"}, "cannot be grouped by 'colour'"),
        ({"title": "x", "start_date": "2026-10-01"}, "End date can't be blank"),
        ({"title": "x", "start_date": "2026-13-01", "end_date": "2026-10-31"}, "Start date must be a date"),
        ({"title": "x", "start_date": "2026-10-02", "end_date": "2026-10-01"}, "is before the start date"),
        (
            {"title": "x", "start_date": "2026-10-01", "end_date": "2026-10-02", "date_interval": "this_month"},
            "Give either",
        ),
        ({"title": "x", "date_interval": "custom"}, "needs start date and end date"),
        ({"title": "x", "date_interval": "some_day"}, "Date interval must be one of"),
        ({"title": "x", "date_bin": "minute"}, "Date bin must be one of"),
        ({"title": "x", "chart_type": "pyramid"}, "Chart type must be one of"),
        ({"title": "x", "chart_settings": {"x_axis_dimension": []}}, "X axis dimension must be a list"),
        ({"title": "x", "settings": {"aggregate_by": "mood"}}, "Aggregate by must be one of"),
        ({"title": "x", "settings": "all"}, "settings"),
        ({"title": "x", "folder_token": "fldr_0000000000000000"}, "There is no folder"),
        ({"title": "x", "saved_filter_tokens": "one"}, "must be a list of tokens"),
        ({"title": ["x"]}, "Title must be text"),
        ({"title": "x" * 300}, "at most 255"),
    ],
)
def test_what_is_wrong_with_a_report_is_said_and_nothing_kept(ours: Msp, body: dict[str, Any], said: str) -> None:
    client = ours.client("owner")
    refused = client.post("/v2/cost_reports", body)
    assert refused.status_code == 400
    assert said.lower() in " ".join(refused.json()["errors"]).lower()
    assert len(client.get("/v2/cost_reports").json()["cost_reports"]) == 1


def test_all_resources_is_there_and_stays(ours: Msp) -> None:
    client = ours.client("owner")
    (report,) = client.get("/v2/cost_reports").json()["cost_reports"]
    assert (report["title"], report["filter"]) == ("All Resources", None)
    assert client.delete(f"/v2/cost_reports/{report['token']}").status_code == 400
    (workspace,) = client.get(f"/v2/workspaces?managed_account_token={ours.shown.token}").json()["workspaces"]
    listed = client.get(f"/v2/cost_reports?workspace_token={workspace['token']}").json()["cost_reports"]
    assert [(each["title"], each["workspace_token"]) for each in listed] == [("All Resources", workspace["token"])]
    assert client.get("/v2/cost_reports").json()["cost_reports"] == [report], "a customer's are listed by its workspace"


def test_an_invoice_leads_to_the_report_that_counts_what_it_counts(ours: Msp) -> None:
    costs = invoice_costs(actor=ours.operator, token=ours.invoice.token, now=NOW)
    workspace = default_workspace(management_account=ours.account, account=ours.shown, now=NOW)
    assert costs.report == default_report(workspace=workspace, now=NOW)
    assert costs.report.settings["include_credits"] is True
    answer = ours.client("customer").get(f"/v2/invoices/{ours.invoice.token}/cost_report").json()
    assert answer["cost_report_token"] == costs.report.token
    asked = ours.client("customer").get(answer["costs_url"].removeprefix("http://testserver"))
    assert asked.status_code == 200


def test_the_only_profile_there_is_decides_what_the_report_counts_as_it_does_for_the_invoice(ours: Msp) -> None:
    path = f"/v2/invoices/{ours.invoice.token}/cost_report"
    assert "settings%5Bamortize%5D=false" in ours.client("customer").get(path).json()["costs_url"]
    ours.profile.cost_basis = CostBasis.EFFECTIVE_COST
    ours.profile.save()
    assert ours.shown.billing_profile is None
    assert "settings%5Bamortize%5D=true" in ours.client("customer").get(path).json()["costs_url"]
