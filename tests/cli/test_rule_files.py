"""Rules on the command line: previewed, exported, planned, applied."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program, clean_variables
from tests.factories.costs import Charge, focus_csv

MARCH = BillingPeriod(2026, 3)
CHARGES = [Charge(sub_account="111", cost="100"), Charge(sub_account="222", cost="200", service="Amazon S3")]
DISCOUNT = 'title = "Discount"\ntype = "adjustment"\npercentage = "90"\n'


@pytest.fixture(scope="module")
def billed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two customers, a rule and a bill, made once."""
    data = tmp_path_factory.mktemp("billed") / "data"
    shutil.copytree(template, data)
    billow = Program(data, clean_variables(data=data))
    bill = data.parent / "march.csv"
    bill.write_bytes(focus_csv(period=MARCH, charges=CHARGES))
    billow.ok("profiles", "add", "Main", "--company-name", "Nimbus AE", "--country-code", "GR")
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    for name, sub_account, currency in (("Ada", "111", "USD"), ("Bob", "222", "EUR")):
        billow.ok("accounts", "add", name, "--email", f"{name}@nimbus.example", "--currency", currency)
        billow.ok("integrations", "delegate", "Payer", "--account", name, "--sub-account", sub_account)
    billow.ok("costs", "import", bill, "--integration", "Payer")
    billow.ok("rules", "add", "Markup", "--type", "adjustment", "--percentage", "110")
    billow.ok("rules", "assign", "Markup", "--account", "Ada")
    return data


@pytest.fixture
def billow(billed: Path, tmp_path: Path) -> Program:
    """The program on a copy of that folder."""
    data = tmp_path / "data"
    shutil.copytree(billed, data)
    return Program(data, clean_variables(data=data))


def test_a_saved_rule_is_previewed_for_whom_it_runs(billow: Program) -> None:
    seen = billow.ok("rules", "preview", "Markup", "--period", "2026-03")
    assert (seen["rule"]["title"], seen["billing_period"], seen["warnings"]) == ("Markup", "2026-03", [])
    (ada,) = seen["customers"]
    assert ada["account"] == "Ada"
    assert {name: ada[name] for name in ("currency", "before", "after", "difference", "margin_after")} == {
        "currency": "USD",
        "before": "100.00",
        "after": "110.00",
        "difference": "10.00",
        "margin_after": "10.00",
    }
    assert [(total["currency"], total["difference"]) for total in seen["totals"]] == [("USD", "10.00")]
    (line,) = seen["most_changed"]
    assert (line["service"], Decimal(line["difference"])) == ("Amazon EC2", Decimal(10))


def test_a_file_is_previewed_as_a_table_with_its_warnings(billow: Program, tmp_path: Path) -> None:
    file = tmp_path / "slip.toml"
    file.write_text(DISCOUNT.replace("90", "9.5"), encoding="utf-8")
    answer = billow.run("rules", "preview", file, "--account", "Ada")
    assert answer.code == 0
    assert "warning[unusual_factor]: Discount shows 9.5 % of the cost" in answer.stderr
    row = next(line for line in answer.stdout.splitlines() if line.split()[:1] == ["Ada"])
    assert row.split() == ["Ada", "USD", "100.00", "110.00", "10.45", "-99.55", "10.00", "-89.55", "1"]
    assert [rule["title"] for rule in billow.ok("rules", "list")["rules"]] == ["Markup"]


def test_a_customer_without_an_exchange_rate_is_named(billow: Program, tmp_path: Path) -> None:
    file = tmp_path / "discount.toml"
    file.write_text(f"{DISCOUNT}apply_to_all = true\n", encoding="utf-8")
    answer = billow.run("rules", "preview", file, "--period", "2026-03", "--json")
    assert (answer.code, answer.errors) == (3, ["missing_exchange_rate"])
    ada, bob = answer.document["customers"]
    assert (ada["after"], bob["after"], bob["problem"]["code"]) == ("99.00", None, "missing_exchange_rate")
    assert billow.refused("rules", "preview", file, "--account", "Bob") == ["missing_exchange_rate"]


def test_a_wrong_file_or_rule_is_refused(billow: Program, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('title = "A"\ntype = "adjustment"\npercentage = "-5"\n', encoding="utf-8")
    assert billow.refused("rules", "preview", file) == ["negative_percentage"]
    file.write_text("title = ", encoding="utf-8")
    assert billow.refused("rules", "preview", file) == ["not_toml"]
    assert billow.refused("rules", "preview", tmp_path / "missing.toml") == ["unreadable_file"]
    assert billow.refused("rules", "preview", "Nothing") == ["not_found"]


def test_rules_are_exported_edited_planned_and_applied(billow: Program, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    exported = billow.ok("rules", "export", folder)
    assert sorted(exported["files"]) == sorted(exported["written"]) == sorted(file.name for file in folder.iterdir())
    assert billow.ok("rules", "export", folder)["written"] == []
    assert billow.ok("rules", "apply", folder)["applied"] is False

    (folder / "discount.toml").write_text(DISCOUNT, encoding="utf-8")
    (folder / "assignments.toml").write_text('Ada = ["Markup", "discount"]\n', encoding="utf-8")
    planned = billow.ok("rules", "plan", folder)
    assert [(each["title"], each["file"], each["token"]) for each in planned["added"]] == [
        ("Discount", "discount.toml", None)
    ]
    assert [(each["account"], each["before"], each["after"]) for each in planned["assignments"]] == [
        ("Ada", ["Markup"], ["Markup", "Discount"])
    ]
    assert [(each["before"], each["after"]) for each in planned["effect"]["customers"]] == [("110.00", "99.00")]

    assert billow.refused("rules", "apply", folder) == ["confirmation_needed"]
    assert len(billow.ok("rules", "list")["rules"]) == 1
    applied = billow.ok("rules", "apply", folder, "--yes")
    assert (applied["applied"], len(applied["added"])) == (True, 1)
    token = billow.ok("rules", "show", "Discount")["token"]
    assert (folder / "discount.toml").read_text(encoding="utf-8") == f'token = "{token}"\n{DISCOUNT}'
    assert billow.ok("rules", "apply", folder)["applied"] is False


def test_a_plan_reads_well(billow: Program, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    (markup,) = (name for name in billow.ok("rules", "export", folder)["files"] if name.startswith("markup"))
    text = (folder / markup).read_text(encoding="utf-8")
    (folder / markup).write_text(text.replace('"110"', '"112.5"'), encoding="utf-8")
    answer = billow.run("rules", "plan", folder)
    assert f"~ Markup  ({markup})\n    percentage  110 -> 112.5\n" in answer.stdout
    assert "Effect in 2026-03" in answer.stdout

    (folder / markup).unlink()
    (folder / "assignments.toml").write_text("Ada = []\n", encoding="utf-8")
    answer = billow.run("rules", "apply", folder, "--yes")
    assert "- Markup" in answer.stdout
    assert "~ Ada: Markup -> no rules" in answer.stdout
    assert answer.stdout.endswith("Applied.\n")
    assert billow.ok("rules", "list")["rules"] == []


def test_every_problem_of_a_folder_is_a_line(billow: Program, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    billow.ok("rules", "export", folder)
    (folder / "discount.toml").write_text(f"{DISCOUNT}colour = 1\n", encoding="utf-8")
    (folder / "assignments.toml").write_text("Eve = []\n", encoding="utf-8")
    answer = billow.run("rules", "plan", folder)
    assert (answer.code, answer.errors) == (1, ["unknown_field", "unknown_account"])
    assert "error[unknown_field]: discount.toml: There is no key 'colour'" in answer.stderr
    assert billow.refused("rules", "apply", folder, "--yes") == ["unknown_field", "unknown_account"]
