"""Integrations over the API, and trying a rule on their costs."""

from tests.api.world import Msp
from tests.factories.costs import make_integration


def test_a_custom_provider_is_made_listed_and_deleted(ours: Msp) -> None:
    client = ours.client("owner")
    workspace = client.get("/v2/me").json()["default_workspace_token"]
    made = client.post("/v2/integrations/custom_provider", {"name": "Temporal", "description": "Workflows"})
    assert made.status_code == 201, made.content
    integration = made.json()
    assert integration == {
        **integration,
        "provider": "custom_provider",
        "account_identifier": "Temporal",
        "status": "connected",
        "last_updated": None,
        "workspace_tokens": [workspace],
        "managed_account_tokens": [],
    }
    make_integration(management_account=ours.account, name="Azure", provider="azure")
    listed = client.get("/v2/integrations?provider=custom_provider").json()["integrations"]
    assert [each["token"] for each in listed] == [integration["token"]]
    named = client.get("/v2/integrations?account_identifier=Azure").json()["integrations"]
    assert [each["provider"] for each in named] == ["azure"]
    path = f"/v2/integrations/{integration['token']}"
    assert client.put(path, {"workspace_tokens": [workspace]}).json() == integration
    assert client.put(path, {"workspace_tokens": None}).json() == integration
    assert client.get("/v2/teams").json()["teams"][0]["workspace_tokens"] == [workspace]
    assert client.delete(path, {}).status_code == 204
    assert client.get(path).status_code == 404


def test_what_cannot_be_connected_says_how_to_bring_bills(ours: Msp) -> None:
    client = ours.client("owner")
    for kind in ("gcp", "azure"):
        answer = client.post(f"/v2/integrations/{kind}", {"billing_account_id": "x"})
        assert answer.status_code == 400
        assert "billow costs import" in answer.json()["errors"][0]
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 300}, {"name": "AWS Payer"}):
        assert client.post("/v2/integrations/custom_provider", body).status_code == 400


def test_a_rule_is_tried_only_where_there_are_costs(ours: Msp) -> None:
    answer = ours.client("viewer").post("/v2/billing_rules/preview", {"billing_rule_token": ours.rule.token})
    assert answer.status_code == 400
    assert "No costs" in answer.json()["errors"][0]
    body = {"billing_rule_token": ours.rule.token, "billing_period_start": "2026-10-01"}
    tried = ours.client("viewer").post("/v2/billing_rules/preview", body).json()
    assert tried["billing_period_start"] == "2026-10-01"
    for wrong in ({"billing_rule_token": 5}, {"managed_account_tokens": "x"}, {"billing_period_start": "2026-10-02"}):
        assert ours.client("viewer").post("/v2/billing_rules/preview", body | wrong).status_code == 400
    assert ours.client("viewer").post("/v2/billing_rules/preview", {"billing_rule_token": "x"}).status_code == 404


def test_named_workspaces_are_kept_for_teams_and_integrations(ours: Msp) -> None:
    client = ours.client("owner")
    usual = client.get("/v2/me").json()["default_workspace_token"]
    second = client.post("/v2/workspaces", {"name": "Second"}).json()["token"]
    team = client.post("/v2/teams", {"name": "Finance", "workspace_tokens": [second]}).json()
    assert team["workspace_tokens"] == [second]
    for path in (f"/v2/teams/{team['token']}", f"/v2/integrations/{ours.integration.token}"):
        assert client.put(path, {"workspace_tokens": [second, second]}).json()["workspace_tokens"] == [second]
        assert client.put(path, {"workspace_tokens": None}).json()["workspace_tokens"] == [second]
        assert client.get(path).json()["workspace_tokens"] == [second]
        for wrong in (["wrkspc_0123456789abcdef"], [usual, "nothing"]):
            answer = client.put(path, {"workspace_tokens": wrong})
            assert (answer.status_code, "There is no workspace" in answer.content.decode()) == (400, True)
        assert client.get(path).json()["workspace_tokens"] == [second]
        assert client.put(path, {"workspace_tokens": []}).json()["workspace_tokens"] == [usual, second]
        assert client.put(path, {"workspace_tokens": [second]}).status_code == 200
    assert client.delete(f"/v2/workspaces/{second}", {}).status_code == 204
    for path in (f"/v2/teams/{team['token']}", f"/v2/integrations/{ours.integration.token}"):
        assert client.get(path).json()["workspace_tokens"] == [usual]
