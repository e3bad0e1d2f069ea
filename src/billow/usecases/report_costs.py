"""Report what a month cost: what the provider charged, what customers are shown, and what nobody owns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billow.rating.rated_costs import Agreement, RatedCosts, RatedLine, RatedMonth, UnallocatedCost
from billow.records.accounts.models import Permission
from billow.records.billing.models import ManagedAccount
from billow.terms.issue import Issue, Severity
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.agreements import agreements_of
from billow.usecases.rate_month import MonthInputs, month_inputs, rate_month
from billow.usecases.refused import Refused

GROUPINGS: Mapping[str, str] = {
    "account": "",
    "provider": "provider",
    "service": "service",
    "category": "service_category",
    "sub_category": "service_subcategory",
    "charge_type": "charge_category",
    "region": "region",
    "billing_account_id": "billing_account_id",
    "account_id": "sub_account_id",
}
"""What a report can be grouped by: its name, and the field of a rated line."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """Exact costs of one group in one currency; ``group`` has a value for each grouping asked for."""

    group: Mapping[str, str]
    currency: str
    provider_cost: Decimal
    customer_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTotal:
    """Exact sums of one currency. ``provider_cost`` is of customers; with ``unallocated`` it is the whole bill.

    ``unallocated`` is None where the report is of one account.
    """

    currency: str
    provider_cost: Decimal
    customer_cost: Decimal
    unallocated: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """The month, group by group in the order of the groupings, sums per currency, and what nobody owns.

    A customer with a rule that fails has its provider cost and no customer cost, and an issue says so.
    """

    period: BillingPeriod
    group_by: tuple[str, ...]
    rows: tuple[CostRow, ...]
    totals: tuple[CostTotal, ...]
    unallocated: tuple[UnallocatedCost, ...]
    issues: tuple[Issue, ...]


def report_costs(
    *,
    actor: Actor,
    period: BillingPeriod,
    account: ManagedAccount | None = None,
    group_by: Sequence[str] = ("account", "provider", "service"),
) -> CostReport:
    """Return a month's costs of one managed account, or of all that the actor may see with what is unallocated."""
    actor.must(Permission.SEE_MANAGEMENT)
    unknown = [name for name in group_by if name not in GROUPINGS]
    if unknown:
        message = f"Costs cannot be grouped by {', '.join(unknown)}; choose from {', '.join(GROUPINGS)}"
        raise Refused("unknown_grouping", message)
    if account is not None:
        actor.must_own(account)
    groups = tuple(dict.fromkeys(group_by))
    accounts = (
        tuple(ManagedAccount.objects.visible_to(actor).live().order_by("name", "pk")) if account is None else (account,)
    )
    inputs = month_inputs(management_account=actor.management_account, accounts=accounts, period=period)
    agreements = {each.account_token: each for each in agreements_of(accounts)}
    months = rate_month(inputs=inputs, agreements=agreements, with_unallocated=account is None)
    names = {each.token: each.name for each in accounts}
    failures, at_cost = _failed(inputs, months, agreements)
    rows = _rows([*months, *at_cost], names, groups)
    unallocated = months[0].unallocated if account is None else ()
    return CostReport(
        period=period,
        group_by=groups,
        rows=rows,
        totals=_totals(rows, unallocated if account is None else None),
        unallocated=unallocated,
        issues=(
            *_mixed(inputs),
            *(replace(issue, message=f"{names[token]}: {issue.message}") for token, issue in failures.items()),
            *(issue for month in months for costs in month.by_account.values() for issue in costs.issues),
        ),
    )


def _failed(
    inputs: MonthInputs, months: Sequence[RatedMonth], agreements: Mapping[str, Agreement]
) -> tuple[dict[str, Issue], list[RatedMonth]]:
    """Return what failed by account, and what those accounts cost at the provider, without any customer cost."""
    failures = {
        token: replace(costs.failure, severity=Severity.WARNING)
        for month in months
        for token, costs in month.by_account.items()
        if costs.failure is not None
    }
    if not failures:
        return {}, []
    without_rules = {token: replace(agreement, rules=()) for token, agreement in agreements.items()}
    return failures, [
        RatedMonth(
            by_account={token: _hidden(costs) for token, costs in month.by_account.items() if token in failures},
            unallocated=(),
        )
        for month in rate_month(inputs=inputs, agreements=without_rules, with_unallocated=False)
    ]


def _hidden(costs: RatedCosts) -> RatedCosts:
    return replace(costs, lines=tuple(replace(line, rated_cost=_NOTHING) for line in costs.lines))


def _mixed(inputs: MonthInputs) -> tuple[Issue, ...]:
    """Return a warning if the sums are of several cost metrics, because then they are no provider's bill."""
    used = sorted(basis for basis, concerned in inputs.by_basis.items() if concerned)
    if len(used) < 2:
        return ()
    text = f"Billing profiles start from different cost metrics ({', '.join(used)}): the sums mix them, per account."
    return (Issue("mixed_cost_metrics", text, severity=Severity.WARNING),)


def _rows(months: Iterable[RatedMonth], names: Mapping[str, str], groups: Sequence[str]) -> tuple[CostRow, ...]:
    sums: dict[tuple[tuple[str, ...], str], list[Decimal]] = defaultdict(lambda: [_NOTHING, _NOTHING])
    for month in months:
        for token, costs in month.by_account.items():
            for line in costs.lines:
                key = tuple(names[token] if name == "account" else _value(line, name) for name in groups)
                pair = sums[key, line.currency]
                pair[0] += line.provider_cost
                pair[1] += line.rated_cost
    return tuple(
        CostRow(
            group=dict(zip(groups, key, strict=True)),
            currency=currency,
            provider_cost=provider_cost,
            customer_cost=customer_cost,
        )
        for (key, currency), (provider_cost, customer_cost) in sorted(sums.items())
    )


def _value(line: RatedLine, grouping: str) -> str:
    return str(getattr(line, GROUPINGS[grouping]) or "")


def _totals(rows: Sequence[CostRow], unallocated: Sequence[UnallocatedCost] | None) -> tuple[CostTotal, ...]:
    nobodys: dict[str, Decimal] = defaultdict(Decimal)
    for cost in unallocated or ():
        nobodys[cost.currency] += cost.cost
    return tuple(
        CostTotal(
            currency=currency,
            provider_cost=sum((row.provider_cost for row in rows if row.currency == currency), _NOTHING),
            customer_cost=sum((row.customer_cost for row in rows if row.currency == currency), _NOTHING),
            unallocated=None if unallocated is None else nobodys.get(currency, _NOTHING),
        )
        for currency in sorted({row.currency for row in rows} | set(nobodys))
    )
