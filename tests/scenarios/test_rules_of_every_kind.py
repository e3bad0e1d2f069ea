"""Rules in SQL, adjustments that re-rate, and support fees: entered, refused, edited, and what becomes of drafts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billow.billingrules.rule import FeeTier, SupportFeeRule
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingRule, Invoice, ManagedAccount
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.accounts import add_account
from billow.usecases.approve_invoices import approve
from billow.usecases.generate_invoices import generate_due, request_generation
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import assign_rules, rules_of
from billow.usecases.rules import SavedRule, add_rule, change_rule
from tests.factories.agreements import assign, make_adjustment, make_exclusion
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
AZURE = """-- for the islands
UPDATE costs
\tSET costs.amount = costs.amount * 1.08
WHERE costs.provider = 'azure' -- all
"""
PURGE = "DELETE FROM aws WHERE aws.lineItem/LineItemType = 'RIFee'"
MONTHLY = "INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'Platform', 'Fee', 900)"
SHARE = """INSERT INTO costs (provider, service, cost_type, amount)
SELECT 'aws', 'Managed Services', 'Fee', SUM(costs.amount) * 0.08 FROM costs"""
FEE = {"title": "Support", "type": "charge", "service": "Support", "category": "Support", "sub_category": "Monthly"}


@pytest.fixture
def people() -> People:
    return make_people()


def add(people: People, **fields: object) -> SavedRule:
    return add_rule(actor=people.alice.actor, fields=fields, now=NOW)


def custom(people: People, sql: str, title: str = "Custom") -> BillingRule:
    return add(people, title=title, type="custom", sql_query=sql).rule


def change(people: People, rule: BillingRule, **fields: object) -> SavedRule:
    return change_rule(actor=people.alice.actor, rule=rule, fields=fields, now=NOW)


def refusal(people: People, **fields: object) -> list[Issue]:
    """Return why a rule is refused; nothing may have been kept of it."""
    with pytest.raises(Refused) as refused:
        add(people, **fields)
    assert not BillingRule.objects.exists()
    assert not AuditEntry.objects.exists()
    return list(refused.value.issues)


def titles(account: ManagedAccount) -> list[str]:
    return [rule.title for rule in rules_of(account=account)]


def test_sql_is_kept_to_the_last_sign(people: People) -> None:
    rule = custom(people, AZURE)
    assert BillingRule.objects.get(pk=rule.pk).sql_query == AZURE


def test_sql_that_is_not_understood_is_refused_with_its_line_and_column(people: People) -> None:
    sql = "UPDATE costs\nSET costs.amount = costs.amount * 1.08\nWHERE costs.provder = 'azure'"
    (issue,) = refusal(people, title="Custom", type="custom", sql_query=sql)
    assert (issue.column, issue.row) == ("sql_query", 3)
    assert issue.message.startswith("Line 3, column 7: ")


@pytest.mark.parametrize("sql", [None, "", " \n\t"])
def test_a_custom_rule_needs_sql(people: People, sql: str | None) -> None:
    (issue,) = refusal(people, title="Custom", type="custom", sql_query=sql)
    assert (issue.code, issue.column) == ("blank", "sql_query")


def test_what_sql_probably_does_not_mean_is_a_warning(people: People) -> None:
    sql = """UPDATE costs SET costs.amount = CASE
      WHEN costs.service = 'AWS Lambda' THEN costs.amount * 0.095 ELSE costs.amount * 1.05 END
      WHERE costs.cost_type != 'AWS Marketplace'"""
    saved = add(people, title="Custom", type="custom", sql_query=sql)
    assert {issue.code for issue in saved.warnings} == {"unusual_factor", "marketplace_cost_type"}


@pytest.mark.parametrize("kind", ["public_price", "remove_commitment_discounts", "retier"])
def test_an_adjustment_that_re_rates_has_no_percentage(people: People, kind: str) -> None:
    saved = add(people, title="List prices", type="adjustment", adjustment_type=kind, percentage="90")
    assert (saved.rule.adjustment_type, saved.rule.percentage) == (kind, None)
    assert [(issue.code, issue.column) for issue in saved.warnings] == [("unused_field", "percentage")]
    assert change(people, saved.rule, adjustment_type="per_service", percentage="90").rule.percentage == 90


@pytest.mark.parametrize(
    ("fields", "code", "column"),
    [
        ({"adjustment_type": "blended"}, "not_a_choice", "adjustment_type"),
        ({"adjustment_type": "retier", "type": "exclusion", "charge_type": "Tax"}, "not_for_type", "adjustment_type"),
        ({**FEE, "type": "credit", "charge_calculation": "support_fee"}, "not_for_type", "charge_calculation"),
        ({**FEE, "support_plan": "platinum"}, "not_a_choice", "support_plan"),
        ({**FEE, "charge_calculation": "support_fee"}, "blank", "fee_tiers"),
        ({**FEE, "charge_calculation": "support_fee", "fee_tiers": "10"}, "not_a_list", "fee_tiers"),
        ({**FEE, "charge_calculation": "support_fee", "fee_tiers": ["1000:10"]}, "wrong_tiers", "fee_tiers"),
        ({**FEE, "charge_calculation": "support_fee", "fee_tiers": ["9:5", "9:4", "3"]}, "wrong_tiers", "fee_tiers"),
        (
            {**FEE, "charge_calculation": "support_fee", "fee_tiers": ["much:5", "3"]},
            "not_a_number",
            "fee_tiers[1].up_to",
        ),
        (
            {**FEE, "charge_calculation": "support_fee", "fee_tiers": [{"share": "5"}]},
            "not_a_tier",
            "fee_tiers[1]",
        ),
        ({**FEE, "support_plan": "business", "fee_minimum": "-1"}, "negative_minimum", "fee_minimum"),
    ],
)
def test_a_wrong_field_is_named(people: People, fields: dict[str, Any], code: str, column: str) -> None:
    issues = refusal(people, **{"title": "A", "type": "adjustment", **fields})
    assert [(issue.code, issue.column) for issue in issues] == [(code, column)]


def test_an_unknown_choice_lists_the_known_ones(people: People) -> None:
    (issue,) = refusal(people, title="A", type="adjustment", adjustment_type="blended")
    assert "per_service, public_price, remove_commitment_discounts, retier" in issue.message


def test_a_support_plan_fills_tiers_and_minimum(people: People) -> None:
    rule = add(people, **FEE, support_plan="Business", fee_minimum="150").rule
    assert BillingRule.objects.get(pk=rule.pk).as_rule() == SupportFeeRule(
        token=rule.token,
        title="Support",
        service="Support",
        category="Support",
        sub_category="Monthly",
        tiers=(
            FeeTier(percentage=Decimal(10), up_to=Decimal(10_000)),
            FeeTier(percentage=Decimal(7), up_to=Decimal(80_000)),
            FeeTier(percentage=Decimal(5), up_to=Decimal(250_000)),
            FeeTier(percentage=Decimal(3)),
        ),
        minimum=Decimal(150),
        per_account=True,
    )


def test_own_tiers_are_kept_exactly_and_count_for_any_provider(people: People) -> None:
    tiers = ["10000.5:10", {"percentage": "2.25"}]
    rule = add(people, **FEE, charge_calculation="support_fee", fee_tiers=tiers, fee_provider="all").rule
    value = BillingRule.objects.get(pk=rule.pk).as_rule()
    assert isinstance(value, SupportFeeRule)
    assert value.tiers == (
        FeeTier(percentage=Decimal(10), up_to=Decimal("10000.5")),
        FeeTier(percentage=Decimal("2.25")),
    )
    assert (value.provider, value.minimum, value.per_account) == (None, Decimal(0), False)


def test_rules_of_all_groups_run_in_their_order(people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    tax = make_exclusion(management_account=people.msp, charge_type="Tax")
    rules = [custom(people, PURGE), custom(people, MONTHLY), tax, custom(people, SHARE)]
    assign_rules(actor=people.alice.actor, account=olives, rules=rules, now=NOW)
    with pytest.raises(Refused) as refused:
        assign_rules(actor=people.alice.actor, account=olives, rules=rules[::-1], now=NOW)
    assert refused.value.code == "rules_out_of_order"
    assert [rule.pk for rule in rules_of(account=olives)] == [rule.pk for rule in rules]


def test_new_sql_moves_a_rule_to_the_end_of_its_new_group_for_everybody_who_has_it(people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    boats = make_managed_account(management_account=people.msp, name="Magnesia Boats")
    moving, sums = custom(people, PURGE, "Moving"), custom(people, SHARE, "Sums")
    markup = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    for rule in (moving, markup, sums):
        assign(account=olives, rule=rule)
    assign(account=boats, rule=moving)

    change(people, moving, sql_query=AZURE)

    assert titles(olives) == ["Markup", "Moving", "Sums"]
    assert titles(boats) == ["Moving"]
    entries = AuditEntry.objects.filter(action="rules_assigned")
    assert [(entry.object_token, entry.changes) for entry in entries] == [
        (
            olives.token,
            {
                "before": [moving.token, markup.token, sums.token],
                "after": [markup.token, moving.token, sums.token],
            },
        )
    ]


def test_another_kind_of_adjustment_or_charge_moves_too(people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    fee = add(people, **FEE, amount="50", start_date="2026-10-01").rule
    markup = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    tax = make_exclusion(management_account=people.msp, charge_type="Tax")
    for rule in (fee, tax, markup):
        assign(account=olives, rule=rule)

    change(people, markup, adjustment_type="public_price")
    assert titles(olives) == ["Markup", "Support", "Leave out Tax"]
    changed = change(people, fee, support_plan="developer").rule
    assert titles(olives) == ["Markup", "Leave out Tax", "Support"]
    assert (changed.amount, changed.charge_calculation) == (None, "support_fee")


def test_an_edit_inside_the_group_leaves_the_order_alone(people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    first = custom(people, AZURE, "First")
    assign(account=olives, rule=first)
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110", title="Markup"))
    change(people, first, sql_query="DELETE FROM costs WHERE costs.cost_type = 'Tax'")
    assert titles(olives) == ["First", "Markup"]


def test_a_draft_becomes_stale_by_new_sql_and_an_approved_invoice_does_not_change(people: People) -> None:
    make_profile(management_account=people.msp)
    olives = make_managed_account(management_account=people.msp)
    boats = make_managed_account(management_account=people.msp, name="Magnesia Boats")
    rule = custom(people, MONTHLY)
    for account in (olives, boats):
        assign(account=account, rule=rule)
    asked = request_generation(
        actor=people.alice.actor, account_tokens=[olives.token, boats.token], period=OCTOBER, now=NOW
    )
    assert asked.all_done
    while generate_due(worker="w", now=lambda: NOW):
        pass
    draft, approved = (Invoice.objects.get(managed_account=account) for account in (olives, boats))
    assert approve(actor=people.alice.actor, invoice_tokens=[approved.token], now=NOW).all_done
    before = Invoice.objects.filter(pk=approved.pk).values().get()

    change(people, rule, sql_query=MONTHLY.replace("900", "950"))

    draft.refresh_from_db()
    assert draft.is_stale
    assert Invoice.objects.filter(pk=approved.pk).values().get() == before
    assert before["current_version_id"] is not None


def test_sql_that_is_no_longer_understood_is_named_where_its_group_is_asked(people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    rule = custom(people, AZURE, "Islands")
    assign(account=olives, rule=rule)
    BillingRule.objects.filter(pk=rule.pk).update(sql_query="SELECT 1", apply_to_all=True)
    rule.refresh_from_db()
    markup = make_adjustment(management_account=people.msp, percentage="110")

    with pytest.raises(Refused, match="The SQL of Islands cannot be run") as refused:
        assign_rules(actor=people.alice.actor, account=olives, rules=[rule, markup], now=NOW)
    assert refused.value.code == "unreadable_rule"
    with pytest.raises(Refused, match="Islands"):
        add_account(actor=people.alice.actor, fields={"name": "New", "contact_email": "a@b.example"}, now=NOW)

    assign_rules(actor=people.alice.actor, account=olives, rules=[markup], now=NOW)
    assert change(people, rule, sql_query=AZURE).rule.sql_query == AZURE
