"""What a month cost each account at the provider, and whether its costs have all arrived."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from billow.allocation.delegation import Delegation
from billow.coststore.partition import Partition
from billow.coststore.query import ChargeScope, CostQuery, DayCuts
from billow.coststore.run import UnableToQuery
from billow.invoicing.draft import UnableToDraftInvoice, choose_rates
from billow.invoicing.invoice import ExchangeRate
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.records.costs.models import CostImport
from billow.terms.focus import CostBasis
from billow.terms.issue import Issue, Severity
from billow.terms.money import currency_of
from billow.terms.period import BillingPeriod
from billow.terms.rounding import round_half_away
from billow.usecases.agreements import delegations_of
from billow.usecases.billed_accounts import delegations_as_billed
from billow.usecases.costs import cost_store, current_imports, partition_of
from billow.usecases.invoice_parties import exchange_rates_of, profile_of
from billow.usecases.upload_costs import CUSTOM_PROVIDER

LAST_DAYS = 2
"""A daily bill of a whole month has charges on at least one of its last days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCosts:
    """By account token: provider cost in the account's currency, rounded to its minor unit, and warnings."""

    provider_cost: Mapping[str, Decimal] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Issue, ...]] = field(default_factory=dict)


def month_costs(
    *, accounts: Sequence[ManagedAccount], period: BillingPeriod, profiles: Sequence[BillingProfile]
) -> MonthCosts:
    """Return the month's provider cost of each account, where it can be told, and what to look at before invoicing.

    One question to the cost store per cost metric in use; the answer is remembered until an import or a
    delegation changes.
    """
    if not accounts:
        return MonthCosts()
    management_account = accounts[0].management_account
    imports = tuple(current_imports(management_account=management_account, period=period))
    partitions = tuple(partition_of(cost_import) for cost_import in imports)
    given = delegations_of(management_account, period)
    rates = exchange_rates_of(management_account_id=management_account.pk, period=period)
    names = {cost_import.integration.token: cost_import.integration.name for cost_import in imports}
    costs: dict[str, Decimal] = {}
    warnings: dict[str, tuple[Issue, ...]] = {}
    try:
        delegations = delegations_as_billed(delegations=given, partitions=partitions)
        late = late_integrations(partitions, period) - _written_by_people(imports)
        sums = _sums(accounts, profiles, partitions, delegations, period)
    except (UnableToRate, UnableToQuery) as unable:
        told = (_warning("costs_unreadable", str(unable)),)
        return MonthCosts(warnings={account.token: told for account in accounts})
    for account in accounts:
        sources = {entry.integration_token for entry in given if entry.account_token == account.token}
        found = [*_arrival(sources, names, late, period)]
        try:
            costs[account.token] = _converted(sums[account.token], account.currency, period, rates)
        except UnableToDraftInvoice as unable:
            found.append(_warning(unable.code, str(unable)))
        warnings[account.token] = tuple(found)
    return MonthCosts(provider_cost=costs, warnings=warnings)


def _sums(
    accounts: Sequence[ManagedAccount],
    profiles: Sequence[BillingProfile],
    partitions: tuple[Partition, ...],
    delegations: tuple[Delegation, ...],
    period: BillingPeriod,
) -> dict[str, Mapping[str, Decimal]]:
    by_basis: dict[CostBasis, list[str]] = defaultdict(list)
    for account in accounts:
        profile = profile_of(account=account, profiles=profiles)
        by_basis[CostBasis(profile.cost_basis) if profile else CostBasis.BILLED_COST].append(account.token)
    sums: dict[str, Mapping[str, Decimal]] = {}
    for basis, tokens in by_basis.items():
        sums.update(_provider_costs(partitions, delegations, period, basis, tuple(tokens)))
    return sums


@lru_cache(maxsize=32)
def _provider_costs(
    partitions: tuple[Partition, ...],
    delegations: tuple[Delegation, ...],
    period: BillingPeriod,
    basis: CostBasis,
    account_tokens: tuple[str, ...],
) -> Mapping[str, Mapping[str, Decimal]]:
    """Return each account's provider cost by currency, exact: rating without any rule."""
    rated = rate(
        store=cost_store(),
        partitions=partitions,
        period=period,
        agreements=[Agreement(account_token=token, currency="USD") for token in account_tokens],
        delegations=delegations,
        basis=basis,
        with_unallocated=False,
    )
    sums: dict[str, dict[str, Decimal]] = {}
    for token, costs in rated.by_account.items():
        sums[token] = defaultdict(Decimal)
        for line in costs.lines:
            sums[token][line.currency] += line.provider_cost
    return sums


@lru_cache(maxsize=32)
def late_integrations(partitions: tuple[Partition, ...], period: BillingPeriod) -> frozenset[str]:
    """Return the integrations that deliver charges day by day, but none of the month's last days."""
    if not partitions:
        return frozenset()
    scopes = tuple(ChargeScope(integration_token=partition.integration_token) for partition in partitions)
    second, last = period.day(2), period.day(period.last_day.day - LAST_DAYS + 1)
    query = CostQuery(
        period=period,
        cost_column="BilledCost",
        group_by=("ChargeCategory",),
        cuts=(DayCuts(scopes=scopes, days=(second, last)),),
    )
    seen = defaultdict(set)
    for row in cost_store().query(query, partitions=partitions).to_pylist():
        seen[row["integration_token"]].add(row["first_day"])
    return frozenset(token for token, days in seen.items() if second in days and last not in days)


def _written_by_people(imports: Sequence[CostImport]) -> frozenset[str]:
    """Return the custom providers: their costs are written down on any day, so none of the last days is missing."""
    return frozenset(each.integration.token for each in imports if each.integration.provider == CUSTOM_PROVIDER)


def _arrival(sources: set[str], names: Mapping[str, str], late: frozenset[str], period: BillingPeriod) -> list[Issue]:
    if not sources:
        return [_warning("no_delegation", "No costs are delegated to this account; its invoice will have no lines.")]
    found = []
    missing = sources - set(names)
    if missing == sources:
        found.append(_warning("no_costs_delivered", f"No costs of {period} were delivered for this account yet."))
    elif missing:
        text = f"{len(missing)} of {len(sources)} integrations have delivered no costs of {period} yet."
        found.append(_warning("costs_missing", text))
    found.extend(
        _warning("last_days_missing", f"{names[token]} has delivered no costs of the last days of {period} yet.")
        for token in sorted(sources & late, key=lambda token: names[token])
    )
    return found


def _converted(
    sums: Mapping[str, Decimal], currency: str, period: BillingPeriod, rates: Sequence[ExchangeRate]
) -> Decimal:
    used = choose_rates(source_currencies=sums, currency=currency, period=period, exchange_rates=rates)
    factors = {rate.base_currency: rate.rate for rate in used} | {currency: Decimal(1)}
    exact = sum((amount * factors[source] for source, amount in sums.items()), Decimal(0))
    return round_half_away(exact, places=currency_of(currency).minor_unit_places)


def _warning(code: str, message: str) -> Issue:
    return Issue(code, message, severity=Severity.WARNING)
