"""Prove that re-rating a large bill is exact: every line and delta against the tests' slow, obvious interpreter.

Takes the store that ``python -m bench.import_bill billow BILL WORK`` left. Ten million charges take the interpreter
many minutes; nothing is timed.
"""

import argparse
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from bench.rate_rules import delegations_of
from billow.allocation.delegation import Delegation
from billow.billingrules.rule import CustomRule
from billow.billingrules.sql.read import read_statement
from billow.coststore.partition import Partition
from billow.coststore.store import CostStore
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement, RatedCosts
from tests.engines.interpreter import interpret, lines_of

COLUMNS = (
    "ChargePeriodStart",
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "BillingAccountId",
    "SubAccountId",
    "RegionId",
    "ChargeCategory",
    "BillingCurrency",
    "BilledCost",
)
RULES = tuple(
    CustomRule(token=f"rule-{number}", title=f"Rule {number}", sql_query=sql)
    for number, sql in enumerate(
        (
            "UPDATE costs SET costs.amount = costs.amount * 0.925 WHERE costs.cost_type != 'Credit'",
            "UPDATE costs SET costs.amount = costs.amount * 1.03",
            "UPDATE costs SET costs.amount = CASE WHEN costs.service LIKE 'Amazon %' THEN costs.amount * 1.0375 "
            "WHEN costs.cost_category = 'Storage' THEN costs.amount * 0.913 ELSE costs.amount / 3 END",
        )
    )
)


def main() -> None:
    """Compare every customer of the accounts file, or the first few."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="where import_bill left its store")
    parser.add_argument("accounts", type=Path, help="CSV of SubAccountId, BillingAccountId, Customer")
    parser.add_argument("--customers", type=int, help="only so many, the last ones")
    arguments = parser.parse_args()
    partitions = pickle.loads((arguments.work / "partitions.pickle").read_bytes())  # noqa: S301 - our own file
    delegations, owners = delegations_of(arguments.accounts, partitions[0].integration_token)
    owners = owners[-arguments.customers :] if arguments.customers else owners
    month = rate(
        store=CostStore(root=arguments.work / "costs"),
        partitions=partitions,
        period=partitions[0].billing_period,
        agreements=[Agreement(account_token=owner, currency="USD", rules=RULES) for owner in owners],
        delegations=delegations,
        with_unallocated=False,
    )
    charges = 0
    for place, own in enumerate(delegations, start=1):
        if own.account_token not in owners:
            continue
        rows = list(_rows(partitions, own))
        charges += len(rows)
        _compare(own, month.by_account[own.account_token], rows, partitions[0])
        sys.stderr.write(f"\r{place} of {len(delegations)} sub accounts, {charges:,} charges")
    sys.stdout.write(f"\nEqual to the last digit: {charges:,} charges of {len(owners)} customers.\n")


def _rows(partitions: Sequence[Partition], own: Delegation) -> Iterator[dict[str, Any]]:
    files = [str(file) for partition in partitions for file in partition.files]
    wanted = ", ".join(f'CAST("{name}" AS DECIMAL(38,18))' if name == "BilledCost" else f'"{name}"' for name in COLUMNS)
    found = duckdb.execute(
        f"SELECT {wanted} FROM read_parquet($1, union_by_name=true) WHERE SubAccountId = $2",
        [files, own.sub_account_id],
    )
    while rows := found.fetchmany(10_000):
        for row in rows:
            yield dict(zip(COLUMNS, row, strict=True))


def _compare(own: Delegation, rated: RatedCosts, rows: list[dict[str, Any]], example: Partition) -> None:
    """Compare one sub account, which has its lines for itself."""
    owner = own.account_token
    expected = interpret(
        rows,
        integration_token=example.integration_token,
        year=example.billing_period.year,
        month=example.billing_period.month,
        agreements=[Agreement(account_token=owner, currency="USD", rules=RULES)],
        delegations=[own],
        statements={rule.token: _statement(rule) for rule in RULES},
    ).costs[owner]
    found = lines_of(
        replace(rated, lines=tuple(line for line in rated.lines if line.sub_account_id == own.sub_account_id))
    )
    if found.keys() != expected.keys():
        raise SystemExit(f"{owner}: other lines: {found.keys() ^ expected.keys()}")
    for key, line in expected.items():
        if found[key] != line:
            raise SystemExit(f"{owner}: {key} is {found[key]}, expected {line}")


def _statement(rule: CustomRule) -> Any:
    statement, issues = read_statement(sql=rule.sql_query)
    if statement is None:
        raise SystemExit(str(issues))
    return statement


if __name__ == "__main__":
    main()
