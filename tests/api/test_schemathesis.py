"""Schemathesis, a program of its own, asks a served process whatever its OpenAPI document allows, and more."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.api.served import Served, serving
from tests.conftest import PROJECT_ROOT

PROGRAM = PROJECT_ROOT / "var" / "clients" / "schemathesis" / "bin" / "st"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"


def run(served: Served, *options: str, folder: Path) -> None:
    assert PROGRAM.exists(), "run scripts/test-clients first"
    done = subprocess.run(
        [
            *(str(PROGRAM), "run", f"{served.address}/v2/oas_v3.json", "--checks", CHECKS, "--no-color"),
            *("--header", f"Authorization: Bearer {served.token}", "--seed", "20261125", *options),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis")},
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_a_short_run_finds_no_failure_and_no_answer_that_the_document_lacks(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        run(served, "--phases", "examples,coverage,fuzzing", "-n", "2", "--max-time", "40", folder=tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_minutes_of_steps_that_build_on_each_other(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        run(served, "--phases", "fuzzing,stateful", "-n", "50", "--max-time", "600", folder=tmp_path)
