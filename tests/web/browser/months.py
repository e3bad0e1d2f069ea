"""Months to look at: real bills to generate from, and invoices in every status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from billow.rating.rated_costs import RuleDelta
from billow.records.billing.models import Delivery, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from tests.factories.agreements import assign, make_adjustment, make_exclusion
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import make_approved, make_draft, make_generating, make_line
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People


def closed_month() -> BillingPeriod:
    """The month that the console opens with."""
    return BillingPeriod.of(datetime.now(UTC).date()).previous


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Customers with a bill that waits to be invoiced."""

    period: BillingPeriod
    accounts: tuple[ManagedAccount, ...]


def make_month(*, people: People, customers: Sequence[str], folder: Path) -> Month:
    """Import a real bill of the closed month, with costs of every customer."""
    period = closed_month()
    make_profile(
        management_account=people.msp,
        adjustment_items=[
            {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"}
        ],
    )
    integration = make_integration(management_account=people.msp)
    rule = make_adjustment(management_account=people.msp, percentage="110", title="Managed services 10 %")
    accounts = []
    charges = []
    for place, name in enumerate(customers, start=1):
        account = make_managed_account(
            management_account=people.msp,
            name=name,
            contact_email=f"contact{place}@nimbus.example",
            billing_email=[f"invoices@customer{place}.example"],
        )
        assign(account=account, rule=rule)
        delegate(account=account, integration=integration, sub_account_id=f"{1000 + place}")
        accounts.append(account)
        for day in (1, 12, 0):
            charges.append(Charge(sub_account=f"{1000 + place}", cost=f"{place * 111}.3{place % 10}5", day=day))
            charges.append(
                Charge(
                    sub_account=f"{1000 + place}",
                    cost=f"{place * 7}.015",
                    service="Amazon S3",
                    category="Storage",
                    day=day,
                )
            )
    deliver(actor=people.alice.actor, integration=integration, period=period, charges=charges, folder=folder)
    return Month(period=period, accounts=tuple(accounts))


def make_every_status(*, people: People) -> dict[str, Invoice]:
    """Create invoices of the closed month in every status, and a customer that is ready."""
    period = closed_month()
    now = datetime.combine(period.end, datetime.min.time(), tzinfo=UTC).replace(hour=9)
    profile = make_profile(management_account=people.msp)

    rule = make_adjustment(management_account=people.msp, percentage="110", title="Managed services 10 %")

    def account(name: str, **fields: object) -> ManagedAccount:
        return make_managed_account(management_account=people.msp, name=name, **fields)

    lines = [
        make_line(
            cost="1234.5678",
            rated="1358.02458",
            deltas=(RuleDelta(rule_token=rule.token, amount=Decimal("123.45678")),),
        ),
        make_line(cost="99.1", service="Amazon S3"),
        make_line(cost="12", service="Azure SQL", provider="Microsoft Azure"),
    ]
    common = {"profile": profile, "period": period, "now": now, "lines": lines}
    found = {
        "approved": make_approved(account=account("Aegean Ferries"), by=people.alice, send=True, **common),  # type: ignore[arg-type]
        "refused": make_approved(account=account("Volos Shipping"), by=people.alice, send=True, **common),  # type: ignore[arg-type]
        "draft": make_draft(account=account("A customer with a name that is longer than any column is wide"), **common),  # type: ignore[arg-type]
        "stale": make_draft(account=account("Pelion Outdoor", currency="USD"), **common),  # type: ignore[arg-type]
        "failed": make_generating(account=account("Meltemi Energy"), period=period, now=now),
        "cancelled": make_draft(account=account("Kastoria Furs"), **common),  # type: ignore[arg-type]
    }
    before = [
        make_line(cost="900"),
        make_line(cost="320.4", service="Amazon RDS"),
        make_line(cost="99.1", service="S3"),
    ]
    owner, last = found["approved"].managed_account, period.previous
    make_approved(account=owner, by=people.alice, profile=profile, period=last, now=now, lines=before)
    make_managed_account(management_account=people.msp, name="Zagori Honey")
    for each in (rule, make_exclusion(management_account=people.msp, charge_type="Tax", title="Without tax")):
        assign(account=found["draft"].managed_account, rule=each)
    integration = make_integration(management_account=people.msp)
    delegate(account=found["draft"].managed_account, integration=integration, sub_account_id="510000000001")
    Delivery.objects.filter(invoice=found["approved"]).update(status="accepted", outcome_code="250")
    Delivery.objects.filter(invoice=found["refused"]).update(
        status="failed", outcome_code="550", outcome_message="5.1.1 Recipient address rejected: user unknown"
    )
    Invoice.objects.filter(pk=found["stale"].pk).update(is_stale=True)
    Invoice.objects.filter(pk=found["failed"].pk).update(
        status="failed",
        failure_code="missing_rate",
        failure_message="No exchange rate USD to EUR. Import one, then retry.",
    )
    Invoice.objects.filter(pk=found["cancelled"].pk).update(status="cancelled", cancel_reason="Billed by hand")
    return found
