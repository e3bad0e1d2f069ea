"""The real program in a process of its own, each test with a data folder of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT_ROOT

TIMEOUT_S = 120


@dataclass(frozen=True)
class Answer:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; fails if there is anything else."""
        return json.loads(self.stdout)

    @property
    def errors(self) -> list[str]:
        """The codes of the error lines, in order."""
        lines = [line for line in self.stderr.splitlines() if line.startswith("error[")]
        return [line.partition("[")[2].partition("]")[0] for line in lines]


@dataclass(frozen=True)
class Program:
    data: Path
    variables: dict[str, str]

    def run(self, *arguments: str | Path, stdin: str = "") -> Answer:
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=self.variables,
            cwd=PROJECT_ROOT,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str | Path, stdin: str = "") -> Any:
        """Run with --json and return the document; the program must say that it is done."""
        answer = self.run(*arguments, "--json", stdin=stdin)
        assert answer.code == 0, answer.stderr
        return answer.document

    def refused(self, *arguments: str | Path, stdin: str = "") -> list[str]:
        """Run and return the codes of the errors; the program must say that nothing was done."""
        answer = self.run(*arguments, stdin=stdin)
        assert answer.code == 1, (answer.code, answer.stderr)
        return answer.errors

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "billow", *(str(argument) for argument in arguments)]

    def elsewhere(self, data: Path) -> "Program":
        return Program(data, {**self.variables, "BILLOW_DATA": str(data)})


def clean_variables(*, data: Path, leave_out: Iterable[str] = ()) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BILLOW_")}
    for name in ("DJANGO_SETTINGS_MODULE", *leave_out):
        kept.pop(name, None)
    return {**kept, "BILLOW_DATA": str(data), "PYTHONPATH": str(PROJECT_ROOT / "src"), "PYTHONWARNINGS": "error"}


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    """The program on a data folder that does not exist yet."""
    data = tmp_path / "data"
    return Program(data, clean_variables(data=data))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after `billow init`, made once."""
    data = tmp_path_factory.mktemp("template") / "data"
    Program(data, clean_variables(data=data)).ok(
        "init", "--company", "Nimbus Partners", "--owner", "alice@nimbus.example"
    )
    return data


@pytest.fixture
def billow(template: Path, tmp_path: Path) -> Program:
    """The program on a data folder of its own, after `billow init`."""
    data = tmp_path / "data"
    shutil.copytree(template, data)
    return Program(data, clean_variables(data=data))
