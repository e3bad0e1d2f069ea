"""Invoices over the API: what a client reads, and each step of their lives."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from billow.records.billing.models import Invoice
from billow.terms.period import BillingPeriod
from billow.usecases.generate_due import generate_due
from tests.api.world import Msp
from tests.factories.invoices import make_draft, make_generating, make_line

SEPTEMBER = {"billing_period_start": "2026-09-01", "billing_period_end": "2026-09-30"}


@pytest.fixture
def draft(ours: Msp) -> Invoice:
    return make_draft(account=ours.shown, profile=ours.profile, period=BillingPeriod(2026, 9))


def test_an_invoice_has_every_field_of_the_contract(ours: Msp) -> None:
    answer = ours.client("viewer").get(f"/v2/invoices/{ours.invoice.token}").json()
    assert answer == {
        **answer,
        "token": ours.invoice.token,
        "invoice_number": ours.invoice.number,
        "total": "13.00",
        "billing_period_start": "2026-10-01",
        "billing_period_end": "2026-10-31",
        "status": "approved_and_sent",
        "account_token": ours.shown.token,
        "account_name": ours.shown.name,
        "msp_account_token": ours.account.token,
        "created_at": "2026-11-01T09:00:00Z",
        "delivery_status": None,
        "provider_cost": "13.00",
    }


def test_a_month_is_invoiced_step_by_step(ours: Msp) -> None:
    client = ours.client("owner")
    made = client.post("/v2/invoices", {**SEPTEMBER, "account_token": ours.shown.token})
    assert made.status_code == 201, made.content
    invoice = made.json()
    path = f"/v2/invoices/{invoice['token']}"
    assert (invoice["status"], invoice["total"]) == ("generating_invoice", None)
    assert client.post(f"{path}/download", {"file_type": "pdf"}).status_code == 404
    assert generate_due(worker="test", now=timezone.now) == 1
    assert client.get(path).json()["status"] == "awaiting_approval"
    assert client.get(path).json()["total"] == "0.00"
    assert client.post(f"{path}/send").status_code == 400
    again = client.post(f"{path}/regenerate").json()
    assert (again["status"], again["invoice_number"]) == ("generating_invoice", invoice["invoice_number"])
    generate_due(worker="test", now=timezone.now)
    assert [each["version"] for each in client.get(f"{path}/versions").json()["versions"]] == [1, 2]
    approved = client.post(f"{path}/send_and_approve")
    assert approved.json() == {"recipients": ours.shown.billing_email}
    assert client.get(path).json()["delivery_status"] == "queued"
    assert len(client.get(f"{path}/deliveries").json()["deliveries"]) == 1
    for verb in ("send_and_approve", "regenerate"):
        refused = client.post(f"{path}/{verb}")
        assert refused.status_code == 400
        assert invoice["invoice_number"] in refused.json()["errors"][0]


BAD_WISHES: dict[str, tuple[dict[str, Any], str]] = {
    "half a month": ({"billing_period_start": "2026-09-01", "billing_period_end": "2026-09-15"}, "full calendar month"),
    "two months": ({"billing_period_start": "2026-08-01", "billing_period_end": "2026-09-30"}, "full calendar month"),
    "no day": ({"billing_period_start": "2026-02-30", "billing_period_end": "2026-02-28"}, "must be a date"),
    "a number": ({"billing_period_start": 20260901, "billing_period_end": "2026-09-30"}, "must be a date"),
    "nothing": ({"billing_period_start": None}, "can't be blank"),
    "the far future": ({"billing_period_start": "9999-12-01", "billing_period_end": "9999-12-31"}, "must be a date"),
    "a month that is not over": (
        {"billing_period_start": "2999-01-01", "billing_period_end": "2999-01-31"},
        "has not closed yet",
    ),
    "a month that has one": (
        {"billing_period_start": "2026-10-01", "billing_period_end": "2026-10-31"},
        "already exists",
    ),
    "nobody": ({"account_token": ""}, "can't be blank"),
    "somebody unknown": ({"account_token": "acct_0000000000000000"}, "no managed account"),
    "a list": ({"account_token": ["acct_0000000000000000"]}, "can't be blank"),
}


@pytest.mark.parametrize("kind", BAD_WISHES)
def test_wishes_that_cannot_be_are_400_and_take_no_number(kind: str, ours: Msp) -> None:
    changes, words = BAD_WISHES[kind]
    before = Invoice.objects.count()
    answer = ours.client("owner").post("/v2/invoices", {**SEPTEMBER, "account_token": ours.shown.token, **changes})
    assert answer.status_code == 400
    assert words in " ".join(answer.json()["errors"])
    assert Invoice.objects.count() == before


def test_lists_are_filtered_and_a_customer_sees_its_approved_ones(ours: Msp, draft: Invoice) -> None:
    def numbers(who: str, query: str) -> list[str]:
        answer = ours.client(who).get(f"/v2/invoices{query}")
        assert answer.status_code == 200, answer.content
        return [each["invoice_number"] for each in answer.json()["invoices"]]

    assert numbers("owner", "") == [ours.invoice.number, draft.number]
    assert numbers("owner", "?status=awaiting_approval") == [draft.number]
    assert numbers("owner", "?billing_period_start=2026-10-01") == [ours.invoice.number]
    assert numbers("owner", f"?managed_account_token={ours.hidden.token}") == []
    assert numbers("customer", "") == [ours.invoice.number]
    assert ours.client("customer").get(f"/v2/invoices/{draft.token}").status_code == 404
    shown = ours.client("customer").get(f"/v2/invoices/{ours.invoice.token}").json()
    assert (shown["total"], shown["provider_cost"], shown["margin"]) == ("13.00", None, None)
    for wrong in ("?status=paid", "?billing_period_start=2026-10-02", "?billing_period_start=x"):
        assert ours.client("owner").get(f"/v2/invoices{wrong}").status_code == 400


def test_lines_add_up_and_are_explained_to_the_msp(ours: Msp) -> None:
    lines = ours.client("customer").get(f"/v2/invoices/{ours.invoice.token}/lines").json()["lines"]
    assert [line["amount"] for line in lines] == ["12.35", "0.65"]
    assert "provider_cost" not in lines[0]
    explained = ours.client("viewer").get(f"/v2/invoices/{ours.invoice.token}/explain?line=1").json()["lines"]
    assert [(each["exact_amount"], each["rounding"], each["amount"]) for each in explained] == [
        ("12.345", "0.005", "12.35")
    ]
    assert ours.client("viewer").get(f"/v2/invoices/{ours.invoice.token}/explain?line=9").status_code == 404


def test_many_are_done_at_once_and_each_is_told(ours: Msp, draft: Invoice) -> None:
    client = ours.client("owner")
    ready = client.get("/v2/invoices/ready?billing_period_start=2026-08-01").json()
    assert [each["account_token"] for each in ready["ready"]] == [ours.shown.token]
    result = client.post(
        "/v2/invoices/bulk", {"action": "approve", "invoice_tokens": [draft.token, ours.invoice.token]}
    ).json()["results"]
    assert [(each["label"], each["done"]) for each in result] == [(draft.number, True), (ours.invoice.number, False)]
    made = client.post("/v2/invoices/bulk", {"action": "generate", "billing_period_start": "2026-08-01"}).json()
    assert [each["done"] for each in made["results"]] == [True]
    for body in (
        {"action": "explode"},
        {"action": "generate"},
        {"action": "approve", "invoice_tokens": "all"},
        {"action": "approve", "invoice_tokens": [5]},
        {"action": "cancel", "invoice_tokens": [draft.token]},
    ):
        assert client.post("/v2/invoices/bulk", body).status_code == 400


@pytest.mark.parametrize("send", ["false", "no", 0, [], "banana"])
def test_nothing_is_mailed_where_it_is_unclear_whether_to(send: Any, ours: Msp, draft: Invoice) -> None:
    client = ours.client("owner")
    body = {"action": "approve", "invoice_tokens": [draft.token], "send": send}
    refused = client.post("/v2/invoices/bulk", body)
    assert (refused.status_code, refused.json()["errors"]) == (400, ["Send must be true or false"])
    assert client.get(f"/v2/invoices/{draft.token}").json()["status"] == "awaiting_approval"


def test_a_failed_one_says_why(ours: Msp) -> None:
    invoice = make_generating(account=ours.shown, period=BillingPeriod(2026, 9))
    Invoice.objects.filter(pk=invoice.pk).update(status="failed", failure_code="no_rate", failure_message="No rate")
    answer = ours.client("viewer").get(f"/v2/invoices/{invoice.token}").json()
    assert (answer["status"], answer["failure"]) == ("generation_failed", {"code": "no_rate", "message": "No rate"})


@pytest.mark.parametrize("currency, total", [("JPY", "13.0"), ("KWD", "13.000"), ("EUR", "13.00")])
def test_totals_have_the_decimals_of_their_currency(currency: str, total: str, ours: Msp) -> None:
    ours.shown.currency = currency
    ours.shown.save()
    lines = [make_line(cost="13", currency=currency)]
    invoice = make_draft(account=ours.shown, profile=ours.profile, period=BillingPeriod(2026, 9), lines=lines)
    assert ours.client("viewer").get(f"/v2/invoices/{invoice.token}").json()["total"] == total


def test_addresses_are_those_the_client_reached_us_by(ours: Msp, settings: LazySettings) -> None:
    settings.BASE_URL = "https://testserver"
    client = ours.client("owner")
    path = f"/v2/invoices/{ours.invoice.token}"
    shown = client.get(f"{path}/cost_report").json()["cost_report_url"]
    assert shown == f"https://testserver/invoices/{ours.invoice.token}/cost-report"
    assert (
        client.post(f"{path}/download", {"file_type": "pdf"}).json()["download_url"].startswith("https://testserver/")
    )
    assert client.post(f"{path}/download", {"file_type": "exe"}).status_code == 400
