"""What a customer is charged, day by day: the charges are cut into slices, and each is rated as an invoice would be.

Rating tells apart what an invoice shows (provider, service, category, accounts, region, kind of charge). Whatever a
question tells apart beyond that (days, resources, tags) becomes a slice of its own, which is exact for every rule that
works on charges, and slower; so there is a limit to their number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from billow.allocation.assign import UnableToAllocate, ownership
from billow.allocation.delegation import Delegation
from billow.billingrules.rule import AdjustmentRule, ExclusionRule
from billow.coststore.condition import CostField
from billow.coststore.partition import Partition
from billow.coststore.query import ChargeScope
from billow.coststore.run_series import Slice
from billow.coststore.series import DateBin, GroupBy, Kind, ProviderPartition, SeriesQuery
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedCosts, RatedLine, RatedMonth
from billow.records.billing.models import ManagedAccount
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.usecases.agreements import agreement_of
from billow.usecases.costs import cost_store
from billow.usecases.rate_month import MonthInputs, month_inputs
from billow.usecases.refused import Refused

MOST_SLICES = 400
"""Per month: ten groups of every day."""
RATED_AT_ONCE = 40

_LINE_FIELDS: Mapping[CostField, str] = {
    CostField.BILLING_ACCOUNT_ID: "billing_account_id",
    CostField.ACCOUNT_ID: "sub_account_id",
    CostField.ACCOUNT_NAME: "sub_account_name",
    CostField.SERVICE: "service",
    CostField.REGION: "region",
    CostField.COST_CATEGORY: "service_category",
}
"""What a rated line tells by itself."""

_KIND_OF: Mapping[str, Kind] = {"Credit": Kind.CREDIT, "Tax": Kind.TAX}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPart:
    """A part of an answer: the exact cost of one bin, group, currency and unit."""

    bin: datetime
    groups: tuple[str | None, ...]
    currency: str
    cost: Decimal
    usage: Decimal | None
    unit: str | None

    def in_currency(self, currency: str, factors: Mapping[str, Decimal]) -> "CostPart":
        """Return the part at the rates given, exactly."""
        return replace(self, cost=self.cost * factors[self.currency], currency=currency)


def customer_parts(
    *,
    account: ManagedAccount,
    period: BillingPeriod,
    query: SeriesQuery,
    partitions: Sequence[ProviderPartition],
    before_rules: bool = False,
) -> Sequence[CostPart]:
    """Return what the query asks for of one month, as the customer is charged, or as it was before any rule.

    A filter looks at what the provider charged; what rules add has no provider, so no filter finds it. Raises
    TooManyGroups, UnableToQuery, and Refused if the month cannot be rated.
    """
    inputs = month_inputs(management_account=account.management_account, accounts=[account], period=period)
    agreement = agreement_of(account)
    if before_rules:
        agreement = replace(agreement, rules=())
    asked = _Asked(query=query, inputs=inputs, agreement=agreement, basis=_basis(inputs, query))
    try:
        scopes = ownership(delegations=inputs.delegations, period=period).scopes_of(account_tokens=[account.token])
        parts = list(_charged(asked, partitions, scopes)) if scopes else []
        if query.where is None:
            parts += _added(asked)
    except (UnableToAllocate, UnableToRate) as unable:
        raise Refused("unable_to_rate", str(unable)) from unable
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One month's question, and what the account's charges are rated from."""

    query: SeriesQuery
    inputs: MonthInputs
    agreement: Agreement
    basis: CostBasis

    @property
    def is_invoiced_amortized(self) -> bool:
        """Tell whether invoices start from the effective cost: they count charges without one as zero, so we do too."""
        return bool(self.inputs.by_basis.get(CostBasis.EFFECTIVE_COST))

    def rate(self, partitions: Sequence[Partition]) -> Sequence[RatedLine]:
        """Rate the account's share of the month."""
        month = self._rated(partitions, agreements=[self.agreement], delegations=self.inputs.delegations)
        return _lines_of(month.by_account[self.agreement.account_token])

    def rate_each(self, partitions: Sequence[Partition]) -> Iterator[Sequence[RatedLine]]:
        """Rate each partition as if it were the whole month; in one go, each for a stand-in of the account."""
        own = self.agreement.account_token
        concerned = _around(self.inputs.delegations, account_token=own)
        stand_ins = [f"{own}#{number}" for number in range(len(partitions))]
        pieces = [
            replace(partition, integration_token=f"{partition.integration_token}#{number}")
            for number, partition in enumerate(partitions)
        ]
        delegations = [
            replace(
                delegation,
                integration_token=piece.integration_token,
                account_token=stand_in if delegation.account_token == own else delegation.account_token,
            )
            for piece, partition, stand_in in zip(pieces, partitions, stand_ins, strict=True)
            for delegation in concerned
            if delegation.integration_token == partition.integration_token
        ]
        agreements = [replace(self.agreement, account_token=stand_in) for stand_in in stand_ins]
        month = self._rated(pieces, agreements=agreements, delegations=delegations)
        return (_lines_of(month.by_account[stand_in]) for stand_in in stand_ins)

    def _rated(
        self, partitions: Sequence[Partition], *, agreements: Sequence[Agreement], delegations: Sequence[Delegation]
    ) -> RatedMonth:
        return rate(
            store=cost_store(),
            partitions=partitions,
            period=self.inputs.period,
            agreements=agreements,
            delegations=delegations,
            basis=self.basis,
            with_unallocated=False,
        )


def _lines_of(costs: RatedCosts) -> Sequence[RatedLine]:
    if (failure := costs.failure) is not None:
        raise UnableToRate(failure.message)
    return costs.lines


def _around(delegations: Sequence[Delegation], *, account_token: str) -> tuple[Delegation, ...]:
    """Return the account's delegations, and those that take something out of them."""
    own = [each for each in delegations if each.account_token == account_token]
    return tuple(
        each
        for each in delegations
        if any(
            each.integration_token == mine.integration_token
            and mine.billing_account_id in (None, each.billing_account_id)
            and mine.sub_account_id in (None, each.sub_account_id)
            for mine in own
        )
    )


def _basis(inputs: MonthInputs, query: SeriesQuery) -> CostBasis:
    """Return the metric to start from: the question decides between billed and amortised, the profile all else."""
    basis = next((each for each, accounts in inputs.by_basis.items() if accounts), CostBasis.BILLED_COST)
    if basis not in {CostBasis.BILLED_COST, CostBasis.EFFECTIVE_COST}:
        return basis
    return CostBasis.EFFECTIVE_COST if query.amortized else CostBasis.BILLED_COST


def _charged(
    asked: _Asked, partitions: Sequence[ProviderPartition], scopes: tuple[ChargeScope, ...]
) -> Iterator[CostPart]:
    """Rate what the provider charged, slice by slice; what a rule hides leaves no trace."""
    finer = tuple(group for group in asked.query.group_by if not _is_told_by_line(group))
    amortized = asked.query.amortized and not asked.is_invoiced_amortized
    query = replace(asked.query, group_by=finer, only=scopes, amortized=amortized)
    concerned = {scope.integration_token for scope in scopes}
    mine = [each for each in partitions if each.partition.integration_token in concerned]
    with cost_store().slices(query, partitions=mine, most=MOST_SLICES) as slices:
        for start in range(0, len(slices), RATED_AT_ONCE):
            batch = slices[start : start + RATED_AT_ONCE]
            rated = asked.rate_each([piece.partition for piece in batch])
            for piece, lines in zip(batch, rated, strict=True):
                yield from _parts_of(piece, lines, dict(zip(finer, piece.groups, strict=True)), asked.query.group_by)


def _parts_of(
    piece: Slice, lines: Sequence[RatedLine], told: Mapping[GroupBy, str | None], groups: Sequence[GroupBy]
) -> Iterator[CostPart]:
    for line in lines:
        hidden = bool(line.provider_cost) and not line.rated_cost
        if line.inserted_by is None and not hidden:
            yield _part(piece.bin, tuple(_told(group, line, piece.provider, told) for group in groups), line)


def _added(asked: _Asked) -> Iterator[CostPart]:
    """Return the lines that rules add to the month, each on the day it is booked."""
    if all(isinstance(rule, ExclusionRule | AdjustmentRule) for rule in asked.agreement.rules):
        return
    query, period = asked.query, asked.inputs.period
    booked_on = {rule.token: period.day(start.day) for rule in asked.agreement.rules if (start := rule.start_date)}
    for line in asked.rate(asked.inputs.partitions):
        day = booked_on.get(line.inserted_by or "", period.start)
        counts = _KIND_OF.get(line.charge_category) not in query.without
        if line.inserted_by is not None and counts and query.first_day <= day <= query.last_day:
            groups = tuple(_told(group, line, None, {}) for group in query.group_by)
            yield _part(_bin_of(day, query.date_bin), groups, line)


def _is_told_by_line(group: GroupBy) -> bool:
    return group.field is CostField.PROVIDER or group.field in _LINE_FIELDS


def _told(group: GroupBy, line: RatedLine, provider: str | None, by_slice: Mapping[GroupBy, str | None]) -> str | None:
    if group in by_slice:
        return by_slice[group]
    if group.field is CostField.PROVIDER:
        return provider
    if group.field is not None and group.field in _LINE_FIELDS:
        value: str | None = getattr(line, _LINE_FIELDS[group.field])
        return value
    added = {
        CostField.COST_SUBCATEGORY: line.service_subcategory,
        CostField.CHARGE_TYPE: line.charge_category,
        CostField.TAGGED: "false",
    }
    return None if group.field is None else added.get(group.field)


def _part(first: datetime, groups: tuple[str | None, ...], line: RatedLine) -> CostPart:
    return CostPart(
        bin=first,
        groups=groups,
        currency=line.currency,
        cost=line.rated_cost,
        usage=line.usage_amount,
        unit=line.usage_unit,
    )


def _bin_of(day: date, date_bin: DateBin) -> datetime:
    """Return the first instant of the bin that holds the day, as the store does."""
    if date_bin is DateBin.WEEK:
        day -= timedelta(days=day.weekday())
    elif date_bin is DateBin.MONTH:
        day = day.replace(day=1)
    elif date_bin is DateBin.QUARTER:
        day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return datetime.combine(day, time())
