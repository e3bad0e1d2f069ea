"""What the program says when something is wrong, and that nothing was changed then."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from billow.terms.period import BillingPeriod
from tests.cli.conftest import Program
from tests.factories.costs import Charge, focus_csv

MARCH = BillingPeriod(2026, 3)


def test_everything_but_init_asks_for_init_first(fresh: Program) -> None:
    assert fresh.refused("accounts", "list") == ["not_initialised"]
    assert fresh.refused("serve") == ["not_initialised"]


def test_init_can_be_repeated_and_keeps_owner_and_keys(fresh: Program) -> None:
    first = fresh.ok("init", "--owner", "alice@nimbus.example")
    assert set(first) >= {"owner", "data", "database"}
    assert len(first["password"]) >= 12
    keys = {file.name: file.read_bytes() for file in (fresh.data / "keys").iterdir() if not file.name.startswith(".")}
    assert set(keys) == {"secret_key", "encryption_key"}
    assert all((fresh.data / "keys" / name).stat().st_mode & 0o777 == 0o600 for name in keys)
    assert (fresh.data / "billow.sqlite3").stat().st_mode & 0o777 == 0o600
    again = fresh.ok("init", "--owner", "somebody@else.example")
    assert (again["owner"], again["password"]) == ("alice@nimbus.example", None)
    assert keys == {name: (fresh.data / "keys" / name).read_bytes() for name in keys}


def test_two_who_initialise_at_once_agree(fresh: Program) -> None:
    with ThreadPoolExecutor(3) as many:
        answers = list(many.map(lambda name: fresh.ok("init", "--owner", f"{name}@nimbus.example"), "abc"))
    assert len({answer["owner"] for answer in answers}) == 1
    assert len({answer["management_account"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer["password"]]) == 1


def test_init_in_production_makes_the_keys_that_production_insists_on(fresh: Program) -> None:
    strict = Program(fresh.data, {**fresh.variables, "BILLOW_PRODUCTION": "true"})
    assert strict.refused("accounts", "list") == ["configuration"]
    strict.ok("init")
    assert strict.ok("accounts", "list") == {"accounts": []}


def test_the_owners_password_can_be_given_and_must_be_good(fresh: Program) -> None:
    weak = Program(fresh.data, {**fresh.variables, "BILLOW_OWNER_PASSWORD": "12345"})
    assert weak.refused("init") == ["weak_password"]
    good = Program(fresh.data, {**fresh.variables, "BILLOW_OWNER_PASSWORD": "a long road to Larissa"})
    answer = good.run("init", "--json")
    assert answer.document["password"] is None
    assert "Larissa" not in answer.stdout + answer.stderr


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path, fresh: Program) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert fresh.elsewhere(in_the_way / "data").refused("init") == ["data_folder"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "add"),
        ("accounts", "add", "Ada"),
        ("nonsense",),
        ("costs", "report", "--period", "March"),
        ("costs", "import", "x.csv", "--integration", "Payer", "--format", "excel"),
        ("invoices", "generate"),
        ("invoices", "generate", "--all", "--account", "Ada"),
        ("invoices", "approve"),
        ("invoices", "approve", "INV-1", "--all"),
        ("invoices", "list", "--status", "lost"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_code_2_and_prints_no_document(billow: Program, arguments: tuple[str, ...]) -> None:
    answer = billow.run(*arguments)
    assert answer.code == 2
    assert answer.stdout == ""


def test_every_wrong_field_is_named_in_one_go(billow: Program) -> None:
    answer = billow.run(
        *("accounts", "add", "Ada", "--email", "ada", "--country-code", "ZZ", "--terms", "400", "--currency", "EURO"),
        "--json",
    )
    assert answer.code == 1
    wrong = {error["column"]: error["code"] for error in answer.document["errors"]}
    assert wrong == {
        "contact_email": "not_an_address",
        "billing_email": "not_an_address",
        "country_code": "unknown_country",
        "payment_terms_days": "not_in_range",
        "currency": "unknown_currency",
    }
    assert set(answer.errors) == set(wrong.values())
    assert billow.ok("accounts", "list") == {"accounts": []}


def test_names_that_several_have_are_ambiguous_and_tokens_never(billow: Program) -> None:
    one = billow.ok("accounts", "add", "Ada", "--email", "one@nimbus.example")
    two = billow.ok("accounts", "add", "Ada", "--email", "two@nimbus.example")
    assert one["token"] != two["token"]
    answer = billow.run("accounts", "show", "Ada")
    assert answer.errors == ["ambiguous"]
    assert one["token"] in answer.stderr
    assert billow.ok("accounts", "show", two["token"])["contact_email"] == "two@nimbus.example"
    assert billow.refused("accounts", "show", "Eve") == ["not_found"]


def test_dangerous_commands_refuse_where_nobody_can_be_asked(billow: Program) -> None:
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example")
    assert billow.refused("accounts", "delete", "Ada") == ["confirmation_needed"]
    assert len(billow.ok("accounts", "list")["accounts"]) == 1
    billow.ok("accounts", "delete", "Ada", "--yes")
    assert billow.ok("accounts", "list") == {"accounts": []}


def test_a_profile_is_not_half_made_when_its_logo_is_no_picture(billow: Program, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_text("hello")
    add = ("profiles", "add", "Main", "--company-name", "Nimbus AE", "--country-code", "GR")
    assert billow.refused(*add, "--logo", logo) == ["logo_not_an_image"]
    assert billow.ok("profiles", "list") == {"profiles": []}
    billow.ok(*add)
    assert billow.refused("profiles", "set", "Main", "--city", "Athens", "--logo", logo) == ["logo_not_an_image"]
    assert billow.ok("profiles", "show", "Main")["city"] is None


def test_rounding_of_a_bill_is_said_to_people_too(billow: Program, tmp_path: Path) -> None:
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    bill = tmp_path / "bill.csv"
    bill.write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="1", cost="1.0000000000000000004")]))
    answer = billow.run("costs", "import", bill, "--integration", "Payer")
    assert answer.code == 0
    assert "2026-03: 1 of 1 rows are finer than 18 decimals and were rounded" in answer.stderr


def test_a_bad_bill_is_refused_whole_with_every_problem(billow: Program, tmp_path: Path) -> None:
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    folder = tmp_path / "bills"
    folder.mkdir()
    (folder / "good.csv").write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="1", cost="1")]))
    bad = focus_csv(
        period=MARCH, charges=[Charge(sub_account="1", cost="1,234.56"), Charge(sub_account="1", cost="NaN")]
    )
    (folder / "bad.csv").write_bytes(bad)
    answer = billow.run("costs", "import", folder, "--integration", "Payer", "--json")
    assert answer.code == 1
    assert answer.document["imports"] == []
    issues = answer.document["issues"]
    assert {(issue["file"], issue["row"], issue["column"]) for issue in issues} >= {
        ("bad.csv", 1, "BilledCost"),
        ("bad.csv", 2, "BilledCost"),
    }
    assert all(set(issue) == {"code", "severity", "file", "row", "column", "value", "message"} for issue in issues)
    assert len(answer.errors) == len([issue for issue in issues if issue["severity"] == "error"])
    assert billow.ok("costs", "list") == {"imports": [], "issues": []}
    assert billow.refused("costs", "import", tmp_path / "nothing", "--integration", "Payer") == ["no_such_file"]


def test_a_format_that_is_not_read_yet_is_refused_by_name(billow: Program, tmp_path: Path) -> None:
    billow.ok("integrations", "add", "Payer", "--provider", "gcp")
    bill = tmp_path / "bill.csv"
    bill.write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="1", cost="1")]))
    assert billow.refused("costs", "import", bill, "--integration", "Payer", "--format", "gcp") == ["unknown_format"]
    assert billow.ok("costs", "list")["imports"] == []


def test_a_dry_run_tells_and_stores_nothing(billow: Program, tmp_path: Path) -> None:
    billow.ok("integrations", "add", "Payer", "--provider", "aws")
    file = tmp_path / "march.csv"
    file.write_bytes(focus_csv(period=MARCH, charges=[Charge(sub_account="1", cost="12.5")]))
    (told,) = billow.ok("costs", "import", file, "--integration", "Payer", "--dry-run")["imports"]
    assert (told["token"], told["rows"], told["unchanged"]) == (None, 1, False)
    assert billow.ok("costs", "list")["imports"] == []
    assert not list((billow.data / "costs").rglob("*.parquet"))


def test_bad_rows_of_rates_and_accounts_are_listed_by_row(billow: Program) -> None:
    rates = "base_currency_code,currency_code,rate,date\nUSD,EUR,0.9,2026-03-31\nUSD,EUR,-1,2026-02-30\nXXX,EUR,1,\n"
    answer = billow.run("rates", "import", "-", stdin=rates)
    assert answer.code == 1
    rows = [line.partition("]: ")[2] for line in answer.stderr.splitlines() if line.startswith("error[")]
    assert [row.partition(":")[0] for row in rows] == ["Row 2", "Row 2", "Row 3", "Row 3"]
    assert billow.ok("rates", "list") == {"rates": []}

    accounts = "name;contact_email\nAda;ada@nimbus.example\n;nobody\nEve;ADA@nimbus.example\n"
    answer = billow.run("accounts", "import", "-", stdin=accounts)
    assert answer.code == 1
    assert answer.errors == ["blank", "not_an_address", "contact_email_taken"]
    assert billow.ok("accounts", "list") == {"accounts": []}


def test_text_from_a_bill_cannot_steer_the_terminal(billow: Program) -> None:
    from billow.interfaces.cli.tables import cell_text

    assert cell_text("a\x1b[31mred\x07") == "a [31mred "


def test_several_management_accounts_must_be_told_apart(billow: Program) -> None:
    other = billow.ok("init", "--another", "--company", "Cirrus Resale", "--owner", "charlie@cirrus.example")
    assert billow.refused("accounts", "list") == ["ambiguous"]
    billow.ok("--management-account", "Cirrus Resale", "accounts", "add", "Ada", "--email", "ada@cirrus.example")
    assert billow.ok("accounts", "list", "--management-account", "Nimbus Partners") == {"accounts": []}
    assert len(billow.ok("accounts", "list", "--management-account", other["management_account"])["accounts"]) == 1
    assert billow.refused("accounts", "list", "--management-account", "Nobody") == ["not_found"]
