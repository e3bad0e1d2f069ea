"""The way in: friendly to people, slow for whoever guesses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from billow.records.accounts.models import SignInAttempt, User
from billow.records.audit.models import AuditEntry
from billow.usecases.refused import Refused
from billow.usecases.sign_in import MOST_FAILURES, WINDOW, sign_in
from tests.people import PASSWORD, People, make_people

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
EMAIL = "alice@nimbus.example"


@pytest.fixture
def people(db: None) -> People:
    return make_people(password=PASSWORD)


def attempt(*, email: str = EMAIL, password: str = PASSWORD, address: str = "10.0.0.1", at: datetime = NOON) -> User:
    return sign_in(email=email, password=password, address=address, now=at)


def guess(*, times: int, email: str = EMAIL, address: str = "10.0.0.1", at: datetime = NOON) -> str:
    code = ""
    for _ in range(times):
        with pytest.raises(Refused) as refused:
            attempt(email=email, password="wrong", address=address, at=at)
        code = refused.value.code
    return code


def test_the_right_password_signs_in_whatever_the_case_of_the_address_and_is_audited(people: People) -> None:
    assert attempt(email=" Alice@Nimbus.Example ") == people.alice.user
    assert AuditEntry.objects.get(action="signed_in").object_name == EMAIL


def test_after_five_wrong_guesses_even_the_right_password_waits(people: People) -> None:
    assert guess(times=MOST_FAILURES["person_and_address"]) == "wrong_credentials"
    with pytest.raises(Refused, match="Wait 15 minutes") as refused:
        attempt()
    assert refused.value.code == "too_many_attempts"
    assert attempt(at=NOON + WINDOW + timedelta(seconds=1)) == people.alice.user


def test_an_unknown_address_is_answered_like_a_known_one(people: People) -> None:
    assert guess(times=5, email="nobody@nimbus.example") == "wrong_credentials"
    assert guess(times=1, email="nobody@nimbus.example") == "too_many_attempts"


def test_a_stranger_elsewhere_cannot_lock_a_person_out(people: People) -> None:
    guess(times=6, address="203.0.113.9")
    assert attempt(address="10.0.0.1") == people.alice.user


def test_guessing_many_people_from_one_address_is_stopped(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_FAILURES, "address", 7)
    for number in range(MOST_FAILURES["address"]):
        guess(times=1, email=f"user{number}@nimbus.example", address="203.0.113.9")
    assert guess(times=1, email="fresh@nimbus.example", address="203.0.113.9") == "too_many_attempts"
    assert attempt() == people.alice.user


def test_success_forgets_earlier_failures_and_old_ones_are_removed(people: People) -> None:
    guess(times=4)
    attempt()
    guess(times=4)
    guess(times=1, email="late@nimbus.example", at=NOON + timedelta(days=2))
    assert SignInAttempt.objects.filter(created_at=NOON).count() == 0


def test_no_attempt_is_stored_in_readable_form(people: People) -> None:
    guess(times=1)
    assert all(len(row.key) == 64 and "@" not in row.key for row in SignInAttempt.objects.all())


def test_an_inactive_person_cannot_sign_in(people: People) -> None:
    User.objects.filter(email=EMAIL).update(is_active=False)
    with pytest.raises(Refused):
        attempt()


def test_the_form_signs_in_with_a_new_session_and_goes_on_to_the_wished_page(people: People) -> None:
    client = Client()
    client.get("/sign-in")
    session = client.session
    session["old"] = True
    session.save()
    old_key = session.session_key
    client.cookies["sessionid"] = str(old_key)
    answer = client.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "next": "/invoices?period=2026-09"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/invoices?period=2026-09")
    assert client.session.session_key != old_key


@pytest.mark.parametrize(
    "wished", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_to_another_site(wished: str, people: People) -> None:
    answer = Client().post("/sign-in", {"email": EMAIL, "password": PASSWORD, "next": wished})
    assert answer.headers["Location"] == "/"


def test_wrong_credentials_and_empty_fields_are_said_beside_the_form(people: People) -> None:
    wrong = Client().post("/sign-in", {"email": EMAIL, "password": "wrong"})
    assert wrong.status_code == 422
    assert "is not right" in wrong.content.decode()
    assert PASSWORD not in wrong.content.decode()
    empty = Client().post("/sign-in", {"email": "not an address", "password": ""})
    assert empty.content.decode().count('aria-invalid="true"') == 2


def test_an_expired_session_leads_back_to_the_page_from_a_page_a_form_and_a_fragment(people: People) -> None:
    client = Client()
    page = "http://testserver/invoices?period=2026-09"
    assert client.get("/invoices?period=2026-09").headers["Location"] == "/sign-in?next=%2Finvoices%3Fperiod%3D2026-09"
    posted = client.post("/invoices/do/approve", {"items": "x"}, headers={"referer": page})
    assert posted.headers["Location"] == "/sign-in?next=%2Finvoices%3Fperiod%3D2026-09"
    fragment = client.get("/invoices/live", headers={"hx-request": "true", "hx-current-url": page})
    assert fragment.status_code == 204
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=%2Finvoices%3Fperiod%3D2026-09"


def test_signing_out_ends_the_session_and_needs_a_form(people: People) -> None:
    client = Client()
    client.force_login(people.alice.user)
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert client.get("/invoices").status_code == 302


def test_a_form_without_its_secret_is_refused_with_a_page_that_says_what_to_do(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.alice.user)
    answer = client.post("/invoices/do/approve", {"items": "x"})
    assert answer.status_code == 403
    assert "Reload it" in answer.content.decode()


def test_the_theme_is_kept_in_a_cookie_and_printed_into_the_page(people: People) -> None:
    client = Client()
    client.force_login(people.alice.user)
    answer = client.post("/theme", {"theme": "dark", "back": "//evil.example"})
    assert answer.headers["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/invoices").content.decode()
    client.post("/theme", {"theme": '"><script>', "back": "/invoices"})
    assert 'data-theme="dark"' in client.get("/invoices").content.decode()


def test_a_service_never_signs_in(people: People) -> None:
    user = people.alice.user
    user.is_service = True
    user.save()
    with pytest.raises(Refused, match="not right"):
        attempt()
