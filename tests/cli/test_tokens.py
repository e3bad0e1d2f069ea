"""API tokens on the command line."""

import pytest

from tests.cli.conftest import Program


def test_a_token_is_shown_once_listed_and_revoked(billow: Program) -> None:
    made = billow.ok("tokens", "create", "--user", "alice@nimbus.example", "--scope", "read,write")
    assert made["token"].startswith("vntg_tkn_")
    assert len(made["token"]) == len("vntg_tkn_") + 40
    listed = billow.ok("tokens", "list")["tokens"]
    assert [(each["id"], each["state"]) for each in listed] == [(made["id"], "live")]
    assert made["token"] not in str(listed)
    assert billow.ok("tokens", "revoke", made["token"], "--yes")["state"] == "revoked"


def test_a_service_has_a_token_of_its_own(billow: Program) -> None:
    made = billow.ok("tokens", "create", "--service", "Terraform", "--role", "owner", "--expires-in-days", "30")
    assert (made["user"], made["role"], made["scopes"]) == ("Terraform", "owner", "read")
    assert made["expires_at"] is not None
    table = billow.run("tokens", "list").stdout
    assert made["expires_at"][:10] in table
    assert "+00:00" not in table


@pytest.mark.parametrize(
    "arguments",
    [
        ("tokens", "create", "--user", "nobody@nimbus.example"),
        ("tokens", "create", "--service", "Terraform", "--scope", "everything"),
        ("tokens", "create", "--service", "Terraform", "--role", "king"),
        ("tokens", "revoke", "api_tkn_0000000000000000", "--yes"),
    ],
)
def test_what_cannot_be_is_refused(billow: Program, arguments: tuple[str, ...]) -> None:
    answer = billow.run(*arguments)
    assert answer.code == 1
    assert answer.errors
