"""A real, anonymised bill of September 2024, given to five customers: not a digit is lost on the way."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billow.rating.rate import rate
from billow.records.billing.models import Invoice
from billow.terms.money import amount_text
from billow.terms.period import BillingPeriod
from billow.usecases.agreements import delegations_of
from billow.usecases.approve_invoices import approve
from billow.usecases.costs import cost_store, partitions_of
from billow.usecases.generate_invoices import generate_due, request_generation
from billow.usecases.import_costs import import_costs
from billow.usecases.read_invoices import invoice_page, preview
from billow.usecases.verify import verify
from tests.factories.costs import make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import make_people

pytestmark = pytest.mark.django_db

SEPTEMBER = BillingPeriod(2024, 9)
NOW = datetime(2024, 10, 4, 9, tzinfo=UTC)
TOTAL = Decimal("20.28022672899")


def places_billed(bill: Path) -> dict[tuple[str, str], Decimal]:
    """Return September's cost of each billing account and sub account, read without any of our code."""
    costs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with bill.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["BillingPeriodStart"].startswith("2024-09"):
                costs[row["BillingAccountId"], row["SubAccountId"]] += Decimal(row["BilledCost"])
    return costs


def test_invoices_and_unallocated_cost_are_the_bill(shared_data: Path) -> None:
    bill = shared_data / "focus-sample-data" / "focus_sample.csv"
    truth = places_billed(bill)
    assert sum(truth.values()) == TOTAL
    people = make_people()
    alice = people.alice.actor
    make_profile(management_account=people.msp)
    integration = make_integration(management_account=people.msp)
    report = import_costs(actor=alice, integration=integration, paths=[bill], now=NOW)
    imported = {entry.billing_period: entry.costs[0].billed_cost for entry in report.imports}
    assert imported["2024-09"] == TOTAL

    accounts = [
        make_managed_account(
            management_account=people.msp, name=f"Customer {place}", first_period_start=date(2024, 1, 1)
        )
        for place in range(5)
    ]
    expected: dict[str, Decimal] = defaultdict(Decimal)
    nobody = Decimal(0)
    for place, ((billing_account, sub_account), cost) in enumerate(sorted(truth.items())):
        # Every sixth sub account is given to nobody.
        if place % 6 == 5 or sub_account in {"", "NULL"}:
            nobody += cost
            continue
        account = accounts[place % 6]
        expected[account.token] += cost
        delegate(
            account=account,
            integration=integration,
            billing_account_id=billing_account,
            sub_account_id=sub_account,
        )
    assert nobody != 0

    asked = request_generation(actor=alice, account_tokens=None, period=SEPTEMBER, now=NOW)
    assert generate_due(worker="w", now=lambda: NOW) == 5
    versions = {row.managed_account.token: row.current_version for row in Invoice.objects.all()}
    exact = {token: version.exact_subtotal for token, version in versions.items() if version is not None}
    assert exact == dict(expected)

    unallocated = rate(
        store=cost_store(),
        partitions=partitions_of(management_account=people.msp, period=SEPTEMBER),
        period=SEPTEMBER,
        agreements=(),
        delegations=delegations_of(people.msp, SEPTEMBER),
    ).unallocated
    assert sum(entry.cost for entry in unallocated) == nobody
    assert sum(exact.values()) + nobody == TOTAL

    tokens = [item.token for item in asked.items]
    assert approve(actor=alice, invoice_tokens=tokens, now=NOW).all_done
    for token in tokens:
        page = invoice_page(actor=alice, token=token)
        assert page.invoice is not None
        total = amount_text(page.invoice.totals.total_minor, currency="USD")
        rows = list(csv.DictReader(preview(actor=alice, token=token, kind="csv").content.decode().splitlines()))
        assert rows[-1]["amount"] == total == f"{page.row.total:f}"
        assert sum(Decimal(row["amount"]) for row in rows[:-1]) == page.row.total
    assert verify().problems == ()
