"""A forgotten password and a first one: the link comes by mail, works once, and tells strangers nothing."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from billow.interfaces.jobs.sweep import deliver_all
from billow.records.accounts.models import LinkStatus, MailedLink, User
from billow.records.audit.models import AuditEntry
from billow.usecases.mail_links import BACK_OFF, mail_links_due
from billow.usecases.mailed_links import LIFE, MOST_REQUESTS, invite_user, prune_links
from billow.usecases.refused import Refused
from tests.factories.accounts import make_user
from tests.mail_server import MailServer, mail_server
from tests.people import PASSWORD, People, make_people
from tests.web.conftest import SignedIn

NEW = "seven olives on a plate"
EMAIL = "alice@nimbus.example"


@pytest.fixture
def people(db: None) -> People:
    return make_people(password=PASSWORD)


@pytest.fixture
def server(settings: object) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.SMTP_URL = server.url()  # type: ignore[attr-defined]
        settings.BASE_URL = "https://billing.nimbus.example"  # type: ignore[attr-defined]
        yield server


def ask(client: Client, email: str = EMAIL) -> tuple[int, str]:
    answer = client.post("/forgot-password", {"email": email})
    return answer.status_code, answer.content.decode().replace(email, "…")


def mailed(server: MailServer) -> str:
    """Let the worker mail what waits, and return the path of the link in the newest mail."""
    deliver_all(worker="test")
    text = server.mails[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"https://billing\.nimbus\.example(/links/\S+)", text)
    assert found, text
    return found[1]


def choose(client: Client, password: str = NEW, again: str = NEW) -> int:
    return client.post("/choose-password", {"password": password, "again": again}).status_code


def signs_in(password: str, email: str = EMAIL) -> bool:
    return Client().post("/sign-in", {"email": email, "password": password}).status_code == 302


def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(people: People, server: MailServer) -> None:
    elsewhere = Client()
    elsewhere.post("/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert ask(Client(), " Alice@Nimbus.Example ")[0] == 200
    link, browser = mailed(server), Client()
    assert server.recipients == [EMAIL]
    opened = browser.get(link)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/choose-password")
    assert EMAIL in browser.get("/choose-password").content.decode()
    assert choose(browser) == 302
    assert signs_in(NEW)
    assert not signs_in(PASSWORD)
    assert elsewhere.get("/invoices").status_code == 302, "other browsers are signed out"
    assert list(AuditEntry.objects.filter(object_name=EMAIL).values_list("action", flat=True)) == [
        "signed_in",
        "password_reset_asked",
        "mailed_link.sent",
        "password_set",
        "signed_in",
        "sign_in_refused",
    ]


def test_a_link_works_once_and_a_newer_one_ends_the_older(people: People, server: MailServer) -> None:
    ask(Client())
    first = mailed(server)
    ask(Client())
    second = mailed(server)
    assert first != second
    browser = Client()
    browser.get(first)
    assert browser.get("/choose-password").status_code == 410
    browser.get(second)
    assert choose(browser) == 302
    browser.get(second)
    answer = browser.post("/choose-password", {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 410
    assert "Ask for a new link" in answer.content.decode()
    assert signs_in(NEW)


def test_strangers_learn_nothing_and_nobody_is_mailed_for_them(
    people: People, server: MailServer, olives: object
) -> None:
    make_user(management_account=people.msp, email="gone@nimbus.example")
    User.objects.filter(email="gone@nimbus.example").update(is_active=False)
    service = make_user(management_account=people.msp, email="robot@nimbus.example")
    User.objects.filter(pk=service.pk).update(is_service=True)
    known = ask(Client())
    for email in ("nobody@nimbus.example", "gone@nimbus.example", "robot@nimbus.example"):
        answer = Client().post("/forgot-password", {"email": email})
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
        assert (answer.status_code, len(text.replace(email, "…"))) == (known[0], len(known[1]))
    deliver_all(worker="test")
    assert server.recipients == [EMAIL]


def test_nobodys_mailbox_is_filled(people: People, server: MailServer) -> None:
    for _ in range(MOST_REQUESTS["person"]):
        assert ask(Client())[0] == 200
    status, text = ask(Client())
    assert status == 429
    assert "Too many attempts" in text
    assert [ask(Client(), "nobody@nimbus.example")[0] for _ in range(5)] == [200, 200, 200, 200, 429]


def test_one_address_cannot_ask_for_many_people(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_REQUESTS, "address", 2)
    assert [ask(Client(), f"user{at}@nimbus.example")[0] for at in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("email", ["", "nobody", "a@b\r\nBcc: x@evil.example"])
def test_what_is_no_address_is_refused_beside_the_field(email: str, people: People) -> None:
    answer = Client().post("/forgot-password", {"email": email})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not MailedLink.objects.exists()


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        (NEW, f"{NEW}.", "not the same"),
        ("alice@nimbus.example", "alice@nimbus.example", "too similar"),
        ("x" * 1025, "x" * 1025, "more than 1,024"),
        ("", "", "too short"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_still_works(
    password: str, again: str, said: str, people: People, server: MailServer
) -> None:
    ask(Client())
    browser = Client()
    browser.get(mailed(server))
    answer = browser.post("/choose-password", {"password": password, "again": again})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert choose(browser) == 302


def test_a_link_is_too_old_after_an_hour_and_after_the_user_is_switched_off(people: People, server: MailServer) -> None:
    ask(Client())
    browser = Client()
    browser.get(mailed(server))
    MailedLink.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert (browser.get("/choose-password").status_code, choose(browser)) == (410, 410)
    MailedLink.objects.update(expires_at=datetime.now(UTC) + timedelta(minutes=5))
    User.objects.filter(email=EMAIL).update(is_active=False)
    assert choose(browser) == 410


def test_without_a_link_there_is_nothing_to_choose(people: People) -> None:
    browser = Client()
    assert browser.get("/choose-password").status_code == 410
    for wrong in ("x", "é", "a" * 3000):
        assert browser.get(f"/links/{wrong}").status_code == 302
        assert choose(browser) == 410


def test_somebody_invited_sets_a_first_password(people: People, server: MailServer) -> None:
    dora = make_user(management_account=people.msp, email="dora@nimbus.example", name="Dora")
    assert not dora.has_usable_password()
    invite_user(actor=people.alice.actor, user=dora, now=datetime.now(UTC))
    browser = Client()
    browser.get(mailed(server))
    assert "Nimbus Partners has invited you" in browser.get("/choose-password").content.decode()
    assert MailedLink.objects.get().expires_at - datetime.now(UTC) > timedelta(days=6)  # type: ignore[operator]
    ask(Client(), "dora@nimbus.example")
    assert choose(browser) == 302, "a stranger who asks for a reset does not end the invitation"
    assert signs_in(NEW, "dora@nimbus.example")
    assert not MailedLink.objects.filter(ended_at=None).exists()


def test_only_an_owner_invites_and_only_own_people(people: People) -> None:
    now = datetime.now(UTC)
    with pytest.raises(Refused, match="Only an owner"):
        invite_user(actor=people.bob.actor, user=people.alice.user, now=now)
    with pytest.raises(Refused, match="not found"):
        invite_user(actor=people.charlie.actor, user=people.alice.user, now=now)


def test_the_secret_is_in_the_mail_and_nowhere_else(
    people: People, server: MailServer, caplog: pytest.LogCaptureFixture, tmp_path: object
) -> None:
    caplog.set_level(logging.DEBUG)
    ask(Client())
    secret = mailed(server).rpartition("/")[2]
    browser = Client()
    browser.get(f"/links/{secret}")
    browser.get("/choose-password")
    choose(browser, "short", "short")
    choose(browser)
    call_command("dumpdata", output=f"{tmp_path}/all.json", verbosity=0)
    with open(f"{tmp_path}/all.json", encoding="utf-8") as dump:  # noqa: PTH123
        kept = dump.read()
    for text in (kept, caplog.text, browser.session.serializer().dumps(dict(browser.session.items())).decode()):
        assert secret not in text
        assert NEW not in text


def test_a_mail_server_that_is_away_is_tried_again_with_a_new_secret(people: People, server: MailServer) -> None:
    server.answers["RCPT"] = ["451 later"]
    ask(Client())
    now = datetime.now(UTC)
    assert mail_links_due(now=lambda: now) == 1
    link = MailedLink.objects.get()
    assert (link.status, link.next_attempt_at) == (LinkStatus.QUEUED, now + BACK_OFF[0])
    assert mail_links_due(now=lambda: now) == 0
    assert mail_links_due(now=lambda: now + BACK_OFF[0]) == 1
    link.refresh_from_db()
    assert (link.status, len(server.taken)) == (LinkStatus.SENT, 1)


def test_a_refused_recipient_and_a_wish_too_old_end_without_a_mail(people: People, server: MailServer) -> None:
    server.answers["RCPT"] = ["550 no such user"]
    ask(Client())
    mail_links_due(now=lambda: datetime.now(UTC))
    link = MailedLink.objects.get()
    assert link.status == LinkStatus.FAILED
    assert "no such user" in link.outcome_message
    ask(Client())
    assert mail_links_due(now=lambda: datetime.now(UTC) + LIFE["reset"] + timedelta(minutes=1)) == 1  # type: ignore[index]
    assert (server.taken, MailedLink.objects.filter(status=LinkStatus.FAILED).count()) == ([], 2)
    assert prune_links(now=datetime.now(UTC) + timedelta(days=31)) == 2


def test_a_worker_that_died_over_a_link_is_followed_by_another(people: People, server: MailServer) -> None:
    ask(Client())
    now = datetime.now(UTC)
    MailedLink.objects.update(status=LinkStatus.SENDING, next_attempt_at=now + timedelta(minutes=2))
    assert mail_links_due(now=lambda: now) == 0
    assert mail_links_due(now=lambda: now + timedelta(minutes=3)) == 1
    assert server.recipients == [EMAIL]


def test_choosing_a_password_while_another_is_signed_in_ends_that_session(
    people: People, server: MailServer, signed_in: SignedIn
) -> None:
    ask(Client())
    browser = signed_in(people.bob)
    browser.get(mailed(server))
    assert choose(browser) == 302
    assert browser.get("/invoices").status_code == 302
