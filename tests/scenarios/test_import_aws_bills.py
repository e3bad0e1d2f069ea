"""An AWS payer's month: estimated, then final, then invoiced; by the report's own words where a rule uses them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billow.records.billing.models import Invoice, ManagedAccount
from billow.records.costs.models import CostImport, Integration
from billow.terms.period import BillingPeriod
from billow.usecases.generate_invoices import generate_due, request_generation
from billow.usecases.import_costs import import_costs
from billow.usecases.refused import Refused
from billow.usecases.verify import verify
from tests.factories.agreements import assign, make_exclusion
from tests.factories.costs import make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people
from tests.unit.ingest.aws_bills import write_parquet_report, write_report

pytestmark = pytest.mark.django_db

FEBRUARY, MARCH = BillingPeriod(2026, 2), BillingPeriod(2026, 3)
NOW = datetime(2026, 4, 4, 9, tzinfo=UTC)
PAYER = "099999999999"
TENANT = "011111111111"


@pytest.fixture
def people() -> People:
    found = make_people()
    make_profile(management_account=found.msp)
    return found


@pytest.fixture
def integration(people: People) -> Integration:
    return make_integration(management_account=people.msp)


def customer(people: People, integration: Integration, name: str, payer: str, sub_account: str) -> ManagedAccount:
    account = make_managed_account(management_account=people.msp, name=name, first_period_start=date(2024, 1, 1))
    delegate(account=account, integration=integration, billing_account_id=payer, sub_account_id=sub_account)
    return account


def exact_subtotals(people: People, *accounts: ManagedAccount, period: BillingPeriod) -> list[Decimal]:
    tokens = [account.token for account in accounts]
    asked = request_generation(actor=people.alice.actor, account_tokens=tokens, period=period, now=NOW)
    assert asked.all_done, asked
    while generate_due(worker="w", now=lambda: NOW):
        pass
    versions = [Invoice.objects.get(token=item.token).current_version for item in asked.items]
    return [version.exact_subtotal for version in versions if version is not None]


def test_the_final_delivery_takes_the_place_of_the_estimate_and_is_invoiced_exactly(
    people: People, integration: Integration, shared_data: Path
) -> None:
    folder = shared_data / "derived-cur2" / "BILLING_PERIOD=2026-02"
    alice = people.alice.actor
    estimate, final = (
        import_costs(
            actor=alice, integration=integration, paths=[folder / f"cur2-2026-02-{state}.snappy.parquet"], now=NOW
        ).imports[0]
        for state in ("not-final", "final")
    )
    assert (estimate.format, final.superseded) == ("cur2", estimate.token)
    assert CostImport.objects.filter(superseded_at=None).count() == 1

    sub_accounts = ("111111111111", "222222222222", "333333333333", "444444444444")
    accounts = [customer(people, integration, name, "999999999999", name) for name in sub_accounts]

    subtotals = exact_subtotals(people, *accounts, period=FEBRUARY)

    assert sum(subtotals) == Decimal("377.86822648107839328")
    assert verify().problems == ()


def test_exclusions_know_the_reports_own_charge_types(people: People, integration: Integration, tmp_path: Path) -> None:
    lines = (
        {"lineItem/UnblendedCost": "10"},
        {"lineItem/UnblendedCost": "3", "lineItem/LineItemType": "RIFee", "reservation/UnusedRecurringFee": "0"},
        {"lineItem/UnblendedCost": "-4", "lineItem/LineItemType": "SavingsPlanNegation"},
        {"lineItem/UnblendedCost": "-1", "lineItem/LineItemType": "EdpDiscount"},
    )
    report = write_report(tmp_path, *lines, name="march.csv.gz")
    import_costs(actor=people.alice.actor, integration=integration, paths=[report], format="cur", now=NOW)
    account = customer(people, integration, "Ada", PAYER, TENANT)
    for charge_type in ("RIFee", "savingsplannegation"):
        assign(account=account, rule=make_exclusion(management_account=people.msp, charge_type=charge_type))

    assert exact_subtotals(people, account, period=MARCH) == [Decimal(9)]


def test_a_bad_report_changes_nothing_and_lists_what_is_wrong(
    people: People, integration: Integration, tmp_path: Path
) -> None:
    good = write_parquet_report(tmp_path, {}, maps={"product": [[]]})
    import_costs(actor=people.alice.actor, integration=integration, paths=[good], format="cur2", now=NOW)
    bad = write_report(tmp_path, {"lineItem/UnblendedCost": "free"}, {"lineItem/LineItemType": ""})

    with pytest.raises(Refused) as refused:
        import_costs(actor=people.alice.actor, integration=integration, paths=[bad], now=NOW)

    assert {(issue.code, issue.row) for issue in refused.value.issues} == {("not_a_number", 1), ("missing_value", 2)}
    assert [(stored.format, stored.superseded_at) for stored in CostImport.objects.all()] == [("cur2", None)]
