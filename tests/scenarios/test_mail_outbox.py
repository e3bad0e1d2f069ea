"""An invoice's mail, from the wish to its outcome: sent at most once, and every failure seen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import Delivery, Invoice, ManagedAccount
from billow.usecases import documents_storage
from billow.usecases.deliver import BACK_OFF, deliver_due
from billow.usecases.invoice_mail import invoice_mail
from billow.usecases.refused import Refused
from billow.usecases.send_invoices import delivery_statuses, send, summarise
from tests.factories.invoices import make_approved, make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.mail_server import MailServer, mail_server
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Any) -> None:
    settings.OUTBOX = tmp_path / "outbox"
    settings.SMTP_URL = settings.SMTP_CA_FILE = ""
    settings.MAIL_FROM = "billing@nimbus.example"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "documents"},
        },
    }


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.SMTP_URL = server.url()
        yield server


def account_with(people: People, *addresses: str, name: str = "Thessaly Olives") -> ManagedAccount:
    return make_managed_account(management_account=people.msp, name=name, billing_email=list(addresses))


def approved(people: People, *addresses: str, name: str = "Thessaly Olives", send: bool = True) -> Invoice:
    account = account_with(people, *addresses, name=name)
    profile = people.msp.billing_profiles.first() or make_profile(management_account=people.msp)
    return make_approved(account=account, profile=profile, by=people.alice, now=NOON, send=send)


def work(at: datetime = NOON, **options: Any) -> int:
    return deliver_due(worker="test", now=lambda: at, **options)


def rows(invoice: Invoice) -> list[tuple[str, str, str]]:
    return [(row.recipient, row.status, row.outcome_code) for row in invoice.deliveries.order_by("id")]


def test_approval_queues_one_row_per_recipient_whatever_its_case(people: People) -> None:
    invoice = approved(people, "ap@kunde.example", "AP@Kunde.example", " cfo@kunde.example ")
    assert rows(invoice) == [("ap@kunde.example", "queued", ""), ("cfo@kunde.example", "queued", "")]
    assert len({row.message_id for row in invoice.deliveries.all()}) == 2
    assert delivery_statuses(invoice_ids=[invoice.pk]) == {invoice.pk: "queued"}


def test_without_a_mail_server_the_mail_is_a_file_with_the_stored_pdf(people: People, settings: Any) -> None:
    invoice = approved(people, "ap@kunde.example")
    assert work() == 1
    (file,) = settings.OUTBOX.iterdir()
    assert file.name.startswith(f"{invoice.number}-")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == f"Invoice {invoice.number} from Nimbus Partners AE"
    assert mail["From"] == "Nimbus Partners AE <billing@nimbus.example>"
    assert mail["Reply-To"] == "billing@nimbus.example"
    (pdf,) = mail.iter_attachments()
    document = invoice.documents.get(kind="pdf")
    assert pdf.get_filename() == f"invoice-{invoice.number}.pdf"
    assert pdf.get_content() == documents_storage.local_path(storage_key=document.storage_key).read_bytes()
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "$13.00" in text
    assert "12 November 2026" in text or "November 12, 2026" in text
    assert delivery_statuses(invoice_ids=[invoice.pk]) == {invoice.pk: "accepted"}


def test_building_a_rows_mail_again_gives_the_same_bytes(people: People) -> None:
    delivery = approved(people, "ap@kunde.example").deliveries.get()
    first = invoice_mail(delivery=delivery)
    assert invoice_mail(delivery=Delivery.objects.get(pk=delivery.pk)) == first
    assert delivery.message_id.encode() in first.content


def test_each_recipient_gets_a_mail_alone_and_only_once(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example", "cfo@kunde.example")
    assert work() == 2
    assert work(NOON + timedelta(days=3)) == 0
    assert sorted(server.recipients) == ["ap@kunde.example", "cfo@kunde.example"]
    assert [mail["To"] for mail in server.mails] == server.recipients
    assert {row.outcome_message for row in invoice.deliveries.all()} == {
        "250 2.0.0 taken as number 1",
        "250 2.0.0 taken as number 2",
    }


def test_a_full_mailbox_is_tried_again_a_minute_later(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    server.answers["RCPT"] = ["452 4.2.2 mailbox full"]
    work()
    (row,) = invoice.deliveries.all()
    assert (row.status, row.outcome_message) == ("deferred", "452 4.2.2 mailbox full")
    assert row.next_attempt_at == NOON + timedelta(minutes=1)
    assert work(NOON + timedelta(seconds=59)) == 0
    assert work(NOON + timedelta(seconds=60)) == 1
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("accepted", 2)
    assert len(server.taken) == 1


def test_an_unknown_mailbox_fails_at_once_with_the_servers_words(people: People, server: MailServer) -> None:
    invoice = approved(people, "gone@kunde.example", "ap@kunde.example")
    server.answers["RCPT"] = ["550 5.1.1 no such mailbox"]
    work()
    assert rows(invoice) == [
        ("gone@kunde.example", "failed", "recipient_refused"),
        ("ap@kunde.example", "accepted", "accepted"),
    ]
    assert invoice.deliveries.get(status="failed").outcome_message == "550 5.1.1 no such mailbox"
    assert delivery_statuses(invoice_ids=[invoice.pk]) == {invoice.pk: "partly_failed"}
    assert AuditEntry.objects.filter(action="delivery.failed").count() == 1


def test_after_two_days_of_trying_the_mail_is_given_up(people: People, settings: Any) -> None:
    with mail_server() as server:
        settings.SMTP_URL = server.url()
    invoice = approved(people, "ap@kunde.example")
    at, attempts = NOON, 0
    while work(at):
        attempts += 1
        (row,) = invoice.deliveries.all()
        at = row.next_attempt_at or at
    assert attempts == len(BACK_OFF) + 1
    assert timedelta(days=2) <= at - NOON <= timedelta(days=2, hours=2)
    assert (row.status, row.outcome_code) == ("failed", "gave_up")
    assert "cannot be reached" in row.outcome_message


def test_a_server_that_is_away_is_asked_once_for_all_mails(people: People, settings: Any) -> None:
    with mail_server() as server:
        settings.SMTP_URL = server.url()
    invoices = [approved(people, "ap@kunde.example", name=f"Customer {number}") for number in range(3)]
    assert work() == 3
    assert {rows(invoice)[0][1:] for invoice in invoices} == {("deferred", "unreachable")}


def test_a_wrong_password_fails_visibly_and_names_the_setting(people: People, settings: Any) -> None:
    invoice = approved(people, "ap@kunde.example")
    with mail_server() as server:
        settings.SMTP_URL = server.url(login="joe:hunter2@")
        work()
    (row,) = invoice.deliveries.all()
    assert (row.status, row.outcome_code) == ("failed", "auth_unsupported")
    assert "BILLOW_SMTP_URL" in row.outcome_message
    assert "hunter2" not in row.outcome_message


def test_wrong_settings_touch_no_row(people: People, settings: Any) -> None:
    invoice = approved(people, "ap@kunde.example")
    settings.SMTP_URL = "http://mail.example.com"
    with pytest.raises(Refused, match="BILLOW_SMTP_URL"):
        work()
    assert rows(invoice) == [("ap@kunde.example", "queued", "")]


def test_no_answer_to_a_whole_message_is_never_tried_again(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    server.drops_after_message = True
    work()
    assert work(NOON + timedelta(days=3)) == 0
    (row,) = invoice.deliveries.all()
    assert (row.status, row.outcome_code) == ("failed", "outcome_unknown")
    assert "press Email PDF" in row.outcome_message
    assert len(server.taken) == 1


def test_a_pdf_that_is_not_the_issued_one_is_not_sent(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    path = documents_storage.local_path(storage_key=invoice.documents.get(kind="pdf").storage_key)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    work()
    assert rows(invoice) == [("ap@kunde.example", "failed", "document_changed")]
    assert server.taken == []


def test_a_missing_pdf_is_told(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    documents_storage.local_path(storage_key=invoice.documents.get(kind="pdf").storage_key).unlink()
    work()
    assert rows(invoice) == [("ap@kunde.example", "failed", "document_missing")]
    assert server.taken == []


def test_an_address_that_no_mail_can_reach_fails_beside_the_others(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap at kunde", "x@kunde.example\nBcc: all@kunde.example", "ap@kunde.example")
    work()
    assert [status for _, status, _ in rows(invoice)] == ["failed", "failed", "accepted"]
    assert rows(invoice)[0][2] == "invalid_address"
    assert server.recipients == ["ap@kunde.example"]


def test_email_pdf_goes_to_the_recipients_of_today(people: People, server: MailServer) -> None:
    invoice = approved(people, "old@kunde.example")
    work()
    ManagedAccount.objects.filter(pk=invoice.managed_account_id).update(billing_email=["new@kunde.example"])
    result = send(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON)
    assert result.all_done
    work()
    assert server.recipients == ["old@kunde.example", "new@kunde.example"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 2


def test_a_second_click_sends_no_second_mail(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")

    def click(after_s: int) -> str:
        moment = NOON + timedelta(seconds=after_s)
        return send(actor=people.alice.actor, invoice_tokens=[invoice.token], now=moment).items[0].code

    assert click(0) == "already_sending"
    work()
    assert click(1) == ""
    assert click(1) == "already_sending"
    work(NOON + timedelta(seconds=2))
    assert click(2) == "just_sent"
    assert len(server.taken) == 2
    assert click(60) == ""
    work(NOON + timedelta(seconds=60))
    assert len(server.taken) == 3


def test_only_approved_invoices_with_recipients_are_sent_by_owners_of_the_same_msp(people: People) -> None:
    account = account_with(people, "ap@kunde.example", name="Draft")
    draft = make_draft(account=account, profile=make_profile(management_account=people.msp), now=NOON)
    silent = approved(people, name="Silent", send=False)
    tokens = [draft.token, silent.token, "msp_inv_0000000000000000"]
    result = send(actor=people.alice.actor, invoice_tokens=tokens, now=NOON)
    assert [item.code for item in result.items] == ["not_approved", "no_recipients", "not_found"]
    assert [item.label for item in result.items][:2] == [draft.number, silent.number]
    with pytest.raises(Refused, match="owner"):
        send(actor=people.bob.actor, invoice_tokens=[silent.token], now=NOON)
    foreign = send(actor=people.charlie.actor, invoice_tokens=[silent.token], now=NOON)
    assert [item.code for item in foreign.items] == ["not_found"]
    assert not Delivery.objects.exists()


def test_a_worker_that_died_before_the_message_is_replaced(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    invoice.deliveries.update(status="sending", claimed_by="dead", claimed_until=NOON, attempts=1)
    assert work(NOON) == 0
    assert work(NOON + timedelta(seconds=1)) == 1
    assert rows(invoice) == [("ap@kunde.example", "accepted", "accepted")]
    assert len(server.taken) == 1


def test_a_worker_that_died_with_the_message_leaves_it_to_a_person(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    invoice.deliveries.update(
        status="sending", claimed_by="dead", claimed_until=NOON, transmitting_since=NOON - timedelta(minutes=1)
    )
    assert work(NOON) == 0
    assert work(NOON + timedelta(seconds=1)) == 1
    assert rows(invoice) == [("ap@kunde.example", "failed", "outcome_unknown")]
    assert server.taken == []
    assert send(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON).all_done


def test_a_claim_that_was_lost_meanwhile_sends_nothing(people: People, server: MailServer) -> None:
    """The clock jumps past the lease between claiming and transmitting, as when a machine was suspended."""
    invoice = approved(people, "ap@kunde.example")
    later = iter([NOON, NOON, NOON, *[NOON + timedelta(hours=1)] * 9])
    deliver_due(worker="test", now=lambda: next(later))
    assert server.taken == []
    assert rows(invoice)[0][1] == "sending"
    work(NOON + timedelta(hours=1))
    assert len(server.taken) == 1


def test_a_late_acceptance_corrects_an_unknown_outcome(people: People, server: MailServer) -> None:
    """Another worker finds the lease over after the server took the mail and before the first worker noted it."""
    invoice = approved(people, "ap@kunde.example")
    seen_by_the_other: list[tuple[str, str, str]] = []

    def clock() -> datetime:
        if server.taken and not seen_by_the_other:
            work(NOON + timedelta(hours=1))
            seen_by_the_other.extend(rows(invoice))
        return NOON

    deliver_due(worker="slow", now=clock)
    assert seen_by_the_other == [("ap@kunde.example", "failed", "outcome_unknown")]
    assert rows(invoice) == [("ap@kunde.example", "accepted", "accepted")]
    assert len(server.taken) == 1


def test_a_row_that_ends_its_worker_every_time_is_given_up(people: People, server: MailServer) -> None:
    invoice = approved(people, "ap@kunde.example")
    invoice.deliveries.update(status="sending", claimed_until=NOON, attempts=len(BACK_OFF) + 1)
    work(NOON + timedelta(seconds=1))
    assert rows(invoice) == [("ap@kunde.example", "failed", "gave_up")]
    assert server.taken == []


def test_a_worker_asked_to_stop_takes_no_further_row(people: People, server: MailServer) -> None:
    approved(people, "a@kunde.example", "b@kunde.example", "c@kunde.example")
    assert work(carry_on=lambda: len(server.taken) < 1) == 1
    assert work(limit=1) == 1
    assert work() == 1


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ([], ""),
        (["queued", "queued"], "queued"),
        (["accepted", "accepted"], "accepted"),
        (["failed", "failed"], "failed"),
        (["bounced"], "bounced"),
        (["bounced", "failed"], "failed"),
        (["accepted", "failed"], "partly_failed"),
        (["accepted", "bounced"], "partly_failed"),
        (["queued", "failed"], "partly_failed"),
        (["accepted", "deferred"], "deferred"),
        (["accepted", "sending", "queued"], "sending"),
        (["accepted", "queued"], "queued"),
    ],
)
def test_a_wish_has_one_word(statuses: list[str], word: str) -> None:
    assert summarise(statuses) == word


def test_only_the_newest_wish_counts(people: People, server: MailServer) -> None:
    server.answers["RCPT"] = ["550 no such mailbox"]
    invoice = approved(people, "ap@kunde.example")
    work()
    send(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON)
    assert delivery_statuses(invoice_ids=[invoice.pk]) == {invoice.pk: "queued"}
