"""Compare what a month's invoices would say under two lists of rules for each customer; nothing is written."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billow.billingrules.rule import BillingRule
from billow.invoicing.draft import UnableToDraftInvoice, choose_rates
from billow.invoicing.totals import line_minor_amounts
from billow.rating.rated_costs import Agreement, RatedCosts, RatedLine
from billow.records.billing.models import ManagedAccount
from billow.terms.issue import Issue
from billow.terms.money import currency_of, from_minor
from billow.terms.period import BillingPeriod
from billow.terms.rounding import round_half_away
from billow.usecases.actor import Actor
from billow.usecases.costs import cost_store
from billow.usecases.rate_month import MonthInputs, RememberingStore, month_inputs, rate_month

MOST_LINES = 10

Rules = Mapping[str, tuple[BillingRule, ...]]
"""Each customer's rules in execution order, by account token."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEffect:
    """One customer's subtotal (before taxes and fees) under the one list and under the other.

    Amounts are in the customer's currency, rounded as the invoice would be; they are None, and ``problem`` says why,
    where no invoice could be made. ``before`` alone is None where a rule fails now and no longer would.
    """

    account_token: str
    account_name: str
    currency: str
    provider_cost: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None
    lines_touched: int = 0
    problem: Issue | None = None

    @property
    def difference(self) -> Decimal | None:
        """What the customer would pay more."""
        return _minus(self.after, self.before)

    @property
    def margin_before(self) -> Decimal | None:
        """What is earned on the provider's cost now."""
        return _minus(self.before, self.provider_cost)

    @property
    def margin_after(self) -> Decimal | None:
        """What would be earned on the provider's cost."""
        return _minus(self.after, self.provider_cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """One line that would change; exact amounts in the customer's currency, zero where there is no such line."""

    account_token: str
    account_name: str
    provider: str
    service: str
    sub_account_id: str
    region: str
    charge_category: str
    description: str
    currency: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """By how much the line would grow."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All customers in the order given, their sums by currency, and the most changed lines.

    ``totals`` have no account. Lines are ranked by the figure of their difference, each in its own currency.
    What was rated stands in ``rated_before`` and ``rated_after``, by account token.
    """

    period: BillingPeriod
    customers: tuple[CustomerEffect, ...]
    totals: tuple[CustomerEffect, ...]
    most_changed: tuple[ChangedLine, ...]
    rated_before: Mapping[str, RatedCosts]
    rated_after: Mapping[str, RatedCosts]


def compare_agreements(
    *, actor: Actor, accounts: Sequence[ManagedAccount], period: BillingPeriod, before: Rules, after: Rules
) -> Comparison:
    """Return the difference between two lists of rules in money; the cost store is asked once if it can be."""
    inputs = month_inputs(management_account=actor.management_account, accounts=accounts, period=period)
    store = RememberingStore(store=cost_store())
    rated_before = _rated(accounts, inputs, before, store)
    rated_after = _rated(accounts, inputs, after, store)
    customers, lines = [], []
    for account in accounts:
        old, new = rated_before[account.token], rated_after[account.token]
        if new.failure is not None:
            failure = replace(new.failure, message=f"{account}: {new.failure.message}")
            customers.append(_without_amounts(account, failure))
            continue
        try:
            factors = _factors(account, inputs, (*old.lines, *new.lines))
        except UnableToDraftInvoice as unable:
            customers.append(_without_amounts(account, Issue(unable.code, f"{account}: {unable}")))
            continue
        changed = _changed_lines(account, old.lines, new.lines, factors)
        lines.extend(changed)
        touched = len(changed) - _renamed(old.lines, new.lines)
        effect = _customer(account, inputs, (old.lines, new.lines), factors, touched=touched)
        customers.append(effect if old.failure is None else replace(effect, before=None))
    return Comparison(
        period=period,
        customers=tuple(customers),
        totals=_totals(customers),
        most_changed=tuple(heapq.nlargest(MOST_LINES, lines, key=lambda line: abs(line.difference))),
        rated_before=rated_before,
        rated_after=rated_after,
    )


def _rated(
    accounts: Sequence[ManagedAccount], inputs: MonthInputs, rules: Rules, store: RememberingStore
) -> dict[str, RatedCosts]:
    agreements = {
        account.token: Agreement(account_token=account.token, currency=account.currency, rules=rules[account.token])
        for account in accounts
    }
    months = rate_month(inputs=inputs, agreements=agreements, with_unallocated=False, store=store)
    return {token: costs for month in months for token, costs in month.by_account.items()}


def _factors(account: ManagedAccount, inputs: MonthInputs, lines: Iterable[RatedLine]) -> dict[str, Decimal]:
    used = choose_rates(
        source_currencies={line.currency for line in lines},
        currency=account.currency,
        period=inputs.period,
        exchange_rates=inputs.exchange_rates,
    )
    return {rate.base_currency: rate.rate for rate in used} | {account.currency: Decimal(1)}


def _customer(
    account: ManagedAccount,
    inputs: MonthInputs,
    lines: tuple[Sequence[RatedLine], Sequence[RatedLine]],
    factors: Mapping[str, Decimal],
    *,
    touched: int,
) -> CustomerEffect:
    before, after = (_subtotal(account, inputs, each, factors) for each in lines)
    exact_cost = sum((line.provider_cost * factors[line.currency] for line in lines[1]), _NOTHING)
    return CustomerEffect(
        account_token=account.token,
        account_name=str(account),
        currency=account.currency,
        provider_cost=round_half_away(exact_cost, places=currency_of(account.currency).minor_unit_places),
        before=before,
        after=after,
        lines_touched=touched,
    )


def _subtotal(
    account: ManagedAccount, inputs: MonthInputs, lines: Sequence[RatedLine], factors: Mapping[str, Decimal]
) -> Decimal:
    minor = line_minor_amounts(
        exact_amounts=[line.rated_cost * factors[line.currency] for line in lines],
        currency=account.currency,
        rounding_rule=inputs.rounding_rules[account.token],
    )
    return from_minor(sum(minor), currency=account.currency)


def _changed_lines(
    account: ManagedAccount, before: Sequence[RatedLine], after: Sequence[RatedLine], factors: Mapping[str, Decimal]
) -> list[ChangedLine]:
    examples = {_key(line): line for line in (*before, *after)}
    old, new = _sums(before), _sums(after)
    touching = _rules_by_line(before), _rules_by_line(after)
    changed = []
    for key, line in examples.items():
        if old[key] == new[key] and touching[0].get(key) == touching[1].get(key):
            continue
        changed.append(
            ChangedLine(
                account_token=account.token,
                account_name=str(account),
                provider=line.provider,
                service=line.service,
                sub_account_id=line.sub_account_id or "",
                region=line.region or "",
                charge_category=line.charge_category,
                description=line.description or "",
                currency=account.currency,
                before=old[key] * factors[line.currency],
                after=new[key] * factors[line.currency],
            )
        )
    return changed


def _renamed(before: Sequence[RatedLine], after: Sequence[RatedLine]) -> int:
    """Return how many lines stand among the changed ones twice: gone under one name, come under another."""
    old, new = ({_key(line) for line in lines if line.inserted_by is None} for lines in (before, after))
    return min(len(old - new), len(new - old))


def _sums(lines: Sequence[RatedLine]) -> dict[tuple[str | None, ...], Decimal]:
    sums: dict[tuple[str | None, ...], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[_key(line)] += line.rated_cost
    return sums


def _rules_by_line(lines: Sequence[RatedLine]) -> dict[tuple[str | None, ...], set[str]]:
    """Return which rules had a part in each line, also those that changed only what it is called."""
    rules: dict[tuple[str | None, ...], set[str]] = {}
    for line in lines:
        if line.deltas:
            rules.setdefault(_key(line), set()).update(delta.rule_token for delta in line.deltas)
    return rules


def _key(line: RatedLine) -> tuple[str | None, ...]:
    """Return what tells the lines of a rated month apart."""
    return (
        line.inserted_by,
        line.provider,
        line.service,
        line.service_category,
        line.billing_account_id,
        line.sub_account_id,
        line.region,
        line.charge_category,
        line.currency,
    )


def _without_amounts(account: ManagedAccount, problem: Issue) -> CustomerEffect:
    return CustomerEffect(
        account_token=account.token, account_name=str(account), currency=account.currency, problem=problem
    )


def _totals(customers: Sequence[CustomerEffect]) -> tuple[CustomerEffect, ...]:
    by_currency: dict[str, list[CustomerEffect]] = defaultdict(list)
    for customer in customers:
        if customer.problem is None and customer.before is not None:
            by_currency[customer.currency].append(customer)
    return tuple(
        CustomerEffect(
            account_token="",
            account_name="",
            currency=currency,
            provider_cost=_sum(customer.provider_cost for customer in concerned),
            before=_sum(customer.before for customer in concerned),
            after=_sum(customer.after for customer in concerned),
            lines_touched=sum(customer.lines_touched for customer in concerned),
        )
        for currency, concerned in sorted(by_currency.items())
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), _NOTHING)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other
