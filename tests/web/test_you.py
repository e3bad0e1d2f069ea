"""One's own account: everybody has one, and nobody reaches another's."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from billow.records.accounts.models import BrowserSession, MailedLink, Role, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.usecases.browser_sessions import NOTICED_EVERY, prune_sessions
from billow.usecases.mailed_links import ask_for_reset
from billow.usecases.own_account import MOST_FAILURES
from tests.factories.accounts import make_user
from tests.people import PASSWORD, People, Person, make_people
from tests.web.conftest import SignedIn

NEW = "seven olives on a plate"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0 Safari/537.36"
WRITES = ("/you/name", "/you/password", "/you/sign-out-everywhere", "/you/browsers/sssn_0123456789abcdef/end")

MOST_QUERIES = 7
"""Session, person and account; app, passkeys, browsers, and which of their sessions last."""


@pytest.fixture
def people(db: None) -> People:
    return make_people(password=PASSWORD)


def browser_of(person: Person, **headers: str) -> Client:
    """Return a browser in which somebody signed in through the form."""
    client = Client(headers=headers)
    client.post("/sign-in", {"email": person.user.email, "password": PASSWORD})
    return client


def change(client: Client, current: str = PASSWORD, password: str = NEW, again: str = NEW) -> int:
    return client.post("/you/password", {"current": current, "password": password, "again": again}).status_code


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize("address", WRITES)
def test_whoever_is_not_signed_in_can_do_nothing(address: str, people: People) -> None:
    assert Client().get("/you").headers["Location"] == "/sign-in?next=%2Fyou"
    assert Client().post(address, {"name": "Eve"}).status_code == 302
    assert not User.objects.filter(name="Eve").exists()


@pytest.mark.parametrize("address", WRITES)
def test_what_changes_something_needs_a_form(address: str, people: People, signed_in: SignedIn) -> None:
    assert signed_in(people.alice).get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.alice.user)
    assert strict.post(address).status_code == 403


def test_owner_and_viewer_change_their_own_name(people: People, signed_in: SignedIn) -> None:
    for person in (people.alice, people.bob):
        client = signed_in(person)
        assert client.get("/you").status_code == 200
        assert client.post("/you/name", {"name": f" {person.user.name} Smith "}).status_code == 303
        person.user.refresh_from_db()
        assert person.user.name.endswith(" Smith")
    assert actions() == ["record_updated"] * 2
    assert signed_in(people.bob).post("/you/name", {"name": "Bob Smith"}).status_code == 303
    assert len(actions()) == 2, "the same name again changes nothing"


@pytest.mark.parametrize(("name", "said"), [("x" * 256, "at most 255"), ("Al\x07ice", "control character")])
def test_a_bad_name_is_refused_beside_the_field(name: str, said: str, people: People, signed_in: SignedIn) -> None:
    answer = signed_in(people.alice).post("/you/name", {"name": name})
    assert (answer.status_code, answer.content.decode().count(said)) == (422, 2)
    people.alice.user.refresh_from_db()
    assert people.alice.user.name == "Alice"


def test_a_new_password_renews_this_session_and_ends_all_others(people: People) -> None:
    here, there = browser_of(people.alice), browser_of(people.alice)
    ask_for_reset(email=people.alice.user.email, address="", now=datetime.now(UTC))
    key = here.session.session_key
    assert change(here) == 303
    assert here.session.session_key != key
    assert (here.get("/you").status_code, there.get("/you").status_code) == (200, 302)
    assert BrowserSession.objects.get().session_key == here.session.session_key
    assert not MailedLink.objects.filter(ended_at=None).exists()
    assert actions()[-1] == "password_changed"
    stolen = Client()
    stolen.cookies["sessionid"] = str(key)
    assert stolen.get("/you").status_code == 302


def test_what_is_wrong_with_a_new_password_stands_beside_it(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    for fields, said in (
        ({"current": "wrong", "password": NEW, "again": NEW}, "This is not your present password"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "too short"),
        ({"current": PASSWORD, "password": NEW, "again": ""}, "not the same"),
        ({}, "This is not your present password"),
    ):
        answer = client.post("/you/password", fields)
        assert (answer.status_code, answer.content.decode().count(said)) == (422, 2)
        assert NEW not in answer.content.decode()
    people.alice.user.refresh_from_db()
    assert people.alice.user.check_password(PASSWORD)


def test_an_open_browser_is_no_way_to_guess_the_password(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    assert [change(client, current="guess") for _ in range(MOST_FAILURES["person"])] == [422] * 5
    assert change(client) == 429
    assert change(signed_in(people.bob)) == 303, "nobody else waits"


def test_signing_out_everywhere_ends_every_session_also_unknown_ones(people: People, signed_in: SignedIn) -> None:
    here, there, unknown = browser_of(people.alice), browser_of(people.alice), signed_in(people.alice)
    other = browser_of(people.bob)
    answer = here.post("/you/sign-out-everywhere")
    assert answer.headers["Location"] == "/sign-in?done=everywhere"
    assert "signed out in every browser" in here.get("/sign-in?done=everywhere").content.decode()
    assert [client.get("/you").status_code for client in (here, there, unknown, other)] == [302, 302, 302, 200]
    assert actions()[-1] == "signed_out_everywhere"


def test_browsers_are_listed_and_another_one_is_signed_out(people: People) -> None:
    here, there = browser_of(people.alice), browser_of(people.alice, user_agent=CHROME)
    text = here.get("/you").content.decode()
    assert "Chrome on Linux" in text
    assert text.count(">this browser<") == 1
    token = BrowserSession.objects.get(session_key=there.session.session_key).token
    assert here.post(f"/you/browsers/{token}/end").status_code == 303
    assert there.get("/you").status_code == 302
    assert here.post(f"/you/browsers/{token}/end").status_code == 404, "twice is once"


def test_nobody_ends_anothers_browser(people: People) -> None:
    here = browser_of(people.alice)
    token = BrowserSession.objects.get().token
    for person in (people.bob, people.charlie):
        assert browser_of(person).post(f"/you/browsers/{token}/end").status_code == 404
    assert here.get("/you").status_code == 200


def test_signing_out_is_written_down(people: People) -> None:
    here = browser_of(people.alice)
    here.post("/sign-out")
    assert (actions()[-1], BrowserSession.objects.count()) == ("signed_out", 0)


def test_another_role_gives_the_session_another_key(people: People) -> None:
    here = browser_of(people.bob)
    key = here.session.session_key
    assert here.get("/you").status_code == 200
    assert here.session.session_key == key
    User.objects.filter(pk=people.bob.user.pk).update(role=Role.OWNER)
    assert here.get("/you").status_code == 200
    assert here.session.session_key != key
    stolen = Client()
    stolen.cookies["sessionid"] = str(key)
    assert stolen.get("/you").status_code == 302
    assert ">this browser<" in here.get("/you").content.decode()


def test_use_is_noticed_every_few_minutes_and_costs_nothing_between(
    people: People, django_assert_max_num_queries: object
) -> None:
    here = browser_of(people.alice)
    session = here.session
    long_ago = datetime.now(UTC) - 2 * NOTICED_EVERY
    session["seen_at"] = long_ago.isoformat()
    session.save()
    BrowserSession.objects.update(last_seen_at=long_ago)
    here.get("/you")
    noticed = BrowserSession.objects.get().last_seen_at
    assert noticed > long_ago
    with django_assert_max_num_queries(MOST_QUERIES):  # type: ignore[operator]
        here.get("/you")
    assert BrowserSession.objects.get().last_seen_at == noticed


def test_old_sessions_are_removed(people: People) -> None:
    browser_of(people.alice)
    assert prune_sessions(now=datetime.now(UTC)) == 0
    assert prune_sessions(now=datetime.now(UTC) + timedelta(days=15)) == 2
    assert not Session.objects.exists()


def test_hostile_names_of_browsers_are_only_text(people: People) -> None:
    here = browser_of(people.alice, user_agent="<script>alert(1)</script>")
    text = here.get("/you").content.decode()
    assert "<script>alert(1)" not in text
    assert "says nothing about itself" in text


def test_a_customers_person_has_an_account_too_and_a_forgotten_password(people: People, olives: ManagedAccount) -> None:
    ada = make_user(
        management_account=people.msp, email="ada@olives.example", managed_account=olives, password=PASSWORD
    )
    here = browser_of(Person(user=ada))
    assert here.get("/you").status_code == 200
    assert change(here) == 303
    assert here.get("/accounts").status_code == 403
    ask_for_reset(email="ada@olives.example", address="", now=datetime.now(UTC))
    assert MailedLink.objects.filter(user=ada, ended_at=None).exists()
    olives.deleted_at = datetime.now(UTC)
    olives.save()
    ask_for_reset(email="ada@olives.example", address="", now=datetime.now(UTC))
    assert MailedLink.objects.count() == 1, "nobody mails people of a customer who is gone"
