"""The close of a month from the command line."""

from tests.cli.conftest import Program

CUSTOM = "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n2026-03-03,Usage,12.5,Support\n"


def test_the_overview_says_what_to_do_next_until_nothing_is_left(billow: Program) -> None:
    def told() -> dict[str, object]:
        document: dict[str, object] = billow.ok("overview", "--period", "2026-03")
        return document

    def step() -> object:
        following = told()["next"]
        assert isinstance(following, dict)
        return following["step"]

    assert step() == "set_up"
    billow.ok("profiles", "add", "Main", "--company-name", "Nimbus")
    billow.ok("integrations", "add", "Own", "--provider", "custom_provider")
    file = billow.data / "costs.csv"
    file.write_text(CUSTOM, encoding="utf-8")
    billow.ok("costs", "import", file, "--integration", "Own", "--format", "custom")
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example")
    document = told()
    assert document["bills"] == [
        {
            "integration": document["bills"][0]["integration"],  # type: ignore[index]
            "name": "Own",
            "arrival": "arrived",
            "because": None,
            "arrived_at": document["bills"][0]["arrived_at"],  # type: ignore[index]
            "billed": {"USD": "12.500000000000000000"},
            "unallocated": {"USD": "12.500000000000000000"},
        }
    ]
    billow.ok("integrations", "delegate", "Own", "--account", "Ada")
    text = billow.run("overview", "--period", "2026-03").stdout
    assert "Next step" in text
    assert "12.50 USD" in text
    billow.ok("rules", "add", "No tax", "--type", "exclusion", "--charge-type", "Tax")
    assert step() == "generate"
