"""Alice asks what providers charge, and what a customer is charged; both to the last digit."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases import customer_costs
from billow.usecases.cost_question import read_question
from billow.usecases.generate_invoices import generate_due, request_generation
from billow.usecases.import_costs import import_costs
from billow.usecases.query_costs import CostAnswer, answer_costs
from billow.usecases.refused import Refused
from tests.factories.agreements import assign, make_adjustment, make_charge, make_exclusion, make_rate
from tests.factories.costs import Charge, deliver, focus_csv, make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.factories.reports import make_workspace
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
OCTOBER = BillingPeriod(2026, 10)
MONTH = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
EVERYTHING = {"include_credits": True, "include_refunds": True, "amortize": False}

CHARGES = (
    Charge(sub_account="1001", cost="100.000000000000000001", day=1),
    Charge(sub_account="1001", cost="30", service="Amazon S3", category="Storage", day=15),
    Charge(sub_account="1001", cost="60", service="Amazon S3", category="Storage", day=16),
    Charge(sub_account="1001", cost="-5", charge_category="Credit", day=20),
    Charge(sub_account="1001", cost="7", charge_category="Tax", day=0),
    Charge(sub_account="1002", cost="20.015", day=2),
    Charge(sub_account="9999", cost="4", region="us-east-1", day=3),
)


@dataclass(frozen=True)
class Story:
    """An MSP with October's bill; Olives has account 1001, Boats has 1002, and nobody has 9999."""

    people: People
    integration: Integration
    olives: ManagedAccount
    folder: Path

    def ask(self, *, account: ManagedAccount | None = None, workspace: Any = None, **fields: Any) -> CostAnswer:
        place = workspace or make_workspace(management_account=self.people.msp, account=account)
        asked = {**MONTH, "settings": EVERYTHING, "date_bin": "month", **fields}
        return answer_costs(question=read_question(workspace=place, fields=asked, now=NOW))

    def invoiced(self) -> Decimal:
        """Generate the invoice of Olives and return the exact sum of its lines."""
        actor = self.people.alice.actor
        request_generation(actor=actor, account_tokens=[self.olives.token], period=OCTOBER, now=NOW)
        generate_due(worker="test", now=lambda: NOW)
        version = Invoice.objects.get().current_version
        assert version is not None
        return Decimal(json.loads(version.snapshot)["exact_subtotal"])

    def refused(self, **fields: Any) -> Refused:
        with pytest.raises(Refused) as refused:
            self.ask(**fields)
        return refused.value


@pytest.fixture
def story(tmp_path: Path) -> Story:
    people = make_people()
    integration = make_integration(management_account=people.msp)
    make_profile(management_account=people.msp)
    olives, boats = (make_managed_account(management_account=people.msp, name=name) for name in ("Olives", "Boats"))
    delegate(account=olives, integration=integration, sub_account_id="1001")
    delegate(account=boats, integration=integration, sub_account_id="1002")
    deliver(actor=people.operator, integration=integration, period=OCTOBER, charges=CHARGES, folder=tmp_path)
    return Story(people, integration, olives, tmp_path)


def shown(answer: CostAnswer, *names: str) -> dict[tuple[Any, ...], str]:
    return {
        (f"{row.accrued_at:%m-%d}", *(row.groups[name] for name in names)): f"{row.amount.normalize():f}"
        for row in answer.rows
    }


def test_the_msp_sees_the_whole_bill_as_the_provider_charged_it(story: Story) -> None:
    answer = story.ask(groupings="provider,account_id")
    assert shown(answer, "provider", "account_id") == {
        ("10-01", "aws", "1001"): "192.000000000000000001",
        ("10-01", "aws", "1002"): "20.015",
        ("10-01", "aws", "9999"): "4",
    }
    assert answer.total == (Decimal("216.015000000000000001"), "USD")
    assert [(usage.amount, usage.unit) for usage in answer.usage] == [(Decimal(7), "Hours")]


def test_reports_leave_out_credits_unless_told_otherwise(story: Story) -> None:
    assert story.ask(settings={}).total[0] == Decimal("221.015000000000000001")
    assert story.ask(settings={"include_tax": "false"}).total[0] == Decimal("214.015000000000000001")
    assert story.ask(settings={"include_credits": True}).total[0] == Decimal("216.015000000000000001")


def test_a_customer_sees_what_he_is_charged_day_by_day_and_nothing_of_others(story: Story) -> None:
    msp = story.people.msp
    for rule in (
        make_charge(management_account=msp, amount="50", start_date=date(2026, 1, 15)),
        make_exclusion(management_account=msp, charge_type="Tax"),
        make_adjustment(management_account=msp, percentage="110", start_date=date(2026, 10, 16)),
    ):
        assign(account=story.olives, rule=rule)
    answer = story.ask(account=story.olives, date_bin="day", groupings="service")
    assert shown(answer, "service") == {
        ("10-01", "Amazon EC2"): "100.000000000000000001",
        ("10-15", "Amazon S3"): "30",
        ("10-15", "Support"): "50",
        ("10-16", "Amazon S3"): "66",
        ("10-20", "Amazon EC2"): "-5.5",
    }
    assert answer.total[0] == Decimal("240.500000000000000001"), "the tax is gone without a trace"


@pytest.mark.parametrize("date_bin", ["day", "week", "month", "quarter", "cumulative"])
def test_a_customers_month_is_the_sum_his_invoice_states(story: Story, date_bin: str) -> None:
    msp = story.people.msp
    for rule in (
        make_charge(management_account=msp, amount="12.34"),
        make_exclusion(management_account=msp, charge_type="Credit"),
        make_adjustment(
            management_account=msp, percentage="33.3333", service="Amazon S3", start_date=date(2026, 10, 16)
        ),
    ):
        assign(account=story.olives, rule=rule)
    invoiced = story.invoiced()
    for groupings in ("service", "resource_id,charge_type,tagged", "tag:team", ""):
        answer = story.ask(account=story.olives, date_bin=date_bin, groupings=groupings)
        assert answer.total == (invoiced, "USD")
        if date_bin != "cumulative":
            assert sum(row.amount for row in answer.rows) == answer.total[0]


def test_a_charge_without_an_effective_cost_counts_as_it_does_on_the_invoice(story: Story) -> None:
    charge = Charge(sub_account="1001", cost="8")
    bill = focus_csv(period=OCTOBER, charges=[charge]).replace(b"\r\n8,8,", b"\r\n8,,", 1)
    (story.folder / "without.csv").write_bytes(bill)
    import_costs(
        actor=story.people.operator, integration=story.integration, paths=[story.folder / "without.csv"], now=NOW
    )
    amortized = {**EVERYTHING, "amortize": True}
    assert story.ask(account=story.olives, settings=amortized).total[0] == Decimal(8), "what was billed fills in"
    BillingProfile.objects.update(cost_basis="effective_cost")
    assert story.invoiced() == 0
    assert story.ask(account=story.olives, settings=amortized).total[0] == 0


def test_only_days_asked_for_are_charged(story: Story) -> None:
    support = make_charge(management_account=story.people.msp, amount="50", start_date=date(2026, 1, 15))
    assign(account=story.olives, rule=support)
    for start, end, total in (("15", "15", "80"), ("16", "31", "62"), ("02", "14", "0")):
        answer = story.ask(account=story.olives, start_date=f"2026-10-{start}", end_date=f"2026-10-{end}")
        assert answer.total == (Decimal(total), "USD")


def test_a_filter_finds_charges_and_never_what_rules_add(story: Story) -> None:
    assign(account=story.olives, rule=make_charge(management_account=story.people.msp, amount="50"))
    answer = story.ask(account=story.olives, filter="costs.provider = 'aws' AND costs.service = 'Amazon S3'")
    assert answer.total[0] == Decimal(90)
    own = story.ask(filter="costs.provider = 'aws' AND costs.region != 'eu-central-1'")
    assert own.total[0] == Decimal(4)
    assert "position 29" in story.refused(filter="costs.provider = 'aws' AND (costs.colour = 'x')").message


def test_too_many_slices_of_a_customers_month_are_refused_with_advice(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_costs, "MOST_SLICES", 3)
    refused = story.refused(account=story.olives, date_bin="day")
    assert (refused.code, "longer date bin" in refused.message) == ("too_many_groups", True)
    assert story.ask(account=story.olives, date_bin="month").rows


def test_everything_is_in_one_currency_if_each_month_has_the_rates(story: Story) -> None:
    euros = Charge(sub_account="1001", cost="10", currency="EUR", day=4)
    other = make_integration(management_account=story.people.msp, name="Azure", provider="azure")
    deliver(
        actor=story.people.operator, integration=other, period=OCTOBER, charges=[euros], folder=story.folder, now=NOW
    )
    mixed = story.ask(groupings="provider")
    assert mixed.totals == {"EUR": Decimal(10), "USD": Decimal("216.015000000000000001")}
    make_rate(management_account=story.people.msp, pair="EUR/USD", rate="1.0825", effective_date=date(2026, 10, 31))
    converted = story.ask(groupings="provider")
    assert shown(converted, "provider") == {("10-01", "aws"): "216.015000000000000001", ("10-01", "azure"): "10.825"}
    assert converted.totals == {"USD": Decimal("226.840000000000000001")}
    kept = make_workspace(management_account=story.people.msp, enable_currency_conversion=False)
    assert story.ask(workspace=kept).totals == mixed.totals


def test_cumulative_bins_add_each_day_to_those_before(story: Story) -> None:
    answer = story.ask(date_bin="cumulative", groupings="account_id", settings={})
    sums = {key: value for key, value in shown(answer, "account_id").items() if key[1] == "1001"}
    assert list(sums.values()) == [
        "100.000000000000000001",
        "130.000000000000000001",
        "190.000000000000000001",
        "197.000000000000000001",
    ]
    assert answer.total[0] == Decimal("221.015000000000000001")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"start_date": "2026-02-30"}, "Start date must be a date"),
        ({"end_date": "31.10.2026"}, "End date must be a date"),
        ({"start_date": "2026-11-01"}, "End date 2026-10-31 is before the start date 2026-11-01"),
        ({"start_date": "1926-10-01"}, "at most 1850"),
        ({"date_bin": "decade"}, "Date bin must be one of"),
        ({"groupings": "provider,colour"}, "cannot be grouped by 'colour'"),
        ({"groupings": "account_name"}, "cannot be grouped by 'account_name'"),
        ({"groupings": "tag:" + "x" * 2_000}, "at most 2000 characters"),
        ({"groupings": 'provider,"service'}, "quotes in pairs"),
        ({"groupings": "tag:a\x00b"}, "control character"),
        ({"groupings": ",".join(f"tag:{number}" for number in range(13))}, "at most 12"),
        ({"settings": {"include_tax": "perhaps"}}, "Include tax must be true or false"),
        ({"settings": {"aggregate_by": "mood"}}, "Aggregate by must be one of"),
        ({"settings": "all"}, "Settings must be an object"),
        ({"filter": "'; DROP TABLE costs; --"}, "Filter, position 1"),
        ({"filter": 7}, "Filter must be text"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(story: Story, fields: dict[str, Any], said: str) -> None:
    assert said in story.refused(**fields).message


def test_groups_named_by_hostile_texts_are_only_names(story: Story) -> None:
    for name in ("tag:'; DROP TABLE x; --", 'tag:"quoted"', "tag:$.a[0]", "tag:{}"):
        assert story.ask(groupings=name).total[0] == Decimal("216.015000000000000001")
