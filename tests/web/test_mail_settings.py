"""Mail settings at the console: what is in effect without its secrets, and a test mail with the server's answer."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile, Delivery, ManagedAccount
from billow.usecases.mail_settings import MOST_TRIALS
from tests.factories.invoices import make_approved
from tests.mail_server import PASSWORD, USER, mail_server, only_with_password, scripted_server
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

PAGE = "/settings/mail"
MOST_QUERIES = 8


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture(autouse=True)
def no_server(settings: Any, tmp_path: Path) -> None:
    settings.SMTP_URL = settings.SMTP_CA_FILE = ""
    settings.MAIL_FROM = "billing@nimbus.example"
    settings.OUTBOX = tmp_path / "outbox"


def text_of(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def once_of(text: str) -> str:
    return text.partition('name="once" value="')[2].partition('"')[0]


def answer_to(client: Client, recipient: str = "alice@nimbus.example") -> str:
    answer = client.post(PAGE, {"recipient": recipient, "once": once_of(text_of(client))})
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_what_is_in_effect_is_shown_without_user_and_password(client: Client, settings: Any) -> None:
    settings.SMTP_URL = "smtp://mailer:geheim%21@mail.nimbus.example:2525?tls=starttls"
    text = text_of(client)
    for shown in ("billing@nimbus.example", "mail.nimbus.example:2525", "STARTTLS", "With user and password"):
        assert shown in text
    for secret in ("geheim", "mailer"):
        assert secret not in text
    settings.SMTP_URL = "smtp://localhost:25?tls=none"
    assert "not encrypted" in text_of(client)


def test_a_test_mail_shows_the_servers_own_answer_and_arrives_once(client: Client, settings: Any) -> None:
    with mail_server() as server:
        settings.SMTP_URL = server.url()
        once = once_of(text_of(client))
        first, second = (client.post(PAGE, {"recipient": "ap@kunde.example", "once": once}) for _ in range(2))
    assert "250 2.0.0 taken as number 1" in first.content.decode()
    assert (second.status_code, second.headers["Location"]) == (303, PAGE)
    assert server.recipients == ["ap@kunde.example"]
    assert server.mails[0]["Subject"] == "Test mail of Nimbus Partners"
    body = server.mails[0].get_body(("plain",))
    assert body is not None
    assert "Alice sent this mail from Billow" in body.get_content()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_name, entry.changes["accepted"]) == ("mail.test", "ap@kunde.example", True)


def test_what_a_server_refuses_is_said_in_its_words_and_no_secret_is(client: Client, settings: Any) -> None:
    with scripted_server(b"220 hello\r\n", b"250 server\r\n", b"550 5.7.1 Not from you\r\n") as port:
        settings.SMTP_URL = f"smtp://127.0.0.1:{port}?tls=none&timeout_s=2"
        text = answer_to(client)
    assert "was not taken" in text
    assert "550 5.7.1 Not from you" in text
    with mail_server(authenticator=only_with_password, auth_require_tls=False) as server:
        settings.SMTP_URL = server.url(login=f"{USER}:wrong-{PASSWORD}@")
        text = answer_to(client)
    assert "Check user and password" in text
    assert PASSWORD not in text
    assert AuditEntry.objects.filter(changes__accepted=False).count() == 2


def test_a_server_that_is_not_there_is_said_and_holds_up_nobody(client: Client, settings: Any) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1?tls=none&timeout_s=1"
    assert "was not taken" in answer_to(client)


def test_without_a_server_the_mail_is_a_file_and_the_page_says_so(client: Client, tmp_path: Path) -> None:
    assert "no mail leaves" in text_of(client)
    text = answer_to(client)
    assert "is a file now" in text
    assert len(list((tmp_path / "outbox").iterdir())) == 1


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example\r\nBcc: c@d.example", EVIL])
def test_what_is_no_address_gets_no_mail(address: str, client: Client, tmp_path: Path) -> None:
    answer = client.post(PAGE, {"recipient": address})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="field-recipient-problem"' in text
    assert (Page(text).inline, Page(text).images) == ([], [])
    assert not (tmp_path / "outbox").exists()


def test_nobody_is_flooded_with_test_mails(client: Client, tmp_path: Path) -> None:
    for _ in range(MOST_TRIALS):
        answer_to(client, "neighbour@elsewhere.example")
    once = once_of(text_of(client))
    refused = client.post(PAGE, {"recipient": "neighbour@elsewhere.example", "once": once})
    assert refused.status_code == 422
    assert "Too many attempts" in refused.content.decode()
    assert len(list((tmp_path / "outbox").iterdir())) == MOST_TRIALS


def test_the_mails_of_the_week_are_counted_in_few_questions(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    make_approved(account=olives, profile=profile, by=people.alice, send=True)
    Delivery.objects.update(status="failed", created_at=datetime.now(UTC))
    with CaptureQueriesContext(connection) as queries:
        assert '<span class="mark-word bad">1</span>' in text_of(client)
    assert len(queries) <= MOST_QUERIES
