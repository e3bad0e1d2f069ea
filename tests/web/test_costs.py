"""The cost report: what each service cost, beside the month before, the providers' charge, and the invoice."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import User
from billow.records.billing.models import Invoice, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases.approve_invoices import approve
from billow.usecases.generate_invoices import generate_due, request_generation
from billow.usecases.look_at_costs import days_before, look_at_costs
from tests.factories.accounts import make_user
from tests.factories.agreements import assign, make_adjustment, make_charge
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.factories.reports import make_report, make_workspace
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

OCTOBER, SEPTEMBER = BillingPeriod(2026, 10), BillingPeriod(2026, 9)
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
DAYS = "interval=custom&start_date=2026-10-01&end_date=2026-10-31"
MOST_QUERIES = 40


@dataclass(frozen=True)
class Month:
    """Olives pay AWS's charges and 25 a month, both with ten percent on top; Boats pay what AWS charges."""

    people: People
    payer: Integration
    olives: ManagedAccount
    boats: ManagedAccount
    folder: Path

    def bring(self, *charges: Charge, period: BillingPeriod = OCTOBER) -> None:
        actor, payer = self.people.alice.actor, self.payer
        deliver(actor=actor, integration=payer, period=period, charges=charges, folder=self.folder, now=NOW)

    def invoice(self) -> Invoice:
        actor = self.people.alice.actor
        request_generation(actor=actor, account_tokens=[self.olives.token], period=OCTOBER, now=NOW)
        generate_due(worker="test", now=lambda: NOW)
        return Invoice.objects.get()

    def customer(self) -> User:
        return make_user(management_account=self.people.msp, email="olga@olives.example", managed_account=self.olives)


@pytest.fixture
def month(people: People, tmp_path: Path) -> Month:
    payer = make_integration(management_account=people.msp)
    make_profile(management_account=people.msp)
    olives, boats = (make_managed_account(management_account=people.msp, name=name) for name in ("Olives", "Boats"))
    delegate(account=olives, integration=payer, sub_account_id="1001")
    delegate(account=boats, integration=payer, sub_account_id="1002")
    assign(account=olives, rule=make_charge(management_account=people.msp, amount="25"))
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110"))
    month = Month(people, payer, olives, boats, tmp_path)
    month.bring(
        Charge(sub_account="1001", cost="100.005", day=3),
        Charge(sub_account="1001", cost="50", service="Amazon S3", category="Storage", day=20),
        Charge(sub_account="1001", cost="-10", charge_category="Credit", day=21),
        Charge(sub_account="1002", cost="77", service="Amazon RDS", day=3),
    )
    month.bring(Charge(sub_account="1001", cost="40", day=3), period=SEPTEMBER)
    return month


@pytest.fixture
def client(month: Month, signed_in: SignedIn) -> Client:
    return signed_in(month.people.alice)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def table_of(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_msp_sees_its_customers_cost_beside_the_providers_and_the_margin(client: Client, month: Month) -> None:
    text = text_of(client, f"/costs?account={month.olives.token}&{DAYS}&date_bin=month")
    for shown in ("Customer cost", "181.51", "Provider cost", "140.01", "Margin", "41.50", "Amazon S3", "55.00"):
        assert shown in text, shown
    assert "Amazon RDS" not in text
    assert 'role="img" aria-label="Costs in USD over time: Oct 2026 181.51"' in text


def test_the_csv_is_what_is_shown_to_the_last_digit_and_adds_up(client: Client, month: Month) -> None:
    rows = table_of(client, f"/costs.csv?account={month.olives.token}&{DAYS}&date_bin=week&compare=1")
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("181.5055")
    assert sum(Decimal(row["provider_cost"]) for row in rows) == Decimal("140.005")
    compute = next(row for row in rows if row["service"] == "Amazon EC2")
    assert (compute["previous"], compute["provider_cost"]) == ("44", "90.005")
    weeks = [name for name in compute if name.startswith("2026-")]
    assert weeks == ["2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26"]
    for row in rows:
        assert sum(Decimal(row[week]) for week in weeks) == Decimal(row["cost"])
        assert Decimal(row["margin"]) == Decimal(row["cost"]) - Decimal(row["provider_cost"])


def test_the_report_behind_an_invoice_adds_up_to_it_and_says_when_it_no_longer_does(
    client: Client, month: Month
) -> None:
    invoice = month.invoice()
    answer = client.get(f"/invoices/{invoice.token}/cost-report")
    assert answer.status_code == 302
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (asked["start_date"], asked["end_date"]) == (["2026-10-01"], ["2026-10-31"])
    text = text_of(client, answer.headers["Location"])
    assert f"The same to the cent as the subtotal of invoice {invoice.number}: 181.51 USD" in text
    month.bring(Charge(sub_account="1001", cost="1000", day=3))
    text = text_of(client, answer.headers["Location"])
    assert "181.51 USD; this differs by 945.99" in text
    assert f'href="/invoices/{invoice.token}/cost-report"' in text_of(client, f"/invoices/{invoice.token}")


def test_a_customer_sees_its_own_cost_and_never_the_providers(month: Month, signed_in: SignedIn) -> None:
    browser = Client()
    browser.force_login(month.customer())
    text = text_of(browser, f"/costs?{DAYS}&date_bin=month")
    assert "181.51" in text
    for hidden in ("Provider cost", "Margin", "140.01", "41.50", "Boats", "Amazon RDS"):
        assert hidden not in text, hidden
    rows = table_of(browser, f"/costs.csv?{DAYS}")
    assert not {"provider_cost", "margin"} & set(rows[0])
    for account in (month.boats.token, month.olives.token + "x"):
        assert browser.get(f"/costs?account={account}&{DAYS}").status_code == 404
    assert browser.get(f"/costs?account={month.olives.token}&{DAYS}").status_code == 200
    msp = make_report(workspace=make_workspace(management_account=month.people.msp), title="All customers")
    assert browser.get(f"/cost-reports/{msp.token}").status_code == 404


@pytest.mark.parametrize("address", ["/costs", "/costs.csv"])
def test_another_msp_finds_nothing_of_ours(address: str, month: Month, signed_in: SignedIn) -> None:
    charlie = signed_in(month.people.charlie)
    answer = charlie.get(f"{address}?{DAYS}")
    assert answer.status_code == 200
    assert "Amazon" not in answer.content.decode()
    assert charlie.get(f"{address}?account={month.olives.token}&{DAYS}").status_code == 404
    ours = make_report(workspace=make_workspace(management_account=month.people.msp), title="Ours")
    for page in (f"/cost-reports/{ours.token}", f"/cost-reports/{ours.token}.csv"):
        assert charlie.get(page).status_code == 404
    assert charlie.get(f"/invoices/{month.invoice().token}/cost-report").status_code == 404


def test_a_viewer_sees_reports_and_nobody_else_does(month: Month, signed_in: SignedIn) -> None:
    report = make_report(workspace=make_workspace(management_account=month.people.msp), title="Storage by region")
    addresses = ("/costs", "/costs.csv", f"/cost-reports/{report.token}", f"/cost-reports/{report.token}.csv")
    for address in addresses:
        assert signed_in(month.people.bob).get(address).status_code == 200
        answer = Client().get(address)
        assert (answer.status_code, answer.headers["Location"][:8]) == (302, "/sign-in")
        assert signed_in(month.people.alice).post(address).status_code == 405
    assert "Storage by region" in text_of(signed_in(month.people.bob), addresses[2])


def test_a_group_narrows_the_report_and_a_chip_widens_it_again(client: Client, month: Month) -> None:
    text = text_of(client, f"/costs?{DAYS}&date_bin=month&groupings=provider%2Cservice")
    found = [link for link in Page(text).links if "service%3DAmazon+S3" in link]
    assert len(found) == 1
    text = text_of(client, found[0])
    assert "Without Service Amazon S3" in text
    rows = table_of(client, found[0].replace("/costs?", "/costs.csv?"))
    assert [(row["account_id"], row["cost"]) for row in rows] == [("1001", "50")]


@pytest.mark.parametrize(
    ("pick", "cost"),
    [
        ("service=Amazon S3", "50"),
        ("region=eu-central-1", "217.005"),
        ("charge_type=Credit", "-10"),
        ("account_id=1002", "77"),
        ("tag:team=data", None),
        ("service=It's; DROP TABLE", None),
        ("colour=blue", "217.005"),
    ],
)
def test_one_filter_alone_narrows_too(pick: str, cost: str | None, client: Client, month: Month) -> None:
    everything = f"{DAYS}&settings[include_credits]=true"
    rows = table_of(client, f"/costs.csv?{everything}&{urlencode({'is': pick})}")
    assert sum((Decimal(row["cost"]) for row in rows), start=Decimal(0)) == Decimal(cost or 0)
    added = dict(zip(("where", "value"), pick.split("=", 1), strict=True))
    assert table_of(client, f"/costs.csv?{everything}&{urlencode(added)}") == rows


def test_credits_count_when_they_are_ticked(client: Client, month: Month) -> None:
    def cost(settings: str) -> Decimal:
        return sum(
            (Decimal(row["cost"]) for row in table_of(client, f"/costs.csv?{DAYS}&{settings}")), start=Decimal(0)
        )

    assert cost("settings[include_credits]=false") == Decimal("227.005")
    assert cost("settings[include_credits]=false&settings[include_credits]=true") == Decimal("217.005")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("interval=custom&start_date=yesterday&end_date=2026-10-31", "Start date must be a date"),
        ("interval=custom&start_date=2026-10-31&end_date=2026-10-01", "date"),
        (f"{DAYS}&date_bin=minute", "Date bin must be one of"),
        (f"{DAYS}&date_bin=hour", "choose days or longer steps"),
        (f"{DAYS}&groupings=colour", "colour"),
        (f"{DAYS}&filter=costs.service+%3D%3D", "Filter, position 16"),
        ("interval=custom&start_date=2025-01-01&end_date=2026-10-31&date_bin=day", "choose fewer days"),
    ],
)
def test_a_question_that_cannot_be_answered_is_named_and_the_page_stays(asked: str, said: str, client: Client) -> None:
    answer = client.get(f"/costs?{asked}")
    text = answer.content.decode()
    assert answer.status_code == 400
    alert = text.partition('role="alert">')[2].partition("</p>")[0]
    assert said in alert
    assert 'id="controls"' in text
    assert client.get(f"/costs.csv?{asked}").status_code == 409


def test_hostile_texts_stay_text(client: Client, month: Month) -> None:
    month.bring(
        Charge(sub_account="1001", cost="9", service=EVIL, day=3),
        Charge(sub_account="1001", cost="8", service="=1+1", day=3),
    )
    query = {"filter": EVIL, "groupings": EVIL, "is": f"service={EVIL}", "tag": EVIL, "account": ""}
    for answer in (client.get(f"/costs?{DAYS}"), client.get("/costs", query)):
        found = Page(answer.content.decode())
        assert (found.inline, found.images) == ([], [])
        assert "<script>alert" not in answer.content.decode()
    rows = table_of(client, f"/costs.csv?{DAYS}")
    assert not any(value.startswith("=") for row in rows for value in row.values())
    narrowed = {"is": f"service={EVIL}", "interval": "custom", "start_date": "2026-10-01", "end_date": "2026-10-31"}
    assert "9.00" in client.get("/costs", narrowed).content.decode()


def test_without_costs_the_page_says_what_to_do(people: People, signed_in: SignedIn) -> None:
    text = text_of(signed_in(people.alice), "/costs")
    assert "No costs in these days" in text
    assert "Last 6 months" in text


def test_the_time_before_whole_months_is_whole_months() -> None:
    assert days_before(OCTOBER.start, OCTOBER.last_day) == (SEPTEMBER.start, SEPTEMBER.last_day)
    assert days_before(BillingPeriod(2026, 1).start, BillingPeriod(2026, 3).last_day) == (
        BillingPeriod(2025, 10).start,
        BillingPeriod(2025, 12).last_day,
    )
    assert days_before(OCTOBER.day(11), OCTOBER.day(20)) == (OCTOBER.day(1), OCTOBER.day(10))


def test_every_step_of_time_is_there_even_without_costs(month: Month) -> None:
    fields = {"start_date": "2026-07-01", "end_date": "2026-12-31", "date_bin": "quarter"}
    look = look_at_costs(actor=month.people.alice.actor, fields=fields, now=NOW)
    assert [at.date().isoformat() for at in look.bins] == ["2026-07-01", "2026-10-01"]


def test_many_groups_ask_the_database_as_often_as_few(client: Client, month: Month) -> None:
    address = f"/costs?account={month.olives.token}&{DAYS}&compare=1"
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    month.bring(*(Charge(sub_account="1001", cost="1", service=f"Service {n}", day=3) for n in range(260)))
    with CaptureQueriesContext(connection) as many:
        text = text_of(client, address)
    assert "and 62 smaller ones" in text
    assert len(many) <= len(few) <= MOST_QUERIES


def test_a_customer_opens_the_costs_behind_its_invoice_and_comes_back(month: Month, client: Client) -> None:
    invoice = month.invoice()
    browser = Client()
    browser.force_login(month.customer())
    address = f"/invoices/{invoice.token}/cost-report"
    assert browser.get(address).status_code == 404  # nobody approved it
    approve(actor=month.people.alice.actor, invoice_tokens=[invoice.token], send=False, now=NOW)
    text = text_of(browser, browser.get(address).headers["Location"])
    assert "The same to the cent" in text
    assert f'href="/portal/invoices/{invoice.token}"' in text
    assert f'href="{address}"' in text_of(browser, f"/portal/invoices/{invoice.token}")
