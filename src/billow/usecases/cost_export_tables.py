"""An answer about costs as a table: Billow's own columns, FOCUS's, or compared with the days before."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from billow.coststore.series import DateBin
from billow.usecases.cost_question import CostQuestion
from billow.usecases.query_costs import CostAnswer, CostRow, is_hourly
from billow.usecases.report_words import TAG, group_name

OWN, FOCUS, COMPARISON = "vntg", "focus", "comparison"
SCHEMAS = (OWN, FOCUS, COMPARISON)

_OWN_COLUMNS = ("amount", "currency", "usage_amount", "usage_unit")
_COMPARED = ("amount", "previous_amount", "change", "currency")
_FOCUS_BY_GROUP: Mapping[str, str] = {
    "provider": "ProviderName",
    "billing_account_id": "BillingAccountId",
    "account_id": "SubAccountId",
    "service": "ServiceName",
    "region": "RegionId",
    "resource_id": "ResourceId",
    "cost_category": "ServiceCategory",
    "cost_subcategory": "ServiceSubcategory",
    "charge_type": "x_ChargeType",
    "usage_unit": "x_UsageUnit",
    "tagged": "x_Tagged",
}
_FOCUS_COLUMNS = (
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "BilledCost",
    "BillingCurrency",
    "ConsumedQuantity",
    "ConsumedUnit",
)
NUMBERS = frozenset(
    {"amount", "usage_amount", "previous_amount", "change", "BilledCost", "EffectiveCost", "ConsumedQuantity"}
)
"""Columns that hold plain decimals in any of the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Names and rows, all as text."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def table_of(answer: CostAnswer, *, schema: str, answer_again: Callable[[CostQuestion], CostAnswer]) -> Table:
    """Return the answer in the schema; a comparison asks again, for as many days before."""
    if schema == COMPARISON:
        return _compared(answer, answer_again(_days_before(answer.question)))
    return _focus(answer) if schema == FOCUS else _own(answer)


def _own(answer: CostAnswer) -> Table:
    names = _names(answer)
    hourly = is_hourly(answer.question)
    rows = [
        (
            f"{row.accrued_at:%Y-%m-%dT%H:%M:%SZ}" if hourly else f"{row.accrued_at:%Y-%m-%d}",
            *_groups(row, names),
            _plain(row.amount),
            row.currency,
            *_usage(row),
        )
        for row in answer.rows
    ]
    return Table(columns=("accrued_at", *names, *_OWN_COLUMNS), rows=rows)


def _focus(answer: CostAnswer) -> Table:
    names = _names(answer)
    columns = [_FOCUS_BY_GROUP.get(name) or f"x_Tag_{name.removeprefix(TAG)}" for name in names]
    cost = "EffectiveCost" if answer.question.settings.amortize else "BilledCost"
    rows = [
        (
            f"{row.accrued_at:%Y-%m-%dT%H:%M:%SZ}",
            f"{_end(row, answer.question):%Y-%m-%dT%H:%M:%SZ}",
            _plain(row.amount),
            row.currency,
            *_usage(row),
            *_groups(row, names),
        )
        for row in answer.rows
    ]
    return Table(columns=(*(cost if each == "BilledCost" else each for each in _FOCUS_COLUMNS), *columns), rows=rows)


def _compared(answer: CostAnswer, before: CostAnswer) -> Table:
    names = _names(answer)
    now, then = _sums(answer), _sums(before)
    rows = [
        (*groups, _plain(now[groups, currency]), _plain(then[groups, currency]), _plain(change), currency)
        for groups, currency in sorted({*now, *then})
        for change in [now[groups, currency] - then[groups, currency]]
    ]
    return Table(columns=(*names, *_COMPARED), rows=rows)


def _days_before(question: CostQuestion) -> CostQuestion:
    last = question.first_day - timedelta(days=1)
    first = last - (question.last_day - question.first_day)
    return replace(question, first_day=first, last_day=last, cumulative=False)


def _sums(answer: CostAnswer) -> dict[tuple[tuple[str, ...], str], Decimal]:
    names = _names(answer)
    sums: dict[tuple[tuple[str, ...], str], Decimal] = defaultdict(Decimal)
    for row in answer.rows:
        sums[tuple(_groups(row, names)), row.currency] += row.amount
    return sums


def _names(answer: CostAnswer) -> tuple[str, ...]:
    return tuple(group_name(group) for group in answer.question.group_by)


def _groups(row: CostRow, names: Sequence[str]) -> Iterator[str]:
    return (row.groups[name] or "" for name in names)


def _usage(row: CostRow) -> tuple[str, str]:
    return ("", "") if row.usage is None else (_plain(row.usage.amount), row.usage.unit)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"


def _end(row: CostRow, question: CostQuestion) -> datetime:
    """Return the first instant after the row's bin."""
    start = row.accrued_at
    if question.date_bin in (DateBin.MONTH, DateBin.QUARTER):
        months = start.year * 12 + start.month - 1 + (1 if question.date_bin is DateBin.MONTH else 3)
        return start.replace(year=months // 12, month=months % 12 + 1)
    lengths = {DateBin.HOUR: timedelta(hours=1), DateBin.DAY: timedelta(days=1), DateBin.WEEK: timedelta(weeks=1)}
    return start + lengths[question.date_bin]
