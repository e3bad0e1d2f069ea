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
def made(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Callable[[str], Msp]]:
    """Give MSPs by name, each made when the first test of the file begins, in a transaction that never commits."""
    if getattr(request.module, "COMMITS", False):
        yield lambda name: make_msp(name=NAMES[name])
        return
    with django_db_blocker.unblock(), transaction.atomic():
        worlds = {name: make_msp(name=NAMES[name]) for name in NAMES}
        yield lambda name: deepcopy(worlds[name])
        transaction.set_rollback(True)


@pytest.fixture
def ours(made: Callable[[str], Msp], db: None) -> Msp:
    return made("ours")


@pytest.fixture
def theirs(made: Callable[[str], Msp], db: None) -> Msp:
    return made("theirs")
