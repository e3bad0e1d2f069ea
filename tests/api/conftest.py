"""Two MSPs, made once for all tests of a file that only read or roll back."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as installed

from tests.api.world import Msp, make_msp


@pytest.fixture(autouse=True, scope="session")
def static_folder() -> None:
    """Make the folder that `billow serve` collects static files into: its absence is a warning."""
    Path(installed.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    """Let tests ask as often as they like; those about the limit set one."""
    settings.API_REQUESTS_PER_MINUTE = 0


@pytest.fixture(autouse=True)
def own_documents(settings: LazySettings, tmp_path: Path) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "documents"}},
    }


@pytest.fixture
def ours(db: None) -> Msp:
    return make_msp(name="Nimbus Partners")


@pytest.fixture
def theirs(db: None) -> Msp:
    return make_msp(name="Cirrus Resale")
