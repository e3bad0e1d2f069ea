"""The people of a customer: invited from the account's page, in the portal with the password that they set."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from billow.records.accounts.models import MailedLink, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.usecases.mail_links import mail_links_due
from tests.people import People
from tests.web.conftest import SignedIn

PASSWORD = "a press by the river"


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def invitation(account: ManagedAccount, client: Client, **fields: str) -> dict[str, str]:
    text = client.get(f"/accounts/{account.token}/people").content.decode()
    once = text.partition('name="once" value="')[2].partition('"')[0]
    return {"email": "Olga@olives.example", "name": "Olga", "role": "viewer", "once": once, **fields}


def test_olga_is_invited_sets_a_password_and_is_in_the_portal(client: Client, olives: ManagedAccount) -> None:
    page = f"/accounts/{olives.token}/people"
    assert "Nobody yet" in client.get(page).content.decode()
    fields = invitation(olives, client)
    answers = [client.post(page, fields) for _ in range(2)]
    assert {answer.headers["Location"] for answer in answers} == {page}
    text = client.get(page).content.decode()
    for shown in ("Olga", "olga@olives.example", "Viewer", "Never", "An invitation goes to Olga@olives.example"):
        assert shown in text
    olga = User.objects.get(email="olga@olives.example")
    assert (olga.managed_account, MailedLink.objects.filter(user=olga).count()) == (olives, 1)
    assert AuditEntry.objects.filter(object_token=olga.token, action="record_created").exists()
    before = set(Path(settings.OUTBOX).glob("**/*.eml"))
    assert mail_links_due(now=lambda: datetime.now(UTC)) == 1
    (mail,) = set(Path(settings.OUTBOX).glob("**/*.eml")) - before
    body = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    link = re.search(r"/links/\S+", str(body.get_content()))
    assert link is not None
    browser = Client()
    browser.get(link[0])
    answer = browser.post("/choose-password", {"password": PASSWORD, "again": PASSWORD}, follow=True)
    browser.post("/sign-in", {"email": "olga@olives.example", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Thessaly Olives" in browser.get("/portal").content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": ""}, "can&#x27;t be blank"),
        ({"email": "nobody"}, "is not an e-mail address"),
        ({"email": "bob@nimbus.example"}, "has a user already"),
        ({"role": "king"}, "Role must be one of"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_invited(
    fields: dict[str, str], message: str, client: Client, olives: ManagedAccount
) -> None:
    answer = client.post(f"/accounts/{olives.token}/people", invitation(olives, client, **fields))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert (User.objects.count(), MailedLink.objects.count()) == (3, 0)


def test_only_an_owner_has_the_tab(client: Client, people: People, olives: ManagedAccount, signed_in: SignedIn) -> None:
    page = f"/accounts/{olives.token}/people"
    assert page in client.get(f"/accounts/{olives.token}").content.decode()
    viewer = signed_in(people.bob)
    assert page not in viewer.get(f"/accounts/{olives.token}").content.decode()
    assert viewer.get(page).status_code == 403
    assert viewer.post(page, {"email": "x@y.example"}).status_code == 403
    assert signed_in(people.charlie).get(page).status_code == 404
