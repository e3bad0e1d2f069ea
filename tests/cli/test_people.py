"""Users and teams on the command line."""

from tests.cli.conftest import Program


def test_a_person_is_added_changed_and_put_into_a_team_that_sees_less(billow: Program) -> None:
    made = billow.ok("users", "add", "bob@nimbus.example", "--name", "Bob", "--role", "editor")
    assert made["password"]
    assert billow.ok("users", "set", "bob@nimbus.example", "--role", "viewer")["role"] == "viewer"
    billow.ok("accounts", "add", "Nordwind", "--email", "nordwind@nimbus.example")
    team = billow.ok("teams", "add", "Growers", "--user", "bob@nimbus.example")
    said = billow.ok("teams", "access", "Growers", "cannot", "--account", "Nordwind")
    assert (team["members"], list(said["access"].values())) == (["bob@nimbus.example"], ["cannot"])
    assert [each["name"] for each in billow.ok("teams", "list")["teams"]] == ["Everyone", "Growers"]
    customer = billow.ok("users", "add", "ada@nordwind.example", "--account", "Nordwind")
    assert (customer["account"], customer["password"]) == ("Nordwind", None)
    assert len(billow.ok("users", "list")["users"]) == 3


def test_the_last_owner_stays_one(billow: Program) -> None:
    assert billow.refused("users", "set", "alice@nimbus.example", "--role", "viewer") == ["last_owner"]
    assert billow.refused("users", "add", "alice@nimbus.example") == ["user_exists"]


def test_an_invitation_is_mailed_and_an_inactive_user_gets_none(billow: Program) -> None:
    billow.ok("users", "add", "bob@nimbus.example")
    assert billow.ok("users", "invite", "bob@nimbus.example")["user"] == "bob@nimbus.example"
    billow.ok("users", "set", "bob@nimbus.example", "--inactive")
    assert billow.refused("users", "invite", "bob@nimbus.example") == ["cannot_sign_in"]
    billow.ok("users", "set", "bob@nimbus.example", "--active")
    assert billow.ok("users", "recover", "bob@nimbus.example")["user"] == "bob@nimbus.example"
