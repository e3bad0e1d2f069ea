"""Who sees which customer: what teams say, and who wins."""

import pytest

from billow.records.billing.models import ManagedAccount
from billow.usecases.accounts import change_account, list_accounts
from billow.usecases.actor import Actor
from billow.usecases.find import find_account
from billow.usecases.page import PageWanted
from billow.usecases.read_invoices import list_invoices
from billow.usecases.refused import Refused
from billow.usecases.teams import add_member, add_team, everyone_team, members_of, page_of_teams, set_access
from tests.factories.invoices import FIRST_OF_NOVEMBER, make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

NOW = FIRST_OF_NOVEMBER


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def olives(people: People) -> ManagedAccount:
    return make_managed_account(management_account=people.msp, name="Thessaly Olives")


def team_of(people: People, *, name: str, email: str | None) -> str:
    team = add_team(actor=people.operator, fields={"name": name}, now=NOW)
    if email is not None:
        add_member(actor=people.operator, team=team, email=email, now=NOW)
    return name


def say(people: People, account: ManagedAccount, **access: str) -> None:
    teams = {team.name: team for team in page_of_teams(actor=people.operator, wanted=PageWanted()).items}
    for name, word in access.items():
        set_access(actor=people.operator, team=teams[name], account=account, access=word, now=NOW)


def sees(actor: Actor, account: ManagedAccount) -> bool:
    return account in list_accounts(actor=actor)


def test_everybody_sees_a_new_account(people: People, olives: ManagedAccount) -> None:
    assert sees(people.alice.actor, olives)
    assert sees(people.bob.actor, olives)
    assert not sees(people.charlie.actor, olives)


@pytest.mark.parametrize(
    ("everyone", "growers", "press", "seen"),
    [
        ("inherit", "inherit", "inherit", True),
        ("can", "cannot", "inherit", False),
        ("inherit", "cannot", "can", False),
        ("cannot", "inherit", "inherit", False),
        ("cannot", "can", "inherit", True),
        ("cannot", "can", "cannot", False),
        ("can", "can", "can", True),
    ],
)
def test_one_denial_wins_and_everyone_is_what_others_inherit(
    everyone: str, growers: str, press: str, seen: bool, people: People, olives: ManagedAccount
) -> None:
    for name in ("growers", "press"):
        team_of(people, name=name, email=people.bob.user.email)
    say(people, olives, Everyone=everyone, growers=growers, press=press)
    assert sees(people.bob.actor, olives) is seen


def test_a_team_one_is_not_in_says_nothing(people: People, olives: ManagedAccount) -> None:
    team_of(people, name="growers", email=None)
    say(people, olives, growers="cannot")
    assert sees(people.bob.actor, olives)


def test_a_hidden_account_cannot_be_found_changed_or_seen_by_its_invoices(
    people: People, olives: ManagedAccount
) -> None:
    make_draft(account=olives, profile=make_profile(management_account=people.msp))
    alice = people.alice.actor
    assert len(list_invoices(actor=alice, now=NOW)) == 1
    say(people, olives, Everyone="cannot")
    assert list_invoices(actor=alice, now=NOW) == ()
    with pytest.raises(Refused, match="no managed account"):
        find_account(actor=alice, text=olives.token)
    with pytest.raises(Refused, match="not found"):
        change_account(actor=alice, account=olives, fields={"name": "Mine"}, now=NOW)
    assert sees(people.operator, olives)
    say(people, olives, Everyone="can")
    assert sees(alice, olives)


def test_everyone_holds_every_user_and_stays_as_it_is(people: People) -> None:
    everyone = everyone_team(actor=people.operator)
    assert [member.user for member in members_of(team=everyone)] == [people.alice.user, people.bob.user]
    with pytest.raises(Refused, match="holds every user"):
        add_member(actor=people.operator, team=everyone, email=people.bob.user.email, now=NOW)
    with pytest.raises(Refused, match="Only an owner"):
        set_access(
            actor=people.bob.actor,
            team=everyone,
            account=make_managed_account(management_account=people.msp, name="Cheese"),
            access="cannot",
            now=NOW,
        )
