"""What the program says about a database that cannot be used."""

import os
from pathlib import Path

import pytest
from django.db import OperationalError, ProgrammingError

from billow.interfaces.cli.reasons import reasons_of
from tests.cli.conftest import Program, clean_variables


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("no such table: accounts_user"), "not_initialised"),
        (ProgrammingError('relation "accounts_user" does not exist'), "not_initialised"),
        (OperationalError("database or disk is full"), "no_space"),
        (OperationalError("disk I/O error"), "no_space"),
        (OperationalError("attempt to write a readonly database"), "no_access"),
        (OperationalError('connection failed: password authentication failed for user "billow"'), "no_access"),
        (OperationalError("database is locked"), "database_busy"),
        (OperationalError("connection failed: Connection refused\nIs the server running?"), "database_unreachable"),
        (OperationalError("something new"), "unexpected"),
        (ZeroDivisionError("division by zero"), "unexpected"),
    ],
    ids=str,
)
def test_what_a_database_says_becomes_a_reason_on_one_line(error: Exception, code: str) -> None:
    ((given, message),) = reasons_of(error)  # type: ignore[misc]
    assert given == code
    assert "\n" not in message


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://localhost/billow", "postgresql://billow:a@b:c@localhost:none/billow"]
)
def test_a_database_url_that_cannot_be_used_is_a_wrong_setting(fresh: Program, url: str) -> None:
    answer = Program(fresh.data, {**fresh.variables, "BILLOW_DATABASE_URL": url}).run("accounts", "list")
    assert (answer.code, answer.errors) == (1, ["configuration"])
    assert "BILLOW_DATABASE_URL" in answer.stderr
    assert "a@b" not in answer.stderr


def test_a_database_server_that_does_not_answer_is_named(fresh: Program) -> None:
    url = "postgresql://billow:a-secret@127.0.0.1:1/billow"
    answer = Program(fresh.data, {**fresh.variables, "BILLOW_DATABASE_URL": url}).run("accounts", "list")
    assert (answer.code, answer.errors) == (1, ["database_unreachable"])
    assert "a-secret" not in answer.stderr


def test_a_data_folder_of_somebody_else_is_not_taken_for_an_empty_one(template: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    keys = template / "keys"
    keys.chmod(0)
    try:
        answer = Program(template, clean_variables(data=template)).run("accounts", "list")
    finally:
        keys.chmod(0o700)
    assert answer.errors == ["configuration"]
