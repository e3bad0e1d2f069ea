"""A month of an AWS payer with a Savings Plan: estimated, then final, re-rated, invoiced, explained."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billow.invoicing.invoice import InvoiceLine
from billow.records.billing.models import BillingRule, Invoice, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.import_costs import import_costs
from billow.usecases.invoice_rows import InvoicePage
from billow.usecases.preview_rules import preview_rule
from billow.usecases.read_invoices import invoice_page
from billow.usecases.rule_assignments import assign_rules
from billow.usecases.rules import add_rule, change_rule
from billow.usecases.verify import verify
from tests.factories.costs import make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

FEBRUARY, MARCH = BillingPeriod(2026, 2), BillingPeriod(2026, 3)
NOW = datetime(2026, 4, 4, 9, tzinfo=UTC)
PAYER = "999999999999"
LINKED = ("111111111111", "222222222222", "333333333333", "444444444444")
EACH_ALONE = tuple((number,) for number in LINKED)
FEBRUARY_AMORTISED = Decimal("377.86822648107839328") + Decimal("92.8704")
FEBRUARY_LISTED = FEBRUARY_AMORTISED + Decimal("36.1536")
REMOVE = {"title": "List price", "type": "adjustment", "adjustment_type": "remove_commitment_discounts"}
RETYPED = """UPDATE aws
    SET aws.lineItem/LineItemType = 'Usage'
    WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'
    AND aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN
        NOT LIKE '%:' || aws.lineItem/UsageAccountId || ':%'"""
REPRICED = """UPDATE aws
    SET aws.savingsPlan/SavingsPlanEffectiveCost = aws.lineItem/UnblendedCost
    WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'"""


class Story:
    """An MSP with customers that are given the linked accounts of one payer."""

    def __init__(
        self,
        basis: CostBasis = CostBasis.EFFECTIVE_COST,
        customers: Sequence[Sequence[str]] = EACH_ALONE,
    ) -> None:
        self.people: People = make_people()
        make_profile(management_account=self.people.msp, cost_basis=basis.value)
        self.integration: Integration = make_integration(management_account=self.people.msp)
        self.accounts: list[ManagedAccount] = []
        for numbers in customers:
            account = make_managed_account(
                management_account=self.people.msp, name=numbers[0], first_period_start=date(2024, 1, 1)
            )
            for number in numbers:
                delegate(account=account, integration=self.integration, billing_account_id=PAYER, sub_account_id=number)
            self.accounts.append(account)

    @property
    def actor(self) -> Actor:
        return self.people.alice.actor

    def deliver(self, *paths: Path) -> None:
        for path in paths:
            import_costs(actor=self.actor, integration=self.integration, paths=[path], now=NOW)

    def give_everybody(self, **fields: str) -> BillingRule:
        rule = add_rule(actor=self.actor, fields=fields, now=NOW).rule
        for account in self.accounts:
            assign_rules(actor=self.actor, account=account, rules=[rule], now=NOW)
        return rule

    def pages(self, period: BillingPeriod) -> list[InvoicePage]:
        found = Invoice.objects.filter(period_start=period.start).order_by("sequence")
        return [invoice_page(actor=self.actor, token=each.token) for each in found]

    def lines(self, period: BillingPeriod) -> list[InvoiceLine]:
        """Generate or regenerate the month's invoices; return their lines, exact, those that cost nothing too."""
        existing = Invoice.objects.filter(period_start=period.start)
        if existing:
            request_regeneration(actor=self.actor, invoice_tokens=[each.token for each in existing], now=NOW)
        else:
            tokens = [account.token for account in self.accounts]
            assert request_generation(actor=self.actor, account_tokens=tokens, period=period, now=NOW).all_done
        while generate_due(worker="w", now=lambda: NOW):
            pass
        lines: list[InvoiceLine] = []
        for page in self.pages(period):
            assert page.invoice is not None, page.row
            assert sum(line.amount_minor for line in page.invoice.lines) == page.invoice.totals.subtotal_minor
            lines += page.invoice.lines
        return lines


def charged(lines: list[InvoiceLine]) -> Decimal:
    """Add up the lines; what every rule changed explains each to the last digit."""
    for line in lines:
        assert line.rated_cost == line.provider_cost + sum((delta.amount for delta in line.deltas), Decimal(0))
    return sum((line.rated_cost for line in lines), Decimal(0))


def by_rule(lines: list[InvoiceLine], token: str) -> Decimal:
    return sum((delta.amount for line in lines for delta in line.deltas if delta.rule_token == token), Decimal(0))


def cur2(shared_data: Path, *states: str, period: str = "2026-02") -> list[Path]:
    folder = shared_data / "derived-cur2" / f"BILLING_PERIOD={period}"
    return [folder / f"cur2-{period}-{state}.snappy.parquet" for state in states]


def test_february_goes_back_to_list_price_once_its_final_report_is_there(shared_data: Path) -> None:
    story = Story()
    story.deliver(*cur2(shared_data, "not-final"))
    assert charged(story.lines(FEBRUARY)) == FEBRUARY_AMORTISED

    story.deliver(*cur2(shared_data, "final"))
    rule = story.give_everybody(**REMOVE)
    lines = story.lines(FEBRUARY)

    assert charged(lines) == FEBRUARY_AMORTISED + Decimal("36.1536")
    assert by_rule(lines, rule.token) == Decimal("36.1536")
    assert sum((line.provider_cost for line in lines), Decimal(0)) == FEBRUARY_AMORTISED
    explained = [effect for page in story.pages(FEBRUARY) for effect in page.rule_effects]
    assert {(effect.title, *effect.amounts) for effect in explained} == {("List price", "USD")}
    assert sum(effect.amounts["USD"] for effect in explained) == Decimal("36.1536")
    assert verify().problems == ()


def test_a_rule_for_lines_that_the_report_lacks_asks_for_its_names(shared_data: Path) -> None:
    story = Story()
    story.deliver(*cur2(shared_data, "final"))
    nobody = "UPDATE aws SET aws.lineItem/UnblendedCost = '0' WHERE aws.lineItem/UsageAccountId = '444455556666'"
    fields = {"title": "Internal", "type": "custom", "sql_query": nobody}
    found = preview_rule(actor=story.actor, period=FEBRUARY, fields=fields, accounts=story.accounts)
    assert [issue.message for issue in found.warnings] == [
        "Internal changes no line of 2026-02; is each name in it spelt right?"
    ]


def test_march_as_a_legacy_report_goes_back_to_list_price(shared_data: Path) -> None:
    story = Story()
    story.deliver(shared_data / "nise" / "aws-cur-legacy" / "March-2026-finalized.csv.gz")
    story.give_everybody(**REMOVE)
    lines = story.lines(MARCH)
    amortised = Decimal("404.32408726658399280") + Decimal("99.504")
    assert sum((line.provider_cost for line in lines), Decimal(0)) == amortised
    assert charged(lines) - amortised == Decimal("38.736")


def test_the_same_can_be_said_in_sql_in_two_ways(shared_data: Path) -> None:
    story = Story()
    story.deliver(*cur2(shared_data, "final"))
    rule = story.give_everybody(title="By type", type="custom", sql_query=RETYPED)
    lines = story.lines(FEBRUARY)
    assert (charged(lines), by_rule(lines, rule.token)) == (FEBRUARY_LISTED, Decimal("36.1536"))

    change_rule(actor=story.actor, rule=rule, fields={"sql_query": REPRICED}, now=NOW)
    assert {invoice.is_stale for invoice in Invoice.objects.all()} == {True}
    lines = story.lines(FEBRUARY)
    assert (charged(lines), by_rule(lines, rule.token)) == (FEBRUARY_LISTED, Decimal("36.1536"))
    assert {invoice.is_stale for invoice in Invoice.objects.all()} == {False}


def test_where_billed_cost_is_charged_the_negations_go_and_list_price_is_left(shared_data: Path) -> None:
    # The report writes a negation to another account than the usage it takes back: only together do they match.
    story = Story(CostBasis.BILLED_COST, customers=(LINKED,))
    story.deliver(*cur2(shared_data, "final"))
    rule = story.give_everybody(**REMOVE)
    lines = story.lines(FEBRUARY)
    assert sum((line.provider_cost for line in lines), Decimal(0)) == Decimal("377.86822648107839328")
    assert (charged(lines), by_rule(lines, rule.token)) == (FEBRUARY_LISTED, Decimal("129.024"))
