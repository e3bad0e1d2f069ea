"""The month that docs/cli.md closes by hand, typed as it stands there."""

import re
import shlex
from pathlib import Path

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program
from tests.conftest import PROJECT_ROOT
from tests.factories.costs import Charge, focus_csv


def test_the_month_in_the_documents_closes_as_written(fresh: Program, tmp_path: Path) -> None:
    bill = focus_csv(period=BillingPeriod(2026, 3), charges=[Charge(sub_account="111111111111", cost="12.5")])
    (tmp_path / "march.csv").write_bytes(bill)
    for line in documented_lines():
        words = [word.replace("bills/2026-03", str(tmp_path / "march.csv")) for word in shlex.split(line)]
        answer = fresh.run(*words[1:])
        assert answer.code == 0, (line, answer.stderr)
    (invoice,) = fresh.ok("invoices", "list")["invoices"]
    assert (invoice["status"], invoice["delivery_status"], invoice["total"]) == ("approved", "accepted", "12.50")
    assert len(list((fresh.data / "outbox").glob("*.eml"))) == 1


def documented_lines() -> list[str]:
    text = (PROJECT_ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    block = re.search(r"## A month, by hand\n+```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    assert all(line.startswith("billow ") for line in lines)
    return lines
