"""What every test may use."""

from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real sample bills, or skip where a machine does not have it."""
    folder = PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real sample bills are not on this machine (../shared/data)")
    return folder
