"""What every test may use, and what no test may do."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real sample bills, or skip where a machine does not have it."""
    folder = PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real sample bills are not on this machine (../shared/data)")
    return folder


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """Give the variables with which a process that a test starts sees the test's database and data folder."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = urlunsplit(urlsplit(os.environ["BILLOW_DATABASE_URL"])._replace(path=f"/{name}"))
    return {
        **os.environ,
        "BILLOW_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "billow.settings",
        "PYTHONPATH": str(PROJECT_ROOT / "src"),
    }


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Let no test speak to another machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_to_this_machine(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _only_this_machine(socket.getaddrinfo))
        yield


@pytest.fixture(autouse=True, scope="session")
def emptying_despite_write_protection() -> Iterator[None]:
    """Let Django empty the tables between tests that commit, although triggers refuse it to everybody else."""
    from django.test import TransactionTestCase

    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(test_case: TransactionTestCase) -> None:
        with _without_triggers():
            original(test_case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@contextmanager
def _without_triggers() -> Iterator[None]:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lift, restore = ["SET session_replication_role TO replica"], ["SET session_replication_role TO DEFAULT"]
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            lift, restore = [f'DROP TRIGGER "{name}"' for name, _ in triggers], [sql for _, sql in triggers]
        for statement in lift:
            cursor.execute(statement, None)
        try:
            yield
        finally:
            for statement in restore:
                cursor.execute(statement, None)


def _only_to_this_machine(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _refuse_elsewhere(address[0])
        return connect(self, address)

    return guarded


def _only_this_machine(getaddrinfo: Any) -> Any:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_elsewhere(host)
        return getaddrinfo(host, *arguments, **options)

    return guarded


def _refuse_elsewhere(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", "0.0.0.0", "::"}:
        return
    try:
        allowed = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        allowed = False
    if not allowed:
        pytest.fail(f"a test tried to reach {name}: tests speak to this machine only", pytrace=True)
