"""Real and realistic sample bills, to the last digit."""

from decimal import Decimal
from pathlib import Path

import pytest

from billow.coststore.store import CostStore
from tests.unit.ingest.focus_bills import contents, import_bill

TOOLKIT = "focus-data-toolkit/s1302"
EXAMPLES = "focus-spec-examples"


def test_the_official_sample_is_stored_to_the_last_digit_by_month(store: CostStore, shared_data: Path) -> None:
    result = import_bill(store, shared_data / "focus-sample-data" / "focus_sample.csv")

    september, october = result.imports
    assert (str(september.partition.billing_period), september.rows) == ("2024-09", 999)
    assert (str(october.partition.billing_period), october.rows) == ("2024-10", 1)
    (first,), (second,) = september.partition.totals, october.partition.totals
    assert first.billed_cost == Decimal("20.280226728990")
    assert first.effective_cost == Decimal("14.97651418586")
    assert first.list_cost == Decimal("20.15090575119")
    assert first.contracted_cost == Decimal("14.97626039326")
    assert second.billed_cost == Decimal("0.24")
    assert september.columns.count("Id") == 1
    assert [(issue.code, issue.is_error) for issue in result.issues] == [("charge_starts_outside_period", False)]
    assert store.verify(september.partition) == store.verify(october.partition) == ()


@pytest.mark.parametrize(
    ("file", "billed", "listed"),
    [
        ("1.2/aws/focus_1_2_cost_and_usage_aws.csv", "20686.1027268409075", "29599.43448208605711"),
        ("1.2/azure/focus_1_2_cost_and_usage_azure.csv", "41406.68993094664", "60362.1089022408"),
        ("1.2/gcp/focus_1_2_cost_and_usage_gcp.csv", "21967.925597512049", "35048.13936458541"),
        ("1.3/aws/focus_1_3_cost_and_usage_aws.csv", "18554.856257624590813", "25179.403692486575568"),
    ],
)
def test_generated_bills_of_three_providers_are_stored_exactly(
    store: CostStore, shared_data: Path, file: str, billed: str, listed: str
) -> None:
    result = import_bill(store, shared_data / TOOLKIT / file)

    (done,) = result.imports
    assert result.issues == ()
    assert (done.rows, str(done.partition.billing_period)) == (1000, "2026-05")
    assert done.partition.totals[0].billed_cost == Decimal(billed)
    assert done.partition.totals[0].list_cost == Decimal(listed)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "commitment_discount_scenarios/commitment_discount_purchase_scenario_2.csv",
            {("missing_column", None, "BillingCurrency"), ("bad_time", 3, "ChargePeriodEnd")},
        ),
        (
            "saas_examples/simple_agreements/simple_saas_agreements_a1.csv",
            {("not_a_number", 1, "BilledCost"), ("bad_time", 1, "BillingPeriodStart")},
        ),
        ("saas_examples/virtual_currency_pricing_model_a1.csv", {("bad_time", 1, "ChargePeriodEnd")}),
    ],
)
def test_examples_with_dollar_signs_impossible_hours_or_short_dates_are_refused(
    store: CostStore, shared_data: Path, file: str, expected: set[tuple[str, int | None, str]]
) -> None:
    result = import_bill(store, shared_data / EXAMPLES / file)

    assert result.imports == ()
    assert contents(store) == {}
    assert expected <= {(issue.code, issue.row, issue.column) for issue in result.issues}


def test_a_bill_of_an_unknown_format_is_not_taken_for_another(store: CostStore, shared_data: Path) -> None:
    result = import_bill(store, shared_data / "nise" / "gcp" / "gcp-2026-02.csv.gz")

    assert (result.imports, [issue.code for issue in result.issues]) == ((), ["unknown_format"])
