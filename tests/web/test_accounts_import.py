"""Customers from a CSV file at the console, without script: every row is looked over before anything is stored."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.usecases.rule_assignments import rules_of
from tests.factories.accounts import make_user
from tests.factories.agreements import make_adjustment, make_exclusion
from tests.factories.parties import make_managed_account
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

PAGE = "/accounts/import"
MOST_QUERIES = 14
MOST_QUERIES_TO_STORE = 100
HEADER = "name,contact_email,currency,billing_profile,payment_terms_days,billing_email,custom:VAT ID"
GOOD = (
    "Volos Shipping,volos@nimbus.example,EUR,,30,a@volos.example;b@volos.example,EL99",
    "Zagori Honey,zagori@nimbus.example,,Main,,,",
)


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def file_of(*rows: str, header: str = HEADER) -> SimpleUploadedFile:
    return SimpleUploadedFile("customers.csv", "\n".join((header, *rows)).encode(), "text/csv")


def hidden(text: str, name: str) -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


def previewed(client: Client, *rows: str) -> str:
    answer = client.post(PAGE, {"file": file_of(*rows)})
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def test_every_row_is_shown_and_nothing_stored_before_it_is_confirmed(client: Client, profile: BillingProfile) -> None:
    text = previewed(client, *GOOD)
    for shown in ("2 accounts can be added", "Volos Shipping", "a@volos.example, b@volos.example", "Add 2 accounts"):
        assert shown in text
    assert not ManagedAccount.objects.exists()


def test_a_confirmed_file_is_added_once_however_often_it_is_sent(client: Client, profile: BillingProfile) -> None:
    text = previewed(client, *GOOD)
    fields = {name: hidden(text, name) for name in ("once", "signed")}
    answers = [client.post(PAGE, fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["Location"] for answer in answers} == {"/accounts"}
    volos, zagori = ManagedAccount.objects.order_by("name")
    assert (volos.currency, volos.payment_terms_days) == ("EUR", 30)
    assert volos.custom_fields == [{"name": "VAT ID", "value": "EL99"}]
    assert (zagori.billing_profile, zagori.billing_email) == (profile, ["zagori@nimbus.example"])
    assert AuditEntry.objects.filter(object_type="ManagedAccount", action="record_created").count() == 2
    assert "2 accounts were added" in client.get("/accounts").content.decode()


def test_what_is_wrong_is_named_by_row_and_field_and_nothing_can_be_added(
    client: Client, olives: ManagedAccount
) -> None:
    bad = (
        "Good One,good@nimbus.example,EUR,,,,",
        ",nobody,XXX,Nowhere,999,,",
        f"Twice,{olives.contact_email.upper()},,,,,",
        "Again,good@nimbus.example,,,,,",
    )
    answer = client.post(PAGE, {"file": file_of(*bad)})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "3 of 4 rows have to be corrected" in text
    for column in ("name", "contact_email", "currency", "billing_profile", "payment_terms_days"):
        assert f"<code>{column}</code> " in text
    assert "belongs to Thessaly Olives already" in text
    assert "stands in row 1 already" in text
    assert "There is no billing profile &#x27;Nowhere&#x27;; create it first" in text
    assert 'name="signed"' not in text
    assert ManagedAccount.objects.get() == olives


def test_a_file_that_is_no_table_of_accounts_is_refused_with_every_fault(client: Client) -> None:
    answer = client.post(PAGE, {"file": file_of("a,b", header="nome,contact_email")})
    assert answer.status_code == 422
    assert "There is no column &#x27;nome&#x27;" in answer.content.decode()
    assert "The header has no column &#x27;name&#x27;" in answer.content.decode()
    ragged = client.post(PAGE, {"file": file_of("a,b")}).content.decode()
    assert "Row 1: has 2 cells, the header has 7" in ragged
    assert "Choose a CSV file first" in client.post(PAGE).content.decode()
    binary = SimpleUploadedFile("customers.csv", b"\xff\xfe\x00", "text/csv")
    assert "not UTF-8" in client.post(PAGE, {"file": binary}).content.decode()


def test_a_row_that_was_taken_since_the_preview_stores_nothing(client: Client, people: People) -> None:
    text = previewed(client, GOOD[0], "Zagori Honey,zagori@nimbus.example,,,,,")
    make_managed_account(management_account=people.msp, name="Zagori Honey", contact_email="zagori@nimbus.example")
    answer = client.post(PAGE, {name: hidden(text, name) for name in ("once", "signed")})
    assert answer.status_code == 422
    assert "Row 2: Contact email zagori@nimbus.example belongs to Zagori Honey already" in answer.content.decode()
    assert ManagedAccount.objects.count() == 1


def test_a_confirmation_that_was_meddled_with_or_is_somebody_elses_adds_nothing(
    client: Client, people: People, signed_in: SignedIn
) -> None:
    text = previewed(client, "Zagori Honey,zagori@nimbus.example,,,,,")
    signed = hidden(text, "signed")
    for person, given in ((client, f"{signed}x"), (signed_in(people.charlie), signed)):
        answer = person.post(PAGE, {"once": "k", "signed": given})
        assert answer.status_code == 422
        assert "too old" in answer.content.decode()
    assert not ManagedAccount.objects.exists()


def test_the_template_names_every_column_and_can_be_imported_as_it_is(client: Client) -> None:
    answer = client.get(f"{PAGE}/template.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="managed-accounts.csv"'
    again = SimpleUploadedFile("managed-accounts.csv", answer.content, "text/csv")
    text = client.post(PAGE, {"file": again}).content.decode()
    assert "1 account can be added" in text
    assert "ap@example.com, cfo@example.com" in text


def test_as_many_queries_for_a_thousand_rows_as_for_one(client: Client, profile: BillingProfile) -> None:
    rows = [f"C{number},c{number}@nimbus.example,,Main,,," for number in range(1_000)]
    previewed(client, rows[0])
    with CaptureQueriesContext(connection) as few:
        previewed(client, rows[0])
    with CaptureQueriesContext(connection) as many:
        text = previewed(client, *rows)
    assert len(many) == len(few) <= MOST_QUERIES
    assert "and 700 more rows" in text


def test_a_thousand_accounts_are_stored_at_once_with_the_rules_that_apply_to_all(
    client: Client, people: People, profile: BillingProfile
) -> None:
    make_exclusion(management_account=people.msp, charge_type="Tax", apply_to_all=True)
    make_adjustment(management_account=people.msp, percentage="110", apply_to_all=True)
    text = previewed(client, *(f"C{number},c{number}@nimbus.example,,Main,,,X{number}" for number in range(1_000)))
    with CaptureQueriesContext(connection) as queries:
        assert client.post(PAGE, {name: hidden(text, name) for name in ("once", "signed")}).status_code == 303
    assert len(queries) <= MOST_QUERIES_TO_STORE
    assert ManagedAccount.objects.count() == 1_000
    last = ManagedAccount.objects.get(name="C999")
    assert [rule.charge_type or rule.percentage for rule in rules_of(account=last)] == ["Tax", 110]
    assert last.custom_fields == [{"name": "VAT ID", "value": "X999"}]
    actions = AuditEntry.objects.filter(object_token=last.token).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["record_created", "rules_assigned"]


def test_hostile_cells_stay_text(client: Client) -> None:
    cell = '"' + EVIL.replace('"', '""') + '"'
    answer = client.post(PAGE, {"file": file_of(f"{cell},x@nimbus.example,,{cell},{cell},,{cell}")})
    assert Page(answer.content.decode()).inline == []
    assert "<img src=x" not in answer.content.decode()


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_may_not_add_accounts_sees_no_import(role: Role, people: People, signed_in: SignedIn) -> None:
    other = signed_in(Person(user=make_user(management_account=people.msp, email="o@nimbus.example", role=role)))
    assert [other.get(address).status_code for address in (PAGE, f"{PAGE}/template.csv")] == [403, 403]
    assert other.post(PAGE, {"file": file_of(*GOOD)}).status_code == 403
    assert PAGE not in other.get("/accounts").content.decode()
    assert not ManagedAccount.objects.exists()


def test_an_integration_owner_may_import(people: People, signed_in: SignedIn) -> None:
    ian = make_user(management_account=people.msp, email="ian@nimbus.example", role=Role.INTEGRATION_OWNER)
    assert "1 account can be added" in previewed(signed_in(Person(user=ian)), "Z,z@nimbus.example,,,,,")


def test_whoever_is_not_signed_in_is_sent_to_sign_in(db: None) -> None:
    assert Client().get(PAGE).headers["Location"] == "/sign-in?next=%2Faccounts%2Fimport"
