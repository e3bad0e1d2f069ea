"""A rule is previewed before anybody is billed by it, and the invoices then say what the preview said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.coststore.store import CostStore
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingRule, BillingRuleAssignment, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.preview_rules import RulePreview, newest_month_with_costs, preview_rule
from billow.usecases.read_invoices import invoice_page
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import assign_rules
from billow.usecases.rules import add_rule, change_rule
from tests.factories.agreements import assign, make_adjustment, make_charge, make_exclusion, make_rate
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
MARKUP = {"title": "Markup", "type": "adjustment", "percentage": "110"}

CHARGES = (
    Charge(sub_account="1001", cost="100.005"),
    Charge(sub_account="1001", cost="33.3333333333", service="Amazon S3", category="Storage", day=20),
    Charge(sub_account="1001", cost="-5", charge_category="Credit"),
    Charge(sub_account="1002", cost="20.015"),
    Charge(sub_account="1002", cost="0.333", service="Amazon S3", category="Storage"),
)


@dataclass(frozen=True)
class Story:
    """An MSP with October's bill, a dollar customer (olives) and a euro customer (boats)."""

    people: People
    olives: ManagedAccount
    boats: ManagedAccount

    def preview(self, **wish: object) -> RulePreview:
        return preview_rule(actor=self.people.alice.actor, period=OCTOBER, **wish)  # type: ignore[arg-type]

    def subtotals(self) -> dict[str, tuple[Decimal | None, Decimal | None]]:
        """Generate or regenerate October's drafts; return each subtotal and margin by customer."""
        actor = self.people.alice.actor
        existing = list(Invoice.objects.visible_to(self.people.msp))
        if existing:
            request_regeneration(actor=actor, invoice_tokens=[each.token for each in existing], now=NOW)
        else:
            tokens = [self.olives.token, self.boats.token]
            assert request_generation(actor=actor, account_tokens=tokens, period=OCTOBER, now=NOW).all_done
        while generate_due(worker="w", now=lambda: NOW):
            pass
        rows = [invoice_page(actor=actor, token=each.token).row for each in Invoice.objects.visible_to(self.people.msp)]
        return {row.account_name: (row.subtotal, row.margin) for row in rows}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    people = make_people()
    make_profile(management_account=people.msp, rounding_rule="exact_total")
    integration = make_integration(management_account=people.msp)
    olives = make_managed_account(management_account=people.msp, name="Thessaly Olives")
    boats = make_managed_account(management_account=people.msp, name="Magnesia Boats", currency="EUR")
    delegate(account=olives, integration=integration, sub_account_id="1001")
    delegate(account=boats, integration=integration, sub_account_id="1002")
    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.9137", effective_date=date(2026, 10, 31))
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=CHARGES, folder=tmp_path)
    return Story(people, olives, boats)


def codes(preview: RulePreview) -> list[str]:
    return [issue.code for issue in preview.warnings]


def before_and_after(preview: RulePreview) -> list[dict[str, tuple[Decimal | None, Decimal | None]]]:
    customers = preview.comparison.customers
    return [
        {each.account_name: (each.before, each.margin_before) for each in customers},
        {each.account_name: (each.after, each.margin_after) for each in customers},
    ]


def test_the_preview_of_a_new_rule_for_all_is_what_the_invoices_then_say(story: Story) -> None:
    assign(account=story.olives, rule=make_exclusion(management_account=story.people.msp, charge_type="Credit"))
    fields = {**MARKUP, "percentage": "107.3", "apply_to_all": True}
    before, after = before_and_after(story.preview(fields=fields))

    assert before == story.subtotals()
    add_rule(actor=story.people.alice.actor, fields=fields, now=NOW)
    assert after == story.subtotals()
    assert before != after


def test_the_preview_of_an_edit_inside_the_month_is_what_the_invoices_then_say(story: Story) -> None:
    rule = make_adjustment(management_account=story.people.msp, percentage="110")
    assign(account=story.olives, rule=rule)
    assign(account=story.boats, rule=rule)
    edit = {"percentage": "93.7", "start_date": "2026-10-15", "service": "Amazon S3"}
    before, after = before_and_after(story.preview(rule=rule, fields=edit))

    assert before == story.subtotals()
    change_rule(actor=story.people.alice.actor, rule=rule, fields=edit, now=NOW)
    assert after == story.subtotals()
    assert before["Thessaly Olives"] != after["Thessaly Olives"]


def test_the_preview_of_a_saved_rule_is_what_assigning_it_does(story: Story) -> None:
    charge = make_charge(management_account=story.people.msp, amount="50.005")
    markup = make_adjustment(management_account=story.people.msp, percentage="110")
    assign(account=story.olives, rule=markup)
    assert before_and_after(story.preview(rule=markup))[1] == {"Thessaly Olives": (Decimal("141.17"), Decimal("12.83"))}
    before, after = before_and_after(story.preview(rule=charge, accounts=[story.olives, story.boats]))

    assert before == story.subtotals()
    assign_rules(actor=story.people.alice.actor, account=story.olives, rules=[charge, markup], now=NOW)
    assign_rules(actor=story.people.alice.actor, account=story.boats, rules=[charge], now=NOW)
    assert after == story.subtotals()


def test_a_preview_shows_lines_margins_and_totals(story: Story) -> None:
    seen = story.preview(fields={**MARKUP, "service": "Amazon S3"}, accounts=[story.olives, story.boats]).comparison
    olives, boats = seen.customers
    assert (olives.currency, olives.provider_cost, olives.before, olives.after) == (
        "USD",
        Decimal("128.34"),
        Decimal("128.34"),
        Decimal("131.67"),
    )
    assert (olives.difference, olives.margin_before, olives.margin_after) == (
        Decimal("3.33"),
        Decimal("0.00"),
        Decimal("3.33"),
    )
    assert (olives.lines_touched, boats.lines_touched) == (1, 1)
    assert [(each.account_name, each.service, each.difference) for each in seen.most_changed] == [
        ("Thessaly Olives", "Amazon S3", Decimal("3.33333333333")),
        ("Magnesia Boats", "Amazon S3", Decimal("0.0333") * Decimal("0.9137")),
    ]
    assert [(total.currency, total.difference) for total in seen.totals] == [
        ("EUR", boats.difference),
        ("USD", Decimal("3.33")),
    ]


def test_only_the_ten_most_changed_lines_are_shown(story: Story, tmp_path: Path) -> None:
    many = [Charge(sub_account="1001", cost=str(number), service=f"Service {number:02}") for number in range(1, 13)]
    integration = story.olives.delegations.get().integration
    deliver(actor=story.people.alice.actor, integration=integration, period=OCTOBER, charges=many, folder=tmp_path)
    seen = story.preview(fields={**MARKUP, "percentage": "90"}, accounts=[story.olives]).comparison
    assert [line.service for line in seen.most_changed] == [f"Service {number:02}" for number in range(12, 2, -1)]
    assert seen.customers[0].lines_touched == 12


def test_a_preview_writes_nothing(story: Story) -> None:
    rule = make_adjustment(management_account=story.people.msp, percentage="110")
    assign(account=story.olives, rule=rule)
    story.subtotals()
    entries = AuditEntry.objects.count()
    story.preview(rule=rule, fields={"percentage": "90", "apply_to_all": True})
    story.preview(fields={**MARKUP, "apply_to_all": True})
    assert AuditEntry.objects.count() == entries
    assert BillingRule.objects.get().percentage == Decimal(110)
    assert BillingRuleAssignment.objects.count() == 1
    assert not Invoice.objects.filter(is_stale=True).exists()


def test_the_cost_store_is_asked_once_where_both_sides_need_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    query: Callable[..., object] = CostStore.query

    def counted(*arguments: object, **options: object) -> object:
        asked.append(arguments)
        return query(*arguments, **options)

    monkeypatch.setattr(CostStore, "query", counted)
    story.preview(fields={**MARKUP, "apply_to_all": True})
    assert len(asked) == 1


def test_a_missing_exchange_rate_is_named_and_stops_only_its_customer(story: Story) -> None:
    story.people.msp.exchange_rates.all().delete()
    boats, olives = story.preview(fields={**MARKUP, "apply_to_all": True}).comparison.customers
    assert boats.problem is not None
    assert (boats.problem.code, boats.before, boats.difference) == ("missing_exchange_rate", None, None)
    assert "Magnesia Boats: No exchange rate USD to EUR for 2026-10" in boats.problem.message
    assert olives.after == Decimal("141.17")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"percentage": "50"}, []),
        ({"percentage": "9.5"}, ["unusual_factor"]),
        ({"percentage": "200"}, []),
        ({"percentage": "200.1"}, ["unusual_factor"]),
        ({"percentage": "0"}, ["unusual_factor", "removes_everything"]),
        ({"service": "Amazon Ec2"}, ["matches_nothing"]),
        ({"start_date": "2026-11-01"}, ["dates_exclude_month"]),
        ({"end_date": "2026-09-30"}, ["dates_exclude_month"]),
        ({"end_date": "2026-10-01"}, []),
    ],
)
def test_an_adjustment_is_warned_of(story: Story, changes: dict[str, str], expected: list[str]) -> None:
    assert codes(story.preview(fields={**MARKUP, **changes}, accounts=[story.olives])) == expected


def test_an_unusual_percentage_is_answered_with_the_one_that_was_probably_meant(story: Story) -> None:
    (issue,) = story.preview(fields={**MARKUP, "percentage": "9.5"}, accounts=[story.olives]).warnings
    assert issue.message.endswith("shows 9.5 % of the cost; 90.5 takes 9.5 % off, 109.5 adds 9.5 %. Is that meant?")


def test_a_rule_on_aws_reports_says_why_a_focus_bill_has_nothing_for_it(story: Story) -> None:
    sql = "UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.9"
    fields = {"title": "Off", "type": "custom", "sql_query": sql}
    (issue,) = story.preview(fields=fields, accounts=[story.olives]).warnings
    assert issue.code == "matches_nothing"
    assert issue.message.endswith("it looks at columns of AWS's own reports, which FOCUS bills do not have.")


def test_lines_that_are_only_renamed_count_once(story: Story) -> None:
    sql = "UPDATE costs SET costs.service = 'Compute Plus' WHERE costs.service = '{}'"
    service = story.preview(fields=MARKUP, accounts=[story.olives]).comparison.most_changed[0].service
    fields = {"title": "Rename", "type": "custom", "sql_query": sql.format(service)}
    comparison = story.preview(fields=fields, accounts=[story.olives]).comparison
    assert comparison.customers[0].lines_touched == 2
    assert len(comparison.most_changed) == 4, "each of the two by its old and its new name"
    assert {line.service for line in comparison.most_changed} == {service, "Compute Plus"}


def test_a_rule_that_changes_nothing_is_told_why(story: Story) -> None:
    prices = {"title": "List prices", "type": "adjustment", "adjustment_type": "public_price"}
    (unchanged,) = story.preview(fields=prices, accounts=[story.olives]).warnings
    assert unchanged.code == "matches_nothing"
    assert unchanged.message.startswith(
        "List prices changes no line of 2026-10; it looks at columns of AWS's own reports"
    )
    before = preview_rule(
        actor=story.people.alice.actor, period=BillingPeriod(2025, 1), fields=MARKUP, accounts=[story.olives]
    )
    assert codes(before) == ["no_costs"]


def test_a_rule_of_nobody_is_warned_of(story: Story) -> None:
    assert codes(story.preview(fields=MARKUP)) == ["assigned_to_nobody"]


def test_an_exclusion_of_everything_is_warned_of(story: Story) -> None:
    exclusion = {"title": "No usage", "type": "exclusion", "charge_type": "Usage"}
    assert codes(story.preview(fields=exclusion, accounts=[story.olives])) == []
    assert codes(story.preview(fields=exclusion, accounts=[story.boats])) == ["removes_everything"]


def test_a_fixed_fee_that_a_general_markup_changes_is_warned_of_from_both_sides(story: Story) -> None:
    fee = make_charge(management_account=story.people.msp, amount="50")
    markup = make_adjustment(management_account=story.people.msp, percentage="110")
    assign(account=story.olives, rule=fee)
    seen = story.preview(rule=markup, accounts=[story.olives])
    assert codes(seen) == ["fixed_amount_adjusted"]
    assert "The fixed amount of Support is changed by Show 110 %" in seen.warnings[0].message
    assign(account=story.olives, rule=markup)
    assert codes(story.preview(rule=fee)) == ["fixed_amount_adjusted"]
    change_rule(actor=story.people.alice.actor, rule=markup, fields={"service": "Amazon EC2"}, now=NOW)
    assert codes(story.preview(rule=fee)) == []


def test_wrong_fields_are_refused_as_when_saving(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.preview(fields={**MARKUP, "percentage": "-3", "title": "Oops"})
    assert [issue.code for issue in refused.value.issues] == ["negative_percentage"]


def test_charlie_sees_no_customer_of_ours(story: Story) -> None:
    actor = story.people.charlie.actor
    seen = preview_rule(actor=actor, period=OCTOBER, fields={**MARKUP, "apply_to_all": True})
    assert seen.comparison.customers == ()
    ours = make_adjustment(management_account=story.people.msp, percentage="110")
    wishes: list[dict[str, Any]] = [{"rule": ours}, {"fields": MARKUP, "accounts": [story.olives]}]
    for wish in wishes:
        with pytest.raises(Refused, match="not found"):
            preview_rule(actor=actor, period=OCTOBER, **wish)
    with pytest.raises(Refused, match="No costs of 2026-10 or earlier"):
        newest_month_with_costs(actor=actor, now=NOW)
    assert newest_month_with_costs(actor=story.people.alice.actor, now=NOW) == OCTOBER
