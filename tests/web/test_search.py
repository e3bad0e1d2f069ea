"""The search of the bar: found is what one may see, and nothing of anybody else's."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from billow.usecases.search import search
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

MOST_QUERIES = 7


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def invoice(olives: ManagedAccount, profile: BillingProfile) -> Invoice:
    return make_draft(account=olives, profile=profile)


def in_the_bar(client: Client, text: str) -> str:
    answer = client.get("/search", {"q": text}, headers={"hx-request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_invoice_is_found_by_part_of_its_number(client: Client, invoice: Invoice) -> None:
    for text in (invoice.number, invoice.number.lower(), invoice.number[-4:], f" {invoice.number} "):
        assert f"/invoices/{invoice.token}" in in_the_bar(client, text)
    assert "Awaiting approval" in in_the_bar(client, invoice.number)


def test_a_customer_is_found_by_name_and_address_in_any_script_with_the_newest_invoices(
    client: Client, people: People, olives: ManagedAccount, invoice: Invoice
) -> None:
    greek = make_managed_account(management_account=people.msp, name="Ελιές Θεσσαλίας", contact_email="a@elies.example")
    for text in ("thessaly", "LIVES", olives.contact_email[:6]):
        text_found = in_the_bar(client, text)
        assert f"/accounts/{olives.token}" in text_found
    assert f"/invoices/{invoice.token}" in in_the_bar(client, "thessaly olives")
    assert f"/accounts/{greek.token}" in in_the_bar(client, "ΕΛΙΈΣ")
    assert f"/accounts/{greek.token}" in in_the_bar(client, "elies.example")


def test_names_that_begin_so_come_first_and_only_the_first_are_listed(people: People) -> None:
    for name in ("Best Olives", "Olives United", *(f"More olives {number}" for number in range(9))):
        make_managed_account(
            management_account=people.msp, name=name, contact_email=f"{name.replace(' ', '')}@x.example"
        )
    found = search(actor=people.alice.actor, text="olives", most=6)
    assert [row.name for row in found.accounts[:2]] == ["Olives United", "Best Olives"]
    assert (len(found.accounts), found.has_more) == (6, True)


def test_enter_goes_straight_to_the_only_thing_there_is(
    client: Client, people: People, olives: ManagedAccount, invoice: Invoice
) -> None:
    assert client.get("/search", {"q": invoice.number}).headers["Location"] == f"/invoices/{invoice.token}"
    assert client.get("/search", {"q": "thessaly"}).headers["Location"] == f"/accounts/{olives.token}"
    make_managed_account(management_account=people.msp, name="Thessaly Wines", contact_email="w@x.example")
    several = client.get("/search", {"q": "thessaly"})
    assert several.status_code == 200
    assert several.content.decode().count('<li><a href="/accounts/') == 2


def test_nothing_and_too_much_are_answered_in_words(client: Client, invoice: Invoice) -> None:
    assert client.get("/search").status_code == 200
    assert in_the_bar(client, "  ").strip() == ""
    assert "Nothing found" in client.get("/search", {"q": "zzz"}).content.decode()
    assert "No number, customer or address" in in_the_bar(client, "x" * 5000)
    for text in ("%", "_", "'; --", "\\", "\x00", "é" * 100):
        assert client.get("/search", {"q": text}).status_code in {200, 302}
    assert f"/invoices/{invoice.token}" not in in_the_bar(client, "%")


def test_what_is_hidden_or_anothers_is_not_found(
    people: People, olives: ManagedAccount, invoice: Invoice, signed_in: SignedIn
) -> None:
    for text in ("thessaly", invoice.number):
        assert "/invoices/" not in in_the_bar(signed_in(people.charlie), text)
        assert "/accounts/" not in in_the_bar(signed_in(people.charlie), text)
        assert f"/invoices/{invoice.token}" in in_the_bar(signed_in(people.bob), text)
    olives.deleted_at = invoice.created_at
    olives.save()
    assert "/accounts/" not in in_the_bar(signed_in(people.alice), "thessaly")


def test_who_is_not_signed_in_finds_nothing(invoice: Invoice) -> None:
    assert Client().get("/search", {"q": invoice.number}).headers["Location"].startswith("/sign-in?next=%2Fsearch")


def test_hostile_names_are_only_text(client: Client, people: People) -> None:
    make_managed_account(management_account=people.msp, name=f"Olive {EVIL}", contact_email="x@x.example")
    make_managed_account(management_account=people.msp, name=f"Olive 2 {EVIL}", contact_email="y@x.example")
    for text in (in_the_bar(client, "olive"), client.get("/search", {"q": "olive"}).content.decode()):
        assert EVIL not in text
        assert Page(text).inline == []
    assert EVIL not in client.get("/search", {"q": EVIL[:90]}).content.decode()


def test_as_many_queries_for_one_as_for_many(client: Client, people: People) -> None:
    for number in range(30):
        make_managed_account(
            management_account=people.msp, name=f"Olives {number}", contact_email=f"o{number}@x.example"
        )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/search", {"q": "olives"})
    assert len(queries) <= MOST_QUERIES
