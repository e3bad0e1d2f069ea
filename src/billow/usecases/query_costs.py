"""Answer a question about costs: the MSP's own as providers charge them, a customer's as the customer is charged."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billow.coststore.run import UnableToQuery
from billow.coststore.series import MOST_GROUPS, DateBin, ProviderPartition, SeriesQuery, TooManyGroups
from billow.invoicing.draft import UnableToDraftInvoice, choose_rates
from billow.records.accounts.models import ManagementAccount
from billow.terms.period import BillingPeriod
from billow.usecases.cost_question import CostQuestion
from billow.usecases.costs import cost_store, current_imports, partition_of
from billow.usecases.customer_costs import CostPart, customer_parts
from billow.usecases.invoice_parties import exchange_rates_of
from billow.usecases.refused import Refused
from billow.usecases.report_words import group_name

_NOTHING = Decimal(0)
_Groups = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much was used, in one unit."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """The exact cost of one bin and group in one currency; ``usage`` only where all of it has one unit."""

    accrued_at: datetime
    groups: Mapping[str, str | None]
    currency: str
    amount: Decimal
    usage: Usage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAnswer:
    """Every row in order of time and groups, and exact sums; ``totals`` are by currency.

    Where each month has the rates, everything is in the workspace's currency; otherwise nothing is converted.
    """

    question: CostQuestion
    rows: tuple[CostRow, ...]
    totals: Mapping[str, Decimal]
    usage: tuple[Usage, ...]

    @property
    def total(self) -> tuple[Decimal, str]:
        """The sum to show first: in the workspace's currency if there is any, else in the first there is."""
        currency = self.question.workspace.currency
        if currency not in self.totals and self.totals:
            currency = min(self.totals)
        return self.totals.get(currency, _NOTHING), currency


def answer_costs(*, question: CostQuestion, before_rules: bool = False) -> CostAnswer:
    """Return the answer; raise Refused if it would be too long, or the stored costs cannot be read or rated.

    ``before_rules`` asks what a customer's share costs at the providers: the caller sees to it that only the MSP does.
    """
    months = list(_months(question.first_day, question.last_day))
    try:
        parts = {month: _parts(question, month, before_rules=before_rules) for month in months}
    except TooManyGroups as many:
        message = f"{many}: ask for fewer days, a longer date bin, or fewer groupings"
        raise Refused("too_many_groups", message) from many
    except UnableToQuery as unable:
        raise Refused("costs_unreadable", str(unable)) from unable
    return _answer(question, _converted(question, parts))


def partitions_between(
    *, management_account: ManagementAccount, first_day: date, last_day: date
) -> tuple[ProviderPartition, ...]:
    """Return the live cost imports of the months that have one of the days, with their providers."""
    imports = current_imports(management_account=management_account).filter(
        period_start__gte=first_day.replace(day=1), period_start__lte=last_day
    )
    return tuple(
        ProviderPartition(partition=partition_of(each), provider=each.integration.provider) for each in imports
    )


def _months(first_day: date, last_day: date) -> Iterable[BillingPeriod]:
    month = BillingPeriod.of(first_day)
    while month.start <= last_day:
        yield month
        month = month.next


def _parts(question: CostQuestion, month: BillingPeriod, *, before_rules: bool) -> Sequence[CostPart]:
    workspace = question.workspace
    query = SeriesQuery(
        first_day=max(question.first_day, month.start),
        last_day=min(question.last_day, month.last_day),
        date_bin=question.date_bin,
        group_by=question.group_by,
        where=question.where,
        without=question.settings.left_out,
        amortized=question.settings.amortize,
    )
    partitions = partitions_between(
        management_account=workspace.management_account, first_day=month.start, last_day=month.last_day
    )
    if workspace.managed_account is not None:
        return customer_parts(
            account=workspace.managed_account,
            period=month,
            query=query,
            partitions=partitions,
            before_rules=before_rules,
        )
    return _provider_parts(query, partitions)


def _provider_parts(query: SeriesQuery, partitions: Sequence[ProviderPartition]) -> Sequence[CostPart]:
    if not partitions:
        return ()
    table = cost_store().series(query, partitions=partitions)
    names = [f"group_{number}" for number in range(len(query.group_by))]
    groups = zip(*(table.column(name).to_pylist() for name in names), strict=True) if names else iter(())
    columns = (table.column(name).to_pylist() for name in ("bin", "currency", "cost", "usage_amount", "usage_unit"))
    return [
        CostPart(bin=first, groups=tuple(next(groups, ())), currency=currency, cost=cost, usage=used, unit=unit)
        for first, currency, cost, used, unit in zip(*columns, strict=True)
    ]


def _converted(question: CostQuestion, parts: Mapping[BillingPeriod, Sequence[CostPart]]) -> list[CostPart]:
    """Return the parts in the workspace's currency, or as they are where a month lacks a rate."""
    everything = [part for month in parts.values() for part in month]
    workspace = question.workspace
    if not workspace.enable_currency_conversion or {part.currency for part in everything} <= {workspace.currency}:
        return everything
    converted: list[CostPart] = []
    for month, found in parts.items():
        on_file = exchange_rates_of(management_account_id=workspace.management_account_id, period=month)
        try:
            used = choose_rates(
                source_currencies={part.currency for part in found},
                currency=workspace.currency,
                period=month,
                exchange_rates=on_file,
            )
        except UnableToDraftInvoice:
            return everything
        factors = {rate.base_currency: rate.rate for rate in used}
        converted += [
            part if part.currency == workspace.currency else part.in_currency(workspace.currency, factors)
            for part in found
        ]
    return converted


@dataclass(slots=True)
class _Sum:
    cost: Decimal = _NOTHING
    usage: dict[str, Decimal] | None = None

    def add(self, part: CostPart) -> None:
        self.cost += part.cost
        if part.usage is not None:
            self.usage = self.usage or {}
            unit = part.unit or ""
            self.usage[unit] = self.usage.get(unit, _NOTHING) + part.usage


def _answer(question: CostQuestion, parts: Sequence[CostPart]) -> CostAnswer:
    sums: dict[tuple[datetime, _Groups, str], _Sum] = defaultdict(_Sum)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    units: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        sums[part.bin, part.groups, part.currency].add(part)
        totals[part.currency] += part.cost
        if part.usage is not None:
            units[part.unit or ""] += part.usage
    if len(sums) > MOST_GROUPS:
        raise Refused("too_many_groups", f"The answer has more than {MOST_GROUPS:,} rows; ask for fewer groupings")
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], _sortable(item[0][1]), item[0][2]))
    names = [group_name(group) for group in question.group_by]
    rows = [
        CostRow(
            accrued_at=first,
            groups=dict(zip(names, groups, strict=True)),
            currency=currency,
            amount=found.cost,
            usage=_usage(found.usage),
        )
        for (first, groups, currency), found in ordered
    ]
    return CostAnswer(
        question=question,
        rows=tuple(_running(rows) if question.cumulative else rows),
        totals=dict(sorted(totals.items())),
        usage=tuple(Usage(amount=amount, unit=unit) for unit, amount in sorted(units.items())),
    )


def _usage(by_unit: Mapping[str, Decimal] | None) -> Usage | None:
    if by_unit is None or len(by_unit) != 1:
        return None
    ((unit, amount),) = by_unit.items()
    return Usage(amount=amount, unit=unit)


def _sortable(groups: _Groups) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in groups)


def _running(rows: Iterable[CostRow]) -> Iterable[CostRow]:
    """Add to each row what its group cost on the days before."""
    so_far: dict[tuple[_Groups, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = tuple(row.groups.values()), row.currency
        so_far[key] += row.amount
        yield CostRow(
            accrued_at=row.accrued_at, groups=row.groups, currency=row.currency, amount=so_far[key], usage=row.usage
        )


def is_hourly(question: CostQuestion) -> bool:
    """Tell whether the bins have a time of day."""
    return question.date_bin is DateBin.HOUR
