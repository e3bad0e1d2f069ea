"""Access tokens at the console, without script: made once, shown once, listed without secrets, ended for good."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import ApiToken, Role, User
from billow.records.audit.models import AuditEntry
from billow.usecases.api_tokens import create_token, revoke_token
from billow.usecases.teams import add_team
from billow.usecases.users import add_service
from tests.factories.accounts import make_user
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

LIST = "/settings/tokens"
MOST_QUERIES = 12


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def once_of(client: Client) -> str:
    return text_of(client, f"{LIST}/new").partition('name="once" value="')[2].partition('"')[0]


def secret_in(text: str) -> str:
    found = re.search(r"vntg_tkn_[0-9a-f]{40}", text)
    return found[0] if found else ""


def given(client: Client, **fields: str) -> dict[str, str]:
    return {"once": once_of(client), "scope": "read", "expires": "90", "description": "Terraform", **fields}


def test_a_token_is_shown_once_and_works_until_it_is_revoked(client: Client, people: People) -> None:
    assert "No token in use" in text_of(client, LIST)
    fields = given(client, scope="read,write", holder=people.alice.user.token)
    made = client.post(f"{LIST}/new", fields)
    secret = secret_in(made.content.decode())
    assert made.status_code == 200
    assert "no-store" in made.headers["Cache-Control"]
    with_it = {"authorization": f"Bearer {secret}"}
    assert Client().get("/v2/me", headers=with_it).status_code == 200
    listed = text_of(client, LIST)
    assert secret not in listed
    for shown in ("Terraform", "Read and write", "alice@nimbus.example"):
        assert shown in listed
    row = ApiToken.objects.get()
    assert row.expires_at is not None
    assert row.expires_at - row.created_at == timedelta(days=90)
    assert "It was last used on" in text_of(client, f"{LIST}/{row.token}/revoke")
    assert client.post(f"{LIST}/{row.token}/revoke").headers["Location"] == LIST
    assert Client().get("/v2/me", headers=with_it).status_code == 401
    assert "Terraform" not in text_of(client, LIST).partition("<tbody>")[2]
    assert "Revoked" in text_of(client, f"{LIST}?show=ended")


def test_a_form_that_is_sent_twice_makes_one_token_and_tells_its_secret_once(client: Client, people: People) -> None:
    fields = given(client, holder=people.alice.user.token)
    first, second = (client.post(f"{LIST}/new", fields) for _ in range(2))
    assert secret_in(first.content.decode())
    assert (second.status_code, second.headers["Location"]) == (303, LIST)
    assert "its secret was shown then" in text_of(client, LIST)
    assert ApiToken.objects.count() == 1
    client.post(f"{LIST}/{ApiToken.objects.get().token}/revoke")
    client.post(f"{LIST}/{ApiToken.objects.get().token}/revoke")
    assert AuditEntry.objects.filter(object_type="ApiToken").count() == 2


def test_an_owner_makes_a_token_for_somebody_else_and_for_a_new_service(client: Client, people: People) -> None:
    client.post(f"{LIST}/new", given(client, holder=people.bob.user.token, expires="never"))
    assert ApiToken.objects.get().user == people.bob.user
    team = add_team(actor=people.alice.actor, fields={"name": "North"}, now=datetime.now(UTC))
    fields = given(client, holder="new", service="Warehouse", role="editor", team=team.token)
    assert secret_in(client.post(f"{LIST}/new", fields).content.decode())
    service = User.objects.get(is_service=True)
    assert (service.name, service.role, service.memberships.get().team) == ("Warehouse", "editor", team)
    assert "Service · Editor" in text_of(client, LIST)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"holder": "usr_nobody"}, "Choose who acts with the token"),
        ({"scope": "everything"}, "Scope must be one of read, write"),
        ({"expires": "99999"}, "Choose when the token expires"),
        ({"description": "x" * 256}, "at most 255 fit"),
        ({"holder": "new", "service": " "}, "Service can&#x27;t be blank"),
        ({"holder": "new", "service": "S", "role": "king"}, "Role must be one of"),
        ({"holder": "new", "service": "S", "team": "team_x"}, "Choose a team of the list"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_makes_nothing(
    fields: dict[str, str], message: str, client: Client, people: People
) -> None:
    answer = client.post(f"{LIST}/new", {**given(client, holder=people.alice.user.token), **fields})
    text = answer.content.decode()
    assert (answer.status_code, text.count(message)) == (422, 2)
    assert not ApiToken.objects.exists()
    assert not User.objects.filter(is_service=True).exists()


def test_whoever_is_no_owner_makes_and_sees_tokens_of_his_own_only(people: People, signed_in: SignedIn) -> None:
    theirs = create_token(actor=people.alice.actor, user=people.alice.user, scopes=["read"], now=datetime.now(UTC)).row
    bob = signed_in(people.bob)
    form = text_of(bob, f"{LIST}/new")
    assert "A new service" not in form
    assert "alice@nimbus.example" not in form
    for holder in (people.alice.user.token, "new"):
        assert bob.post(f"{LIST}/new", given(bob, holder=holder, service="S")).status_code in {403, 422}
    assert secret_in(bob.post(f"{LIST}/new", given(bob, holder=people.bob.user.token)).content.decode())
    assert ApiToken.objects.exclude(pk=theirs.pk).get().user == people.bob.user
    assert "alice@nimbus.example" not in text_of(bob, LIST)
    assert bob.post(f"{LIST}/{theirs.token}/revoke").status_code == 404


def test_expired_tokens_and_those_of_people_who_left_have_ended(client: Client, people: People) -> None:
    now = datetime.now(UTC)
    for number, days in enumerate((1, 400)):
        create_token(
            actor=people.alice.actor,
            user=people.bob.user if number else people.alice.user,
            scopes=["read"],
            description=f"Token {number}",
            expires_at=now - timedelta(days=500) + timedelta(days=days) if not number else None,
            now=now - timedelta(days=500),
        )
    assert "Token 1" in text_of(client, LIST)
    User.objects.filter(pk=people.bob.user.pk).update(is_active=False)
    ended = text_of(client, f"{LIST}?show=ended")
    for shown in ("Token 0", "Expired", "Token 1", "Its owner may not sign in"):
        assert shown in ended
    assert "No token in use" in text_of(client, LIST)


def test_hostile_names_stay_text(client: Client, people: People) -> None:
    service = add_service(actor=people.alice.actor, name=EVIL, now=datetime.now(UTC))
    row = create_token(
        actor=people.alice.actor, user=service, scopes=["read"], description=EVIL, now=datetime.now(UTC)
    ).row
    made = client.post(f"{LIST}/new", given(client, description=EVIL, holder=service.token)).content.decode()
    for text in (made, *(text_of(client, f"{LIST}{part}") for part in ("", "/new", f"/{row.token}/revoke"))):
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_as_many_queries_for_many_tokens_as_for_few(client: Client, people: People) -> None:
    def used() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client, LIST)
            text_of(client, f"{LIST}/new")
        return len(queries)

    used()
    few = used()
    for number in range(60):
        user = make_user(management_account=people.msp, email=f"p{number}@nimbus.example", role=Role.VIEWER)
        create_token(actor=people.alice.actor, user=user, scopes=["read"], now=datetime.now(UTC))
    assert used() == few <= 2 * MOST_QUERIES
    assert "1–50 of 60" in text_of(client, LIST)
    token = ApiToken.objects.order_by("pk")[0]
    revoke_token(actor=Person(user=people.alice.user).actor, token=token.token, now=datetime.now(UTC))
    assert "1–50 of 59" in text_of(client, LIST)
