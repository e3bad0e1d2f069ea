"""Passkeys, shown by a device that lies about one thing at a time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from billow.records.accounts.models import Passkey, User
from billow.records.audit.models import AuditEntry
from billow.usecases.one_time_codes import forget_factors
from billow.usecases.passkeys import MOST_FAILURES, passkeys_possible
from tests.device import Device
from tests.people import PASSWORD, People, Person, make_people
from tests.web.conftest import SignedIn

Lie = Callable[[Device], None]


@pytest.fixture
def people(db: None) -> People:
    return make_people(password=PASSWORD)


def browser_of(person: Person) -> Client:
    client = Client()
    client.post("/sign-in", {"email": person.user.email, "password": PASSWORD})
    return client


def question(client: Client, address: str) -> dict[str, Any]:
    answer = client.post(address)
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def add(client: Client, device: Device, name: str = "Laptop") -> int:
    asked = question(client, "/you/passkeys/question")
    return client.post("/you/passkeys/new", {"name": name, "answer": device.make(asked)}).status_code


def show(client: Client, device: Device, **more: str) -> int:
    asked = question(client, "/sign-in/passkey/question")
    return client.post("/sign-in/passkey", {"answer": device.show(asked, **more)}).status_code


@pytest.fixture
def laptop(people: People) -> Device:
    device = Device()
    assert add(browser_of(people.alice), device) == 303
    return device


def test_a_passkey_lets_its_owner_in_under_a_new_session_key(people: People, laptop: Device) -> None:
    client = Client()
    asked = question(client, "/sign-in/passkey/question")
    key = client.session.session_key
    answer = client.post("/sign-in/passkey", {"answer": laptop.show(asked), "next": "/accounts"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts")
    assert client.session.session_key != key
    assert client.get("/you").context["person"] == people.alice.user
    assert client.get("/you/codes").status_code == 200, "it is proof enough to change the way in"


@pytest.mark.parametrize("wished", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(wished: str, laptop: Device) -> None:
    client = Client()
    asked = question(client, "/sign-in/passkey/question")
    answer = client.post("/sign-in/passkey", {"answer": laptop.show(asked), "next": wished})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "lie",
    [
        lambda device: setattr(device, "origin", "https://localhost.evil.example"),
        lambda device: setattr(device, "origin", "http://localhost:8001"),
        lambda device: setattr(device, "host", "evil.example"),
        lambda device: setattr(device, "recognises", False),
        lambda device: setattr(device, "key", Device().key),
        lambda device: setattr(device, "identifier", b"another"),
        lambda device: setattr(device, "handle", "dXNyXzAxMjM0NTY3ODlhYmNkZWY"),
        lambda device: setattr(device, "count", 0),
    ],
    ids=["origin", "port", "host", "not recognised", "another key", "unknown", "another's", "a copy"],
)
def test_a_device_that_lies_lets_nobody_in(lie: Lie, laptop: Device) -> None:
    lie(laptop)
    client = Client()
    assert show(client, laptop) == 422
    assert client.get("/invoices").status_code == 302


def test_an_answer_is_good_once_and_for_its_own_question(laptop: Device) -> None:
    client = Client()
    asked = question(client, "/sign-in/passkey/question")
    answer = laptop.show(asked)
    other = Client()
    question(other, "/sign-in/passkey/question")
    assert other.post("/sign-in/passkey", {"answer": answer}).status_code == 422
    assert client.post("/sign-in/passkey", {"answer": answer}).status_code == 302
    client.post("/sign-out")
    assert client.post("/sign-in/passkey", {"answer": answer}).status_code == 422
    assert show(Client(), laptop, kind="webauthn.create") == 422


@pytest.mark.parametrize("answer", ["", "x", "[]", "null", "{}", '{"id": 1}', "x" * 70_000, '{"rawId": "AAAA"}'])
def test_what_is_no_answer_is_refused_in_words(answer: str, people: People) -> None:
    client = Client()
    question(client, "/sign-in/passkey/question")
    refused = client.post("/sign-in/passkey", {"answer": answer})
    assert refused.status_code == 422
    assert "does not let you in" in refused.content.decode()
    inside = browser_of(people.alice)
    question(inside, "/you/passkeys/question")
    refused = inside.post("/you/passkeys/new", {"name": "Laptop", "answer": answer})
    assert refused.status_code == 422
    assert "is no passkey" in refused.content.decode()
    assert not Passkey.objects.exists()


@pytest.mark.parametrize(
    "lie",
    [
        lambda device: setattr(device, "origin", "https://evil.example"),
        lambda device: setattr(device, "host", "evil.example"),
        lambda device: setattr(device, "recognises", False),
    ],
    ids=["origin", "host", "not recognised"],
)
def test_no_passkey_is_made_elsewhere_or_by_an_unknown_hand(lie: Lie, people: People) -> None:
    device = Device()
    lie(device)
    assert add(browser_of(people.alice), device) == 422
    assert not Passkey.objects.exists()


def test_a_passkey_sent_twice_is_there_once_and_belongs_to_one_person(people: People, laptop: Device) -> None:
    client = browser_of(people.alice)
    asked = question(client, "/you/passkeys/question")
    assert [each["id"] for each in asked["excludeCredentials"]] == [Passkey.objects.get().credential_id]
    assert add(client, laptop) == 422
    assert add(browser_of(people.bob), laptop) == 422
    assert Passkey.objects.get().user == people.alice.user
    answer = client.post("/you/passkeys/new", {"name": "Laptop", "answer": "{}"})
    assert "Try again" in answer.content.decode()


def test_a_passkey_needs_a_name(people: People) -> None:
    client = browser_of(people.alice)
    assert add(client, Device(), name=" ") == 422
    assert add(client, Device(), name="x" * 256) == 422
    assert not Passkey.objects.exists()


def test_nobody_removes_anothers_passkey(people: People, laptop: Device) -> None:
    row = Passkey.objects.get()
    for person in (people.bob, people.charlie):
        assert browser_of(person).post(f"/you/passkeys/{row.token}/remove").status_code == 404
    owner = browser_of(people.alice)
    assert owner.post(f"/you/passkeys/{row.token}/remove").status_code == 303
    assert owner.post(f"/you/passkeys/{row.token}/remove").status_code == 404
    assert show(Client(), laptop) == 422
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="passkey")] == [
        "passkey_added",
        "passkey_removed",
    ]


def test_an_open_browser_makes_no_passkey_without_the_password(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    for address in ("/you/passkeys/question", "/you/passkeys/new", "/you/passkeys/psskey_0123456789abcdef/remove"):
        assert client.post(address).headers["Location"].startswith("/you/confirm")


def test_somebody_switched_off_stays_out(people: People, laptop: Device) -> None:
    User.objects.update(is_active=False)
    assert show(Client(), laptop) == 422
    assert AuditEntry.objects.latest("pk").changes["method"] == "passkey"


def test_guessing_is_stopped(laptop: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_FAILURES, "address", 2)
    assert [show(Client(), Device()) for _ in range(3)] == [422, 422, 429]
    assert show(Client(), laptop) == 429


def test_an_owner_helps_who_lost_the_device(people: People, laptop: Device) -> None:
    forget_factors(actor=people.operator, user=people.alice.user, now=datetime.now(UTC))
    assert show(Client(), laptop) == 422


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://billing.example.com", True),
        ("http://localhost:8000", True),
        ("http://billing.example.com", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::1]", False),
    ],
)
def test_passkeys_are_offered_where_browsers_allow_them(
    address: str, possible: bool, people: People, settings: Any
) -> None:
    settings.BASE_URL = address
    assert passkeys_possible() is possible
    assert ("Use a passkey" in Client().get("/sign-in").content.decode()) is possible


def test_the_question_names_nobody(people: People, laptop: Device) -> None:
    asked = question(Client(), "/sign-in/passkey/question")
    assert "alice" not in json.dumps(asked)
    assert asked.get("allowCredentials", []) == []
    assert asked["userVerification"] == "required"
