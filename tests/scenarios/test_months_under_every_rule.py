"""An AWS customer's month under rules that re-rate it: previewed, invoiced, explained, and what fails."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings

from billow.documents.csv import render_csv
from billow.invoicing.invoice import Invoice as InvoiceValue
from billow.invoicing.invoice import InvoiceLine
from billow.records.billing.models import BillingRule, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.approve_invoices import approve
from billow.usecases.download_links import file_of, link_to, read_link
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.import_costs import import_costs
from billow.usecases.preview_rules import RulePreview, preview_rule
from billow.usecases.read_invoices import has_document, invoice_page, preview
from billow.usecases.refused import Refused
from billow.usecases.report_costs import report_costs
from billow.usecases.rules import add_rule, change_rule
from billow.usecases.verify import verify
from tests.factories.agreements import assign
from tests.factories.costs import make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people
from tests.unit.ingest.aws_bills import write_report

pytestmark = pytest.mark.django_db

MARCH = BillingPeriod(2026, 3)
NOW = datetime(2026, 4, 4, 9, tzinfo=UTC)
PAYER, ADA, BOB = "099999999999", "011111111111", "022222222222"
PLAN = "arn:aws:savingsplans::099999999999:savingsplan/12345"
STORAGE = {
    "lineItem/ProductCode": "AmazonS3",
    "product/ProductName": "Amazon Simple Storage Service",
    "lineItem/UsageType": "EUC1-TimedStorage-ByteHrs",
    "lineItem/UsageAmount": "60000",
    "lineItem/UnblendedCost": "1350",
    "pricing/publicOnDemandCost": "1350",
    "pricing/publicOnDemandRate": "0.0225",
    "pricing/unit": "GB-Mo",
}
COVERED = {
    "lineItem/LineItemType": "SavingsPlanCoveredUsage",
    "savingsPlan/SavingsPlanARN": PLAN,
    "lineItem/UnblendedCost": "129.024",
    "savingsPlan/SavingsPlanEffectiveCost": "92.8704",
    "pricing/publicOnDemandCost": "129.024",
}
NEGATION = {
    **COVERED,
    "lineItem/LineItemType": "SavingsPlanNegation",
    "lineItem/UnblendedCost": "-129.024",
    "savingsPlan/SavingsPlanEffectiveCost": "0",
}
LINES = (
    {"lineItem/UnblendedCost": "10", "pricing/publicOnDemandCost": "12.5"},
    STORAGE,
    COVERED,
    NEGATION,
    {"lineItem/UnblendedCost": "20", "lineItem/UsageAccountId": BOB},
)
PLATFORM = "INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'Platform', 'Fee', 100)"
SHARE = """INSERT INTO costs (provider, service, cost_type, amount)
SELECT 'aws', 'Managed Services', 'Fee', SUM(costs.amount) * 0.1 FROM costs"""
RENAME = "UPDATE costs SET costs.service = 'Compute Plus' WHERE costs.service = 'Amazon Elastic Compute Cloud'"
DIVIDE = "UPDATE costs SET costs.amount = costs.amount / (costs.usage_amount - costs.usage_amount)"


@dataclass(frozen=True)
class Story:
    """An MSP with March's AWS bill and two customers of it."""

    people: People
    ada: ManagedAccount
    bob: ManagedAccount

    def rule(self, *accounts: ManagedAccount, **fields: object) -> BillingRule:
        rule = add_rule(actor=self.people.alice.actor, fields={"title": "Rule", **fields}, now=NOW).rule
        for account in accounts:
            assign(account=account, rule=rule)
        return rule

    def custom(self, sql: str, *accounts: ManagedAccount, title: str = "Custom") -> BillingRule:
        return self.rule(*accounts, title=title, type="custom", sql_query=sql)

    def preview(self, **wish: object) -> RulePreview:
        return preview_rule(actor=self.people.alice.actor, period=MARCH, **wish)  # type: ignore[arg-type]

    def generate(self) -> dict[str, Invoice]:
        """Generate or regenerate both drafts of March; return them by customer."""
        actor = self.people.alice.actor
        existing = list(Invoice.objects.visible_to(self.people.msp))
        if existing:
            tokens = [each.token for each in existing]
            assert request_regeneration(actor=actor, invoice_tokens=tokens, now=NOW).all_done
        else:
            accounts = [self.ada.token, self.bob.token]
            assert request_generation(actor=actor, account_tokens=accounts, period=MARCH, now=NOW).all_done
        while generate_due(worker="w", now=lambda: NOW):
            pass
        return {each.managed_account.name: each for each in Invoice.objects.select_related("managed_account")}

    def content(self, invoice: Invoice) -> InvoiceValue:
        content = invoice_page(actor=self.people.alice.actor, token=invoice.token).invoice
        assert content is not None
        return content


@pytest.fixture
def story(tmp_path: Path) -> Story:
    people = make_people()
    make_profile(management_account=people.msp)
    integration = make_integration(management_account=people.msp)
    accounts = []
    for name, sub_account in (("Ada", ADA), ("Bob", BOB)):
        account = make_managed_account(management_account=people.msp, name=name, first_period_start=date(2025, 1, 1))
        delegate(account=account, integration=integration, billing_account_id=PAYER, sub_account_id=sub_account)
        accounts.append(account)
    report = write_report(tmp_path, *LINES)
    import_costs(actor=people.alice.actor, integration=integration, paths=[report], format="cur", now=NOW)
    return Story(people, *accounts)


def only(lines: tuple[InvoiceLine, ...], wanted: Callable[[InvoiceLine], bool]) -> InvoiceLine:
    (line,) = [line for line in lines if wanted(line)]
    return line


def effects(preview: RulePreview) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {each.account_name: (each.before, each.after) for each in preview.comparison.customers}


def codes(preview: RulePreview) -> list[str]:
    return [issue.code for issue in preview.warnings]


def test_a_month_under_rules_of_all_groups_is_invoiced_and_every_line_adds_up(story: Story) -> None:
    rules = [
        story.rule(story.ada, title="List", type="adjustment", adjustment_type="remove_commitment_discounts"),
        story.rule(story.ada, title="Tiers", type="adjustment", adjustment_type="retier", include_free_tier=False),
        story.custom(PLATFORM, story.ada, title="Platform"),
        story.custom(RENAME, story.ada, title="Rename"),
        story.custom(SHARE, story.ada, title="Share"),
    ]
    invoice = story.content(story.generate()["Ada"])

    # 51,200 GB at 0.0245 and 8,800 at 0.0235; the plan's usage at list price; a tenth of all that as a fee.
    storage, compute, platform = Decimal("1461.2"), Decimal("139.024"), Decimal(100)
    assert [(line.service, line.provider_cost, line.rated_cost) for line in invoice.lines] == [
        ("Compute Plus", Decimal(10), compute),
        ("Amazon Simple Storage Service", Decimal(1350), storage),
        ("Platform", 0, platform),
        ("Managed Services", 0, (storage + compute + platform) / 10),
    ]
    renamed = only(invoice.lines, lambda line: line.service == "Compute Plus")
    assert [(delta.title, delta.amount) for delta in renamed.deltas] == [("List", Decimal("129.024")), ("Rename", 0)]
    assert [line.inserted_by for line in invoice.lines] == ["", "", rules[2].token, rules[4].token]
    for line in invoice.lines:
        assert line.rated_cost == line.provider_cost + sum(delta.amount for delta in line.deltas)
    assert verify().problems == ()


def test_customers_see_no_trace_of_rules_on_their_documents(story: Story) -> None:
    story.custom("DELETE FROM aws WHERE aws.lineItem/ProductCode = 'AmazonS3'", story.ada, title="Secret purge")
    story.custom(RENAME, story.ada, title="Secret rename")
    text = render_csv(invoice=story.content(story.generate()["Ada"])).decode()
    assert "Compute Plus" in text
    assert "Secret" not in text
    assert "Simple Storage" not in text


def test_a_version_keeps_its_rules_with_their_sql_and_the_price_list_only_where_it_was_used(story: Story) -> None:
    tiers = {"type": "adjustment", "adjustment_type": "retier"}
    story.rule(story.ada, **tiers, end_date="2026-02-28")
    rule = story.custom(f"{RENAME}\n-- as agreed\n", story.ada)
    story.rule(story.bob, **tiers)
    fee = {"type": "charge", "service": "Support", "category": "Support", "sub_category": "Monthly"}
    story.rule(story.bob, **fee, support_plan="developer")

    origins = {}
    for name, invoice in story.generate().items():
        assert invoice.current_version is not None, invoice.failure_message
        origins[name] = json.loads(invoice.current_version.snapshot)["origin"]

    kept = origins["Ada"]["rules"][1]
    assert kept["sql_query"] == rule.sql_query
    assert kept["sql_sha256"] == hashlib.sha256((rule.sql_query or "").encode()).hexdigest()
    assert origins["Ada"]["price_list"] is None  # the re-tier rule ended before the month
    assert origins["Bob"]["rules"][1]["tiers"] == [{"percentage": "3", "up_to": None}]
    used = origins["Bob"]["price_list"]
    assert (used["effective_date"], len(used["sha256"])) == ("2026-11-01", 64)


def test_a_price_list_of_the_operators_own_takes_the_place_of_the_built_in(
    story: Story, tmp_path: Path, settings: LazySettings
) -> None:
    text = """source = "our contract"
effective_date = 2026-01-01
currency = "USD"
[[price]]
title = "S3 Standard, Frankfurt"
product_code = "AmazonS3"
usage_types = ["EUC1-TimedStorage-ByteHrs"]
unit = "GB-Mo"
tiers = [{ up_to = 1000, price = "1" }, { price = "0.02" }]
"""
    path = tmp_path / "prices.toml"
    path.write_text(text, encoding="utf-8")
    settings.AWS_PRICES = path
    story.rule(story.ada, type="adjustment", adjustment_type="retier")
    invoice = story.generate()["Ada"]
    storage = only(story.content(invoice).lines, lambda line: "Storage" in line.service)
    assert storage.rated_cost == 1000 + 59_000 * Decimal("0.02")
    assert invoice.current_version is not None
    assert json.loads(invoice.current_version.snapshot)["origin"]["price_list"] == {
        "source": "our contract",
        "effective_date": "2026-01-01",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }

    path.write_text(text.replace('currency = "USD"', ""), encoding="utf-8")
    after = story.generate()
    failed = after["Ada"]
    assert (failed.status, failed.failure_code) == ("failed", "price_list_wrong")
    assert "currency" in failed.failure_message
    assert after["Bob"].status == "awaiting_approval"


def test_a_rule_that_cannot_be_carried_out_fails_its_own_customer_only(story: Story) -> None:
    rule = story.custom(RENAME, story.ada, title="Share out")
    before = story.generate()["Ada"].current_version
    change_rule(actor=story.people.alice.actor, rule=rule, fields={"sql_query": DIVIDE}, now=NOW)

    after = story.generate()

    assert (after["Ada"].status, after["Ada"].failure_code) == ("failed", "rule_failed")
    assert after["Ada"].failure_message.startswith("Share out cannot be carried out: ")
    assert after["Ada"].current_version == before
    assert (after["Bob"].status, after["Bob"].failure_code) == ("awaiting_approval", "")
    assert story.content(after["Bob"]).lines[0].rated_cost == 20


def test_the_draft_from_before_a_failing_rule_is_kept_to_read_but_not_to_approve(story: Story) -> None:
    actor = story.people.alice.actor
    rule = story.custom(RENAME, story.ada, title="Share out")
    before = invoice_page(actor=actor, token=story.generate()["Ada"].token)
    change_rule(actor=actor, rule=rule, fields={"sql_query": DIVIDE}, now=NOW)

    token = story.generate()["Ada"].token

    after = invoice_page(actor=actor, token=token)
    assert after.row.failure_message.startswith("Share out cannot be carried out: ")
    assert after.invoice == before.invoice
    assert (after.row.subtotal, after.row.total, after.row.margin) == (
        before.row.subtotal,
        before.row.total,
        before.row.margin,
    )
    assert after.rule_effects == before.rule_effects
    assert has_document(row=after.row)
    file = preview(actor=actor, token=token, kind="csv")
    assert file.is_draft
    assert before.invoice is not None
    assert file.content == render_csv(invoice=before.invoice)
    assert file_of(read_link(link_to(actor=actor, invoice_token=token, kind="csv", now=NOW), now=NOW)) == file
    (refused,) = approve(actor=actor, invoice_tokens=[token], now=NOW, accept_stale=True).items
    assert not refused.done
    assert refused.message == f"{after.row.number}: Invoice is not awaiting approval: it is failed."

    change_rule(actor=actor, rule=rule, fields={"sql_query": RENAME}, now=NOW)
    mended = story.generate()["Ada"]
    assert (mended.status, mended.number, mended.failure_message) == ("awaiting_approval", after.row.number, "")
    assert story.content(mended).lines == before.invoice.lines


def test_a_first_generation_that_fails_has_nothing_to_show(story: Story) -> None:
    story.custom(DIVIDE, story.ada, title="Share out")
    token = story.generate()["Ada"].token
    page = invoice_page(actor=story.people.alice.actor, token=token)
    assert (page.row.status, page.row.total, page.invoice, has_document(row=page.row)) == ("failed", None, None, False)
    with pytest.raises(Refused, match="has no pdf: it is failed"):
        preview(actor=story.people.alice.actor, token=token, kind="pdf")


def test_a_failing_rule_is_the_customers_problem_in_the_preview_until_it_is_mended(story: Story) -> None:
    fields = {"title": "Share out", "type": "custom", "sql_query": DIVIDE}
    seen = story.preview(fields=fields, accounts=[story.ada])
    (ada,) = seen.comparison.customers
    assert ada.problem is not None
    assert (ada.problem.code, ada.after, seen.comparison.totals) == ("rule_failed", None, ())
    assert "Share out cannot be carried out" in ada.problem.message

    rule = story.rule(story.ada, **fields)
    mended = story.preview(rule=rule, fields={"sql_query": RENAME})
    assert effects(mended) == {"Ada": (None, Decimal("1360.00"))}
    assert mended.comparison.totals == ()


def test_a_report_keeps_the_providers_cost_of_a_customer_whose_rule_fails(story: Story) -> None:
    story.custom(DIVIDE, story.ada, title="Share out")
    report = report_costs(actor=story.people.alice.actor, period=MARCH, group_by=("account",))
    assert {row.group["account"]: (row.provider_cost, row.customer_cost) for row in report.rows} == {
        "Ada": (Decimal(1360), 0),
        "Bob": (Decimal(20), Decimal(20)),
    }
    (issue,) = [issue for issue in report.issues if issue.code == "rule_failed"]
    assert issue.message.startswith("Ada: Share out cannot be carried out")
    assert not issue.is_error


def test_the_preview_of_a_rename_shows_the_cost_leave_one_name_for_the_other(story: Story) -> None:
    seen = story.preview(fields={"title": "R", "type": "custom", "sql_query": RENAME}, accounts=[story.ada])
    assert effects(seen) == {"Ada": (Decimal("1360.00"), Decimal("1360.00"))}
    assert {(line.service, line.before, line.after) for line in seen.comparison.most_changed} == {
        ("Amazon Elastic Compute Cloud", Decimal(10), 0),
        ("Compute Plus", 0, Decimal(10)),
    }
    assert codes(seen) == []


def test_the_preview_of_a_fee_on_the_spend_shows_the_new_line(story: Story) -> None:
    fields = {"title": "Share", "type": "custom", "sql_query": SHARE, "apply_to_all": True}
    seen = story.preview(fields=fields)
    assert effects(seen) == {
        "Ada": (Decimal(1360), Decimal(1496)),
        "Bob": (Decimal(20), Decimal(22)),
    }
    assert {(line.service, line.before, line.after) for line in seen.comparison.most_changed} == {
        ("Managed Services", Decimal(0), Decimal(136)),
        ("Managed Services", Decimal(0), Decimal(2)),
    }


def test_the_preview_of_an_edit_that_moves_the_rule_runs_it_in_its_new_group(story: Story) -> None:
    rule = story.custom(PLATFORM, story.ada)
    story.rule(story.ada, title="Markup", type="adjustment", percentage="110")
    moved = SHARE.replace("SUM(costs.amount) * 0.1", "100 + 0 * SUM(costs.amount)")
    seen = story.preview(rule=rule, fields={"sql_query": moved})
    assert effects(seen) == {"Ada": (Decimal("1606.00"), Decimal("1596.00"))}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.095", ["unusual_factor"]),
        (
            "UPDATE costs SET costs.amount = CASE WHEN costs.region = 'x' THEN 3 * costs.amount ELSE costs.amount END",
            ["unusual_factor", "matches_nothing"],
        ),
        ("DELETE FROM costs", ["deletes_everything", "removes_everything"]),
        ("UPDATE costs SET costs.amount = 0 WHERE costs.amount != 0", ["removes_everything"]),
        ("DELETE FROM costs WHERE costs.service = 'Amazon EC3'", ["matches_nothing"]),
        ("DELETE FROM costs WHERE costs.cost_type = 'AWS Marketplace'", ["marketplace_cost_type", "matches_nothing"]),
        ("DELETE FROM costs WHERE costs.accrued_at > '2026-04-01'", ["date_compared", "matches_nothing"]),
    ],
)
def test_what_is_rarely_meant_is_warned_of(story: Story, sql: str, expected: list[str]) -> None:
    seen = story.preview(fields={"title": "R", "type": "custom", "sql_query": sql}, accounts=[story.ada])
    assert codes(seen) == expected


def test_a_fee_in_sql_that_a_later_rule_changes_is_warned_of(story: Story) -> None:
    story.rule(story.ada, title="Markup", type="adjustment", percentage="110")
    seen = story.preview(fields={"title": "Fee", "type": "custom", "sql_query": PLATFORM}, accounts=[story.ada])
    (warning,) = seen.warnings
    assert warning.code == "fixed_amount_adjusted"
    assert "Markup" in warning.message


def test_usage_that_the_price_list_does_not_know_is_warned_of(
    story: Story, tmp_path: Path, settings: LazySettings
) -> None:
    fields = {"title": "Tiers", "type": "adjustment", "adjustment_type": "retier"}
    assert codes(story.preview(fields=fields, accounts=[story.ada])) == []

    path = tmp_path / "prices.toml"
    path.write_text(
        """source = "our contract"
effective_date = 2026-01-01
currency = "USD"
[[price]]
title = "S3 Standard, Ireland"
product_code = "AmazonS3"
usage_types = ["EU-TimedStorage-ByteHrs"]
unit = "GB-Mo"
tiers = [{ price = "0.02" }]
""",
        encoding="utf-8",
    )
    settings.AWS_PRICES = path
    seen = story.preview(fields=fields, accounts=[story.ada])
    assert codes(seen) == ["matches_nothing", "usage_without_prices"]
    assert "EUC1-TimedStorage-ByteHrs" in seen.warnings[1].message
