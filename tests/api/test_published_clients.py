"""The published clients, unchanged, each a program of its own, against a server that is a process of its own."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billow.terms.period import BillingPeriod
from tests.api.served import Served, serving
from tests.conftest import PROJECT_ROOT

CLIENTS = PROJECT_ROOT / "var" / "clients"
WALKS = PROJECT_ROOT / "tests" / "api" / "clients"
PYTHON = CLIENTS / "python" / "bin" / "python"
TYPESCRIPT = CLIENTS / "typescript" / "node_modules" / "@vantage-sh" / "vantage-client" / "dist" / "index.mjs"
TIMEOUT_S = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A server with the costs of the newest month that is over."""

    served: Served
    integration: str
    period: BillingPeriod

    @property
    def arguments(self) -> list[str]:
        first, last = self.period.start.isoformat(), self.period.last_day.isoformat()
        return [self.served.address, self.served.token, self.integration, first, last]


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    period = BillingPeriod.of(datetime.now(tz=UTC).date()).previous
    with serving(tmp_path) as served:
        integration = served.billow("integrations", "add", "Temporal", "--provider", "custom_provider")["token"]
        costs = tmp_path / "costs.csv"
        costs.write_text(
            "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName,BillingCurrency\n"
            f"{period.start},Usage,100.105,Temporal Cloud,USD\n{period.start},Tax,7,Temporal Cloud,USD\n",
            encoding="utf-8",
        )
        served.billow("costs", "import", str(costs), "--integration", "Temporal", "--format", "custom")
        yield Month(served=served, integration=integration, period=period)


def walk(*command: str | Path) -> Any:
    assert Path(command[0]).exists() or "/" not in str(command[0]), "run scripts/test-clients first"
    done = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, timeout=TIMEOUT_S, cwd=WALKS
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_python_client_walks_through_a_month(mode: str, month: Month) -> None:
    seen = walk(PYTHON, WALKS / "python" / "walk.py", mode, *month.arguments)
    # 100.105 at 120.5 % without the tax line, rounded, plus 8.25 %; the credit was booked years ago.
    assert seen["total"] == "130.58"
    assert seen["sizes"]["pdf"] > 5_000
    assert seen["sizes"]["csv"] > 100
    assert (seen["costs"]["report"], seen["costs"]["everything"]) == ("100.105", "107.105")
    assert seen["costs"]["exported"].splitlines()[1].startswith(f"{month.period.start}T00:00:00Z,")
    assert seen["uploaded"] == "7.5"


def test_the_typescript_client_walks_through_a_month(month: Month) -> None:
    seen = walk("node", WALKS / "typescript" / "walk.mjs", TYPESCRIPT, *month.arguments)
    # 107.105 at 105.5 %, rounded, plus 20 % tax.
    assert seen["total"] == "135.60"
    assert seen["bytes"] > 5_000
