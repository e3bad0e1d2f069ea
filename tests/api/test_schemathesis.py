"""Schemathesis, a program of its own, asks a served process whatever its OpenAPI document allows, and more."""

import json
import os
import subprocess
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billow.terms.period import BillingPeriod
from tests.api.served import Served, serving
from tests.conftest import PROJECT_ROOT

PROGRAM = PROJECT_ROOT / "var" / "clients" / "schemathesis" / "bin" / "st"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"


def furnish(served: Served) -> None:
    """Add a few of everything, so that steps have something to work on: whatever they delete, some is left."""

    def post(path: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{served.address}/v2/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    month = BillingPeriod.of(datetime.now(tz=UTC).date()).previous
    period = {"billing_period_start": month.start.isoformat(), "billing_period_end": month.last_day.isoformat()}
    profile = post("billing_profiles", {"nickname": "Main"})["token"]
    for number in range(5):
        post("billing_profiles", {"nickname": f"Profile {number}"})
        post("billing_rules", {"title": f"Rule {number}", "type": "adjustment", "percentage": 110})
        post("integrations/custom_provider", {"name": f"Source {number}"})
        post("teams", {"name": f"Team {number}"})
        post("folders", {"title": f"Folder {number}"})
        post("cost_reports", {"title": f"Report {number}"})
        post("webhooks", {"url": f"https://hooks.example.com/{number}"})
        account = post("managed_accounts", {"name": f"Olives {number}", "contact_email": f"o{number}@olives.example"})
        served.billow("accounts", "set", account["token"], "--profile", profile)
        post("invoices", {**period, "account_token": account["token"]})


def run(served: Served, *options: str, folder: Path) -> str:
    """Return what it told, without a failure."""
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
    return done.stdout


def test_a_short_run_finds_no_failure_and_no_answer_that_the_document_lacks(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        run(served, "--phases", "examples,coverage,fuzzing", "-n", "2", "--max-time", "40", folder=tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_minutes_of_steps_that_build_on_each_other(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        furnish(served)
        told = run(served, "--phases", "stateful", "-n", "200", "--max-time", "400", folder=tmp_path)
        assert "not applicable" not in told, "the document has links, so that steps can build on each other"
        run(served, "--phases", "fuzzing", "-n", "50", "--max-time", "200", folder=tmp_path)
