"""Backup while bills come in, restore into another folder, verify there."""

import subprocess
from pathlib import Path

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program
from tests.factories.costs import Charge, focus_csv


def write_bill(folder: Path, period: BillingPeriod, rows: int) -> Path:
    file = folder / f"{period}.csv"
    charges = [Charge(sub_account=str(place % 7), cost=f"{place}.0000000{place}") for place in range(rows)]
    file.write_bytes(focus_csv(period=period, charges=charges))
    return file


def test_a_backup_made_while_bills_are_imported_is_whole(billow: Program, tmp_path: Path) -> None:
    billow.ok("profiles", "add", "Main", "--iban", "DE89 3704 0044 0532 0130 00")
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example")
    billow.ok("integrations", "delegate", "Payer", "--account", "Ada")
    january = BillingPeriod(2026, 1)
    billow.ok("costs", "import", write_bill(tmp_path, january, 50), "--integration", "Payer")
    (draft,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-01")["invoices"]
    billow.ok("invoices", "approve", draft["number"], "--yes")

    busy = subprocess.Popen(
        billow.command("costs", "import", write_bill(tmp_path, january.next, 5000), "--integration", "Payer"),
        env=billow.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    files: list[Path] = []
    while busy.poll() is None or not files:
        files.append(tmp_path / f"backup-{len(files)}.tar.gz")
        made = billow.ok("backup", files[-1])
        assert made["holds_key"] is True
    assert busy.returncode == 0

    last = tmp_path / "last.tar.gz"
    billow.ok("backup", last)
    for place, file in enumerate([files[0], last]):
        other = billow.elsewhere(tmp_path / f"other-{place}")
        other.ok("restore", file)
        assert other.ok("verify")["problems"] == []
        assert other.ok("invoices", "list")["invoices"][0]["total"] == draft["total"]
        assert other.ok("profiles", "show", "Main")["iban"] == "DE89 3704 0044 0532 0130 00"
    assert other.ok("costs", "list") == billow.ok("costs", "list")
    assert other.ok("costs", "report", "--period", "2026-02") == billow.ok("costs", "report", "--period", "2026-02")

    assert other.refused("restore", last) == ["confirmation_needed"]
    other.ok("restore", last, "--yes")
    assert billow.refused("backup", last) == ["confirmation_needed"]
