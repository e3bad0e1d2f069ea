"""Credit notes through the API: issued once, listed, and fetched like invoices."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from billow.records.billing.models import CreditNote, CreditNoteDocument
from tests.api.world import Msp


def path_of(ours: Msp) -> str:
    return f"/v2/invoices/{ours.invoice.token}/credit_notes"


def test_an_invoice_is_credited_line_by_line_and_then_wholly(ours: Msp) -> None:
    owner = ours.client("owner")
    total = owner.get(f"/v2/invoices/{ours.invoice.token}").json()["total"]
    assert not owner.get(f"/v2/invoices/{ours.invoice.token}").json()["is_credited"]
    first = owner.post(path_of(ours), {"reason": "Wrong tags", "line_numbers": [1]})
    assert first.status_code == 201
    assert (first.json()["credit_note_number"], first.json()["completes"]) == ("CN-2026-00001", False)
    second = owner.post(path_of(ours), {"reason": "All of it"})
    assert second.json()["completes"]
    assert owner.get(f"/v2/invoices/{ours.invoice.token}").json()["is_credited"]
    notes = owner.get(path_of(ours)).json()["credit_notes"]
    assert [note["credit_note_number"] for note in notes] == ["CN-2026-00002", "CN-2026-00001"]
    minor = sum(int(note["total"].replace(".", "")) for note in notes)
    assert minor == int(total.replace(".", ""))
    assert owner.get(f"/v2/credit_notes/{notes[0]['token']}").json() == notes[0]
    assert owner.get("/v2/credit_notes").json()["credit_notes"] == notes
    assert owner.get(f"/v2/credit_notes?managed_account_token={ours.hidden.token}").json()["credit_notes"] == []


def test_a_customer_sees_and_fetches_its_own(ours: Msp) -> None:
    ours.client("owner").post(path_of(ours), {"reason": "Wrong tags"})
    ours.client("owner").post(f"/v2/invoices/{ours.hidden_invoice.token}/credit_notes", {"reason": "x"})
    customer = ours.client("customer")
    (note,) = customer.get("/v2/credit_notes").json()["credit_notes"]
    for kind in ("pdf", "csv"):
        url = customer.post(f"/v2/credit_notes/{note['token']}/download", {"file_type": kind}).json()["download_url"]
        answer = Client().get(urlsplit(url).path)
        document = CreditNoteDocument.objects.get(credit_note__token=note["token"], kind=kind)
        assert hashlib.sha256(answer.content).hexdigest() == document.sha256
        name = f"credit-note-{note['credit_note_number']}.{kind}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    answer = customer.post(f"/v2/credit_notes/{note['token']}/download", {"file_type": "exe"})
    assert answer.status_code == 400


def test_the_same_key_credits_once(ours: Msp) -> None:
    for _ in range(2):
        answer = ours.client("owner").ask(
            "POST", path_of(ours), {"reason": "x", "line_numbers": [1]}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == 201
    assert CreditNote.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "Say why"),
        ({"reason": ["x"]}, "Say why"),
        ({"reason": "x" * 301}, "at most 300"),
        ({"reason": "x", "line_numbers": [99]}, "has no line 99"),
        ({"reason": "x", "line_numbers": []}, "at least one line"),
        ({"reason": "x", "line_numbers": ["1"]}, "whole numbers"),
        ({"reason": "x", "line_numbers": [True]}, "whole numbers"),
        ({"reason": "x", "line_numbers": 1}, "whole numbers"),
        ({"reason": "x", "line_numbers": [10**30]}, "whole numbers"),
    ],
)
def test_what_makes_no_sense_is_400_and_nothing_is_issued(ours: Msp, body: dict[str, Any], complaint: str) -> None:
    answer = ours.client("owner").post(path_of(ours), body)
    assert answer.status_code == 400
    assert complaint in answer.json()["errors"][0]
    assert not CreditNote.objects.exists()
