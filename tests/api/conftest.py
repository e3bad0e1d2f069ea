"""Two MSPs, made once for all tests of a file: what a test does to them is taken back after it.

A file with a test that commits says ``COMMITS = True``; its tests make their MSPs anew.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as installed
from django.db import transaction

from tests.api.world import Msp, make_msp

NAMES = {"ours": "Nimbus Partners", "theirs": "Cirrus Resale"}


@pytest.fixture(autouse=True, scope="session")
def static_folder() -> None:
    """Make the folder that `billow serve` collects static files into: its absence is a warning."""
    Path(installed.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    """Let tests ask as often as they like; those about the limit set one."""
    settings.API_REQUESTS_PER_MINUTE = 0


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[str], Msp]]:
    """Give MSPs by name, each made when it is first asked for, in a transaction that never commits."""
    worlds: dict[str, Msp] = {}

    def msp(name: str) -> Msp:
        if name not in worlds:
            worlds[name] = make_msp(name=NAMES[name])
        return worlds[name]

    with django_db_blocker.unblock(), transaction.atomic():
        yield msp
        transaction.set_rollback(True)


@pytest.fixture
def take_back(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Msp]]:
    """Take back what the test does to the database."""
    if getattr(request.module, "COMMITS", False):
        request.getfixturevalue("db")
        yield lambda name: make_msp(name=NAMES[name])
        return
    made: Callable[[str], Msp] = request.getfixturevalue("made")
    for name in NAMES:
        if name in request.fixturenames:
            made(name)
    with request.getfixturevalue("django_db_blocker").unblock(), transaction.atomic():
        yield lambda name: deepcopy(made(name))
        transaction.set_rollback(True)


@pytest.fixture
def ours(take_back: Callable[[str], Msp]) -> Msp:
    return take_back("ours")


@pytest.fixture
def theirs(take_back: Callable[[str], Msp]) -> Msp:
    return take_back("theirs")
