"""Look at delivered files as a whole: periods, exact totals, and rows that break a rule."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from billow.coststore.charges import ReadableFile, StoredSchema, charges_sql, quoted_name, quoted_text
from billow.coststore.engines.duckdb import fetch_all
from billow.coststore.partition import CostTotals
from billow.terms.focus import COST_METRICS, FOCUS_COLUMNS, ChargeCategory, ColumnKind

TOTAL_PLACES = Decimal("1e-18")
GROUP_COLUMNS = ("BillingPeriodStart", "BillingPeriodEnd", "BillingCurrency", "ChargeCategory")


@dataclass(frozen=True, slots=True)
class RowRule:
    """What rows may not be: a stable code, the column to name, and the condition in SQL.

    A condition that looks at GROUP_COLUMNS only is tested once per group and costs nothing.
    """

    code: str
    column: str
    condition: str
    of_group: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows of one file that break a rule: how many, and the first of them with their values."""

    rule: RowRule
    file: str
    count: int
    examples: tuple[tuple[int, str | None], ...]


@dataclass(frozen=True, slots=True)
class PeriodRows:
    """The charges of one billing period by its bounds as delivered, and the names of the files that hold them."""

    start: datetime
    end: datetime
    rows: int
    totals: tuple[CostTotals, ...]
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a delivery holds."""

    periods: tuple[PeriodRows, ...]
    findings: tuple[Finding, ...]


def row_rules(*, currencies: Collection[str]) -> tuple[RowRule, ...]:
    """Return the rules that each charge must meet, with the currencies that are known."""
    known_currencies = ", ".join(quoted_text(code) for code in sorted(currencies))
    known_categories = ", ".join(quoted_text(category.value) for category in ChargeCategory)
    beyond = (
        "(ChargePeriodStart < BillingPeriodStart - INTERVAL 1 DAY AND ChargePeriodEnd < BillingPeriodEnd "
        "OR ChargePeriodStart >= BillingPeriodEnd + INTERVAL 1 DAY) AND ChargeCategory <> 'Purchase'"
    )
    starts_outside = (
        "(ChargePeriodStart < BillingPeriodStart OR ChargePeriodStart >= BillingPeriodEnd) "
        "AND ChargeClass IS DISTINCT FROM 'Correction'"
    )
    return (
        *(
            RowRule("missing_value", column.name, f"{column.name} IS NULL", of_group=column.name in GROUP_COLUMNS)
            for column in FOCUS_COLUMNS
            if column.required
        ),
        RowRule("unknown_currency", "BillingCurrency", f"BillingCurrency NOT IN ({known_currencies})", of_group=True),
        RowRule(
            "unknown_charge_category", "ChargeCategory", f"ChargeCategory NOT IN ({known_categories})", of_group=True
        ),
        RowRule(
            "bad_billing_period",
            "BillingPeriodStart",
            "BillingPeriodStart <> date_trunc('month', BillingPeriodStart) "
            "OR BillingPeriodEnd <> date_trunc('month', BillingPeriodStart) + INTERVAL 1 MONTH",
            of_group=True,
        ),
        RowRule("bad_charge_period", "ChargePeriodEnd", "ChargePeriodEnd < ChargePeriodStart"),
        RowRule("charge_outside_period", "ChargePeriodStart", f"{starts_outside} AND {beyond}"),
        RowRule("charge_starts_outside_period", "ChargePeriodStart", f"{starts_outside} AND NOT ({beyond})"),
        *(
            RowRule("not_json", column.name, f"json_type({column.name}) = 'VARCHAR'")
            for column in FOCUS_COLUMNS
            if column.kind is ColumnKind.JSON
        ),
    )


def survey_files(
    *,
    engine: duckdb.DuckDBPyConnection,
    files: Sequence[ReadableFile],
    schema: StoredSchema,
    rules: Sequence[RowRule],
    examples: int,
) -> Survey:
    """Sum the files by period and currency and find the rows that break a rule, some shown per rule and file."""
    groups: list[_Group] = []
    findings: list[Finding] = []
    for readable in files:
        applied = _rules_of(readable, rules)
        counts = [0] * len(applied)
        summary = fetch_all(engine=engine, statement=_summary_sql(readable, schema, applied))
        for start, end, currency, rows, *figures in summary:
            sums = tuple(figure or Decimal(0) for figure in figures[: len(COST_METRICS)])
            counts = [old + new for old, new in zip(counts, figures[len(COST_METRICS) :], strict=True)]
            groups.append(_Group(readable.file.name, start, end, currency or "", rows, sums))
        for rule, count in zip(applied, counts, strict=True):
            if count:
                shown = fetch_all(engine=engine, statement=_examples_sql(readable, schema, rule, examples))
                findings.append(Finding(rule, readable.file.name, count, tuple((row, value) for row, value in shown)))
    return Survey(_periods(groups), tuple(findings))


@dataclass(frozen=True, slots=True)
class _Group:
    """The charges of one file, period and currency, summed; the sums in the order of COST_METRICS."""

    file: str
    start: datetime | None
    end: datetime | None
    currency: str
    rows: int
    sums: tuple[Decimal, ...]


def _rules_of(readable: ReadableFile, rules: Sequence[RowRule]) -> list[RowRule]:
    """Look for texts that are not JSON only where there are some."""
    return [rule for rule in rules if rule.code != "not_json" or rule.column in readable.broken_json]


def _summary_sql(readable: ReadableFile, schema: StoredSchema, rules: Sequence[RowRule]) -> str:
    keys = ", ".join(GROUP_COLUMNS)
    inside = [f"sum({metric}) AS sum_{metric}" for metric in COST_METRICS]
    outside = [f"sum_{metric}" for metric in COST_METRICS]
    for number, rule in enumerate(rules):
        if rule.of_group:
            outside.append(f"CASE WHEN {rule.condition} THEN charges ELSE 0 END")
        else:
            inside.append(f"count(*) FILTER (WHERE {rule.condition}) AS broken_{number}")
            outside.append(f"broken_{number}")
    return (
        f"SELECT BillingPeriodStart, BillingPeriodEnd, BillingCurrency, charges, {', '.join(outside)} FROM ("
        f"SELECT {keys}, count(*) AS charges, {', '.join(inside)} "
        f"FROM ({charges_sql(readable=readable, schema=schema)}) GROUP BY {keys})"
    )


def _examples_sql(readable: ReadableFile, schema: StoredSchema, rule: RowRule, examples: int) -> str:
    return (
        f"SELECT row_number, CAST({quoted_name(rule.column)} AS VARCHAR) "
        f"FROM ({charges_sql(readable=readable, schema=schema, with_row=True)}) "
        f"WHERE {rule.condition} ORDER BY row_number LIMIT {examples}"
    )


def _periods(groups: Sequence[_Group]) -> tuple[PeriodRows, ...]:
    """Join the groups by period; rows without a period are findings already."""
    by_period: dict[tuple[datetime, datetime], list[_Group]] = {}
    for group in groups:
        if group.start is not None and group.end is not None:
            by_period.setdefault((group.start, group.end), []).append(group)
    return tuple(
        PeriodRows(
            start=start,
            end=end,
            rows=sum(group.rows for group in members),
            totals=_totals(members),
            files=frozenset(group.file for group in members),
        )
        for (start, end), members in sorted(by_period.items())
    )


def _totals(groups: Sequence[_Group]) -> tuple[CostTotals, ...]:
    sums: dict[str, list[tuple[Decimal, ...]]] = {}
    for group in groups:
        sums.setdefault(group.currency, []).append(group.sums)
    return tuple(
        cost_totals(currency=currency, sums=[sum(metric, Decimal(0)) for metric in zip(*parts, strict=True)])
        for currency, parts in sorted(sums.items())
    )


def cost_totals(*, currency: str, sums: Sequence[Decimal | None]) -> CostTotals:
    """Return sums, in the order of COST_METRICS, with the store's number of decimals."""
    billed, effective, listed, contracted = (Decimal(value or 0).quantize(TOTAL_PLACES) for value in sums)
    return CostTotals(
        currency=currency, billed_cost=billed, effective_cost=effective, list_cost=listed, contracted_cost=contracted
    )
