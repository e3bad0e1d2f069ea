"""Prove that re-rating a large bill is exact: every line and delta, to the last of 18 decimals.

Every charge is walked through three rules in plain Python ``Decimal``, charges of a line that the rules treat alike are
added up, and the rules run on the sums: what docs/rules.md says, and nothing of the engine's code. For the smallest
customers the tests' interpreter of every kind of rule, which is much slower, must say the same.

Takes the store that ``python -m bench.import_bill billow BILL WORK`` left; nothing is timed.
"""

import argparse
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
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
ZERO = Decimal(0)
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


LINE = COLUMNS[1:9]
Costs = dict[tuple[str, ...], tuple[Decimal, Decimal, dict[str, Decimal]]]


def main() -> None:
    """Compare every customer of the accounts file, and the smallest ones with the interpreter as well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="where import_bill left its store")
    parser.add_argument("accounts", type=Path, help="CSV of SubAccountId, BillingAccountId, Customer")
    parser.add_argument("--interpreted", type=int, default=3, help="customers to compare with the interpreter")
    arguments = parser.parse_args()
    partitions = pickle.loads((arguments.work / "partitions.pickle").read_bytes())  # noqa: S301 - our own file
    delegations, owners = delegations_of(arguments.accounts, partitions[0].integration_token)
    month = rate(
        store=CostStore(root=arguments.work / "costs"),
        partitions=partitions,
        period=partitions[0].billing_period,
        agreements=[Agreement(account_token=owner, currency="USD", rules=RULES) for owner in owners],
        delegations=delegations,
        with_unallocated=False,
    )
    charges, expected = _walked(partitions, {each.sub_account_id: each.account_token for each in delegations})
    for owner in owners:
        _must_equal(owner, lines_of(month.by_account[owner]), expected.get(owner, {}))
    for own in delegations:
        if own.account_token in owners[-arguments.interpreted :]:
            _compare(own, month.by_account[own.account_token], list(_rows(partitions, own)), partitions[0])
    sys.stdout.write(f"\nEqual to the last digit: {charges:,} charges of {len(owners)} customers.\n")


def _walked(partitions: Sequence[Partition], owner_of: Mapping[str | None, str]) -> tuple[int, dict[str, Costs]]:
    """Give every customer's costs by line, and how many charges there are."""
    sums: dict[tuple[str, tuple[str, ...], tuple[int, ...]], Decimal] = {}
    charges = 0
    for row in _rows(partitions, None):
        owner = owner_of.get(row["SubAccountId"])
        if owner is None:
            continue
        charges += 1
        place = (owner, (*(row[name] or "" for name in LINE), ""), _trace(row))
        sums[place] = sums.get(place, ZERO) + row["BilledCost"]
        if charges % 100_000 == 0:
            sys.stderr.write(f"\r{charges:,} charges")
    costs: dict[str, Costs] = {}
    for (owner, key, trace), cost in sums.items():
        provider, rated, deltas = costs.setdefault(owner, {}).get(key, (ZERO, ZERO, {}))
        now = cost
        for rule, choice in zip(RULES, trace, strict=True):
            after = _after(rule.token, choice, now)
            if after != now:
                deltas[rule.token] = deltas.get(rule.token, ZERO) + after - now
            now = after
        costs[owner][key] = (provider + cost, rated + now, deltas)
    return charges, costs


def _trace(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Say which way a charge goes at each rule; 0 is past it."""
    is_amazon = (row["ServiceName"] or "").startswith("Amazon ")
    last = 1 if is_amazon else 2 if row["ServiceCategory"] == "Storage" else 3
    return (row["ChargeCategory"] != "Credit", 1, last)


def _after(rule_token: str, choice: int, cost: Decimal) -> Decimal:
    if not choice:
        return cost
    if rule_token == "rule-2":  # noqa: S105 - the last rule
        exact = (cost * Decimal("1.0375"), cost * Decimal("0.913"), cost / 3)[choice - 1]
    else:
        exact = cost * Decimal("0.925" if rule_token == "rule-0" else "1.03")  # noqa: S105 - the first rule
    return exact.quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP)


def _rows(partitions: Sequence[Partition], own: Delegation | None) -> Iterator[dict[str, Any]]:
    files = [str(file) for partition in partitions for file in partition.files]
    wanted = ", ".join(f'CAST("{name}" AS DECIMAL(38,18))' if name == "BilledCost" else f'"{name}"' for name in COLUMNS)
    found = duckdb.execute(
        f"SELECT {wanted} FROM read_parquet($1, union_by_name=true) WHERE SubAccountId = $2 OR $2 IS NULL",
        [files, own.sub_account_id if own else None],
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
    _must_equal(owner, found, expected)


def _must_equal(owner: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
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
