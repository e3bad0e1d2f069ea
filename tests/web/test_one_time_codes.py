"""The second step of signing in: a code from the phone, or a recovery code, and no way around."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.core.management import call_command
from django.test import Client

from billow.records.accounts.models import RecoveryCode, TotpSecret, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.usecases.one_time_codes import (
    MOST_FAILURES,
    RECOVERY_CODES,
    check_code,
    forget_factors,
    new_secret,
    switch_codes_on,
)
from billow.usecases.refused import Refused
from tests.factories.accounts import make_user
from tests.people import PASSWORD, People, Person, make_people
from tests.web.conftest import SignedIn

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
WRITES = ("/you/codes", "/you/codes/off", "/you/recovery-codes")


@pytest.fixture
def people(db: None) -> People:
    return make_people(password=PASSWORD)


def browser_of(person: Person) -> Client:
    client = Client()
    client.post("/sign-in", {"email": person.user.email, "password": PASSWORD})
    return client


def code_of(person: Person, at: datetime | None = None) -> str:
    totp = pyotp.TOTP(TotpSecret.objects.get(user=person.user).secret)
    return totp.at(at or datetime.now(UTC))


def switched_on(person: Person, at: datetime | None = None) -> tuple[str, ...]:
    """Set an app up for somebody, some minutes ago so that the code of now is fresh; return the recovery codes."""
    then = at or datetime.now(UTC) - timedelta(minutes=5)
    new_secret(actor=person.actor, now=then)
    return switch_codes_on(actor=person.actor, code=code_of(person, then), now=then)


def half_way(person: Person, wished: str = "/invoices") -> Client:
    """Return a browser in which the password was right and the code is asked for."""
    client = Client()
    answer = client.post("/sign-in", {"email": person.user.email, "password": PASSWORD, "next": wished})
    assert answer.headers["Location"] == "/sign-in/code"
    return client


def give(client: Client, code: str) -> tuple[int, str]:
    answer = client.post("/sign-in/code", {"code": code})
    return answer.status_code, answer.headers.get("Location", "")


def said(person: Person, code: str, at: datetime) -> str:
    try:
        check_code(user=person.user, code=code, now=at)
    except Refused as refused:
        return refused.code
    return "in"


def test_an_app_is_set_up_with_a_first_code_and_recovery_codes_are_shown_once(people: People) -> None:
    client = browser_of(people.alice)
    text = client.get("/you/codes").content.decode()
    secret = TotpSecret.objects.get().secret
    assert " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) in text
    assert "<svg" in text
    assert "style=" not in text
    key = client.session.session_key
    answer = client.post("/you/codes", {"code": code_of(people.alice)})
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", answer.content.decode())
    assert (answer.status_code, len(set(codes))) == (200, RECOVERY_CODES)
    assert client.session.session_key != key, "the way in changed, so the session gets another key"
    again = client.post("/you/codes", {"code": code_of(people.alice)})
    assert (again.status_code, again.headers["Location"]) == (302, "/you#codes")
    assert client.get("/you/codes").status_code == 302, "the secret is never shown again"
    assert "8 recovery codes left" in client.get("/you").content.decode()
    assert AuditEntry.objects.latest("pk").action == "codes_switched_on"


def test_before_the_first_code_nothing_is_asked_for(people: People) -> None:
    client = browser_of(people.alice)
    client.get("/you/codes")
    for wrong in ("", "000000", "abc", "９９９９９９", "1" * 200):
        answer = client.post("/you/codes", {"code": wrong})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
    assert client.post("/you/codes", {"code": code_of(people.alice)}).status_code == 429
    assert browser_of(people.alice).get("/you").status_code == 200


def test_with_an_app_the_password_alone_is_not_enough(people: People) -> None:
    switched_on(people.alice)
    client = half_way(people.alice, "/invoices?period=2026-10")
    assert client.get("/invoices").status_code == 302, "half way is not in"
    assert not AuditEntry.objects.filter(action="signed_in").exists()
    key = client.session.session_key
    assert give(client, code_of(people.alice)) == (302, "/invoices?period=2026-10")
    assert client.session.session_key != key
    assert client.get("/invoices").status_code == 200
    assert AuditEntry.objects.get(action="signed_in").changes == {"method": "password and code"}


def test_a_code_works_once_and_a_little_early_or_late(people: People) -> None:
    switched_on(people.alice, NOON - timedelta(hours=1))
    now = code_of(people.alice, NOON)
    assert said(people.alice, now, NOON) == "in"
    assert said(people.alice, now, NOON) == "wrong_code", "whoever looked over the shoulder is too late"
    late = code_of(people.alice, NOON + timedelta(minutes=5))
    assert said(people.alice, late, NOON + timedelta(minutes=5, seconds=30)) == "in"
    early = code_of(people.alice, NOON + timedelta(minutes=10, seconds=30))
    assert said(people.alice, f" {early[:3]} {early[3:]} ", NOON + timedelta(minutes=10)) == "in"
    old = code_of(people.alice, NOON + timedelta(minutes=18))
    assert said(people.alice, old, NOON + timedelta(minutes=20)) == "wrong_code"


def test_a_recovery_code_works_once_in_any_writing(people: People) -> None:
    codes = switched_on(people.alice)
    client = half_way(people.alice)
    assert give(client, codes[0].upper().replace("-", " "))[0] == 302
    assert give(half_way(people.alice), codes[0])[0] == 422
    assert "7 recovery codes left" in client.get("/you").content.decode()
    methods = [entry.changes["method"] for entry in AuditEntry.objects.filter(action="signed_in")]
    assert methods == ["password and recovery code"]


def test_new_recovery_codes_end_the_old_ones(people: People) -> None:
    old = switched_on(people.alice)
    client = half_way(people.alice)
    give(client, code_of(people.alice))
    shown = client.post("/you/recovery-codes").content.decode()
    assert old[0] not in shown
    assert RecoveryCode.objects.filter(used_at=None).count() == RECOVERY_CODES
    assert give(half_way(people.alice), old[0])[0] == 422


def test_guessing_codes_is_stopped_even_many_at_once(people: People) -> None:
    codes = switched_on(people.alice)
    client = half_way(people.alice)
    assert [give(client, "000000")[0] for _ in range(MOST_FAILURES["person"])] == [422] * 5
    assert give(client, code_of(people.alice))[0] == 429
    assert give(half_way(people.alice), codes[0])[0] == 429, "another browser is no way around"
    assert AuditEntry.objects.filter(action="sign_in_refused", changes__method="code").count() == 5


def test_half_way_ends_after_a_while_and_with_a_new_password(people: People) -> None:
    switched_on(people.alice)
    client = half_way(people.alice)
    session = client.session
    session["code_for"] = {**session["code_for"], "since": (datetime.now(UTC) - timedelta(minutes=11)).isoformat()}
    session.save()
    assert give(client, code_of(people.alice)) == (302, "/sign-in")
    client = half_way(people.alice)
    people.alice.user.set_password("another long road to Larissa")
    people.alice.user.save()
    assert give(client, code_of(people.alice)) == (302, "/sign-in")
    assert client.get("/invoices").status_code == 302


def test_somebody_switched_off_half_way_stays_out(people: People) -> None:
    switched_on(people.alice)
    client = half_way(people.alice)
    User.objects.filter(pk=people.alice.user.pk).update(is_active=False)
    assert give(client, code_of(people.alice))[0] == 422


def test_nobody_reaches_the_code_without_the_password(people: People) -> None:
    assert Client().get("/sign-in/code").headers["Location"] == "/sign-in"
    assert give(Client(), "000000") == (302, "/sign-in")
    with pytest.raises(Refused):
        check_code(user=people.bob.user, code="000000", now=NOON)


def test_taking_the_app_away_takes_everything_away(people: People) -> None:
    switched_on(people.alice)
    client = half_way(people.alice)
    give(client, code_of(people.alice))
    assert client.post("/you/codes/off").status_code == 303
    assert not TotpSecret.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert browser_of(people.alice).get("/you").status_code == 200
    assert client.post("/you/recovery-codes").status_code == 409
    assert client.post("/you/codes/off").status_code == 303, "twice is once"
    assert AuditEntry.objects.filter(action="codes_switched_off").count() == 1


@pytest.mark.parametrize("address", WRITES)
def test_an_open_browser_is_asked_for_the_password_first(address: str, people: People, signed_in: SignedIn) -> None:
    switched_on(people.bob)
    client = signed_in(people.bob)
    answer = client.post(address)
    assert answer.headers["Location"].startswith("/you/confirm?next=")
    assert TotpSecret.objects.get().confirmed_at is not None
    assert Client().post(address).headers["Location"].startswith("/sign-in")


def test_the_password_once_more_opens_the_way_for_a_quarter_of_an_hour(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.bob)
    assert client.get("/you/codes").headers["Location"] == "/you/confirm?next=%2Fyou%2Fcodes"
    assert "write your password once more" in client.get("/you/confirm?next=/you/codes").content.decode()
    wrong = client.post("/you/confirm", {"current": "wrong", "next": "/you/codes"})
    assert wrong.status_code == 422
    assert client.post("/you/confirm", {"current": PASSWORD, "next": "//evil.example"}).headers["Location"] == "/you"
    assert client.get("/you/codes").status_code == 200
    session = client.session
    session["proved_at"] = (datetime.now(UTC) - timedelta(minutes=16)).isoformat()
    session.save()
    assert client.get("/you/codes").status_code == 302


def test_an_owner_helps_who_lost_the_phone_and_nobody_else_does(people: People) -> None:
    switched_on(people.bob)
    with pytest.raises(Refused, match="Only an owner"):
        forget_factors(actor=people.bob.actor, user=people.alice.user, now=NOON)
    with pytest.raises(Refused, match="not found"):
        forget_factors(actor=people.charlie.actor, user=people.bob.user, now=NOON)
    forget_factors(actor=people.alice.actor, user=people.bob.user, now=NOON)
    assert browser_of(people.bob).get("/you").status_code == 200
    assert AuditEntry.objects.get(action="factors_forgotten").object_name == "bob@nimbus.example"


def test_a_customers_person_may_have_an_app_too(people: People, olives: ManagedAccount) -> None:
    user = make_user(
        management_account=people.msp, email="ada@olives.example", managed_account=olives, password=PASSWORD
    )
    ada = Person(user=user)
    client = browser_of(ada)
    assert client.get("/you/codes").status_code == 200
    assert client.post("/you/codes", {"code": code_of(ada)}).status_code == 200
    half_way(ada)


def test_secrets_are_encrypted_hashed_and_never_logged(
    people: People, caplog: pytest.LogCaptureFixture, tmp_path: object
) -> None:
    caplog.set_level(logging.DEBUG)
    codes = switched_on(people.alice)
    client = half_way(people.alice)
    code = code_of(people.alice)
    give(client, code)
    give(half_way(people.alice), codes[1])
    secret = TotpSecret.objects.get().secret
    call_command("dumpdata", output=f"{tmp_path}/all.json", exclude=["accounts.totpsecret"], verbosity=0)
    with open(f"{tmp_path}/all.json", encoding="utf-8") as dump:  # noqa: PTH123
        kept = dump.read()
    for text in (kept, caplog.text):
        for hidden in (secret, codes[1], codes[1].replace("-", "")):
            assert hidden not in text
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_totpsecret")
        assert secret not in cursor.fetchone()[0]
