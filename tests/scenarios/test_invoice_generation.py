"""A month of costs becomes drafts: through the cost store, the rules and the exchange rates."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from billow.documents.charges import charges_by_provider
from billow.invoicing.checks import check_invoice
from billow.records.billing.models import Invoice, InvoiceVersion, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases.claim_invoices import LEASE, MOST_ATTEMPTS, claim_due
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.mark_stale import mark_stale
from billow.usecases.read_invoices import InvoicePage, invoice_page
from billow.usecases.ready_to_invoice import ready_list
from billow.usecases.write_version import Failure, write_failure
from tests.factories.agreements import assign, make_adjustment, make_charge, make_exclusion, make_rate
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import IBAN, delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)

Bill = Callable[..., None]


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def integration(people: People) -> Integration:
    return make_integration(management_account=people.msp)


@pytest.fixture
def bill(people: People, integration: Integration, tmp_path: Path) -> Bill:
    """Deliver October's bill, or a newer one."""

    def delivered(*charges: Charge) -> None:
        deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=tmp_path)

    return delivered


def customer(people: People, integration: Integration, name: str, sub_account: str, **fields: object) -> ManagedAccount:
    account = make_managed_account(management_account=people.msp, name=name, **fields)
    delegate(account=account, integration=integration, sub_account_id=sub_account)
    return account


def generate(people: People, *accounts: ManagedAccount, now: datetime = NOW) -> list[Invoice]:
    tokens = [account.token for account in accounts]
    result = request_generation(actor=people.alice.actor, account_tokens=tokens, period=OCTOBER, now=now)
    assert result.all_done, result
    work(now)
    return [Invoice.objects.get(token=item.token) for item in result.items]


def work(now: datetime = NOW) -> int:
    done = 0
    while batch := generate_due(worker="w", now=lambda: now):
        done += batch
    return done


def page(people: People, invoice: Invoice) -> InvoicePage:
    return invoice_page(actor=people.bob.actor, token=invoice.token)


def test_october_for_two_customers(people: People, integration: Integration, bill: Bill) -> None:
    make_profile(
        management_account=people.msp,
        adjustment_items=[
            {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24.0"}
        ],
    )
    olives = customer(people, integration, "Thessaly Olives", "1001")
    boats = customer(people, integration, "Magnesia Boats", "1002")
    assign(account=olives, rule=make_charge(management_account=people.msp, amount="50"))
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110"))
    assign(account=boats, rule=make_exclusion(management_account=people.msp, charge_type="Credit"))
    bill(
        Charge(sub_account="1001", cost="100.005"),
        Charge(sub_account="1001", cost="0.0000000001", service="Amazon S3", day=31),
        Charge(sub_account="1002", cost="20"),
        Charge(sub_account="1002", cost="-5", charge_category="Credit"),
        Charge(sub_account="9999", cost="7"),
    )

    ready = ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready
    assert {row.account_name: row.provider_cost for row in ready} == {
        "Thessaly Olives": Decimal("100.01"),
        "Magnesia Boats": Decimal("15.00"),
    }

    first, second = generate(people, olives, boats)
    assert [first.status, second.status] == ["awaiting_approval"] * 2, first.failure_message

    found = page(people, first)
    assert found.invoice is not None
    assert found.findings == ()
    assert found.row.subtotal == Decimal("165.01")
    assert found.row.total == Decimal("204.61")
    assert found.row.provider_cost == Decimal("100.01")
    assert found.row.margin == Decimal("65.00")
    assert found.row.exact_provider_cost == Decimal("100.0050000001")
    effects = {effect.title: effect.amounts for effect in found.rule_effects}
    assert effects["Show 110 %"] == {"USD": Decimal("15.00050000001")}
    assert found.invoice.bank.iban == IBAN
    assert check_invoice(invoice=found.invoice) == ()

    assert page(people, second).row.subtotal == Decimal("20.00")
    assert [entry.integration.token for entry in first.versions.get().cost_imports.all()] == [integration.token]


def test_a_missing_rate_fails_that_invoice_only_and_a_retry_after_the_upload_keeps_the_number(
    people: People, integration: Integration, bill: Bill
) -> None:
    make_profile(management_account=people.msp)
    olives = customer(people, integration, "Thessaly Olives", "1001", currency="EUR")
    boats = customer(people, integration, "Magnesia Boats", "1002")
    bill(Charge(sub_account="1001", cost="100"), Charge(sub_account="1002", cost="20"))

    warnings = {row.account_name: row for row in ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready}
    assert warnings["Thessaly Olives"].provider_cost is None
    assert "missing_exchange_rate" in [issue.code for issue in warnings["Thessaly Olives"].warnings]

    failed, fine = generate(people, olives, boats)
    assert (failed.status, failed.failure_code) == ("failed", "missing_exchange_rate")
    assert failed.failure_message == "No exchange rate USD to EUR for 2026-10"
    assert fine.status == "awaiting_approval"
    assert page(people, failed).row.total is None

    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.9", effective_date=date(2026, 10, 31))
    request_regeneration(actor=people.alice.actor, invoice_tokens=[failed.token], now=NOW)
    assert work() == 1
    done = Invoice.objects.get(pk=failed.pk)
    assert (done.status, done.number, done.failure_code) == ("awaiting_approval", failed.number, "")
    found = page(people, done)
    assert found.row.total == Decimal("90.00")
    assert found.invoice is not None
    assert [(rate.rate, rate.effective_date) for rate in found.invoice.exchange_rates] == [
        (Decimal("0.9"), date(2026, 10, 31))
    ]


def test_rules_that_cannot_be_applied_fail_their_own_customer_only(
    people: People, integration: Integration, bill: Bill
) -> None:
    make_profile(management_account=people.msp)
    olives = customer(people, integration, "Thessaly Olives", "1001")
    boats = customer(people, integration, "Magnesia Boats", "1002")
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110"))
    assign(account=olives, rule=make_charge(management_account=people.msp, amount="50"))
    bill(Charge(sub_account="1001", cost="100"), Charge(sub_account="1002", cost="20"))
    failed, fine = generate(people, olives, boats)
    assert (failed.failure_code, fine.status) == ("rule_failed", "awaiting_approval")
    assert "order" in failed.failure_message


def test_a_customer_without_costs_gets_an_empty_draft_and_a_warning(people: People) -> None:
    make_profile(management_account=people.msp)
    (invoice,) = generate(people, make_managed_account(management_account=people.msp))
    found = page(people, invoice)
    assert (invoice.status, found.row.total) == ("awaiting_approval", Decimal("0.00"))
    assert [issue.code for issue in found.findings] == ["no_lines"]


def test_the_profile_vanishes_between_wish_and_work(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp)
    request_generation(actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOW)
    profile.delete()
    work()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.failure_code) == ("failed", "no_billing_profile")


def test_a_file_of_the_store_that_is_gone_is_a_named_failure(
    people: People, integration: Integration, bill: Bill, settings: Settings
) -> None:
    make_profile(management_account=people.msp)
    olives = customer(people, integration, "Thessaly Olives", "1001")
    bill(Charge(sub_account="1001", cost="100"))
    for stored in integration.imports.get().stored_files:
        (settings.COST_STORE / stored).unlink()
    (invoice,) = generate(people, olives)
    assert (invoice.status, invoice.failure_code) == ("failed", "cost_store_damaged")


def test_what_nobody_foresaw_fails_one_invoice_and_is_told_without_its_secrets(
    people: People, integration: Integration, bill: Bill, caplog: pytest.LogCaptureFixture
) -> None:
    make_profile(management_account=people.msp)
    broken = make_profile(management_account=people.msp, nickname="Broken", secure_data="GR16 is not JSON")
    olives = customer(people, integration, "Thessaly Olives", "1001", billing_profile=broken)
    boats = customer(people, integration, "Magnesia Boats", "1002", billing_profile=people.msp.billing_profiles.first())
    bill(Charge(sub_account="1001", cost="100"), Charge(sub_account="1002", cost="20"))
    failed, fine = generate(people, olives, boats)
    assert (failed.status, failed.failure_code, fine.status) == ("failed", "unexpected", "awaiting_approval")
    assert "GR16" not in failed.failure_message
    assert "Traceback" in caplog.text


def test_a_newer_delivery_makes_the_draft_stale_and_the_regenerated_one_is_not(
    people: People, integration: Integration, bill: Bill
) -> None:
    make_profile(management_account=people.msp)
    olives = customer(people, integration, "Thessaly Olives", "1001")
    boats = customer(people, integration, "Magnesia Boats", "1002")
    bill(Charge(sub_account="1001", cost="100"), Charge(sub_account="1002", cost="20"))
    first, second = generate(people, olives, boats)

    bill(Charge(sub_account="1001", cost="101"), Charge(sub_account="1002", cost="20"))
    assert page(people, first).row.is_stale
    assert page(people, first).row.total == Decimal("100.00")

    request_regeneration(actor=people.alice.actor, invoice_tokens=[first.token], now=NOW)
    work()
    renewed = page(people, first)
    assert (renewed.row.is_stale, renewed.row.total) == (False, Decimal("101.00"))
    assert [version.total for version in renewed.versions] == [Decimal("100.00"), Decimal("101.00")]
    assert page(people, second).row.is_stale
    superseded = [entry.superseded_at is not None for entry in first.versions.get(version_number=1).cost_imports.all()]
    assert superseded == [True]


def test_a_change_while_an_invoice_is_generated_leaves_it_stale(people: People) -> None:
    make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp)
    request_generation(actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOW)

    mark_stale(management_account=people.msp)
    work()
    assert not Invoice.objects.get().is_stale, "it was changed before its worker read anything"

    request_regeneration(actor=people.alice.actor, invoice_tokens=[Invoice.objects.get().token], now=NOW)
    claim = claim_due(worker="slow", at=NOW, limit=1)
    assert claim is not None
    mark_stale(management_account=people.msp, period=OCTOBER, accounts=[account])
    failure = Failure(code="x", message="x")
    assert write_failure(invoice=claim.invoices[0], claim=claim.token, failure=failure, now=NOW)
    assert Invoice.objects.get().is_stale


def test_a_worker_that_lost_its_claim_writes_nothing(people: People) -> None:
    make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp)
    request_generation(actor=people.alice.actor, account_tokens=[account.token], period=OCTOBER, now=NOW)
    slow = claim_due(worker="slow", at=NOW, limit=1)
    assert slow is not None

    assert work(NOW + LEASE - timedelta(seconds=1)) == 0
    assert work(NOW + LEASE) == 1
    late = Failure(code="late", message="late")
    assert not write_failure(invoice=slow.invoices[0], claim=slow.token, failure=late, now=NOW + LEASE)
    assert (Invoice.objects.get().status, InvoiceVersion.objects.count()) == ("awaiting_approval", 1)


def test_an_invoice_that_kills_every_worker_is_given_up(people: People) -> None:
    make_profile(management_account=people.msp)
    accounts = [make_managed_account(management_account=people.msp, name=name) for name in "ABCDE"]
    tokens = [account.token for account in accounts]
    request_generation(actor=people.alice.actor, account_tokens=tokens, period=OCTOBER, now=NOW)

    at, batches = NOW, []
    for _ in range(MOST_ATTEMPTS):
        claim = claim_due(worker="mortal", at=at, limit=50, only=[Invoice.objects.order_by("pk")[0].token])
        assert claim is not None
        batches.append(len(claim.invoices))
        at += LEASE
    assert work(at) == 5
    assert list(Invoice.objects.order_by("pk").values_list("status", "failure_code")) == [
        ("failed", "generation_gave_up"),
        *[("awaiting_approval", "")] * 4,
    ]


def test_late_costs_are_warned_of(people: People, integration: Integration, bill: Bill) -> None:
    make_profile(management_account=people.msp)
    customer(people, integration, "Thessaly Olives", "1001")
    nothing = ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready[0]
    assert [issue.code for issue in nothing.warnings] == ["no_costs_delivered"]

    bill(*(Charge(sub_account="1001", cost="1", day=day) for day in range(1, 26)))
    partly = ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready[0]
    assert [issue.code for issue in partly.warnings] == ["last_days_missing"]

    bill(*(Charge(sub_account="1001", cost="1", day=day) for day in range(1, 32)))
    whole = ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready[0]
    assert (whole.warnings, whole.provider_cost) == ((), Decimal("31.00"))


def test_costs_that_people_write_down_are_never_late(people: People, integration: Integration, bill: Bill) -> None:
    integration.provider = "custom_provider"
    integration.save()
    make_profile(management_account=people.msp)
    customer(people, integration, "Thessaly Olives", "1001")
    bill(*(Charge(sub_account="1001", cost="1", day=day) for day in (2, 3)))
    assert ready_list(actor=people.bob.actor, now=NOW, period=OCTOBER).ready[0].warnings == ()


def test_what_a_rule_hides_is_hidden_with_its_usage(people: People, integration: Integration, bill: Bill) -> None:
    """Every charge has used one hour; the reader must not see how many were left out."""
    make_profile(management_account=people.msp)
    account = customer(people, integration, "Thessaly Olives", "1001")
    from_tenth = {"percentage": "0", "service": "Amazon S3", "start_date": date(2026, 10, 10)}
    for fields in ({"percentage": "0", "category": "Fees"}, from_tenth):
        assign(account=account, rule=make_adjustment(management_account=people.msp, **fields))
    bill(
        Charge(sub_account="1001", cost="100"),
        Charge(sub_account="1001", cost="50", category="Fees"),
        Charge(sub_account="1001", cost="7", service="Amazon S3", day=2),
        Charge(sub_account="1001", cost="7", service="Amazon S3", day=12),
    )
    (invoice,) = generate(people, account)
    found = page(people, invoice).invoice
    assert found is not None
    (printed,) = charges_by_provider(lines=found.lines)
    rows = [
        (service.service, row.amount_minor, row.usage_amount) for service in printed.services for row in service.rows
    ]
    assert rows == [("Amazon EC2", 10000, Decimal(1)), ("Amazon S3", 700, Decimal(1))]
