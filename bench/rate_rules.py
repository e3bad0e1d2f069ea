"""Rate a month under long lists of rules; the floor is the engine's bare aggregate of the same rows by customer.

Four lists: every customer its own list; one list shared by all; a tenth of the customers with conditions on single
resources; and one customer alone, as after an edit of its rules. A month is measured until every line and what each
rule changed in it is known, and once more until all of them are values that somebody has looked at.
"""

import argparse
import csv
import pickle
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.import_bill import MEMORY_MIB, THREADS
from bench.measure import report
from billow.allocation.delegation import Delegation
from billow.billingrules.rule import AdjustmentRule, BillingRule, CustomRule, ExclusionRule
from billow.billingrules.sql.read import read_statement
from billow.coststore.partition import Partition
from billow.coststore.store import CostStore
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement

RULES = 20
SERVICES = (
    "Amazon Elastic Compute Cloud",
    "Amazon Simple Storage Service",
    "Amazon Relational Database Service",
    "AWS Lambda",
    "Amazon CloudFront",
    "Amazon DynamoDB",
    "Virtual Machines",
    "Storage",
    "SQL Database",
    "Compute Engine",
    "BigQuery",
)
CATEGORIES = ("Compute", "Storage", "Databases", "Networking", "Analytics", "Security")
PROVIDERS = ("aws", "azure", "gcp")


def bare_aggregate(partitions: Sequence[Partition], accounts: Path) -> dict[str, Any]:
    """Join the customers and sum the cost by customer, service, category and region, and do nothing else."""
    files = [str(file) for partition in partitions for file in partition.files]
    connection = duckdb.connect()
    connection.execute(f"SET threads={THREADS}")
    connection.execute(f"SET memory_limit='{MEMORY_MIB}MiB'")
    began = time.perf_counter()
    table: pa.Table = connection.execute(
        "SELECT a.Customer, ServiceName, ServiceCategory, ChargeCategory, RegionId, sum(BilledCost) AS cost "
        "FROM read_parquet($1, union_by_name=true) AS c JOIN read_csv($2, all_varchar=true) AS a USING (SubAccountId) "
        "GROUP BY ALL",
        [files, str(accounts)],
    ).to_arrow_table()
    return {"seconds": time.perf_counter() - began, "groups": table.num_rows}


def rate_all(partitions: Sequence[Partition], accounts: Path, store: CostStore, lists: str) -> dict[str, Any]:
    """Rate every customer of the accounts file, or one alone, under lists of the kind."""
    delegations, owners = delegations_of(accounts, partitions[0].integration_token)
    if lists == "one_customer":
        owners = owners[:1]
    shared = _rules(0)
    agreements = []
    for index, owner in enumerate(owners):
        rules = shared if lists == "shared" else _rules(index)
        if lists == "resources" and index % 10 == 0:
            rules = (*rules[:-4], *_resource_rules(index))
        agreements.append(Agreement(account_token=owner, currency="USD", rules=rules))
    read_statement(sql="DELETE FROM costs WHERE costs.service = 'x'")  # a worker has the parser loaded long since
    began = time.perf_counter()
    month = rate(
        store=store,
        partitions=partitions,
        period=partitions[0].billing_period,
        agreements=agreements,
        delegations=delegations,
        with_unallocated=lists != "one_customer",
    )
    seconds = time.perf_counter() - began
    failures = [costs.failure for costs in month.by_account.values() if costs.failure]
    if failures:
        raise SystemExit(f"a rule failed: {failures[0]}")
    lines = [line for costs in month.by_account.values() for line in costs.lines]
    all_seconds = time.perf_counter() - began
    _check(lines, month, partitions, lists)
    deltas = sum(len(line.deltas) for line in lines)
    return {"seconds": seconds, "all_seconds": all_seconds, "lines": len(lines), "deltas": deltas}


def _check(lines: Sequence[Any], month: Any, partitions: Sequence[Partition], lists: str) -> None:
    for line in lines:
        if line.rated_cost != line.provider_cost + sum((delta.amount for delta in line.deltas), Decimal(0)):
            raise SystemExit(f"a line's deltas do not add up: {line}")
    provider = sum((line.provider_cost for line in lines), Decimal(0))
    unallocated = sum((cost.cost for cost in month.unallocated), Decimal(0))
    delivered = sum((totals.billed_cost for each in partitions for totals in each.totals), Decimal(0))
    if lists != "one_customer" and provider + unallocated != delivered:
        raise SystemExit(f"costs are lost: {provider} + {unallocated} != {delivered}")


def _rules(index: int) -> tuple[BillingRule, ...]:
    """Return twenty rules that differ from customer to customer: fields and SQL, by service, category and provider."""
    rules: list[BillingRule] = [
        ExclusionRule(token=f"bllng_rule_x{index:015x}", title="No provider tax", charge_type="Tax")
    ]
    for number in range(1, RULES):
        token, title = f"bllng_rule_{number:x}{index:015x}", f"Rule {number}"
        service = SERVICES[(index + number) % len(SERVICES)]
        percentage = Decimal(90 + (index * 7 + number * 3) % 25)
        match number % 4:
            case 0:
                rules.append(AdjustmentRule(token=token, title=title, percentage=percentage, service=service))
            case 1:
                category = CATEGORIES[(index + number) % len(CATEGORIES)]
                rules.append(AdjustmentRule(token=token, title=title, percentage=percentage, category=category))
            case 2:
                sql = (
                    f"UPDATE costs SET costs.amount = costs.amount * {percentage / 100} "
                    f"WHERE costs.provider = '{PROVIDERS[(index + number) % 3]}' AND costs.cost_type != 'Credit'"
                )
                rules.append(CustomRule(token=token, title=title, sql_query=sql))
            case _:
                sql = (
                    f"UPDATE costs SET costs.amount = CASE WHEN costs.service = '{service}' "
                    f"THEN costs.amount * {percentage / 100} ELSE costs.amount * 1.03 END "
                    "WHERE costs.region LIKE 'eu-%'"
                )
                rules.append(CustomRule(token=token, title=title, sql_query=sql))
    return tuple(rules)


def _resource_rules(index: int) -> tuple[BillingRule, ...]:
    """Return four rules that look at single resources, others for every customer."""
    return tuple(
        CustomRule(
            token=f"bllng_rule_r{number}{index:014x}",
            title=f"Resource rule {number}",
            sql_query=(
                f"UPDATE costs SET costs.amount = costs.amount * 0.9{number} "
                f"WHERE costs.resource_id LIKE '%{(index // 10 + number * 7) % 100:02}' AND costs.cost_type = 'Usage'"
            ),
        )
        for number in range(4)
    )


def delegations_of(accounts: Path, integration_token: str) -> tuple[list[Delegation], list[str]]:
    """Return who gets which sub account by the accounts file, and the customers."""
    with accounts.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Customer"]]
    delegations = [
        Delegation(
            integration_token=integration_token,
            account_token=row["Customer"],
            billing_account_id=row["BillingAccountId"],
            sub_account_id=row["SubAccountId"],
        )
        for row in rows
    ]
    return delegations, sorted({row["Customer"] for row in rows})


def main() -> None:
    """Measure one of the ways, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["floor", "different", "shared", "resources", "one_customer"])
    parser.add_argument("work", type=Path, help="where import_bill left its store")
    parser.add_argument("accounts", type=Path, help="CSV of SubAccountId, BillingAccountId, Customer")
    arguments = parser.parse_args()
    partitions = pickle.loads((arguments.work / "partitions.pickle").read_bytes())  # noqa: S301 - our own file
    store = CostStore(root=arguments.work / "costs")
    if arguments.way == "floor":
        report(lambda: bare_aggregate(partitions, arguments.accounts))
    else:
        report(lambda: rate_all(partitions, arguments.accounts, store, arguments.way))


if __name__ == "__main__":
    main()
