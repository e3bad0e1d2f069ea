"""The Invoices screen without script: what it shows, what it asks before an act, and what it says afterwards."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import BillingProfile, Delivery, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from tests.factories.agreements import make_rate
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_generating, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People
from tests.web.conftest import SignedIn

MOST_QUERIES = 18
HTMX = {"hx-request": "true"}
SCREEN = f"/invoices?period={OCTOBER}"


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def confirm(client: Client, act: str, **fields: object) -> str:
    return client.post(f"/invoices/confirm/{act}", fields, headers=HTMX).content.decode()


def hidden(text: str, name: str) -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


def do(client: Client, act: str, confirmation: str, **fields: str) -> str:
    given = {name: hidden(confirmation, name) for name in ("items", "stale_items", "seen")}
    return client.post(f"/invoices/do/{act}", {**given, **fields}, headers=HTMX).content.decode()


def test_rows_show_amounts_margin_and_status_and_ready_accounts_beside_invoices(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_managed_account(management_account=people.msp, name="Volos Shipping")
    make_draft(account=olives, profile=profile, lines=[make_line(cost="1000.004", rated="1234567.005")])
    text = text_of(client, SCREEN)
    assert "1,234,567.01" in text
    assert "1,233,567.01" in text  # the margin
    assert "99.9\N{NARROW NO-BREAK SPACE}%" in text
    for word in ("INV-2026-00001", "Thessaly Olives", "Awaiting approval", "Volos Shipping", "Ready to invoice"):
        assert word in text


def test_the_summary_adds_up_per_currency_and_shows_six_months(
    client: Client, people: People, profile: BillingProfile
) -> None:
    for number, currency in enumerate(("USD", "USD", "JPY")):
        account = make_managed_account(management_account=people.msp, name=f"C{number}", currency=currency)
        cost = "150.4" if currency == "JPY" else "10.10"
        make_draft(account=account, profile=profile, lines=[make_line(cost=cost, currency=currency)])
    text = text_of(client, SCREEN)
    summary = text[text.index('id="summary"') : text.index('id="filters"')]
    assert "0 of 3" in summary
    assert "20.20" in summary
    assert ">150<" in summary
    assert "Oct 2026: 20.20" in summary
    assert "May 2026: 0.00" in summary


def test_filters_narrow_the_rows_but_not_the_summary(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_draft(account=olives, profile=profile)
    make_managed_account(management_account=people.msp, name="Volos Shipping")
    drafts = text_of(client, f"{SCREEN}&status=awaiting_approval")
    assert 'id="row-' in drafts
    assert drafts.count('<tr id="row-') == 1
    assert "0 of 2" in drafts
    assert text_of(client, f"{SCREEN}&status=ready").count('<tr id="row-') == 1
    assert "Nothing matches the filters" in text_of(client, f"{SCREEN}&status=failed")
    assert text_of(client, f"{SCREEN}&account={olives.token}").count('<tr id="row-') == 1


def test_all_months_of_one_account_on_one_screen(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    for month in (8, 9, 10):
        make_draft(account=olives, profile=profile, period=BillingPeriod(2026, month))
    text = text_of(client, f"/invoices?period=all&account={olives.token}")
    for number in ("INV-2026-00001", "INV-2026-00002", "INV-2026-00003"):
        assert number in text


@pytest.mark.parametrize(
    "sort", ["customer", "-number", "total", "-margin", "status", "-updated", "delivery", "nonsense"]
)
def test_every_column_sorts(sort: str, client: Client, people: People, profile: BillingProfile) -> None:
    for number in range(3):
        account = make_managed_account(management_account=people.msp, name=f"C{number}")
        make_draft(account=account, profile=profile, lines=[make_line(cost=str(10 - number))])
    text = text_of(client, f"{SCREEN}&sort={sort}")
    places = [text.index(f"{number}</a></th>") for number in ("00001", "00002", "00003")]
    descending = sort in {"-number", "total"}
    assert places == sorted(places, reverse=descending) or sort in {"-margin", "status", "-updated", "delivery"}


def test_without_anything_the_screen_leads_to_the_first_invoice(client: Client) -> None:
    text = text_of(client, "/invoices")
    assert "Four steps to the first invoice" in text
    assert "billow profiles add" in text


def test_blocked_accounts_are_named_with_the_reason(client: Client, people: People) -> None:
    make_managed_account(management_account=people.msp, name="Volos Shipping")
    text = text_of(client, SCREEN)
    assert "billing profile" in text
    profile = make_profile(management_account=people.msp)
    make_draft(account=make_managed_account(management_account=people.msp, name="Other"), profile=profile)
    text = text_of(client, "/invoices?period=2099-01")
    assert "2 accounts" in text
    assert "has not closed yet" in text


def test_generating_asks_first_then_takes_a_number(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    question = confirm(client, "generate", item=f"{olives.token}:2026-10")
    assert "Generate the invoice of Thessaly Olives?" in question
    assert Invoice.objects.count() == 0
    answer = do(client, "generate", question)
    assert "Generation of INV-" in answer
    assert Invoice.objects.get().status == "generating"


def test_a_double_click_makes_one_invoice_and_says_so(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    question = confirm(client, "generate", item=f"{olives.token}:2026-10")
    do(client, "generate", question)
    assert "An invoice already exists" in do(client, "generate", question)
    assert Invoice.objects.count() == 1


def test_approving_states_count_totals_recipients_and_what_is_left_out(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    drafts = [make_draft(account=olives, profile=profile)]
    other = make_managed_account(
        management_account=people.msp, name="Volos", billing_email=["a@v.example", "b@v.example"]
    )
    drafts.append(make_draft(account=other, profile=profile))
    silent = make_managed_account(management_account=people.msp, name="Silent", billing_email=[])
    drafts.append(make_draft(account=silent, profile=profile))
    ready = make_managed_account(management_account=people.msp, name="Zagori")
    question = confirm(client, "approve", item=[*(draft.token for draft in drafts), f"{ready.token}:2026-10"])
    assert "Approve and send 2 drafts?" in question
    assert ">26.00<" in question
    assert "3 e-mails to 2 customers" in question
    assert "2 left out" in question
    assert "the customer has no billing e-mail address" in question
    assert "not generated yet" in question
    answer = do(client, "approve", question)
    assert "2 invoices approved" in answer
    assert Invoice.objects.filter(status="approved").count() == 2
    assert Delivery.objects.count() == 3


def test_a_draft_out_of_date_is_approved_only_when_ticked(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    Invoice.objects.filter(pk=draft.pk).update(is_stale=True)
    question = confirm(client, "approve", only=draft.token)
    assert "no longer matches" in question
    assert "There was nothing to do" in do(client, "approve", question)
    draft.refresh_from_db()
    assert draft.status == "awaiting_approval"
    assert "approved" in do(client, "approve", question, accept_stale="yes")
    draft.refresh_from_db()
    assert draft.status == "approved"


def test_when_two_people_approve_the_second_is_told(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    draft = make_draft(account=olives, profile=profile)
    first, second = client, signed_in(people.alice)
    question = confirm(second, "approve", only=draft.token)
    do(first, "approve", confirm(first, "approve", only=draft.token))
    answer = do(second, "approve", question)
    assert "Nothing was done" in answer
    assert "it is approved" in answer
    assert Delivery.objects.count() == 1


def test_a_total_that_changed_since_the_question_is_asked_again(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    question = confirm(client, "approve", only=draft.token)
    Invoice.objects.filter(pk=draft.pk).update(is_stale=True)
    answer = do(client, "approve", question)
    assert "Something changed since you looked" in answer
    draft.refresh_from_db()
    assert draft.status == "awaiting_approval"


def test_cancelling_needs_a_reason_and_frees_the_month(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    question = confirm(client, "cancel", only=draft.token)
    refused = client.post("/invoices/do/cancel", {"items": draft.token, "reason": " "}, headers=HTMX)
    assert refused.status_code == 409
    assert "Say why" in refused.content.decode()
    assert refused.headers["HX-Retarget"] == "#dialog"
    do(client, "cancel", question, reason="Billed by hand")
    text = text_of(client, SCREEN)
    assert "Cancelled" in text
    assert "Ready to invoice" in text
    assert "Billed by hand" in text_of(client, f"/invoices/{draft.token}")


def test_the_whole_filter_is_asked_for_at_once(client: Client, people: People, profile: BillingProfile) -> None:
    for number in range(130):
        make_generating(account=make_managed_account(management_account=people.msp, name=f"C{number:03}"))
        Invoice.objects.update(status="failed", failure_code="x", failure_message="No rate.")
    text = text_of(client, SCREEN)
    assert text.count('<tr id="row-') == 100
    assert "1–100 of 130" in text
    assert text_of(client, f"{SCREEN}&page=2").count('<tr id="row-') == 30
    assert "Regenerate 130 invoices?" in confirm(client, "regenerate", scope="filter", period="2026-10")
    step = confirm(client, "approve", step="awaiting_approval", period="2026-10")
    assert "Nothing to approve" in step


def test_the_zip_holds_every_chosen_document(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    other = make_managed_account(management_account=people.msp, name="Volos")
    approved = make_approved(account=other, profile=profile, by=people.alice)
    answer = client.post("/invoices/download", {"items": f"{draft.token} {approved.token}", "kind": ["pdf", "csv"]})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoices.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        names = archive.namelist()
        assert len(names) == 4
        assert archive.testzip() is None
        assert all(archive.read(name).startswith(b"%PDF") for name in names if name.endswith(".pdf"))


def test_live_rows_answer_only_what_changed_and_stop_when_nothing_is_open(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_draft(account=olives, profile=profile)
    busy = make_generating(account=make_managed_account(management_account=people.msp, name="Volos"))
    address = text_of(client, SCREEN).partition('id="live" hidden hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert address
    assert client.get(address, headers=HTMX).status_code == 204
    Invoice.objects.filter(pk=busy.pk).update(
        status="failed", failure_code="x", failure_message="No rate.", updated_at=datetime.now(UTC)
    )
    text = client.get(address, headers=HTMX).content.decode()
    assert text.count("<tr id=") == 1
    assert "No rate." in text
    assert "hx-trigger" not in text.partition("<section")[0]
    make_generating(account=make_managed_account(management_account=people.msp, name="Another"))
    assert client.get(address, headers=HTMX).headers["HX-Trigger"] == "billow:changed"


def test_the_invoice_page_explains_every_line_and_adds_up(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    profile = make_profile(
        management_account=people.msp,
        adjustment_items=[
            {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"},
            {"name": "Loyalty", "adjustment_type": "discount", "calculation_type": "fixed", "amount": "1"},
        ],
    )
    lines = [make_line(cost="12.345678901234"), make_line(cost="0.655", service="Amazon S3")]
    draft = make_draft(account=olives, profile=profile, lines=lines)
    text = text_of(client, f"/invoices/{draft.token}?expand=all")
    assert "12.345678901234 USD" in text
    for amount in ("13.00", "\N{MINUS SIGN}1.00", "+2.88", "14.88"):
        assert amount in text
    assert Decimal("13.00") - 1 + Decimal("2.88") == Decimal("14.88")
    assert "Version 1" in text
    assert 'type="application/pdf"' in text


def test_a_failed_regeneration_shows_the_draft_from_before_and_offers_no_approval(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    Invoice.objects.filter(pk=draft.pk).update(status="failed", failure_code="x", failure_message="Share out divides.")
    text = text_of(client, f"/invoices/{draft.token}")
    assert "could not be generated anew" in text
    assert "Share out divides." in text
    assert "What you see is the draft from before" in text
    assert 'type="application/pdf"' in text
    assert "Approve" not in text


def test_a_failed_invoice_says_why_and_a_missing_delivery_shows_the_server_reply(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    failed = make_generating(account=make_managed_account(management_account=people.msp, name="Volos"))
    Invoice.objects.filter(pk=failed.pk).update(status="failed", failure_code="x", failure_message="No exchange rate.")
    text = text_of(client, f"/invoices/{failed.token}")
    assert "No exchange rate." in text
    assert "Retry" in text
    approved = make_approved(account=olives, profile=profile, by=people.alice, send=True)
    Delivery.objects.update(status="failed", outcome_code="550", outcome_message="User unknown")
    assert "550 User unknown" in text_of(client, f"/invoices/{approved.token}")
    assert "Not delivered" in text_of(client, SCREEN)
    assert "1 row" in text_of(client, f"{SCREEN}&status=undelivered")


def test_pages_ask_the_database_as_often_for_many_rows_as_for_few(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    def queries(address: str) -> int:
        text_of(client, address)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text_of(client, address)
        return len(captured)

    draft = make_draft(account=olives, profile=profile)
    few, one_line = queries(SCREEN), queries(f"/invoices/{draft.token}")
    for number in range(20):
        account = make_managed_account(management_account=people.msp, name=f"C{number}")
        lines = [make_line(cost="1", service=f"S{place}") for place in range(30)]
        latest = make_draft(account=account, profile=profile, lines=lines)
    assert queries(SCREEN) == few <= MOST_QUERIES
    assert queries(f"/invoices/{latest.token}") == one_line <= MOST_QUERIES


def test_times_are_in_the_zone_of_the_management_account(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    people.msp.time_zone = "Asia/Tokyo"
    people.msp.save()
    make_draft(account=olives, profile=profile, now=datetime(2026, 11, 1, 20, 5, tzinfo=UTC) + timedelta(0))
    assert "2 Nov 2026, 05:05:00 JST" in text_of(client, SCREEN)


def test_accounts_blocked_for_one_reason_share_one_sentence(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_draft(account=olives, profile=profile)
    for name in ("Volos Shipping", "Pelion Timber"):
        make_managed_account(management_account=people.msp, name=name)
    text = text_of(client, "/invoices?period=2099-01")
    assert text.count("Billing period has not closed yet") == 1
    for words in ("3 accounts", "Volos Shipping", "Pelion Timber"):
        assert words in text


def test_what_rules_changed_is_shown_in_the_currency_it_was_changed_in(
    client: Client, people: People, profile: BillingProfile
) -> None:
    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.5", effective_date=date(2026, 10, 1))
    lyon = make_managed_account(management_account=people.msp, name="Lyon Prints", currency="EUR")
    invoice = make_draft(account=lyon, profile=profile, lines=[make_line(cost="100", rated="110")])
    text = text_of(client, f"/invoices/{invoice.token}")
    assert '+10.00 <span class="currency">USD</span>' in text


def test_a_credit_balance_has_a_margin_but_no_share(
    client: Client, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_draft(account=olives, profile=profile, lines=[make_line(cost="-100", rated="-110")])
    text = text_of(client, SCREEN)
    assert "\N{MINUS SIGN}10.00" in text
    assert "\N{NARROW NO-BREAK SPACE}%" not in text
