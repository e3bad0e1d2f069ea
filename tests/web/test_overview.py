"""The first page: how far the close of the month is, what to do next, and the way to the first invoice."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import Role
from billow.records.billing.models import BillingProfile, Delegation, Delivery, Invoice, ManagedAccount
from billow.records.costs.models import CostImport, Integration
from billow.terms.period import BillingPeriod
from billow.usecases.arrivals import Arrival, Lateness, arrivals
from billow.usecases.close_overview import Step, close_overview
from billow.usecases.first_steps import FirstStep
from tests.factories.accounts import make_user
from tests.factories.agreements import make_adjustment
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_generating, make_line
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

HOME = f"/?period={OCTOBER}"
NOVEMBER = datetime(2026, 11, 5, 9, tzinfo=UTC)
MOST_QUERIES = 40


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def payer(people: People) -> Integration:
    return make_integration(management_account=people.msp)


@pytest.fixture
def begun(people: People, profile: BillingProfile) -> Invoice:
    """Somebody else's invoice of an earlier month was approved, so the installation is set up."""
    old = make_managed_account(management_account=people.msp, name="Old Customer", billing_email=["o@old.example"])
    old.deleted_at = NOVEMBER
    old.save()
    return make_approved(account=old, profile=profile, by=people.alice, period=BillingPeriod(2026, 8))


def text_of(client: Client, address: str = HOME) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def step_of(people: People) -> Step:
    return close_overview(actor=people.alice.actor, now=NOVEMBER).next.step


def bring(people: People, payer: Integration, folder: Path, *charges: Charge, now: datetime = NOVEMBER) -> None:
    deliver(
        actor=people.alice.actor,
        integration=payer,
        period=OCTOBER,
        charges=charges or [Charge(sub_account="1", cost="1000.10")],
        folder=folder,
        now=now,
    )


def test_an_empty_installation_is_led_by_the_hand_step_by_step(client: Client, people: People, tmp_path: Path) -> None:
    def led() -> tuple[FirstStep, str]:
        overview = close_overview(actor=people.alice.actor, now=NOVEMBER)
        assert overview.first_steps is not None
        return overview.first_steps.next, text_of(client)

    step, text = led()
    assert (step, "0 of 6 done" in text) == (FirstStep.PROFILE, True)
    assert text.count('href="/settings/billing-profiles/new"') == 2
    profile = make_profile(management_account=people.msp)
    step, text = led()
    assert (step, 'href="/settings/integrations/new"' in text) == (FirstStep.BILLS, True)
    payer = make_integration(management_account=people.msp)
    step, text = led()
    assert (step, f'href="/settings/integrations/{payer.token}">Upload a bill' in text) == (FirstStep.BILLS, True)
    bring(people, payer, tmp_path)
    step, text = led()
    assert (step, 'href="/accounts/import"' in text) == (FirstStep.CUSTOMERS, True)
    account = make_managed_account(management_account=people.msp)
    step, text = led()
    unallocated = f'href="/settings/integrations/{payer.token}/unallocated"'
    assert (step, unallocated in text) == (FirstStep.DELEGATION, True)
    delegate(account=account, integration=payer, sub_account_id="1")
    step, text = led()
    assert (step, 'href="/settings/billing-rules/new"' in text) == (FirstStep.RULES, True)
    assert "Generate 1 invoice" in text
    make_adjustment(management_account=people.msp, percentage="110")
    step, text = led()
    assert (step, "5 of 6 done" in text) == (FirstStep.INVOICE, True)
    assert step_of(people) is Step.GENERATE
    make_approved(account=account, profile=profile, by=people.alice)
    assert "The way to the first invoice" not in text_of(client)
    assert step_of(people) is Step.CLOSED


def test_a_missing_bill_comes_first_then_costs_of_nobody_then_generating(
    client: Client, people: People, payer: Integration, olives: ManagedAccount, begun: Invoice, tmp_path: Path
) -> None:
    delegate(account=olives, integration=payer, sub_account_id="1")
    text = text_of(client)
    assert "Import the bill of AWS Payer" in text
    assert "Missing" in text
    assert "Generate 1 invoice" in text  # could be done already
    bring(people, payer, tmp_path, Charge(sub_account="1", cost="5"), Charge(sub_account="2", cost="70.50"))
    text = text_of(client)
    assert "Say whose costs 1 account at a provider are" in text
    assert f'href="/settings/integrations/{payer.token}/unallocated?period=2026-10"' in text
    assert "70.50" in text
    delegate(account=olives, integration=payer, sub_account_id="2")
    text = text_of(client)
    assert step_of(people) is Step.GENERATE
    assert 'name="step" value="ready">Generate 1 invoice' in text
    assert "of AWS Payer: delegate" not in text


def test_invoices_are_watched_mended_looked_over_approved_and_delivered_in_this_order(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile, begun: Invoice
) -> None:
    invoice = make_generating(account=olives)
    assert "1 invoice is being generated" in text_of(client)
    assert "every 5s" in text_of(client)
    failure = {"failure_code": "missing_exchange_rate", "failure_message": "No rate USD to EUR"}
    Invoice.objects.filter(pk=invoice.pk).update(status="failed", **failure)
    text = text_of(client)
    assert "Mend 1 failure" in text
    assert "No rate USD to EUR" in text
    assert 'href="/settings/exchange-rates">Upload the rate' in text
    assert f'name="only" value="{invoice.token}">Retry' in text
    Invoice.objects.filter(pk=invoice.pk).update(status="cancelled", cancel_reason="Billed by hand")
    draft = make_draft(account=olives, profile=profile)
    Invoice.objects.filter(pk=draft.pk).update(is_stale=True)
    text = text_of(client)
    assert "Look over 1 draft" in text
    assert "1 no longer matches the data" in text
    Invoice.objects.filter(pk=draft.pk).update(is_stale=False)
    assert 'name="step" value="awaiting_approval">Approve 1 draft' in text_of(client)


def test_a_page_that_asks_again_gets_an_answer_only_when_something_changed(
    client: Client, olives: ManagedAccount, profile: BillingProfile, begun: Invoice
) -> None:
    invoice = make_generating(account=olives)
    mark = text_of(client).partition("&amp;mark=")[2].partition('"')[0]
    assert client.get(f"{HOME}&mark={mark}").status_code == 204
    Invoice.objects.filter(pk=invoice.pk).update(status="failed", failure_code="x", failure_message="Because")
    assert "Because" in text_of(client, f"{HOME}&mark={mark}")


def test_what_did_not_arrive_is_sent_again_and_then_the_month_is_closed(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    invoice = make_approved(account=olives, profile=profile, by=people.alice, send=True)
    text = text_of(client)
    assert "</strong> Being sent" in text
    assert "every 5s" in text
    Delivery.objects.update(status="failed", outcome_code="550", outcome_message="user unknown")
    text = text_of(client)
    assert "accounts@thessaly-olives.example: user unknown" in text
    assert "1 invoice did not arrive" in text
    assert f'href="/accounts/{olives.token}#field-billing_email">Correct the addresses' in text
    assert f'name="only" value="{invoice.token}">Send again' in text
    assert f'href="/invoices?period={OCTOBER}&amp;status=undelivered"' in text
    Delivery.objects.update(status="accepted")
    text = text_of(client)
    assert "October 2026 is closed" in text
    assert "1 invoice is approved." in text
    assert "To mend" not in text
    assert "every 5s" not in text


def test_who_could_not_be_invoiced_or_reached_is_named_with_what_helps(
    client: Client, people: People, olives: ManagedAccount, begun: Invoice
) -> None:
    make_profile(management_account=people.msp, nickname="Second")
    silent = make_managed_account(
        management_account=people.msp,
        name="Silent Co",
        billing_email=[],
        billing_profile=BillingProfile.objects.get(nickname="Second"),
    )
    text = text_of(client)
    assert "Managed account has no billing profile. Assign one of the profiles." in text
    assert f'href="/accounts/{olives.token}">Choose a profile' in text
    assert "there are no recipients" in text
    assert f'href="/accounts/{silent.token}#field-billing_email">Add recipients' in text
    assert "Generate 1 invoice" in text
    make_draft(account=silent, profile=begun.managed_account.management_account.billing_profiles.get(nickname="Main"))
    text = text_of(client)
    assert "Mend 2 failures" in text
    assert "Approve 1 draft" in text  # what could be done already


def test_totals_and_margins_add_up_per_currency_and_the_chart_says_them_in_words(
    client: Client, people: People, profile: BillingProfile
) -> None:
    for number, (currency, cost, rated) in enumerate(
        (("USD", "100", "150"), ("USD", "10", "5"), ("JPY", "1000", "1100"))
    ):
        account = make_managed_account(management_account=people.msp, name=f"C{number}", currency=currency)
        make_draft(account=account, profile=profile, lines=[make_line(cost=cost, rated=rated, currency=currency)])
    text = text_of(client)
    for shown in ("0 of 3", "110.00", "45.00", "29.0\N{NARROW NO-BREAK SPACE}%", "155.00", ">1,100<", ">100 <span"):
        assert shown in text, shown
    assert "Invoiced in USD per month, before taxes and fees: Oct 2026 155.00" in text
    overview = close_overview(actor=people.alice.actor, now=NOVEMBER)
    newest = {currency: months[-1] for currency, months in overview.trend.items()}
    assert {currency: (month.drafts, month.cost) for currency, month in newest.items()} == {
        "USD": (Decimal(155), Decimal(110)),
        "JPY": (Decimal(1100), Decimal(1000)),
    }


def test_the_chart_and_the_sums_beside_it_agree_to_the_cent(people: People, profile: BillingProfile) -> None:
    for number in range(7):
        account = make_managed_account(management_account=people.msp, name=f"C{number}")
        make_draft(account=account, profile=profile, lines=[make_line(cost="10.004", rated="11.005")])
    overview = close_overview(actor=people.alice.actor, now=NOVEMBER)
    [sums], month = overview.sums, overview.trend["USD"][-1]
    assert (sums.subtotal, sums.provider_cost) == (month.drafts, month.cost) == (Decimal("77.07"), Decimal("70.00"))


def test_a_whole_month_is_compared_with_the_one_before(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    for period, cost in ((BillingPeriod(2026, 9), "100"), (OCTOBER, "87.5")):
        make_draft(account=olives, profile=profile, period=period, lines=[make_line(cost=cost)])
    assert "\N{MINUS SIGN}12.5\N{NARROW NO-BREAK SPACE}% on Sep 2026" in text_of(client)
    make_managed_account(management_account=people.msp, name="Volos Shipping")
    assert "on Sep 2026" not in text_of(client)  # not all invoices are there yet


def test_an_approval_is_confirmed_with_total_and_margin_per_currency(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_draft(account=olives, profile=profile, lines=[make_line(cost="100", rated="125")])
    fields = {"step": "awaiting_approval", "period": str(OCTOBER)}
    text = client.post("/invoices/confirm/approve", fields, headers={"hx-request": "true"}).content.decode()
    for shown in ("Margin", ">25.00 ", "20.0\N{NARROW NO-BREAK SPACE}%", "125.00"):
        assert shown in text, shown


def test_the_month_picker_ends_with_the_newest_closed_month(client: Client, people: People) -> None:
    assert close_overview(actor=people.alice.actor, now=NOVEMBER, period=BillingPeriod(2099, 1)).period == OCTOBER
    text = text_of(client, "/?period=2026-03")
    assert "March 2026" in text
    assert 'href="/?period=2026-02"' in text
    assert 'href="/?period=2026-04"' in text
    assert "Latest closed month" in text
    assert '<option value="2026-03" selected>March 2026</option>' in text
    assert '<option value="2026-10">October 2026</option>' in text
    assert '<option value="2020-01" selected>' in text_of(client, "/?period=2020-01")
    assert client.get("/?period=nonsense").status_code == 200


def arrival_of(people: People) -> tuple[Arrival, Lateness]:
    source = arrivals(actor=people.alice.actor, period=OCTOBER)[0]
    return source.arrival, source.lateness


def test_a_bill_is_final_only_when_nothing_more_can_come(
    client: Client, people: People, profile: BillingProfile, payer: Integration, olives: ManagedAccount, tmp_path: Path
) -> None:
    assert arrival_of(people) == (Arrival.MISSING, Lateness.NONE)
    delegate(account=olives, integration=payer, sub_account_id="1")
    make_adjustment(management_account=people.msp, percentage="110")
    daily = [Charge(sub_account="1", cost="1", day=day) for day in (1, 2, 3)]
    bring(people, payer, tmp_path, *daily, now=datetime(2026, 10, 20, tzinfo=UTC))
    assert arrival_of(people) == (Arrival.NOT_FINAL, Lateness.BEFORE_THE_END)
    assert "Import the final bill of AWS Payer" in text_of(client)
    bring(people, payer, tmp_path, *daily, Charge(sub_account="2", cost="1"))
    assert arrival_of(people) == (Arrival.NOT_FINAL, Lateness.LAST_DAYS)
    bring(people, payer, tmp_path, *daily, Charge(sub_account="1", cost="1", day=0))
    assert arrival_of(people) == (Arrival.ARRIVED, Lateness.NONE)
    september, december = BillingPeriod(2026, 9), BillingPeriod(2026, 12)
    assert arrivals(actor=people.alice.actor, period=september)[0].arrival is Arrival.NOT_EXPECTED
    assert arrivals(actor=people.alice.actor, period=december)[0].arrival is Arrival.MISSING
    Delegation.objects.update(end_date=OCTOBER.last_day)
    assert arrivals(actor=people.alice.actor, period=december)[0].arrival is Arrival.NOT_EXPECTED


def test_a_month_that_opens_later_says_when(people: People, olives: ManagedAccount, begun: Invoice) -> None:
    olives.data_ingestion_delay = True
    olives.save()
    early = close_overview(actor=people.alice.actor, now=datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert (early.next.step, early.counts.blocked) == (Step.WAIT, 1)
    assert "2026-11-04" in early.blocked[0].reason
    assert step_of(people) is Step.GENERATE


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        (("E-1", "E-1"), (Arrival.FINAL, Lateness.NONE)),
        (("E-1", ""), (Arrival.NOT_FINAL, Lateness.NOT_INVOICED)),
    ],
)
def test_a_providers_own_invoice_number_makes_a_bill_final(
    numbers: tuple[str, str], wanted: tuple[Arrival, Lateness], people: People, payer: Integration, tmp_path: Path
) -> None:
    charges = [Charge(sub_account=str(place), cost="1", invoice=number) for place, number in enumerate(numbers)]
    bring(people, payer, tmp_path, *charges)
    assert arrival_of(people) == wanted


def test_a_cost_store_that_cannot_be_read_is_said_and_not_hidden(
    client: Client, people: People, payer: Integration, tmp_path: Path
) -> None:
    bring(people, payer, tmp_path)
    (settings.COST_STORE / CostImport.objects.get().stored_files[0]).unlink()
    text = text_of(client)
    assert "Unreadable" in text
    assert 'class="notice bad"' in text


def test_a_viewer_sees_it_all_and_can_press_nothing_that_writes(
    people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    make_draft(account=olives, profile=profile)
    text = text_of(signed_in(people.bob))
    assert "Review 1 draft" in text
    assert "/invoices/confirm/" not in text
    assert "Margin" in text


def test_an_integration_owner_is_led_to_the_bills_but_approves_nothing(
    people: People, olives: ManagedAccount, payer: Integration, begun: Invoice, signed_in: SignedIn
) -> None:
    delegate(account=olives, integration=payer, sub_account_id="1")
    ian = make_user(management_account=people.msp, email="ian@nimbus.example", role=Role.INTEGRATION_OWNER)
    text = text_of(signed_in(Person(user=ian)))
    assert f'href="/settings/integrations/{payer.token}">Import the bill<' in text
    assert "/invoices/confirm/" not in text


def test_the_way_to_the_first_invoice_offers_only_what_one_may_do(people: People, signed_in: SignedIn) -> None:
    ian = make_user(management_account=people.msp, email="ian@nimbus.example", role=Role.INTEGRATION_OWNER)
    client = signed_in(Person(user=ian))
    assert "/settings/billing-profiles/new" not in text_of(client)  # an owner's
    make_profile(management_account=people.msp)
    assert "/settings/integrations/new" in text_of(client)
    assert "/settings/integrations/new" not in text_of(signed_in(people.bob))


def test_a_customers_own_people_are_led_elsewhere(
    people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    make_draft(account=olives, profile=profile)
    user = make_user(management_account=people.msp, email="c@olives.example")
    user.managed_account = olives
    user.save()
    answer = signed_in(Person(user=user)).get(HOME)
    assert answer.status_code == 302
    assert "Margin" not in answer.content.decode()


def test_another_msp_sees_nothing_of_ours(
    people: People, olives: ManagedAccount, payer: Integration, profile: BillingProfile, signed_in: SignedIn
) -> None:
    draft = make_draft(account=olives, profile=profile)
    text = text_of(signed_in(people.charlie))
    for ours in (payer.name, draft.number, olives.name):
        assert ours not in text
    assert "0 of 6 done" in text


def test_whoever_is_not_signed_in_is_sent_to_sign_in(db: None) -> None:
    assert Client().get("/").headers["Location"].startswith("/sign-in")


def test_as_many_queries_for_many_customers_and_bills_as_for_few(
    client: Client, people: People, profile: BillingProfile, tmp_path: Path
) -> None:
    def fill(number: int) -> None:
        payer = make_integration(management_account=people.msp, name=f"Payer {number}")
        bring(people, payer, tmp_path, Charge(sub_account="1", cost="5"), Charge(sub_account="2", cost="7"))
        for part, status in enumerate(("awaiting_approval", "failed", "ready", "approved")):
            account = make_managed_account(management_account=people.msp, name=f"C{number} {part}")
            delegate(account=account, integration=payer, sub_account_id=f"1{part}")
            if status == "approved":
                make_approved(account=account, profile=profile, by=people.alice, send=True)
            elif status != "ready":
                draft = make_draft(account=account, profile=profile)
                Invoice.objects.filter(pk=draft.pk).update(status=status, failure_code="x", failure_message="Because")

    counts = []
    for number in range(4):
        fill(number)
        text_of(client)
        with CaptureQueriesContext(connection) as queries:
            text_of(client)
        counts.append(len(queries))
    assert counts[-1] <= counts[0] <= MOST_QUERIES


def test_hostile_names_stay_text(
    client: Client, people: People, profile: BillingProfile, begun: Invoice, tmp_path: Path
) -> None:
    payer = make_integration(management_account=people.msp, name=EVIL)
    bring(people, payer, tmp_path)
    evil = make_managed_account(management_account=people.msp, name=EVIL, contact_email="a@b.example")
    failed = make_generating(account=evil)
    Invoice.objects.filter(pk=failed.pk).update(status="failed", failure_code="x", failure_message=EVIL)
    text = text_of(client)
    assert Page(text).inline == []
    assert "<img src=x" not in text
