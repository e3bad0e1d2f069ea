"""An issued invoice was wrong: Alice credits it, or a line of it, and sees first what the credit note will say."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import CreditNote, Invoice, ManagedAccount
from billow.usecases.credit_invoices import credit_invoice
from tests.factories.accounts import make_user
from tests.factories.invoices import make_approved, make_draft, make_line
from tests.factories.parties import make_profile
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
MOST_QUERIES = 20


@pytest.fixture
def invoice(people: People, olives: ManagedAccount) -> Invoice:
    """October of Thessaly Olives: 1,000 and 234.56, with 24 % VAT."""
    vat = {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"}
    profile = make_profile(management_account=people.msp, adjustment_items=[vat])
    lines = [make_line(cost="1000", description="m7i.large"), make_line(cost="234.56", service="Amazon S3")]
    return make_approved(account=olives, profile=profile, by=people.alice, lines=lines)


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def confirmed(client: Client, invoice: Invoice, **fields: object) -> dict[str, list[str]]:
    """Send the form and return the fields of the question that comes back."""
    answer = client.post(f"/invoices/{invoice.token}/credit", {"reason": "Wrong usage", **fields})
    assert answer.status_code == 200, answer.content[:300]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()):
        found.setdefault(name, []).append(value)
    return found


def test_one_line_is_credited_with_its_share_of_the_tax(client: Client, invoice: Invoice) -> None:
    address = f"/invoices/{invoice.token}"
    assert f'href="{address}/credit"' in client.get(address).content.decode()
    fields = {"what": "lines", "line": ["2"], "reason": "S3 was billed twice"}
    question = client.post(f"{address}/credit", fields).content.decode()
    for said in ("290.85 USD", "234.56", "+56.29", "S3 was billed twice", "The rest of", "can never be changed"):
        assert said in question, said
    assert not CreditNote.objects.exists()
    answer = client.post(f"{address}/credit", confirmed(client, invoice, **fields))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{address}#credit-notes")
    note = CreditNote.objects.get()
    assert (note.total_minor, note.completes, note.reason) == (29085, False, "S3 was billed twice")
    text = client.get(address).content.decode()
    for said in (note.number, "290.85", "S3 was billed twice", f'href="/credit-notes/{note.token}/pdf"'):
        assert said in text, said
    again = client.get(f"{address}/credit").content.decode()
    assert "Everything that is left" in again
    assert "1,240.00" in again
    assert re.search(r'value="2" disabled', again)


def test_the_whole_is_credited_once_however_often_it_is_sent(client: Client, invoice: Invoice) -> None:
    fields = confirmed(client, invoice, what="whole")
    address = f"/invoices/{invoice.token}"
    assert fields["expected"] == ["1530.85"]
    for _ in range(2):
        answer = client.post(f"{address}/credit", fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{address}#credit-notes")
    assert CreditNote.objects.get().completes
    text = client.get(address).content.decode()
    assert "nothing is left" in text
    assert f'href="{address}/credit"' not in text
    answer = client.get(f"{address}/credit")
    assert (answer.status_code, "nothing is left of it" in answer.content.decode()) == (409, True)


def test_what_changed_since_the_question_is_not_issued(client: Client, invoice: Invoice, people: People) -> None:
    fields = confirmed(client, invoice, what="whole")
    credit_invoice(
        actor=people.alice.actor, invoice_token=invoice.token, line_numbers=[2], reason="By somebody else", now=NOW
    )
    answer = client.post(f"/invoices/{invoice.token}/credit", fields)
    assert (answer.status_code, "look at it again" in answer.content.decode()) == (422, True)
    assert CreditNote.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"what": "whole", "reason": "  "}, "Say why"),
        ({"what": "whole", "reason": "x" * 301, "step": "issue", "expected": "1530.85"}, "at most 300"),
        ({"what": "lines", "reason": "Wrong"}, "at least one line"),
        ({"what": "lines", "line": "99", "reason": "Wrong"}, "no line 99"),
        ({"what": "lines", "line": "one", "reason": "Wrong"}, "Choose lines"),
        ({"what": "lines", "line": "٣", "reason": "Wrong"}, "Choose lines"),
        ({"what": "whole", "reason": "Wrong", "step": "issue"}, "Look at what"),
        ({"what": "whole", "reason": "Wrong", "step": "issue", "expected": "sNaN"}, "Look at what"),
        ({"what": "whole", "reason": "Wrong", "step": "issue", "expected": "1"}, "1530.85 by now"),
    ],
)
def test_what_cannot_be_credited_is_said_and_nothing_is_issued(
    fields: dict[str, str], said: str, client: Client, invoice: Invoice
) -> None:
    answer = client.post(f"/invoices/{invoice.token}/credit", fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "Nothing was issued." in text
    assert not CreditNote.objects.exists()


def test_only_an_issued_invoice_can_be_credited(client: Client, people: People, olives: ManagedAccount) -> None:
    draft = make_draft(account=olives, profile=make_profile(management_account=people.msp))
    answer = client.get(f"/invoices/{draft.token}/credit")
    assert (answer.status_code, "was not issued" in answer.content.decode()) == (409, True)
    assert "/credit" not in client.get(f"/invoices/{draft.token}").content.decode()


def test_who_may_not_credits_nothing(people: People, invoice: Invoice, signed_in: SignedIn) -> None:
    customer = make_user(
        management_account=people.msp, email="olga@olives.example", managed_account=invoice.managed_account
    )
    olga = Client()
    olga.force_login(customer)
    fields = {"what": "whole", "reason": "Wrong", "step": "issue", "expected": "1530.85"}
    for browser, status in ((signed_in(people.bob), 403), (signed_in(people.charlie), 404), (olga, 403)):
        for answer in (
            browser.get(f"/invoices/{invoice.token}/credit"),
            browser.post(f"/invoices/{invoice.token}/credit", fields),
        ):
            assert answer.status_code == status
    assert Client().post(f"/invoices/{invoice.token}/credit", fields).status_code == 302
    assert (
        f"/invoices/{invoice.token}/credit"
        not in signed_in(people.bob).get(f"/invoices/{invoice.token}").content.decode()
    )
    assert not CreditNote.objects.exists()


def test_documents_of_credit_notes_are_for_the_msp_that_issued_them(
    people: People, invoice: Invoice, signed_in: SignedIn
) -> None:
    note = credit_invoice(actor=people.alice.actor, invoice_token=invoice.token, reason="Wrong", now=NOW)
    for kind, kept in (("pdf", False), ("csv", True)):
        address = f"/credit-notes/{note.token}/{kind}"
        answer = signed_in(people.bob).get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment") is kept
        assert signed_in(people.charlie).get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert signed_in(people.alice).get(f"/credit-notes/{note.token}/exe").status_code in {404, 409}


def test_hostile_texts_stay_text(client: Client, invoice: Invoice) -> None:
    fields = {"what": "lines", "line": ["1"], "reason": EVIL}
    pages = [client.post(f"/invoices/{invoice.token}/credit", fields)]
    pages.append(client.post(f"/invoices/{invoice.token}/credit", {**fields, "line": EVIL}))
    note = {**fields, "step": "issue", "expected": "1240.00"}
    assert client.post(f"/invoices/{invoice.token}/credit", note).status_code == 303
    pages.append(client.get(f"/invoices/{invoice.token}"))
    for answer in pages:
        found = Page(answer.content.decode())
        assert (found.inline, found.images) == ([], [])
    assert EVIL.split()[0] in CreditNote.objects.get().reason


def test_many_lines_and_notes_ask_the_database_as_often_as_few(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    profile = make_profile(management_account=people.msp)
    lines = [make_line(cost=str(number), service=f"Service {number}") for number in range(1, 61)]
    invoice = make_approved(account=olives, profile=profile, by=people.alice, lines=lines)
    counts = []
    for number in range(1, 6):
        credit_invoice(
            actor=people.alice.actor, invoice_token=invoice.token, line_numbers=[number], reason="Wrong", now=NOW
        )
        if number in {1, 5}:
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/invoices/{invoice.token}")
                client.get(f"/invoices/{invoice.token}/credit")
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 2 * MOST_QUERIES
    assert sum(Decimal(note.total_minor) for note in CreditNote.objects.all()) == 1500
