"""Users and teams at the console, without script: who is there, what each may do, and which customers each sees."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import LinkPurpose, MailedLink, Role, Team, TotpSecret, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import AccountAccess, ManagedAccount
from billow.usecases.mail_links import mail_links_due
from billow.usecases.teams import add_team, everyone_team
from billow.usecases.users import add_service
from tests.factories.accounts import make_user
from tests.factories.parties import make_managed_account
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

USERS = "/settings/users"
TEAMS = "/settings/teams"
MOST_QUERIES = 16


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def north(people: People) -> Team:
    fields = {"name": "North", "user_emails": ["bob@nimbus.example"]}
    return add_team(actor=people.alice.actor, fields=fields, now=datetime.now(UTC))


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def once_of(text: str) -> str:
    return text.partition('name="once" value="')[2].partition('"')[0]


def password_in(text: str) -> str:
    return text.partition('id="secret" value="')[2].partition('"')[0]


def test_a_person_is_added_once_in_a_team_and_signs_in_with_the_first_password(client: Client, north: Team) -> None:
    fields = {
        "email": "Dora@nimbus.example",
        "name": "Dora",
        "role": "editor",
        "team": north.token,
        "way": "shown",
        "once": once_of(text_of(client, f"{USERS}/new")),
    }
    first, second = (client.post(f"{USERS}/new", fields) for _ in range(2))
    password = password_in(first.content.decode())
    assert len(password) >= 16
    assert (second.status_code, second.headers["Location"]) == (303, USERS)
    dora = User.objects.get(email="dora@nimbus.example")
    assert (dora.role, dora.memberships.get().team) == ("editor", north)
    listed = text_of(client, USERS)
    for shown in ("Dora", "dora@nimbus.example", "Editor", "North"):
        assert shown in listed
    browser = Client()
    assert browser.post("/sign-in", {"email": "dora@nimbus.example", "password": password}).status_code == 302
    assert browser.get("/invoices").status_code == 200


def test_a_person_is_invited_by_mail_unless_a_password_is_wished_for(client: Client) -> None:
    fields = {"email": "eleni@nimbus.example", "role": "viewer", "once": once_of(text_of(client, f"{USERS}/new"))}
    for answer in (client.post(f"{USERS}/new", fields), client.post(f"{USERS}/new", fields)):
        assert answer.status_code == 303
    eleni = User.objects.get(email="eleni@nimbus.example")
    assert not eleni.has_usable_password()
    link = MailedLink.objects.get()
    assert (link.user, link.purpose) == (eleni, LinkPurpose.INVITATION)
    page = text_of(client, f"{USERS}/{eleni.token}")
    assert "A link to choose a password is on its way to eleni@nimbus.example" in page


@pytest.mark.parametrize(
    ("fields", "message", "times"),
    [
        ({"email": ""}, "Email can&#x27;t be blank", 2),
        ({"email": "nobody"}, "is not an e-mail address", 2),
        ({"email": "bob@nimbus.example"}, "has a user already", 1),
        ({"role": "king"}, "Role must be one of", 2),
        ({"team": "team_x"}, "Choose a team of the list", 2),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_adds_nobody(
    fields: dict[str, str], message: str, times: int, client: Client
) -> None:
    before = User.objects.count()
    answer = client.post(f"{USERS}/new", {"email": "new@nimbus.example", "role": "viewer", **fields})
    assert (answer.status_code, answer.content.decode().count(message)) == (422, times)
    assert User.objects.count() == before


def test_a_role_is_changed_and_the_last_owner_stays_one(client: Client, people: People) -> None:
    bob, alice = f"{USERS}/{people.bob.user.token}", f"{USERS}/{people.alice.user.token}"
    assert client.post(bob, {"name": "Robert", "role": "integration_owner"}).status_code == 303
    people.bob.user.refresh_from_db()
    assert (people.bob.user.name, people.bob.user.role) == ("Robert", "integration_owner")
    refused = client.post(alice, {"name": "Alice", "role": "viewer"})
    assert refused.status_code == 422
    assert "is the last owner" in refused.content.decode()
    assert "is the last owner" in client.post(f"{alice}/disable").content.decode()
    people.alice.user.refresh_from_db()
    assert (people.alice.user.role, people.alice.user.is_active) == ("owner", True)


def test_whoever_is_disabled_is_signed_out_until_enabled_again(
    client: Client, people: People, signed_in: SignedIn
) -> None:
    bob, address = signed_in(people.bob), f"{USERS}/{people.bob.user.token}"
    assert bob.get("/invoices").status_code == 200
    assert "Disable Bob?" in text_of(client, f"{address}/disable")
    assert client.post(f"{address}/disable").headers["Location"] == address
    assert bob.get("/invoices").status_code == 302
    assert "Disabled" in text_of(client, USERS)
    client.post(f"{address}/enable")
    assert signed_in(people.bob).get("/invoices").status_code == 200
    actions = AuditEntry.objects.filter(object_type="User").values_list("changes", flat=True)
    assert [change["is_active"] for change in actions] == ["False", "True"]


def test_services_and_customers_people_have_lists_of_their_own_and_a_search(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    service = add_service(actor=people.alice.actor, name="Warehouse", now=datetime.now(UTC))
    nikos = make_user(management_account=people.msp, email="nikos@olives.example", name="Nikos")
    User.objects.filter(pk=nikos.pk).update(managed_account=olives)
    assert "Warehouse" not in text_of(client, USERS)
    assert "Warehouse" in text_of(client, f"{USERS}?kind=services")
    assert "service.invalid" not in text_of(client, f"{USERS}?kind=services")
    customers = text_of(client, f"{USERS}?kind=customers&q=thessaly")
    assert "nikos@olives.example" in customers
    assert "Nobody fits" in text_of(client, f"{USERS}?kind=customers&q=volos")
    assert "Customers they see" not in text_of(client, f"{USERS}/{nikos.token}")
    assert client.post(f"{USERS}/{service.token}", {"name": "Lake", "role": "editor"}).status_code == 303
    service.refresh_from_db()
    assert (service.name, service.role) == ("Lake", "editor")


def test_a_team_is_made_once_gets_members_and_hides_a_customer_from_them(
    client: Client, people: People, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    volos = make_managed_account(management_account=people.msp, name="Volos Shipping")
    fields = {"name": "North", "description": "Larissa", "once": once_of(text_of(client, f"{TEAMS}/new"))}
    answers = [client.post(f"{TEAMS}/new", fields) for _ in range(2)]
    team = Team.objects.get(is_everyone=False)
    address = f"{TEAMS}/{team.token}"
    assert {answer.headers["Location"] for answer in answers} == {address}
    assert client.post(f"{address}/members", {"email": "bob@nimbus.example"}).status_code == 303
    said = {f"access-{olives.token}": "cannot", f"was-{olives.token}": "inherit"}
    said |= {f"access-{volos.token}": "inherit", f"was-{volos.token}": "inherit"}
    client.post(f"{address}/access", said)
    assert AccountAccess.objects.get().managed_account == olives
    text = text_of(client, address)
    assert "1 customer was changed" in text
    assert "hidden" in text.partition("Thessaly Olives")[2].partition("</li>")[0]
    assert "Thessaly Olives" not in text_of(signed_in(people.bob), "/accounts")
    assert "Thessaly Olives" in text_of(client, "/accounts")
    assert "Thessaly Olives" in text_of(client, f"{USERS}/{people.bob.user.token}")
    client.post(f"{address}/members/{people.bob.user.token}/remove")
    assert "Thessaly Olives" in text_of(signed_in(people.bob), "/accounts")
    assert "None: they see all of them" in text_of(client, f"{USERS}/{people.bob.user.token}")


def test_what_everyone_says_counts_where_a_team_says_nothing(
    client: Client, people: People, north: Team, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    everyone = everyone_team(actor=people.alice.actor)
    address = f"{TEAMS}/{everyone.token}"
    client.post(f"{address}/access", {f"access-{olives.token}": "cannot", f"was-{olives.token}": "inherit"})
    assert "Thessaly Olives" not in text_of(signed_in(people.bob), "/accounts")
    # An owner who hid it from herself too still finds it here, and gives it back to one team.
    assert "Thessaly Olives" not in text_of(client, "/accounts")
    assert "As Everyone: cannot see" in text_of(client, f"{TEAMS}/{north.token}")
    client.post(f"{TEAMS}/{north.token}/access", {f"access-{olives.token}": "can", f"was-{olives.token}": "inherit"})
    assert "Thessaly Olives" in text_of(signed_in(people.bob), "/accounts")
    for part, fields in (("", {"name": "All"}), ("/members", {"email": "bob@nimbus.example"})):
        refused = client.post(f"{address}{part}", fields)
        assert "stays as it is" in refused.content.decode()
    assert client.post(f"{address}/delete").status_code == 409


def test_what_somebody_else_said_meanwhile_stays(client: Client, north: Team, olives: ManagedAccount) -> None:
    AccountAccess.objects.create(team=north, managed_account=olives, can_access=False)
    client.post(
        f"{TEAMS}/{north.token}/access", {f"access-{olives.token}": "inherit", f"was-{olives.token}": "inherit"}
    )
    assert AccountAccess.objects.get().can_access is False


def test_bad_wishes_of_a_team_change_nothing(
    client: Client, people: People, north: Team, olives: ManagedAccount
) -> None:
    foreign = make_managed_account(management_account=people.other_msp, name="Not ours")
    address = f"{TEAMS}/{north.token}"
    for part, fields, message in (
        ("", {"name": " "}, "Name can&#x27;t be blank"),
        ("", {"name": "Everyone"}, "There is already a team"),
        ("/members", {"email": "charlie@cirrus.example"}, "There is no user charlie@cirrus.example"),
        ("/access", {f"access-{foreign.token}": "can"}, "There is no account"),
        ("/access", {f"access-{olives.token}": "sometimes"}, "Access must be one of"),
    ):
        answer = client.post(f"{address}{part}", fields)
        assert (answer.status_code, message in answer.content.decode()) == (422, True), message
    assert client.post(f"{address}/members/{people.charlie.user.token}/remove").status_code == 404
    north.refresh_from_db()
    assert north.name == "North"
    assert not AccountAccess.objects.exists()


def test_a_deleted_team_says_nothing_any_more(client: Client, people: People, north: Team) -> None:
    assert "1 member stays a user" in text_of(client, f"{TEAMS}/{north.token}/delete")
    assert client.post(f"{TEAMS}/{north.token}/delete").headers["Location"] == TEAMS
    assert client.post(f"{TEAMS}/{north.token}/delete").status_code == 404
    assert not Team.objects.filter(is_everyone=False).exists()


def test_hostile_names_stay_text(client: Client, people: People) -> None:
    User.objects.filter(pk=people.bob.user.pk).update(name=EVIL)
    make_managed_account(management_account=people.msp, name=EVIL)
    fields = {"name": EVIL, "description": EVIL, "user_emails": ["bob@nimbus.example"]}
    team = add_team(actor=people.alice.actor, fields=fields, now=datetime.now(UTC))
    bob = f"{USERS}/{people.bob.user.token}"
    new = client.post(f"{USERS}/new", {"email": "x@nimbus.example", "name": EVIL}).content.decode()
    pages = (USERS, bob, f"{bob}/disable", TEAMS, f"{TEAMS}/{team.token}", f"{TEAMS}/{team.token}/delete")
    for text in (new, *(text_of(client, page) for page in pages)):
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_as_many_queries_for_many_as_for_few(client: Client, people: People, north: Team) -> None:
    def used() -> list[int]:
        counts = []
        for address in (USERS, f"{USERS}/{people.bob.user.token}", TEAMS, f"{TEAMS}/{north.token}"):
            with CaptureQueriesContext(connection) as queries:
                text_of(client, address)
            counts.append(len(queries))
        return counts

    make_managed_account(management_account=people.msp, name="First")
    used()
    few = used()
    for number in range(60):
        user = make_user(management_account=people.msp, email=f"p{number}@nimbus.example", role=Role.VIEWER)
        team = Team.objects.create(management_account=people.msp, name=f"Team {number}")
        team.members.create(user=user)
        north.members.create(user=user)
        account = make_managed_account(management_account=people.msp, name=f"Account {number}")
        AccountAccess.objects.create(team=team, managed_account=account, can_access=False)
    assert used() == few
    assert max(few) <= MOST_QUERIES
    assert "1–50 of 61" in text_of(client, f"{TEAMS}/{north.token}")


def test_somebody_is_mailed_a_link_once_however_often_the_button_is_pressed(client: Client, people: People) -> None:
    address = f"{USERS}/{people.bob.user.token}"
    assert "Mail a link to choose a password" in text_of(client, address)
    assert [client.post(f"{address}/invite").status_code for _ in range(2)] == [303, 303]
    assert MailedLink.objects.get().user == people.bob.user
    assert "on its way" in text_of(client, address)
    mail_links_due(now=lambda: datetime.now(UTC))
    assert "the link still works" in text_of(client, address)
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["invited", "mailed_link.sent"]
    assert [client.post(f"{address}/invite").status_code for _ in range(2)] == [303, 303]
    assert MailedLink.objects.filter(ended_at=None).count() == 1


def test_who_lost_the_phone_is_helped_after_a_question(client: Client, people: People) -> None:
    address = f"{USERS}/{people.bob.user.token}"
    assert "Lost the phone" not in text_of(client, address)
    TotpSecret.objects.create(
        user=people.bob.user, secret="x", created_at=datetime.now(UTC), confirmed_at=datetime.now(UTC)
    )
    assert "Authenticator app" in text_of(client, address)
    assert "really they who ask" in text_of(client, f"{address}/recover")
    assert TotpSecret.objects.exists()
    assert client.post(f"{address}/recover").status_code == 303
    assert not TotpSecret.objects.exists()
    assert client.post(f"{address}/recover").status_code == 303


def test_nobody_invites_who_may_not_come(client: Client, people: People) -> None:
    User.objects.filter(pk=people.bob.user.pk).update(is_active=False)
    address = f"{USERS}/{people.bob.user.token}"
    assert "Mail a link" not in text_of(client, address)
    assert client.post(f"{address}/invite").status_code == 409
    assert client.post(f"{USERS}/{people.charlie.user.token}/invite").status_code == 404
    assert not MailedLink.objects.exists()
