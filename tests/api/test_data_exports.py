"""Costs leave as files: asked for, written by a worker, fetched by whoever has the link."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from billow.interfaces.jobs.worker import run_once
from billow.records.reports.models import DataExport
from billow.terms.period import BillingPeriod
from billow.usecases import documents_storage
from billow.usecases.export_costs import LEASE, MOST_ATTEMPTS, export_due, prune_exports
from tests.api.world import Msp
from tests.factories.agreements import assign, make_adjustment
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate

OCTOBER = BillingPeriod(2026, 10)
MONTH = {"start_date": "2026-10-01", "end_date": "2026-10-31", "settings": {"amortize": False}}


@pytest.fixture(autouse=True)
def bills(ours: Msp, tmp_path: Path, settings: LazySettings) -> None:
    """Bring two months; the customer has account 1001 and pays 10 % more."""
    settings.COST_STORE = tmp_path / "costs"
    integration = make_integration(management_account=ours.account, name="AWS of all customers")
    delegate(account=ours.shown, integration=integration, sub_account_id="1001")
    assign(account=ours.shown, rule=make_adjustment(management_account=ours.account, percentage="110"))
    folder = tmp_path / "bills"
    folder.mkdir()
    for period, cost in ((OCTOBER.previous, "5"), (OCTOBER, "20")):
        charges = [Charge(sub_account="1001", cost=cost, day=4), Charge(sub_account="2002", cost="1", service="=S3")]
        deliver(actor=ours.operator, integration=integration, period=period, charges=charges, folder=folder)


def export(ours: Msp, body: dict[str, Any], who: str = "viewer", query: str = "") -> dict[str, Any]:
    asked = ours.client(who).post(f"/v2/costs/data_exports{query}", body)
    assert asked.status_code == 202, asked.content
    place = asked.headers["Location"]
    assert place == f"http://testserver/v2/data_exports/{asked.json()['token']}"
    waiting = ours.client(who).get(place.removeprefix("http://testserver")).json()
    assert (waiting["status"], waiting["manifest"]["files"]) == ("pending", [])
    run_once(name="test")
    done: dict[str, Any] = ours.client(who).get(place.removeprefix("http://testserver")).json()
    return done


def rows_of(done: dict[str, Any]) -> list[dict[str, str]]:
    assert done["status"] == "completed", done
    (address,) = done["manifest"]["files"]
    file = Client().get(address.removeprefix("http://testserver"))
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(file.content.decode())))


def test_an_export_holds_what_the_question_answers(ours: Msp) -> None:
    done = export(ours, {**MONTH, "groupings": "provider,service"})
    assert rows_of(done) == [
        {
            "accrued_at": "2026-10-01",
            "provider": "aws",
            "service": "'=S3",
            "amount": "1",
            "currency": "USD",
            "usage_amount": "1",
            "usage_unit": "Hours",
        },
        {
            "accrued_at": "2026-10-04",
            "provider": "aws",
            "service": "Amazon EC2",
            "amount": "20",
            "currency": "USD",
            "usage_amount": "1",
            "usage_unit": "Hours",
        },
    ]
    assert done["manifest"]["completed_at"] < done["manifest"]["valid_until"]


def test_the_question_may_stand_in_the_query_as_the_published_client_sends_it(ours: Msp) -> None:
    query = "?filter=costs.provider%20=%20'aws'%20AND%20costs.account_id%20=%20'1001'&start_date=2026-10-01"
    done = export(ours, {"end_date": "2026-10-31", "schema": "focus"}, query=query + "&settings[amortize]=false")
    (row,) = rows_of(done)
    assert row == {
        "ChargePeriodStart": "2026-10-04T00:00:00Z",
        "ChargePeriodEnd": "2026-10-05T00:00:00Z",
        "BilledCost": "20",
        "BillingCurrency": "USD",
        "ConsumedQuantity": "1",
        "ConsumedUnit": "Hours",
        "ProviderName": "aws",
        "ServiceName": "Amazon EC2",
        "SubAccountId": "1001",
    }


def test_a_comparison_sets_a_customers_month_beside_the_days_before(ours: Msp) -> None:
    done = export(ours, {**MONTH, "groupings": "service", "schema": "comparison", "date_bin": "month"}, who="customer")
    (row,) = rows_of(done)
    assert {name: row[name] for name in ("amount", "previous_amount", "change")} == {
        "amount": "22",
        "previous_amount": "5.5",
        "change": "16.5",
    }


def test_others_neither_see_an_export_nor_fetch_it_with_a_forged_link(ours: Msp, theirs: Msp) -> None:
    done = export(ours, MONTH)
    path = f"/v2/data_exports/{done['token']}"
    assert theirs.client("owner").get(path).status_code == 404
    assert ours.client("customer").get(path).status_code == 404
    (address,) = done["manifest"]["files"]
    link = address.removeprefix("http://testserver")
    assert Client().get(link).status_code == 200
    for forged in (link[:-3] + "abc", "/v2/data_exports/files/x", "/v2/data_exports/files/..%2F..%2Fetc"):
        assert Client().get(forged).status_code == 404
    DataExport.objects.update(valid_until=datetime(2026, 1, 1, tzinfo=UTC))
    assert Client().get(link).status_code == 404
    assert ours.client("viewer").get(path).json()["manifest"]["files"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"schema": "tarot"}, "Schema must be one of vntg, focus, comparison"),
        ({"filter": "costs.service = 'x'"}, "Filter, position 1"),
        ({"start_date": "2026-02-30"}, "Start date must be a date"),
        ({"groupings": "colour"}, "cannot be grouped by"),
    ],
)
def test_a_wrong_question_is_refused_at_once(ours: Msp, body: dict[str, Any], said: str) -> None:
    refused = ours.client("owner").post("/v2/costs/data_exports", body)
    assert (refused.status_code, said in refused.json()["errors"][0]) == (400, True)
    assert not DataExport.objects.exists()


def test_an_export_whose_worker_dies_is_taken_up_again_and_in_the_end_given_up(ours: Msp) -> None:
    token = ours.client("owner").post("/v2/costs/data_exports", MONTH).json()["token"]
    now = datetime(2026, 11, 3, tzinfo=UTC)
    DataExport.objects.update(claimed_by="dead", claimed_until=now + LEASE, attempts=1)
    assert export_due(worker="test", now=lambda: now) == 0
    later = now + LEASE + timedelta(seconds=1)
    assert export_due(worker="test", now=lambda: later) == 1
    assert DataExport.objects.get(token=token).status == "completed"
    DataExport.objects.update(status="pending", attempts=MOST_ATTEMPTS, claimed_until=None)
    assert export_due(worker="test", now=lambda: later) == 1
    failed = ours.client("owner").get(f"/v2/data_exports/{token}").json()
    assert (failed["status"], failed["manifest"]["files"]) == ("failed", [])
    assert failed["failure"]


def test_files_go_when_nobody_can_fetch_them_any_more(ours: Msp, settings: LazySettings) -> None:
    export(ours, {**MONTH, "groupings": "provider"})
    first = DataExport.objects.get()
    export(ours, {**MONTH, "groupings": "provider"})
    second = DataExport.objects.exclude(pk=first.pk).get()
    file = documents_storage.local_path(storage_key=first.storage_key)
    assert first.storage_key == second.storage_key, "the same bytes lie in one place"
    assert first.valid_until is not None
    later = first.valid_until + timedelta(days=1)
    DataExport.objects.filter(pk=second.pk).update(valid_until=later + timedelta(hours=1))

    assert prune_exports(now=first.valid_until - timedelta(minutes=1)) == 0
    assert prune_exports(now=later) == 0
    assert file.exists(), "the second export may still be fetched"
    assert prune_exports(now=later + timedelta(hours=1)) == 1
    assert not file.exists()
    assert prune_exports(now=later + timedelta(hours=1)) == 0
    assert set(DataExport.objects.values_list("status", "storage_key")) == {("completed", "")}


def test_an_export_with_a_key_is_made_once(ours: Msp) -> None:
    answers = [
        ours.client("owner").ask("POST", "/v2/costs/data_exports", MONTH, headers={"Idempotency-Key": "october"})
        for _ in range(2)
    ]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert DataExport.objects.count() == 1
