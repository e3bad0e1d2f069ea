"""Rules of every kind on the command line: typed, read from a file, shown, kept as text."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program, clean_variables
from tests.factories.costs import Charge, focus_csv

MARCH = BillingPeriod(2026, 3)
SQL = """-- as agreed
UPDATE costs
  SET costs.amount = costs.amount * '1.08'
WHERE costs.service = 'Amazon EC2' -- only "compute"
"""
FEE = ("--type", "charge", "--service", "Support", "--category", "Support", "--sub-category", "Monthly")


@pytest.fixture
def billow(template: Path, tmp_path: Path) -> Program:
    """The program on a data folder of its own."""
    data = tmp_path / "data"
    shutil.copytree(template, data)
    return Program(data, clean_variables(data=data))


@pytest.fixture
def ada(billow: Program, tmp_path: Path) -> str:
    """A customer with a bill of March."""
    bill = tmp_path / "march.csv"
    bill.write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="111", cost="100")]))
    billow.ok("profiles", "add", "Main", "--company-name", "Nimbus AE", "--country-code", "GR")
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example", "--currency", "USD")
    billow.ok("integrations", "delegate", "Payer", "--account", "Ada", "--sub-account", "111")
    billow.ok("costs", "import", bill, "--integration", "Payer")
    return "Ada"


def test_sql_from_a_file_or_standard_input_is_kept_to_the_last_sign(billow: Program, tmp_path: Path) -> None:
    file = tmp_path / "rule.sql"
    file.write_bytes(SQL.encode())
    assert billow.ok("rules", "add", "File", "--type", "custom", "--sql-file", file)["sql_query"] == SQL
    assert billow.ok("rules", "add", "Input", "--type", "custom", "--sql-file", "-", stdin=SQL)["sql_query"] == SQL
    shown = billow.run("rules", "show", "File").stdout
    assert "execution_group  3" in shown
    assert "sql_query\n    -- as agreed\n    UPDATE costs\n      SET costs.amount" in shown
    assert "-- as agreed UPDATE costs SET costs.amount = costs.amount * …" in billow.run("rules", "list").stdout


def test_sql_may_be_saved_by_an_editor_that_marks_its_files(billow: Program, ada: str, tmp_path: Path) -> None:
    file = tmp_path / "compute.sql"
    file.write_bytes(b"\xef\xbb\xbf" + SQL.encode())
    assert billow.ok("rules", "add", "Marked", "--type", "custom", "--sql-file", file)["sql_query"] == SQL
    (customer,) = billow.ok("rules", "preview", file, "--period", "2026-03", "--account", ada)["customers"]
    assert (customer["difference"], customer["lines_touched"]) == ("8.00", 1)


def test_sql_that_is_not_understood_says_where(billow: Program) -> None:
    answer = billow.run("rules", "add", "Wrong", "--type", "custom", "--sql", "DELETE FROM cost")
    assert answer.code == 1
    assert "Line 1, column 13: " in answer.stderr
    assert billow.refused("rules", "add", "Both", "--type", "custom", "--sql", SQL, "--sql-file", "-") == ["sql_twice"]
    assert billow.ok("rules", "list")["rules"] == []


def test_a_support_fee_is_filled_from_a_plan_or_typed_tier_by_tier(billow: Program) -> None:
    plan = billow.ok("rules", "add", "Plan", *FEE, "--support-plan", "business", "--fee-minimum", "150")
    assert (plan["charge_calculation"], plan["fee_minimum"], plan["fee_per_account"]) == ("support_fee", "150", True)
    assert plan["fee_tiers"][0] == {"up_to": "10000", "percentage": "10"}
    own = billow.ok(
        *("rules", "add", "Own", *FEE, "--fee-provider", "all"),
        *("--fee-tier", "10000:10", "--fee-tier", "7.5"),
    )
    assert own["fee_tiers"] == [{"up_to": "10000", "percentage": "10"}, {"percentage": "7.5"}]
    assert (own["amount"], own["fee_provider"], own["fee_per_account"]) == (None, "all", False)
    assert "up to 10000 10 %, the rest 7.5 %" in billow.run("rules", "show", "Own").stdout
    named = {plan["support_plan"]: plan["fee_minimum"] for plan in billow.ok("rules", "fees")["support_plans"]}
    assert named == {"developer": "29", "business": "100", "enterprise": "15000"}


def test_kinds_of_adjustment_are_typed_and_unknown_ones_listed(billow: Program) -> None:
    tiers = ("--type", "adjustment", "--adjustment-type", "retier", "--no-include-free-tier")
    rule = billow.ok("rules", "add", "Tiers", *tiers)
    assert (rule["adjustment_type"], rule["include_free_tier"], rule["percentage"]) == ("retier", False, None)
    answer = billow.run("rules", "add", "Other", "--type", "adjustment", "--adjustment-type", "blended")
    assert answer.errors == ["not_a_choice"]
    assert "per_service, public_price, remove_commitment_discounts, retier" in answer.stderr


def test_the_schema_names_every_column(billow: Program) -> None:
    columns = {each["column"]: each for each in billow.ok("rules", "schema")["columns"]}
    assert columns["costs.amount"] == {
        "dataset": "costs",
        "column": "costs.amount",
        "kind": "number",
        "can_be_set": True,
        "needed_in_insert": True,
    }
    assert not columns["costs.currency"]["can_be_set"]
    assert {"aws.lineItem/UnblendedCost", "aws.resourceTags/<key>", "costs.tags.<key>"} <= columns.keys()
    assert {each["dataset"] for each in billow.ok("rules", "schema", "costs")["columns"]} == {"costs"}


def test_rules_of_every_kind_go_through_a_folder_and_come_back_the_same(billow: Program, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    billow.ok("rules", "add", "Sql", "--type", "custom", "--sql", SQL)
    billow.ok("rules", "add", "Windows", "--type", "custom", "--sql", SQL.replace("\n", "\r\n"))
    billow.ok("rules", "add", "Fee", *FEE, "--support-plan", "business")
    billow.ok("rules", "add", "Tiers", "--type", "adjustment", "--adjustment-type", "retier", "--no-include-free-tier")
    before = {rule["title"]: {**rule, "updated_at": ""} for rule in billow.ok("rules", "list")["rules"]}

    exported = billow.ok("rules", "export", folder)
    texts = {name: (folder / name).read_bytes().decode() for name in exported["files"]}
    (sql,) = (text for name, text in texts.items() if name.startswith("sql-"))
    assert f"sql_query = '''\n{SQL}'''\n" in sql
    assert billow.ok("rules", "apply", folder)["applied"] is False

    for title in before:
        billow.ok("rules", "delete", title, "--yes")
    fresh = tmp_path / "fresh"
    billow.ok("rules", "export", fresh)
    for name, text in texts.items():
        if name not in {"assignments.toml", "exported.toml"}:
            lines = text.split("\n")
            (fresh / name).write_bytes("\n".join(line for line in lines if not line.startswith("token")).encode())
    assert billow.ok("rules", "apply", fresh, "--yes")["applied"] is True
    after = {rule["title"]: rule for rule in billow.ok("rules", "list")["rules"]}
    kept = ("type", "sql_query", "fee_tiers", "fee_minimum", "fee_per_account", "adjustment_type", "include_free_tier")
    assert {title: [rule[name] for name in kept] for title, rule in after.items()} == {
        title: [rule[name] for name in kept] for title, rule in before.items()
    }


def test_a_plan_shows_which_lines_of_sql_change_and_what_that_costs(billow: Program, ada: str, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    billow.ok("rules", "add", "Sql", "--type", "custom", "--sql", SQL)
    billow.ok("rules", "assign", "Sql", "--account", ada)
    (name,) = (name for name in billow.ok("rules", "export", folder)["files"] if name.startswith("sql-"))
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace("1.08", "1.1"), encoding="utf-8")

    stdout = billow.run("rules", "plan", folder).stdout
    lines = stdout.splitlines()
    place = lines.index("    sql_query")
    assert lines[place + 1 : place + 6] == [
        "        -- as agreed",
        "        UPDATE costs",
        "      -   SET costs.amount = costs.amount * '1.08'",
        "      +   SET costs.amount = costs.amount * '1.1'",
        """        WHERE costs.service = 'Amazon EC2' -- only "compute\"""",
    ]
    row = next(line for line in lines if line.split()[:1] == [ada])
    assert row.split() == ["Ada", "USD", "100.00", "108.00", "110.00", "2.00", "8.00", "10.00", "1"]
    assert billow.ok("rules", "apply", folder, "--yes")["applied"] is True
    assert billow.ok("rules", "show", "Sql")["sql_query"] == SQL.replace("1.08", "1.1")


def test_an_invoice_explains_lines_that_rules_renamed_and_added(billow: Program, ada: str) -> None:
    rename = "UPDATE costs SET costs.service = 'Compute Plus' WHERE costs.service = 'Amazon EC2'"
    columns, values = "provider, service, cost_type, amount", "'aws', 'Fee', 'Fee', SUM(costs.amount) / 3"
    share = f"INSERT INTO costs ({columns}) SELECT {values} FROM costs"
    billow.ok("rules", "add", "Rename", "--type", "custom", "--sql", rename)
    billow.ok("rules", "add", "Share", "--type", "custom", "--sql", share)
    wrong = billow.run("rules", "assign", "Share", "Rename", "--account", ada, "--exactly")
    assert wrong.errors == ["rules_out_of_order"]
    assert "Ada: Billing rules are not in execution group order: 'Rename' (group 3) must stand before" in wrong.stderr
    billow.ok("rules", "assign", "Rename", "Share", "--account", ada)
    (invoice,) = billow.ok("invoices", "generate", "--account", ada, "--period", "2026-03")["invoices"]

    renamed, added = billow.ok("invoices", "explain", invoice["number"])["lines"]
    assert [(delta["title"], Decimal(delta["amount"])) for delta in renamed["deltas"]] == [("Rename", Decimal(0))]
    assert (renamed["service"], Decimal(renamed["exact"]), renamed["amount"]) == (
        "Compute Plus",
        Decimal(100),
        "100.00",
    )
    assert (Decimal(added["provider_cost"]), added["exact"]) == (Decimal(0), "33.333333333333333333")
    assert [(delta["title"], delta["amount"]) for delta in added["deltas"]] == [("Share", "33.333333333333333333")]
    assert (Decimal(added["exact"]) + Decimal(added["rounding"]), added["amount"]) == (Decimal("33.33"), "33.33")

    text = billow.run("invoices", "explain", invoice["number"]).stdout
    words = " ".join(text.split())
    assert "1 AWS · Compute Plus · Usage · 111" in words
    assert "provider cost 100 USD Rename same cost, shown otherwise" in words
    assert "+33.333333333333333333" in text


def test_a_wrong_price_list_stops_the_program_with_all_that_is_wrong(billow: Program, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('source = "us"\n', encoding="utf-8")
    program = Program(billow.data, {**billow.variables, "BILLOW_AWS_PRICES": str(prices)})
    answer = program.run("rules", "list")
    assert answer.code == 1
    assert f"BILLOW_AWS_PRICES: {prices}: effective_date: effective_date is missing" in answer.stderr
    assert "currency is missing" in answer.stderr
    prices.unlink()
    assert "cannot be read: " in program.run("rules", "list").stderr
