"""What the assistant's server sends for its tools, sent again in its shape, and its answers read as it reads them.

It writes JSON with every request that is no GET, also an empty object; joins lists by commas or writes ``key[]``; asks
for pages by 128; and takes the number of the next page from ``links.next``.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import LazySettings

from billow.terms.period import BillingPeriod
from tests.api.test_terraform import RULES
from tests.api.world import Msp
from tests.factories.agreements import make_adjustment
from tests.factories.costs import Charge, deliver, make_integration

HEADERS = {"Content-Type": "application/json", "User-Agent": "vantage-mcp-server/2.24.0"}
PER_PAGE = 128


class Assistant:
    """A client that writes as the assistant's server does."""

    def __init__(self, msp: Msp) -> None:
        self.client = msp.client("owner")

    def call(self, method: str, path: str, params: dict[str, Any]) -> Any:
        if method == "GET":
            answer = self.client.get(f"{path}?{urlencode(params, doseq=True)}")
        else:
            answer = self.client.ask(method, path, params, headers=HEADERS)
        assert 200 <= answer.status_code < 300, answer.content
        return None if answer.status_code == 204 else answer.json()


@pytest.fixture
def assistant(ours: Msp) -> Assistant:
    return Assistant(ours)


def next_page(answer: Any) -> int:
    """Return the page after this one, 0 where there is none."""
    following = answer["links"]["next"]
    return int(parse_qs(urlsplit(following).query)["page"][0]) if following else 0


def test_rules_are_listed_created_changed_and_deleted(assistant: Assistant, ours: Msp) -> None:
    for kind, rule in RULES.items():
        made = assistant.call("POST", "/v2/billing_rules", rule)
        assert made["type"] == kind
        path = f"/v2/billing_rules/{made['token']}"
        assert assistant.call("PUT", path, {"title": "Renamed", "apply_to_all": False})["title"] == "Renamed"
        shown = assistant.call("GET", path, {})
        texts = ("token", "title", "type", "created_by_token", "created_at")
        assert all(isinstance(shown[name], str) for name in texts)
        assert shown["apply_to_all"] is False
        assert assistant.call("DELETE", path, {}) is None
    listed = assistant.call("GET", "/v2/billing_rules", {"page": 1, "limit": PER_PAGE})
    assert [each["token"] for each in listed["billing_rules"]] == [ours.rule.token]


def test_pages_follow_one_another_by_their_number(assistant: Assistant, ours: Msp) -> None:
    for number in range(PER_PAGE + 1):
        make_adjustment(management_account=ours.account, percentage="100", title=f"Rule {number}")
    titles: list[str] = []
    page = 1
    while page:
        answer = assistant.call("GET", "/v2/billing_rules", {"page": page, "limit": PER_PAGE})
        titles += [each["title"] for each in answer["billing_rules"]]
        page = next_page(answer)
    assert len(titles) == len(set(titles)) == PER_PAGE + 2


def test_costs_are_found_from_oneself_to_the_cent(
    assistant: Assistant, ours: Msp, tmp_path: Path, settings: LazySettings
) -> None:
    settings.COST_STORE = tmp_path / "costs"
    charges = [Charge(sub_account="1001", cost="10.5", day=3), Charge(sub_account="2002", cost="4", day=5)]
    integration = make_integration(management_account=ours.account, name="Bill")
    deliver(
        actor=ours.operator,
        integration=integration,
        period=BillingPeriod(2026, 10),
        charges=charges,
        folder=tmp_path,
    )
    workspace = assistant.call("GET", "/v2/me", {})["default_workspace_token"]
    found = assistant.call("GET", "/v2/integrations", {"page": 1, "limit": PER_PAGE})
    assert integration.token in [each["token"] for each in found["integrations"]]
    month = {"page": 1, "start_date": "2026-10-01", "end_date": "2026-10-31", "date_bin": "month"}
    groups = {"groupings": "provider,service,region", "settings[amortize]": "false"}
    asked = {**month, **groups, "limit": 1000, "filter": "(costs.provider = 'aws')", "workspace_token": workspace}
    answer = assistant.call("GET", "/v2/costs", asked)
    assert answer["total_cost"] == {"amount": "14.5", "currency": "USD"}
    assert [(cost["accrued_at"], cost["provider"]) for cost in answer["costs"]] == [("2026-10-01", "aws")]
    assert next_page(answer) == 0
    reports = assistant.call("GET", "/v2/cost_reports", {"page": 1, "limit": PER_PAGE})["cost_reports"]
    asked = {**month, **groups, "limit": PER_PAGE, "cost_report_token": reports[0]["token"]}
    assert assistant.call("GET", "/v2/costs", asked)["total_cost"]["amount"] == "14.5"
    in_brackets = {**month, "limit": PER_PAGE, "workspace_token": workspace, "groupings[]": ["provider", "account_id"]}
    costs = assistant.call("GET", "/v2/costs", in_brackets)["costs"]
    assert {cost["account_id"]: cost["provider"] for cost in costs} == {"1001": "aws", "2002": "aws"}


def test_empty_objects_stand_where_nothing_is_said(assistant: Assistant, ours: Msp) -> None:
    sent = assistant.call("POST", f"/v2/invoices/{ours.invoice.token}/send", {})
    assert isinstance(sent["recipients"], list)
    made = assistant.call("POST", "/v2/billing_profiles", {"nickname": "Second"})
    assert assistant.call("DELETE", f"/v2/billing_profiles/{made['token']}", {}) is None
