"""A store of its own for each test."""

from pathlib import Path

import pytest

from billow.coststore.store import CostStore


@pytest.fixture
def store(tmp_path: Path) -> CostStore:
    """Give an empty store."""
    return CostStore(root=tmp_path / "store")
