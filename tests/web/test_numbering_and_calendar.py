"""Numbering, company and calendar at the console, without script: what comes next is seen before it is saved."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import BillingProfile, Invoice, InvoiceSeries, ManagedAccount
from billow.usecases.generate_invoices import request_generation
from tests.factories.invoices import OCTOBER
from tests.factories.parties import make_managed_account
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

NUMBERS = "/settings/numbering"
CALENDAR = "/settings/calendar"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    for view in ("numbering", "calendar"):
        monkeypatch.setattr(f"billow.interfaces.web.{view}.view.clock", lambda: NOW)


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def text_of(client: Client, address: str, data: dict[str, str] | None = None) -> str:
    answer = client.get(address, data)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def take_a_number(people: People, account: ManagedAccount) -> str:
    request_generation(actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOW)
    return Invoice.objects.get(managed_account=account).number


def test_the_next_numbers_are_seen_while_a_pattern_is_typed(client: Client) -> None:
    text = text_of(client, NUMBERS)
    for number in ("INV-2026-00001", "INV-2026-00003", "CN-2026-00001"):
        assert f"<code>{number}</code>" in text
    typed = text_of(
        client, f"{NUMBERS}/next/invoice", {"number_pattern": "R{year}{month}-{####}", "first_number": "77"}
    )
    assert "<code>R202611-0077</code>" in typed
    assert "must contain {sequence} exactly once" in text_of(
        client, f"{NUMBERS}/next/invoice", {"number_pattern": "R{year}"}
    )
    assert "unknown field" in text_of(client, f"{NUMBERS}/next/credit_note", {"credit_note_pattern": "{week}"})
    assert InvoiceSeries.objects.get(name="invoice").pattern == "INV-{year}-{sequence:05}"


def test_a_series_goes_on_where_older_invoices_ended_and_counts_without_a_gap(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    fields = {
        "number_pattern": "R-{sequence:04}",
        "first_number": "1001",
        "credit_note_pattern": "G-{sequence:04}",
        "first_credit_note_number": "1",
    }
    for _ in range(2):
        assert client.post(NUMBERS, fields).status_code == 303
    assert take_a_number(people, olives) == "R-1001"
    text = text_of(client, NUMBERS)
    assert "<code>R-1002</code>" in text
    assert 'name="first_number"' not in text
    assert 'name="first_credit_note_number"' in text
    late = client.post(NUMBERS, {**fields, "first_number": "5000"})
    assert late.status_code == 422
    assert "would leave a gap" in late.content.decode()
    assert client.post(NUMBERS, {"number_pattern": "X{year}-{sequence}"}).status_code == 303
    volos = make_managed_account(management_account=people.msp, name="Volos Shipping")
    assert take_a_number(people, volos) == "X2026-1002"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"number_pattern": ""}, "Number pattern can&#x27;t be blank"),
        ({"number_pattern": "R"}, "must contain {sequence} exactly once"),
        ({"number_pattern": "<b>{sequence}</b>"}, "may contain letters"),
        ({"number_pattern": "A" * 40 + "{sequence}"}, "longer than 30 characters"),
        ({"number_pattern": "CN-{year}-{sequence:05}"}, "must be numbered differently"),
        ({"first_number": "0"}, "Write the first number as digits"),
        ({"first_number": "1e3"}, "Write the first number as digits"),
        ({"first_credit_note_number": "99999999"}, "Write the first number as digits"),
    ],
)
def test_what_makes_no_numbers_stands_beside_its_field_and_changes_nothing(
    fields: dict[str, str], message: str, client: Client
) -> None:
    text_of(client, NUMBERS)
    before = list(InvoiceSeries.objects.order_by("pk").values())
    answer = client.post(NUMBERS, {"number_pattern": "R-{sequence}", **fields})
    text = answer.content.decode()
    assert (answer.status_code, text.count(message)) == (422, 2)
    assert (Page(text).inline, Page(text).images) == ([], [])
    assert list(InvoiceSeries.objects.order_by("pk").values()) == before


def test_a_pattern_that_would_make_a_number_again_is_refused(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    client.post(NUMBERS, {"number_pattern": "R1{sequence}", "first_number": "2"})
    assert take_a_number(people, olives) == "R12"
    answer = client.post(NUMBERS, {"number_pattern": "R{sequence}"})
    assert answer.status_code == 422
    assert "would make R12 again" in answer.content.decode()


def test_a_first_number_is_only_raised(client: Client) -> None:
    client.post(NUMBERS, {"first_number": "1001"})
    answer = client.post(NUMBERS, {"first_number": "500"})
    assert answer.status_code == 422
    assert "stands at 1001 and only counts forwards" in answer.content.decode()


def test_company_and_calendar_are_saved_and_say_when_the_next_month_opens(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    text = text_of(client, CALENDAR)
    for shown in ("2 Nov 2026, 09:00:00 UTC", "October 2026", "November 2026 on 1 Dec 2026, 00:00:00 UTC"):
        assert shown in text
    fields = {"name": "Nimbus", "currency": "EUR", "time_zone": "Europe/Athens", "data_ingestion_delay": "yes"}
    assert client.post(CALENDAR, fields).status_code == 303
    people.msp.refresh_from_db()
    assert (people.msp.time_zone, people.msp.data_ingestion_delay, people.msp.currency) == (
        "Europe/Athens",
        True,
        "EUR",
    )
    text = text_of(client, CALENDAR)
    for shown in ("2 Nov 2026, 11:00:00 EET", "September 2026", "October 2026 on 4 Nov 2026, 00:00:00 EET"):
        assert shown in text
    ManagedAccount.objects.filter(pk=olives.pk).update(data_ingestion_delay=False)
    assert "1 customer has a setting of its own" in text_of(client, CALENDAR)
    assert client.post(CALENDAR, {name: fields[name] for name in list(fields)[:3]}).status_code == 303
    people.msp.refresh_from_db()
    assert people.msp.data_ingestion_delay is False


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"time_zone": "Mars/Olympus"}, "is not a time zone"),
        ({"time_zone": "../../etc/passwd"}, "is not a time zone"),
        ({"currency": "XXX"}, "XXX"),
        ({"name": ""}, "Name can&#x27;t be blank"),
        ({"name": EVIL * 5}, "at most 255 fit"),
    ],
)
def test_a_wrong_calendar_changes_nothing(fields: dict[str, str], message: str, client: Client, people: People) -> None:
    sent = {"name": "Nimbus", "currency": "EUR", "time_zone": "Europe/Athens", **fields}
    answer = client.post(CALENDAR, sent)
    text = answer.content.decode()
    assert (answer.status_code, message in text) == (422, True)
    assert (Page(text).inline, Page(text).images) == ([], [])
    people.msp.refresh_from_db()
    assert (people.msp.name, people.msp.time_zone) == ("Nimbus Partners", "UTC")


def test_who_is_no_owner_looks_and_changes_nothing(people: People, signed_in: SignedIn) -> None:
    bob = signed_in(people.bob)
    for page, fields in ((NUMBERS, {"number_pattern": "R{sequence}"}), (CALENDAR, {"name": "Mine"})):
        text = text_of(bob, page)
        assert "Only an owner may change this" in text
        assert ">Save<" not in text
        assert bob.post(page, fields).status_code == 403


def test_the_pages_ask_few_questions(client: Client) -> None:
    for page in (NUMBERS, CALENDAR):
        text_of(client, page)
        with CaptureQueriesContext(connection) as queries:
            text_of(client, page)
        assert len(queries) <= MOST_QUERIES
