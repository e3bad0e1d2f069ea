"""Approval: dates fixed, documents stored once, the chain one link longer, the mail wished for."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import Delivery, Document, Invoice, InvoiceSeries, ManagedAccount
from billow.usecases.approve_invoices import approve
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import request_regeneration
from billow.usecases.mark_stale import mark_stale
from billow.usecases.read_invoices import invoice_page, preview
from billow.usecases.refused import Refused
from tests.factories.invoices import make_approved, make_draft, make_generating, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

LATE_EVENING = datetime(2026, 11, 4, 23, 30, tzinfo=UTC)


@pytest.fixture
def people() -> People:
    people = make_people(time_zone="Europe/Athens")
    make_profile(management_account=people.msp)
    return people


def draft_for(people: People, name: str = "Thessaly Olives", **fields: object) -> Invoice:
    account = make_managed_account(management_account=people.msp, name=name, **fields)
    return make_draft(account=account, profile=people.msp.billing_profiles.get())


def codes(people: People, *invoices: Invoice, **options: bool) -> list[str]:
    tokens = [invoice.token for invoice in invoices]
    result = approve(actor=people.alice.actor, invoice_tokens=tokens, now=LATE_EVENING, **options)
    return [item.code or "done" for item in result.items]


def test_alice_approves_and_everything_is_fixed(people: People) -> None:
    draft = draft_for(people, payment_terms_days=14)
    assert codes(people, draft) == ["done"]

    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.number) == ("approved", "INV-2026-00001")
    # It is past midnight in Athens.
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 11, 5), date(2026, 11, 19))
    assert invoice.approved_by == people.alice.user

    series = InvoiceSeries.objects.get()
    assert (series.chain_length, series.chain_hash) == (1, invoice.seal)
    assert [row.recipient for row in Delivery.objects.all()] == ["accounts@thessaly-olives.example"]
    assert AuditEntry.objects.filter(action="invoice.approve", user=people.alice.user).count() == 1

    for kind in ("pdf", "csv"):
        document = Document.objects.get(kind=kind)
        first = preview(actor=people.bob.actor, token=invoice.token, kind=kind)
        assert hashlib.sha256(first.content).hexdigest() == document.sha256
        assert (first.name, len(first.content)) == (f"invoice-INV-2026-00001.{kind}", document.size_bytes)
    assert preview(actor=people.bob.actor, token=invoice.token, kind="pdf").content.startswith(b"%PDF")
    assert b"INV-2026-00001" in preview(actor=people.bob.actor, token=invoice.token, kind="csv").content


def test_a_draft_is_rendered_anew_and_an_approved_invoice_never_again(people: People) -> None:
    draft = draft_for(people)
    shown = preview(actor=people.alice.actor, token=draft.token, kind="csv")
    assert shown.name == "invoice-INV-2026-00001-draft.csv"
    codes(people, draft)

    ManagedAccount.objects.update(name="Another name", company_name="Another name SA")
    people.msp.billing_profiles.update(company_name="Another seller", adjustment_items=[])
    stored = preview(actor=people.alice.actor, token=draft.token, kind="csv").content
    assert b"Another" not in stored
    found = invoice_page(actor=people.alice.actor, token=draft.token).invoice
    assert found is not None
    assert (found.buyer.name, found.seller.name) == ("Thessaly Olives Ltd", "Nimbus Partners AE")
    assert found.issue_date == date(2026, 11, 5)


def test_each_seal_covers_the_one_before(people: People) -> None:
    drafts = [draft_for(people, name) for name in ("Achilles", "Briseis", "Chiron")]
    # Approved in another order than numbered: the chain follows the approvals.
    assert codes(people, drafts[2], drafts[0], drafts[1]) == ["done"] * 3
    chained = list(Invoice.objects.order_by("chain_position"))
    assert [invoice.pk for invoice in chained] == [drafts[2].pk, drafts[0].pk, drafts[1].pk]
    assert [invoice.previous_seal for invoice in chained] == ["", chained[0].seal, chained[1].seal]


def test_the_second_click_is_refused_and_mails_nothing(people: People) -> None:
    draft = draft_for(people)
    assert codes(people, draft, draft) == ["done", "wrong_state"]
    assert codes(people, draft) == ["wrong_state"]
    assert (Document.objects.count(), Delivery.objects.count()) == (2, 1)


def test_a_bulk_approval_says_what_became_of_each(people: People) -> None:
    good = draft_for(people, "Achilles")
    nobody = draft_for(people, "Briseis", billing_email=[])
    stale = draft_for(people, "Chiron")
    mark_stale(management_account=people.msp, accounts=[stale.managed_account])
    failed = make_generating(account=make_managed_account(management_account=people.msp, name="Diomedes"))
    Invoice.objects.filter(pk=failed.pk).update(status="failed", failure_code="x", failure_message="x")
    running = make_generating(account=make_managed_account(management_account=people.msp, name="Eurycleia"))
    theirs = make_draft(
        account=make_managed_account(management_account=people.other_msp),
        profile=make_profile(management_account=people.other_msp),
    )

    result = approve(
        actor=people.alice.actor,
        invoice_tokens=[invoice.token for invoice in (nobody, stale, failed, running, theirs, good)],
        now=LATE_EVENING,
    )
    assert [(item.label, item.code) for item in result.items] == [
        (nobody.number, "no_recipients"),
        (stale.number, "stale_draft"),
        (failed.number, "wrong_state"),
        (running.number, "wrong_state"),
        (theirs.token, "not_found"),
        (good.number, ""),
    ]
    assert set(Invoice.objects.filter(status="approved")) == {good}
    assert codes(people, stale, accept_stale=True) == ["done"]
    assert codes(people, nobody, send=False) == ["done"]


def test_bob_may_look_and_charlie_may_not_even_look(people: People) -> None:
    draft = draft_for(people)
    with pytest.raises(Refused, match="owner"):
        approve(actor=people.bob.actor, invoice_tokens=[draft.token], now=LATE_EVENING)
    result = approve(actor=people.charlie.actor, invoice_tokens=[draft.token], now=LATE_EVENING)
    assert [item.code for item in result.items] == ["not_found"]
    for ask in (
        lambda: preview(actor=people.charlie.actor, token=draft.token, kind="pdf"),
        lambda: invoice_page(actor=people.charlie.actor, token=draft.token),
    ):
        with pytest.raises(Refused, match="not found"):
            ask()
    assert preview(actor=people.bob.actor, token=draft.token, kind="pdf").content.startswith(b"%PDF")


def test_nothing_leads_out_of_approved(people: People) -> None:
    invoice = make_approved(
        account=make_managed_account(management_account=people.msp),
        profile=people.msp.billing_profiles.get(),
        by=people.alice,
    )
    again = request_regeneration(actor=people.alice.actor, invoice_tokens=[invoice.token], now=LATE_EVENING)
    cancelled = cancel(actor=people.alice.actor, invoice_tokens=[invoice.token], reason="No", now=LATE_EVENING)
    assert [again.items[0].code, cancelled.items[0].code] == ["wrong_state", "wrong_state"]


def test_a_credit_balance_can_be_approved(people: People) -> None:
    invoice = make_approved(
        account=make_managed_account(management_account=people.msp),
        profile=people.msp.billing_profiles.get(),
        by=people.alice,
        lines=[make_line(cost="-3.5", charge_category="Credit")],
    )
    assert invoice_page(actor=people.bob.actor, token=invoice.token).row.total == Decimal("-3.50")


def test_a_text_that_cannot_be_printed_stops_the_approval_and_changes_nothing(people: People) -> None:
    draft = draft_for(people, company_name="Olives \U0001f9ff\U00012000")
    assert codes(people, draft) == ["character_not_printable"]
    draft.refresh_from_db()
    assert (draft.status, draft.seal, Document.objects.count()) == ("awaiting_approval", "", 0)


def test_half_a_file_left_by_a_killed_process_is_written_anew(people: People) -> None:
    draft = draft_for(people)
    assert codes(people, draft) == ["done"]
    document = Document.objects.get(kind="pdf")
    path = invoice_page(actor=people.bob.actor, token=draft.token).row.pdf
    assert path is not None
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    with pytest.raises(Refused, match="not what was stored"):
        preview(actor=people.bob.actor, token=draft.token, kind="pdf")

    from billow.usecases.documents_storage import store

    assert store(content=whole, extension="pdf").sha256 == document.sha256
    assert preview(actor=people.bob.actor, token=draft.token, kind="pdf").content == whole
    assert [entry for entry in Path(path.parent).iterdir() if entry.name.startswith(".")] == []
