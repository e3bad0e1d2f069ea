"""A whole month by the command line alone, with the documents that scripts rely on."""

import hashlib
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program, clean_variables
from tests.factories.costs import Charge, focus_csv

MARCH = BillingPeriod(2026, 3)

CHARGES = [
    Charge(sub_account="111", cost="100.005"),
    Charge(sub_account="111", cost="50.0000000001", service="Amazon S3", category="Storage"),
    Charge(sub_account="111", cost="20", service="Tax", charge_category="Tax"),
    Charge(sub_account="222", cost="200.10", day=0),
    Charge(sub_account="999", cost="7.77"),
]


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    file = tmp_path / "march.csv"
    file.write_bytes(focus_csv(period=MARCH, charges=CHARGES))
    return file


@pytest.fixture(scope="module")
def agreed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which everything is agreed and nothing was billed yet, made once."""
    data = tmp_path_factory.mktemp("agreed") / "data"
    shutil.copytree(template, data)
    billow = Program(data, clean_variables(data=data))
    billow.ok("profiles", "add", "Main", "--company-name", "Nimbus AE", "--country-code", "GR")
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example", "--terms", "14")
    billow.ok("accounts", "add", "Bob", "--email", "bob@nimbus.example", "--currency", "EUR")
    billow.ok("integrations", "delegate", "Payer", "--account", "Ada", "--sub-account", "111")
    billow.ok("integrations", "delegate", "Payer", "--account", "Bob", "--sub-account", "222")
    billow.ok("rules", "add", "No tax", "--type", "exclusion", "--charge-type", "Tax", "--apply-to-all")
    billow.ok("rules", "add", "Markup", "--type", "adjustment", "--percentage", "110")
    billow.ok("rules", "assign", "Markup", "--account", "Ada")
    return data


@pytest.fixture
def billow(agreed: Path, tmp_path: Path) -> Program:
    """The program on a copy of that folder."""
    data = tmp_path / "data"
    shutil.copytree(agreed, data)
    return Program(data, clean_variables(data=data))


def test_a_month_from_the_bill_to_the_mail(billow: Program, bill: Path, tmp_path: Path) -> None:
    imported = billow.ok("costs", "import", bill, "--integration", "Payer")
    (march,) = imported["imports"]
    assert imported["issues"] == []
    assert march["token"].startswith("usr_csts_upld_")
    assert (march["integration"], march["billing_period"], march["format"]) == ("Payer", "2026-03", "focus")
    assert (march["files"], march["rows"], march["rows_rounded"]) == (["march.csv"], 5, 0)
    assert Decimal(march["rounding_difference"]) == 0
    assert (march["superseded"], march["unchanged"]) == (None, False)
    (dollars,) = march["costs"]
    assert dollars["currency"] == "USD"
    assert all(isinstance(dollars[name], str) for name in ("billed_cost", "effective_cost", "list_cost"))
    assert Decimal(dollars["billed_cost"]) == Decimal("377.8750000001")

    (listed,) = billow.ok("costs", "list")["imports"]
    assert {name: listed[name] for name in march} == march

    report = billow.ok("costs", "report", "--period", "2026-03", "--group-by", "account")
    assert [
        (row["account"], Decimal(row["provider_cost"]), Decimal(row["customer_cost"])) for row in report["rows"]
    ] == [
        ("Ada", Decimal("170.0050000001"), Decimal("165.00550000011")),
        ("Bob", Decimal("200.10"), Decimal("200.10")),
    ]
    (total,) = report["totals"]
    assert Decimal(total["provider_cost"]) + Decimal(total["unallocated"]) == Decimal(dollars["billed_cost"])
    assert [(each["account_id"], Decimal(each["cost"])) for each in report["unallocated"]] == [("999", Decimal("7.77"))]

    ready = billow.ok("invoices", "ready", "--period", "2026-03")
    assert [(row["account"], row["billing_period"]) for row in ready["ready"]] == [
        ("Ada", "2026-03"),
        ("Bob", "2026-03"),
    ]
    assert ready["blocked"] == []

    # Bob pays in euros and nobody said what a dollar is worth: his invoice fails with a name, Ada's does not.
    answer = billow.run("invoices", "generate", "--all", "--period", "2026-03", "--json")
    assert answer.code == 3
    (failed,) = answer.document["failed"]
    assert failed["account"] == "Bob"
    assert "USD to EUR" in failed["message"]
    assert "2026-03" in failed["message"]

    rates = "date,rate,currency_code,base_currency_code\n2026-03-31,0.9,EUR,USD\n"
    assert billow.ok("rates", "import", "-", stdin=rates) == {"created": 1, "changed": 0, "unchanged": 0}
    billow.ok("invoices", "regenerate", failed["number"])

    approve_and_check(billow, out=tmp_path / "out")


def approve_and_check(billow: Program, *, out: Path) -> None:
    drafts = billow.ok("invoices", "list", "--period", "2026-03")["invoices"]
    assert [(each["account"], each["currency"], each["subtotal"], each["total"]) for each in drafts] == [
        ("Ada", "USD", "165.01", "165.01"),
        ("Bob", "EUR", "180.09", "180.09"),
    ]
    assert [each["status"] for each in drafts] == ["awaiting_approval"] * 2
    ada, bob = (each["number"] for each in drafts)

    assert billow.refused("invoices", "approve", "--all") == ["confirmation_needed"]
    approved = billow.ok("invoices", "approve", "--all", "--period", "2026-03", "--yes")
    assert [(item["number"], item["done"]) for item in approved["items"]] == [(ada, True), (bob, True)]
    for each in billow.ok("invoices", "list", "--status", "approved")["invoices"]:
        assert set(each) >= {
            *("token", "number", "account", "currency", "provider_cost", "subtotal", "total", "margin", "status"),
            *("pdf", "csv"),
        }
        assert each["delivery_status"] == "accepted"
        assert Path(each["pdf"]).read_bytes().startswith(b"%PDF")
    assert len(list((billow.data / "outbox").glob("*.eml"))) == 2

    files = billow.ok("invoices", "download", ada, bob, "--pdf", "--csv", "--out", out)["files"]
    assert [(each["invoice"], each["kind"]) for each in files] == [
        (ada, "pdf"),
        (ada, "csv"),
        (bob, "pdf"),
        (bob, "csv"),
    ]
    for each in files:
        assert hashlib.sha256(Path(each["path"]).read_bytes()).hexdigest() == each["sha256"]

    verified = billow.ok("verify")
    assert verified["problems"] == []
    assert verified["checked"]["invoices"] == 2


def test_an_explained_line_adds_up(billow: Program, bill: Path) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    (draft,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")["invoices"]
    lines = billow.ok("invoices", "explain", draft["number"])["lines"]
    for line in lines:
        assert set(line) >= {"line", "provider_cost", "deltas", "exact", "rounding", "amount"}
        deltas = sum(Decimal(delta["amount"]) for delta in line["deltas"])
        assert Decimal(line["provider_cost"]) + deltas == Decimal(line["exact"])
        assert Decimal(line["exact"]) + Decimal(line["rounding"]) == Decimal(line["amount"])
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(draft["subtotal"])
    assert {delta["title"] for line in lines for delta in line["deltas"]} == {"Markup", "No tax"}
    (only,) = billow.ok("invoices", "explain", draft["number"], "--line", "1")["lines"]
    assert only["line"] == 1
    assert billow.refused("invoices", "explain", draft["number"], "--line", "99") == ["not_found"]
    both = billow.ok("invoices", "explain", draft["number"], "--line", "1", "--line", "2")["lines"]
    assert both == lines[:2]
    found = billow.ok("invoices", "explain", draft["number"], "--find", "amazon s3")["lines"]
    assert [each["service"] for each in found] == ["Amazon S3"]
    assert billow.refused("invoices", "explain", draft["number"], "--find", "Route 53") == ["not_found"]


def test_a_newer_bill_makes_the_draft_stale_and_approval_wants_to_know(
    billow: Program, bill: Path, tmp_path: Path
) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    (draft,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")["invoices"]
    newer = tmp_path / "newer.csv"
    newer.write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="111", cost="1")]))
    first = billow.ok("costs", "list")["imports"][0]["token"]
    assert billow.ok("costs", "import", newer, "--integration", "Payer")["imports"][0]["superseded"] == first
    assert billow.ok("invoices", "list")["invoices"][0]["is_stale"] is True

    assert billow.refused("invoices", "approve", draft["number"], "--yes") == ["stale_draft"]
    billow.ok("invoices", "regenerate", draft["number"])
    billow.ok("invoices", "approve", draft["number"], "--yes", "--no-send")
    (approved,) = billow.ok("invoices", "list")["invoices"]
    assert (approved["number"], approved["total"], approved["status"]) == (draft["number"], "1.10", "approved")
    assert approved["delivery_status"] is None
    assert list((billow.data / "outbox").glob("*.eml")) == []

    assert billow.ok("costs", "import", bill, "--integration", "Payer")["imports"][0]["unchanged"] is False
    again = billow.ok("costs", "import", bill, "--integration", "Payer")["imports"][0]
    assert (again["unchanged"], again["superseded"]) == (True, None)
    assert billow.ok("invoices", "list")["invoices"] == [approved], "nothing reaches an approved invoice"
    assert billow.ok("verify")["problems"] == []


def test_bulk_acts_that_fail_in_part_say_so_per_item(billow: Program, bill: Path) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    (draft,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")["invoices"]
    answer = billow.run("invoices", "approve", draft["number"], "INV-1999-00001", "--yes", "--no-send", "--json")
    assert answer.code == 3
    assert [(item["done"], item["code"]) for item in answer.document["items"]] == [(True, None), (False, "not_found")]
    answer = billow.run("invoices", "cancel", draft["number"], "--reason", "Too late", "--yes", "--json")
    assert answer.code == 1
    assert [item["code"] for item in answer.document["items"]] == ["wrong_state"]


def test_a_draft_whose_rule_came_to_fail_is_listed_with_the_reason_and_still_explained(
    billow: Program, bill: Path
) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    (draft,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")["invoices"]
    nothing = "UPDATE costs SET costs.amount = costs.amount / (costs.usage_amount - costs.usage_amount)"
    billow.ok("rules", "add", "Share out", "--type", "custom", "--sql", nothing)
    billow.ok("rules", "assign", "Share out", "--account", "Ada")

    assert billow.run("invoices", "regenerate", draft["number"], "--json").code == 1

    (listed,) = billow.ok("invoices", "list")["invoices"]
    assert (listed["status"], listed["failure"]["code"]) == ("failed", "rule_failed")
    assert (listed["subtotal"], listed["total"]) == (draft["subtotal"], draft["total"])
    assert "Share out cannot be carried out" in billow.run("invoices", "list").stdout
    told = billow.run("invoices", "explain", draft["number"])
    assert (told.code, "Markup" in told.stdout) == (0, True)
    assert "this explains the draft from before" in told.stderr
    assert billow.run("invoices", "approve", draft["number"], "--yes").code == 1


def test_a_request_that_is_left_to_a_worker_is_done_by_one(billow: Program, bill: Path) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    (asked,) = billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03", "--no-wait")["invoices"]
    assert (asked["status"], asked["total"]) == ("generating", None)
    subprocess.run([sys.executable, "-m", "billow.interfaces.jobs", "--once"], env=billow.variables, check=True)
    (drafted,) = billow.ok("invoices", "list", "--account", "Ada", "--period", "2026-03")["invoices"]
    assert (drafted["number"], drafted["status"], drafted["total"]) == (asked["number"], "awaiting_approval", "165.01")


def test_an_invoice_is_credited_and_its_month_invoiced_again(billow: Program, bill: Path, tmp_path: Path) -> None:
    billow.ok("costs", "import", bill, "--integration", "Payer")
    billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")
    (listed,) = billow.ok("invoices", "list")["invoices"]
    number = listed["number"]
    assert billow.refused("invoices", "credit", number, "--reason", "x", "--yes") == ["not_approved"]
    billow.ok("invoices", "approve", number, "--no-send", "--yes")
    assert billow.refused("invoices", "credit", number, "--reason", "x") == ["confirmation_needed"]
    assert billow.refused("invoices", "credit", number, "--reason", " ", "--yes") == ["no_reason"]
    assert billow.refused("invoices", "credit", number, "--line", "99", "--reason", "x", "--yes") == ["unknown_line"]

    line = billow.ok("invoices", "credit", number, "--line", "1", "--reason", "Wrong tags", "--yes")
    rest = billow.ok("invoices", "credit", number, "--reason", "All of it", "--yes")
    assert (line["completes"], rest["completes"]) == (False, True)
    assert Decimal(line["total"]) + Decimal(rest["total"]) == Decimal(listed["total"])
    assert billow.refused("invoices", "credit", number, "--reason", "x", "--yes") == ["credited_already"]

    found = billow.ok("invoices", "credits", number, "--out", tmp_path / "notes")["credit_notes"]
    assert [note["number"] for note in found] == [rest["number"], line["number"]]
    assert sorted(path.name for path in (tmp_path / "notes").iterdir()) == sorted(
        f"credit-note-{note['number']}.{kind}" for note in found for kind in ("csv", "pdf")
    )
    billow.ok("invoices", "generate", "--account", "Ada", "--period", "2026-03")
    numbers = [each["number"] for each in billow.ok("invoices", "list")["invoices"]]
    assert len(numbers) == 2
    assert billow.ok("verify")["checked"]["credit notes"] == 2
