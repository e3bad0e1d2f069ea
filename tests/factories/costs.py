"""Integrations, and bills as a provider would deliver them: FOCUS files, imported through the front door."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from billow.records.accounts.models import ManagementAccount
from billow.records.costs.models import Integration
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.import_costs import ImportReport, import_costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One row of a bill, on one day of its month (0: the last)."""

    sub_account: str
    cost: str
    service: str = "Amazon EC2"
    category: str = "Compute"
    charge_category: str = "Usage"
    currency: str = "USD"
    day: int = 1
    region: str = "eu-central-1"
    billing_account: str = "billing-1"
    invoice: str | None = None


def make_integration(
    *, management_account: ManagementAccount, name: str = "AWS Payer", provider: str = "aws"
) -> Integration:
    return Integration.objects.create(management_account=management_account, name=name, provider=provider)


def focus_csv(*, period: BillingPeriod, charges: Sequence[Charge]) -> bytes:
    """Write a FOCUS 1.0 bill of the month."""
    rows = [_row(period, charge) for charge in charges]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def deliver(
    *,
    actor: Actor,
    integration: Integration,
    period: BillingPeriod,
    charges: Sequence[Charge],
    folder: Path,
    now: datetime | None = None,
) -> ImportReport:
    """Import a bill of the month, written to the folder first."""
    file = folder / f"{integration.token}-{period}-{len(list(folder.iterdir()))}.csv"
    file.write_bytes(focus_csv(period=period, charges=charges))
    when = now or datetime.combine(period.end, datetime.min.time(), tzinfo=UTC)
    return import_costs(actor=actor, integration=integration, paths=[file], now=when)


def _row(period: BillingPeriod, charge: Charge) -> dict[str, str]:
    day = period.day(charge.day) if charge.day else period.last_day
    return {
        **({} if charge.invoice is None else {"InvoiceId": charge.invoice}),
        "BilledCost": charge.cost,
        "EffectiveCost": charge.cost,
        "ListCost": charge.cost,
        "ContractedCost": charge.cost,
        "BillingAccountId": charge.billing_account,
        "BillingAccountName": "Payer",
        "BillingCurrency": charge.currency,
        "BillingPeriodStart": _time(period.start),
        "BillingPeriodEnd": _time(period.end),
        "ChargePeriodStart": _time(day),
        "ChargePeriodEnd": _time(day + timedelta(days=1)),
        "ChargeCategory": charge.charge_category,
        "ChargeClass": "",
        "ChargeDescription": f"{charge.service} in {charge.region}",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "InvoiceIssuerName": "AWS",
        "ServiceName": charge.service,
        "ServiceCategory": charge.category,
        "SubAccountId": charge.sub_account,
        "SubAccountName": f"Account {charge.sub_account}",
        "RegionId": charge.region,
        "RegionName": charge.region,
        "ConsumedQuantity": "1",
        "ConsumedUnit": "Hours",
        "PricingQuantity": "1",
        "PricingUnit": "Hours",
    }


def _time(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
