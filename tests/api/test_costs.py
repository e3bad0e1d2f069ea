"""Programs ask what was charged: the MSP for the provider's bill, a customer for its own charges."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from billow.terms.period import BillingPeriod
from tests.api.world import Msp
from tests.factories.agreements import assign, make_adjustment
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate

OCTOBER = BillingPeriod(2026, 10)
MONTH = "start_date=2026-10-01&end_date=2026-10-31&settings[amortize]=false"


@pytest.fixture(autouse=True)
def bill(ours: Msp, tmp_path: Path, settings: LazySettings) -> None:
    """Bring October's bill; the customer has account 1001 and pays 10 % more."""
    settings.COST_STORE = tmp_path / "costs"
    integration = make_integration(management_account=ours.account, name="AWS of all customers")
    delegate(account=ours.shown, integration=integration, sub_account_id="1001")
    assign(account=ours.shown, rule=make_adjustment(management_account=ours.account, percentage="110"))
    charges = [
        Charge(sub_account="1001", cost="10.5", day=3),
        Charge(sub_account="1001", cost="20", day=4, service="Amazon S3", category="Storage"),
        Charge(sub_account="1001", cost="-1", day=5, charge_category="Credit"),
        Charge(sub_account="2002", cost="4", day=5),
    ]
    folder = tmp_path / "bills"
    folder.mkdir()
    deliver(actor=ours.operator, integration=integration, period=OCTOBER, charges=charges, folder=folder)


def ask(msp: Msp, query: str, who: str = "viewer") -> dict[str, Any]:
    answer = msp.client(who).get(f"/v2/costs?{query}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_days_by_provider_service_and_account_are_the_answer_to_an_open_question(ours: Msp) -> None:
    body = ask(ours, MONTH)
    assert body["total_cost"] == {"amount": "34.5", "currency": "USD"}
    assert body["total_usage"] == [{"amount": "3.0", "unit": "Hours"}]
    assert [(cost["accrued_at"], cost["amount"]) for cost in body["costs"]] == [
        ("2026-10-03", "10.5"),
        ("2026-10-04", "20.0"),
        ("2026-10-05", "4.0"),
    ]
    first = body["costs"][0]
    assert {name: value for name, value in first.items() if value is not None} == {
        "accrued_at": "2026-10-03",
        "amount": "10.5",
        "currency": "USD",
        "usage": {"amount": "1.0", "unit": "Hours"},
        "provider": "aws",
        "account_id": "1001",
        "service": "Amazon EC2",
    }


def test_a_customer_sees_its_own_charges_after_rules(ours: Msp) -> None:
    body = ask(ours, f"{MONTH}&groupings=service&settings[include_credits]=true&date_bin=month", "customer")
    assert body["total_cost"]["amount"] == "32.45"
    assert {cost["service"]: cost["amount"] for cost in body["costs"]} == {"Amazon EC2": "10.45", "Amazon S3": "22.0"}
    (own,) = ours.client("customer").get("/v2/workspaces").json()["workspaces"]
    assert ask(ours, f"{MONTH}&workspace_token={own['token']}", "editor")["total_cost"]["amount"] == "33.55"


@pytest.mark.parametrize(
    "groupings",
    ["groupings=provider,region", "groupings[]=provider&groupings[]=region", "groupings=provider&groupings=region"],
)
def test_groupings_come_in_every_form(ours: Msp, groupings: str) -> None:
    (cost,) = ask(ours, f"{MONTH}&date_bin=month&{groupings}")["costs"]
    assert (cost["provider"], cost["region"], cost["service"]) == ("aws", "eu-central-1", None)


def test_tags_are_told_by_name(ours: Msp) -> None:
    (cost,) = ask(ours, f"{MONTH}&date_bin=quarter&groupings=tag:team,tagged")["costs"]
    assert (cost["accrued_at"], cost["tag"], cost["tag_values"], cost["tagged"]) == (
        "2026-10-01",
        None,
        {"team": None},
        False,
    )


def test_a_report_is_asked_by_its_token_and_settings_in_the_query_come_first(ours: Msp) -> None:
    client = ours.client("editor")
    report = client.post(
        "/v2/cost_reports",
        {
            "title": "Storage",
            "filter": "costs.provider = 'aws' AND costs.service LIKE '%S3'",
            "groupings": "region",
            "settings": {"amortize": False},
            "start_date": "2026-10-01",
            "end_date": "2026-10-31",
            "date_bin": "month",
        },
    ).json()["token"]
    body = ask(ours, f"cost_report_token={report}")
    assert [(cost["region"], cost["amount"]) for cost in body["costs"]] == [("eu-central-1", "20.0")]
    wider = ask(ours, f"cost_report_token={report}&filter=costs.provider%20=%20'aws'&settings[include_credits]=true")
    assert wider["total_cost"]["amount"] == "33.5"
    assert ours.client("customer").get(f"/v2/costs?cost_report_token={report}").status_code == 404


def test_pages_are_cut_and_totals_are_not(ours: Msp) -> None:
    body = ask(ours, f"{MONTH}&limit=2&order=desc")
    assert [cost["accrued_at"] for cost in body["costs"]] == ["2026-10-05", "2026-10-04"]
    assert body["total_cost"]["amount"] == "34.5"
    assert body["links"]["next"].startswith("http://testserver/v2/costs?start_date=2026-10-01")
    assert "page=2" in body["links"]["next"]
    last = ask(ours, body["links"]["next"].partition("?")[2])
    assert [cost["accrued_at"] for cost in last["costs"]] == ["2026-10-03"]
    assert last["links"]["next"] is None
    assert ask(ours, f"{MONTH}&limit=999999")["links"]["self"].endswith("limit=5000")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter=costs.service='S3'", "Filter, position 1"),
        ("filter=costs.provider='aws' OR '1'='1'", "Filter, position 25"),
        ("filter=costs.provider='aws'; DROP TABLE costs", "position 21"),
        ("groupings=colour", "cannot be grouped by 'colour'"),
        ("date_bin=eternity", "Date bin must be one of"),
        ("order=sideways", "Order must be asc or desc"),
        ("settings[include_tax]=perhaps", "Include tax must be true or false"),
        ("start_date=2026-02-30", "Start date must be a date"),
        ("start_date=2026-10-31&end_date=2026-10-01", "is before the start date"),
        ("start_date=0001-01-01&end_date=9999-12-31", "at most 1850"),
        ("limit=0", "limit"),
        ("limit=-5", "limit"),
        ("page=0", "page"),
        ("page=99999999999999999999", "page"),
        ("filter=%FF%FE", "Filter, position 1"),
        ("groupings=tag:%00", "cannot be stored"),
    ],
)
def test_what_cannot_be_asked_is_a_400_with_its_reason(ours: Msp, query: str, said: str) -> None:
    answer = ours.client("owner").get(f"/v2/costs?{query.replace(' ', '%20')}")
    assert answer.status_code == 400
    assert said.lower() in " ".join(answer.json()["errors"]).lower()


def test_unknown_reports_and_workspaces_do_not_exist(ours: Msp) -> None:
    for query in ("cost_report_token=rprt_0000000000000000", "workspace_token=wrkspc_0000000000000000"):
        assert ours.client("owner").get(f"/v2/costs?{query}").status_code == 404


def test_sources_name_what_the_workspace_shows(ours: Msp) -> None:
    client = ours.client("viewer")
    assert client.get("/v2/cost_providers").json() == {"cost_providers": [{"name": "AWS", "key": "aws"}]}
    assert client.get("/v2/cost_services").json()["cost_services"] == [
        {"name": "Amazon EC2", "provider": "aws"},
        {"name": "Amazon S3", "provider": "aws"},
    ]
    accounts = client.get("/v2/cost_provider_accounts?page=1&limit=1").json()
    assert accounts["cost_provider_accounts"] == [
        {"title": "Account 1001", "account_id": "1001", "provider_uuid": "billing-1", "provider": "aws"}
    ]
    assert accounts["links"]["next"]
    named = client.get("/v2/cost_provider_accounts?account_name=2002&provider=aws").json()["cost_provider_accounts"]
    assert [each["account_id"] for each in named] == ["2002"]
    own = ours.client("customer").get("/v2/cost_provider_accounts").json()["cost_provider_accounts"]
    assert [each["account_id"] for each in own] == ["1001"]
