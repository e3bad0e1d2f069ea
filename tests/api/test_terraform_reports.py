"""Terraform's reports, folders, teams, workspaces and sources: what its provider sends, every attribute compared."""

from typing import Any

import pytest

from tests.api.test_terraform import Terraform, same
from tests.api.world import Msp


@pytest.fixture
def terraform(ours: Msp) -> Terraform:
    return Terraform(ours.client("owner"))


def test_a_report_that_says_only_its_title_takes_every_choice_from_us(terraform: Terraform) -> None:
    workspace = terraform.read("/v2/me")["default_workspace_token"]
    unknown = {"end_date": "", "previous_period_end_date": "", "chart_type": "", "date_bin": ""}
    body: dict[str, Any] = {
        "business_metric_tokens_with_metadata": None,
        "saved_filter_tokens": [],
        "title": "All",
        **unknown,
    }
    made = terraform.send("POST", "/v2/cost_reports", {**body, "workspace_token": workspace}, status=201)
    assert (made["chart_type"], made["date_bin"], made["date_interval"]) == ("line", "cumulative", "this_month")
    path = f"/v2/cost_reports/{made['token']}"
    assert terraform.read(path) == made

    planned = {name: made[name] for name in ("title", "chart_type", "date_bin", "date_interval")}
    update = {**planned, "title": "Everything", "groupings": "", "saved_filter_tokens": []}
    changed = terraform.send("PUT", path, {"business_metric_tokens_with_metadata": None, **update}, status=200)
    assert changed == {**made, "title": "Everything"}
    terraform.destroy(path)


def test_a_whole_report_comes_back_as_it_was_written(terraform: Terraform) -> None:
    workspace = terraform.read("/v2/me")["default_workspace_token"]
    folder = terraform.send("POST", "/v2/folders", {"title": "Customers", "workspace_token": workspace}, status=201)
    body = {
        "title": "Storage",
        "folder_token": folder["token"],
        "filter": "costs.provider = 'aws'\n",
        "groupings": "service, tag:team",
        "saved_filter_tokens": ["svd_fltr_0123456789abcdef"],
        "start_date": "2026-10-01",
        "end_date": "2026-10-31",
        "previous_period_start_date": "2026-09-01",
        "previous_period_end_date": "2026-09-30",
        "chart_type": "bar",
        "date_bin": "week",
    }
    made = terraform.send("POST", "/v2/cost_reports", body, status=201)
    same(body, made)
    path = f"/v2/cost_reports/{made['token']}"
    same(body, terraform.read(path))
    update = {**body, "date_interval": made["date_interval"], "title": "Buckets"}
    same(update, terraform.send("PUT", path, update, status=200))
    assert terraform.read(path)["date_interval"] == "custom"
    same({"title": "Folder"}, terraform.send("PUT", f"/v2/folders/{folder['token']}", {"title": "Folder"}, status=200))
    terraform.destroy(f"/v2/folders/{folder['token']}")
    assert terraform.read(path)["folder_token"] is None


def test_a_team_comes_back_with_its_people(terraform: Terraform, ours: Msp) -> None:
    emails = [ours.people["editor"].email, ours.people["viewer"].email]
    body = {"name": "Finance", "user_tokens": None, "user_emails": emails, "workspace_tokens": None}
    made = terraform.send("POST", "/v2/teams", body, status=201)
    assert sorted(made["user_emails"]) == sorted(emails)
    assert sorted(made["user_tokens"]) == sorted(ours.people[who].token for who in ("editor", "viewer"))
    path = f"/v2/teams/{made['token']}"
    update = {"name": "Audit", "description": "", "user_tokens": None, "user_emails": None, "workspace_tokens": None}
    assert terraform.send("PUT", path, update, status=200) == {**made, "name": "Audit"}
    terraform.destroy(path)


def test_a_workspace_and_a_source_come_back_as_they_were_written(terraform: Terraform) -> None:
    body = {
        "name": "Berlin",
        "currency": "EUR",
        "enable_currency_conversion": False,
        "exchange_rate_date": "daily_rate",
    }
    made = terraform.send("POST", "/v2/workspaces", body, status=201)
    same(body, terraform.read(f"/v2/workspaces/{made['token']}"))
    terraform.destroy(f"/v2/workspaces/{made['token']}")

    source = {"name": "Temporal ", "description": "Workflows"}
    added = terraform.send("POST", "/v2/integrations/custom_provider", source, status=201)
    read = terraform.read(f"/v2/integrations/{added['token']}")
    assert (read["account_identifier"], read["status"]) == ("Temporal ", added["status"])
    terraform.destroy(f"/v2/integrations/{added['token']}")
