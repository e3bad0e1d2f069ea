"""Close a month for every customer: rate, group, draft; the floor is one bare aggregate over the same store files."""

import argparse
import csv
import pickle
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.import_bill import MEMORY_MIB, THREADS
from bench.measure import report
from billow.allocation.delegation import Delegation
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, ExclusionRule
from billow.coststore.partition import Partition
from billow.coststore.store import CostStore
from billow.invoicing.draft import draft
from billow.invoicing.invoice import BankAccount, ExchangeRate, Party
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement

SELLER = Party(token="acct_0000000000000001", name="Bench GmbH")


def bare_aggregate(partitions: Sequence[Partition]) -> dict[str, Any]:
    """Sum the cost by sub account and service, and do nothing else."""
    files = [str(file) for partition in partitions for file in partition.files]
    connection = duckdb.connect()
    connection.execute(f"SET threads={THREADS}")
    connection.execute(f"SET memory_limit='{MEMORY_MIB}MiB'")
    began = time.perf_counter()
    table: pa.Table = connection.execute(
        "SELECT SubAccountId, ServiceName, sum(BilledCost) AS cost "
        "FROM read_parquet($1, union_by_name=true) GROUP BY ALL",
        [files],
    ).to_arrow_table()
    return {"seconds": time.perf_counter() - began, "groups": table.num_rows}


def close(partitions: Sequence[Partition], accounts: Path, store: CostStore) -> dict[str, Any]:
    """Rate and draft every customer of the accounts file, in memory."""
    delegations, owners = _delegations(accounts, partitions[0].integration_token)
    agreements = [
        Agreement(account_token=owner, currency="USD", rules=_rules(index)) for index, owner in enumerate(owners)
    ]
    period = partitions[0].billing_period
    rates = [ExchangeRate(base_currency="EUR", currency="USD", rate=Decimal("1.1571"), effective_date=period.last_day)]
    began = time.perf_counter()
    month = rate(store=store, partitions=partitions, period=period, agreements=agreements, delegations=delegations)
    rated_at = time.perf_counter()
    invoices = [
        draft(
            rated=rated,
            number=f"INV-{index:06}",
            token="msp_inv_0000000000000000",
            seller=SELLER,
            buyer=Party(token=owner, name=owner),
            bank=BankAccount(),
            payment_terms_days=30,
            currency="USD",
            exchange_rates=rates,
        )
        for index, (owner, rated) in enumerate(month.by_account.items())
    ]
    seconds = time.perf_counter() - began
    provider = sum(line.provider_cost for invoice in invoices for line in invoice.lines)
    unallocated = sum(cost.cost for cost in month.unallocated)
    delivered = sum(totals.billed_cost for partition in partitions for totals in partition.totals)
    if provider + unallocated != delivered:
        raise SystemExit(f"costs are lost: {provider} + {unallocated} != {delivered}")
    return {
        "seconds": seconds,
        "rating_seconds": rated_at - began,
        "invoices": len(invoices),
        "lines": sum(len(invoice.lines) for invoice in invoices),
    }


def _delegations(accounts: Path, integration_token: str) -> tuple[list[Delegation], list[str]]:
    with accounts.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Customer"]]
    owners = sorted({row["Customer"] for row in rows})
    delegations = [
        Delegation(
            integration_token=integration_token,
            account_token=row["Customer"],
            billing_account_id=row["BillingAccountId"],
            sub_account_id=row["SubAccountId"],
        )
        for row in rows
    ]
    return delegations, owners


def _rules(index: int) -> tuple[BillingRule, ...]:
    """Return three rules that differ from customer to customer."""
    return (
        ChargeRule(
            token=f"bllng_rule_a{index:015x}",
            title="Platform fee",
            service="Platform",
            category="Fee",
            sub_category="Monthly",
            amount=Decimal(100 + index),
            start_date=date(2020, 1, 1),
            end_date=date(2030, 12, 31),
        ),
        ExclusionRule(token=f"bllng_rule_b{index:015x}", title="No provider tax", charge_type="Tax"),
        AdjustmentRule(
            token=f"bllng_rule_c{index:015x}", title="Markup", percentage=Decimal(103 + index % 9), category="Compute"
        ),
    )


def main() -> None:
    """Measure one of the two, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["floor", "billow"])
    parser.add_argument("work", type=Path, help="where import_bill left its store")
    parser.add_argument("accounts", type=Path, help="CSV of SubAccountId, BillingAccountId, Customer")
    arguments = parser.parse_args()
    partitions = pickle.loads((arguments.work / "partitions.pickle").read_bytes())  # noqa: S301 - our own file
    if arguments.way == "floor":
        report(lambda: bare_aggregate(partitions))
    else:
        report(lambda: close(partitions, arguments.accounts, CostStore(root=arguments.work / "costs")))


if __name__ == "__main__":
    main()
