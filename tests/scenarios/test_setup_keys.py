from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from billow.usecases.keys import create_keys, read_key


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BILLOW_SECRET_KEY", raising=False)
    monkeypatch.delenv("BILLOW_ENCRYPTION_KEY", raising=False)


def test_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    made = create_keys(data=tmp_path / "data")
    assert {file.name for file in made} == {"secret_key", "encryption_key"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in made)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    Fernet(read_key(data=tmp_path / "data", variable="BILLOW_ENCRYPTION_KEY", name="encryption_key"))
    before = [file.read_text() for file in made]
    assert create_keys(data=tmp_path / "data") == ()
    assert [file.read_text() for file in made] == before


def test_a_key_in_a_variable_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLOW_ENCRYPTION_KEY", "from elsewhere")
    assert [file.name for file in create_keys(data=tmp_path)] == ["secret_key"]
    assert read_key(data=tmp_path, variable="BILLOW_ENCRYPTION_KEY", name="encryption_key") == "from elsewhere"


def test_of_many_who_make_keys_at_once_one_wins_and_all_read_the_same(tmp_path: Path) -> None:
    def make(_: int) -> str:
        create_keys(data=tmp_path)
        return read_key(data=tmp_path, variable="BILLOW_SECRET_KEY", name="secret_key")

    with ThreadPoolExecutor(8) as many:
        assert len(set(many.map(make, range(32)))) == 1
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == ["encryption_key", "secret_key"]
