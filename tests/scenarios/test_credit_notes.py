"""An approved invoice that was wrong is credited: forwards only, with a number and documents of its own."""

import csv
import hashlib
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import (
    CreditNote,
    CreditNoteDocument,
    CreditNoteLine,
    Invoice,
    InvoiceSeries,
    ManagedAccount,
)
from billow.records.webhooks.models import WebhookEvent
from billow.usecases.approve_invoices import approve
from billow.usecases.cancel_invoices import cancel
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.generate_invoices import request_generation
from billow.usecases.read_credit_notes import credit_note_file, credit_note_with, list_credit_notes
from billow.usecases.ready_to_invoice import ready_list
from billow.usecases.refused import Refused
from billow.usecases.verify import verify
from billow.usecases.webhooks import add_endpoint
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
VAT = {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "20"}


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def account(people: People) -> ManagedAccount:
    return make_managed_account(management_account=people.msp)


@pytest.fixture
def invoice(people: People, account: ManagedAccount) -> Invoice:
    """An approved invoice of 100.00 and 50.00 and 20 % VAT."""
    profile = make_profile(management_account=people.msp, adjustment_items=[VAT])
    lines = [make_line(cost="100"), make_line(cost="50", service="Amazon S3")]
    return make_approved(account=account, profile=profile, by=people.alice, lines=lines, now=NOON)


def credit(people: People, invoice: Invoice, **asked: Any) -> CreditNote:
    return credit_invoice(
        actor=people.alice.actor, invoice_token=invoice.token, **{"reason": "Wrong tags", "now": NOON, **asked}
    )


def refusal(people: People, invoice: Invoice, **asked: Any) -> str:
    with pytest.raises(Refused) as refused:
        credit(people, invoice, **asked)
    return refused.value.code


def request_again(people: People, account: ManagedAccount) -> Any:
    (item,) = request_generation(
        actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOON
    ).items
    return item


def test_a_whole_credit_takes_back_exactly_what_was_charged(people: People, invoice: Invoice) -> None:
    note = credit(people, invoice)
    version = invoice.current_version
    assert version is not None
    assert (note.number, note.total_minor, note.completes) == ("CN-2026-00001", 18000, True)
    assert note.total_minor == version.total_minor
    assert sum(line.amount_minor for line in note.lines.all()) == version.subtotal_minor
    invoice.refresh_from_db()
    assert invoice.status == "approved"
    assert verify().problems == ()
    assert verify().checked["credit notes"] == 1
    assert AuditEntry.objects.get(action="credit_note.issue").object_token == note.token


def test_the_documents_say_what_was_credited_and_why(people: People, invoice: Invoice) -> None:
    note = credit(people, invoice, line_numbers=[1], reason="Charged\n twice")
    pdf = credit_note_file(note=note, kind="pdf")
    assert pdf.name == "credit-note-CN-2026-00001.pdf"
    with pypdfium2.PdfDocument(pdf.content) as document:
        text = document[0].get_textpage().get_text_range()
    for part in ("Credit note", "CN-2026-00001", invoice.number, "Reason: Charged twice", "VAT (20%)"):
        assert part in text
    assert "IBAN" not in text
    rows = list(csv.DictReader(io.StringIO(credit_note_file(note=note, kind="csv").content.decode())))
    assert {(row["credit_note_number"], row["invoice_number"], row["invoice_token"]) for row in rows} == {
        ("CN-2026-00001", invoice.number, invoice.token)
    }
    (total,) = [row for row in rows if row["line_type"] == "total"]
    assert Decimal(total["amount"]) == Decimal(note.total_minor) / 100
    assert sum(Decimal(row["amount"]) for row in rows if row is not total) == Decimal(total["amount"])
    for document in CreditNoteDocument.objects.all():
        content = credit_note_file(note=note, kind=document.kind).content
        assert hashlib.sha256(content).hexdigest() == document.sha256


def test_lines_are_credited_once_each_and_the_rest_later(people: People, invoice: Invoice) -> None:
    first = credit(people, invoice, line_numbers=[1])
    assert (first.subtotal_minor, first.charges_minor, first.completes) == (10000, 2000, False)
    assert refusal(people, invoice, line_numbers=[1]) == "credited_already"
    rest = credit(people, invoice)
    assert (rest.number, rest.total_minor, rest.completes) == ("CN-2026-00002", 6000, True)
    assert refusal(people, invoice) == "credited_already"
    assert refusal(people, invoice, line_numbers=[2]) == "credited_already"
    assert verify().problems == ()


def test_after_a_whole_credit_the_month_is_invoiced_again_and_again_credited(
    people: People, account: ManagedAccount, invoice: Invoice
) -> None:
    profile = people.msp.billing_profiles.get()
    assert request_again(people, account).code == "invoice_exists"
    credit(people, invoice, line_numbers=[1])
    assert request_again(people, account).code == "invoice_exists"
    credit(people, invoice)
    assert [row.account_token for row in ready_list(actor=people.alice.actor, now=NOON, period=OCTOBER).ready] == [
        account.token
    ]
    again = request_again(people, account)
    assert (again.done, again.label) == (True, "INV-2026-00002")
    second = Invoice.objects.get(number="INV-2026-00002")
    assert second.replaces == invoice
    assert request_again(people, account).code == "invoice_exists"

    # Not issued after all: its place is free once more.
    Invoice.objects.filter(pk=second.pk).update(status="failed", failure_message="no rate")
    assert cancel(actor=people.alice.actor, invoice_tokens=[second.token], reason="later", now=NOON).all_done
    third = request_again(people, account)
    assert (third.done, third.label) == (True, "INV-2026-00003")
    assert Invoice.objects.get(number="INV-2026-00003").replaces == invoice
    assert profile is not None


def test_the_database_keeps_one_live_invoice_a_month_whoever_asks(
    people: People, account: ManagedAccount, invoice: Invoice
) -> None:
    credit(people, invoice)
    request_again(people, account)
    second = Invoice.objects.get(number="INV-2026-00002")
    for replaces in (None, invoice):
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            copy = Invoice.objects.get(pk=second.pk)
            copy.pk, copy.token, copy.sequence, copy.number, copy.replaces = None, "msp_inv_x", 99, "X", replaces
            copy.save(force_insert=True)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Invoice.objects.filter(pk=second.pk).update(replaces=None)


def test_only_what_was_issued_can_be_credited(people: People, account: ManagedAccount) -> None:
    draft = make_draft(account=account, profile=make_profile(management_account=people.msp), now=NOON)
    assert refusal(people, draft) == "not_approved"
    assert not InvoiceSeries.objects.filter(name="credit_note", next_sequence__gt=1).exists()


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 301])
def test_a_credit_note_says_why(people: People, invoice: Invoice, reason: str) -> None:
    assert refusal(people, invoice, reason=reason) == "no_reason"


def test_a_credit_that_cannot_be_printed_takes_no_number(people: People, invoice: Invoice) -> None:
    assert refusal(people, invoice, reason="private use \ue000") == "character_not_printable"
    assert credit(people, invoice).number == "CN-2026-00001"


def test_only_an_owner_of_the_same_account_may_credit(people: People, invoice: Invoice) -> None:
    for actor, code in ((people.bob.actor, "not_permitted"), (people.charlie.actor, "not_found")):
        with pytest.raises(Refused) as refused:
            credit_invoice(actor=actor, invoice_token=invoice.token, reason="x", now=NOON)
        assert refused.value.code == code
    note = credit(people, invoice)
    assert credit_note_with(actor=people.bob.actor, token=note.token) == note
    assert credit_note_with(actor=people.bob.actor, token=note.number) == note
    assert not list_credit_notes(actor=people.charlie.actor)
    with pytest.raises(Refused):
        credit_note_with(actor=people.charlie.actor, token=note.token)


def test_a_credit_note_is_told_to_webhooks(people: People, invoice: Invoice) -> None:
    add_endpoint(actor=people.alice.actor, url="https://hooks.example.com/", now=NOON)
    note = credit(people, invoice)
    event = WebhookEvent.objects.get()
    assert (event.type, event.object_token) == ("credit_note.issued", note.token)
    assert '"total":"180.00"' in event.payload
    assert '"completes":true' in event.payload


EDITS = [
    "UPDATE billing_creditnote SET total_minor = 0, subtotal_minor = 0, charges_minor = 0",
    "UPDATE billing_creditnote SET reason = 'x'",
    "DELETE FROM billing_creditnoteline",
    "UPDATE billing_creditnoteline SET amount_minor = 1",
    "UPDATE billing_creditnotedocument SET sha256 = 'x'",
    "DELETE FROM billing_creditnotedocument",
    "DELETE FROM billing_creditnote",
]


@pytest.mark.parametrize("statement", EDITS)
def test_the_database_refuses_to_edit_what_was_issued(people: People, invoice: Invoice, statement: str) -> None:
    credit(people, invoice)
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["billing_creditnote", "billing_creditnoteline", "billing_creditnotedocument"])
def test_no_row_makes_room_for_another(people: People, invoice: Invoice, table: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has OR REPLACE")
    credit(people, invoice)
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def forge(statement: str) -> None:
    """Do what a person with the keys of the database can do: lift its protection, change something."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role TO replica")
            cursor.execute(statement)
            cursor.execute("SET session_replication_role TO DEFAULT")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'billing_credit%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
        cursor.execute(statement)


FORGERIES: dict[str, tuple[str, set[str]]] = {
    "another reason": ("UPDATE billing_creditnote SET reason = 'x'", {"column_changed"}),
    "another total": (
        "UPDATE billing_creditnote SET total_minor = total_minor + 1, subtotal_minor = subtotal_minor + 1",
        {"column_changed"},
    ),
    "another snapshot": (
        "UPDATE billing_creditnote SET snapshot = replace(snapshot, 'tags', 'tabs')",
        {"note_changed"},
    ),
    "no snapshot": ("UPDATE billing_creditnote SET snapshot = '{'", {"note_unreadable"}),
    "another fingerprint": ("UPDATE billing_creditnote SET fingerprint = 'x'", {"note_changed", "seal_differs"}),
    "another line": ("UPDATE billing_creditnoteline SET amount_minor = 1", {"column_changed"}),
    "another document": ("UPDATE billing_creditnotedocument SET sha256 = 'x'", {"seal_differs", "document_changed"}),
    "no documents": ("DELETE FROM billing_creditnotedocument", {"seal_differs", "document_missing"}),
    "another number": ("UPDATE billing_creditnote SET number = 'CN-7'", {"column_changed", "seal_differs"}),
}


@pytest.mark.parametrize(("statement", "codes"), FORGERIES.values(), ids=FORGERIES)
def test_verify_finds_every_forgery(people: People, invoice: Invoice, statement: str, codes: set[str]) -> None:
    credit(people, invoice)
    forge(statement)
    found = {problem.code for problem in verify().problems}
    assert codes <= found


def test_after_a_damaged_credit_note_no_other_is_issued(people: People, invoice: Invoice) -> None:
    credit(people, invoice, line_numbers=[1])
    forge("UPDATE billing_creditnote SET snapshot = '{'")
    assert refusal(people, invoice) == "version_unreadable"


def test_verify_finds_a_credit_note_that_is_gone(people: People, invoice: Invoice) -> None:
    credit(people, invoice)
    for table in (CreditNoteLine, CreditNoteDocument, CreditNote):
        forge(f"DELETE FROM {table._meta.db_table}")
    assert {problem.code for problem in verify().problems} == {"number_missing", "chain_end_differs"}


def test_a_second_approval_afterwards_keeps_both_chains_whole(
    people: People, account: ManagedAccount, invoice: Invoice
) -> None:
    credit(people, invoice)
    profile = people.msp.billing_profiles.get()
    other = make_managed_account(management_account=people.msp, name="Figs")
    draft = make_draft(account=other, profile=profile, now=NOON)
    assert approve(actor=people.alice.actor, invoice_tokens=[draft.token], now=NOON, send=False).all_done
    credit(people, draft)
    assert verify().problems == ()
    series = InvoiceSeries.objects.get(name="credit_note")
    assert (series.next_sequence, series.chain_length) == (3, 2)
    assert series.chain_hash == CreditNote.objects.get(number="CN-2026-00002").seal
