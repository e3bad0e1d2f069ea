"""Who may see and change each partner setting: owners, others of the MSP, other MSPs, customers, and nobody."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.test import Client

from billow.interfaces.web.frame.settings_places import GROUPS
from billow.interfaces.web.partner_settings.urls import PARTNER_SETTINGS
from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import ManagedAccount
from billow.usecases.api_tokens import create_token
from billow.usecases.teams import add_team
from billow.usecases.webhooks import add_endpoint, send_test
from tests.factories.accounts import make_user
from tests.people import People, Person
from tests.web.conftest import SignedIn

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
OWNERS = frozenset({Role.OWNER})
EVERYBODY = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()
ROLE = {"role": "owner"}
NAME = {"name": "South"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An address, who may open it, and who may send its form; ``found_by_others`` where it names no record of ours."""

    pattern: str
    looks: frozenset[Role] = EVERYBODY
    writes: frozenset[Role] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    found_by_others: bool = True


ROWS = (
    Row(pattern="settings"),
    Row(pattern="settings/tokens"),
    Row(pattern="settings/tokens/new", writes=EVERYBODY, fields={"scope": "nothing"}),
    Row(pattern="settings/tokens/<slug:token>/revoke", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/users", looks=OWNERS),
    Row(pattern="settings/users/new", looks=OWNERS, writes=OWNERS, fields={"email": "new@nimbus.example"}),
    Row(pattern="settings/users/<slug:token>", looks=OWNERS, writes=OWNERS, fields=ROLE, found_by_others=False),
    Row(pattern="settings/users/<slug:token>/disable", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/users/<slug:token>/enable", looks=NOBODY, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/teams", looks=OWNERS),
    Row(pattern="settings/teams/new", looks=OWNERS, writes=OWNERS, fields={"name": "South"}),
    Row(pattern="settings/teams/<slug:token>", looks=OWNERS, writes=OWNERS, fields=NAME, found_by_others=False),
    Row(pattern="settings/teams/<slug:token>/access", looks=NOBODY, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/teams/<slug:token>/members", looks=NOBODY, writes=OWNERS, found_by_others=False),
    Row(
        pattern="settings/teams/<slug:token>/members/<slug:user>/remove",
        looks=NOBODY,
        writes=OWNERS,
        found_by_others=False,
    ),
    Row(pattern="settings/teams/<slug:token>/delete", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks", looks=OWNERS),
    Row(pattern="settings/webhooks/new", looks=OWNERS, writes=OWNERS, fields={"url": "https://hooks.example/x"}),
    Row(pattern="settings/webhooks/<slug:token>", looks=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/settings", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/calls/<slug:call>", looks=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/test", looks=NOBODY, writes=OWNERS, found_by_others=False),
    Row(
        pattern="settings/webhooks/<slug:token>/replay/<slug:event>",
        looks=NOBODY,
        writes=OWNERS,
        found_by_others=False,
    ),
    Row(pattern="settings/webhooks/<slug:token>/replay-failed", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/pause", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/resume", looks=NOBODY, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/secret", looks=OWNERS, writes=OWNERS, found_by_others=False),
    Row(pattern="settings/webhooks/<slug:token>/delete", looks=OWNERS, writes=OWNERS, found_by_others=False),
)


@pytest.fixture
def named(people: People) -> dict[str, str]:
    """Make a record of each kind and return, by page, how its address names it."""
    token = create_token(actor=people.alice.actor, user=people.alice.user, scopes=["read"], now=NOW).row
    team = add_team(actor=people.alice.actor, fields={"name": "North", "user_emails": ["bob@nimbus.example"]}, now=NOW)
    hook = add_endpoint(actor=people.alice.actor, url="https://hooks.example/billow", now=NOW).endpoint
    call = send_test(actor=people.alice.actor, endpoint=hook, now=NOW)
    return {
        "tokens": token.token,
        "users": people.bob.user.token,
        "teams": team.token,
        "webhooks": hook.token,
        "call": call.token,
        "event": call.event.token,
    }


def address_of(row: Row, named: dict[str, str]) -> str:
    kind = row.pattern.removeprefix("settings/").partition("/")[0]
    address = "/" + row.pattern.replace("<slug:token>", named.get(kind, ""))
    for part, name in (("user", "users"), ("call", "call"), ("event", "event")):
        address = address.replace(f"<slug:{part}>", named[name])
    return address


def person_with(role: Role, people: People) -> Person:
    return Person(user=make_user(management_account=people.msp, email=f"{role}@nimbus.example", role=role))


def test_every_address_is_in_the_table() -> None:
    assert [str(each.pattern) for each in PARTNER_SETTINGS] == [row.pattern for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.pattern)
def test_each_role_sees_and_does_what_the_table_says(
    row: Row, people: People, named: dict[str, str], signed_in: SignedIn
) -> None:
    address = address_of(row, named)
    for role in Role:
        client = signed_in(person_with(role, people))
        refused = {403, 404} if "<" in row.pattern else {403}
        if row.looks:
            assert (role, client.get(address).status_code in refused) == (role, role not in row.looks)
        else:
            assert client.get(address).status_code == 405
        if row.writes is not None and role not in row.writes:
            before = AuditEntry.objects.count()
            assert client.post(address, row.fields).status_code in refused
            assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.pattern)
def test_another_msp_a_customer_and_a_stranger_are_kept_out(
    row: Row, people: People, olives: ManagedAccount, named: dict[str, str], signed_in: SignedIn
) -> None:
    address, before = address_of(row, named), AuditEntry.objects.count()
    customer = Person(user=make_user(management_account=people.msp, email="nikos@olives.example"))
    customer.user.managed_account = olives
    customer.user.save()
    methods = (["get"] if row.looks else []) + (["post"] if row.writes is not None else [])
    for method in methods:
        assert getattr(Client(), method)(address).status_code == 302
        assert getattr(signed_in(customer), method)(address, row.fields).status_code in {403, 404}
        if not row.found_by_others:
            assert getattr(signed_in(people.charlie), method)(address, row.fields).status_code == 404
    if row.writes is not None:
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(people.alice.user)
        assert careful.post(address, row.fields).status_code == 403
    assert AuditEntry.objects.count() == before


def test_the_settings_lead_to_every_page_that_one_may_see(people: People, signed_in: SignedIn) -> None:
    for person in (people.alice, people.bob):
        text = signed_in(person).get("/settings").content.decode()
        for group in GROUPS:
            for place in group.places:
                assert (place.key, f'href="{place.path}"' in text) == (place.key, person.user.may(place.needs))
                if person.user.may(place.needs):
                    page = signed_in(person).get(place.path).content.decode()
                    assert f'<a href="{place.path}" aria-current="page">' in page
