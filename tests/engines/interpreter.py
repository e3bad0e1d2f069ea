"""The slow, obvious way to rate a month: one charge, one rule at a time, in plain decimals.

Shares no code with the stages it is compared with, except the rule values themselves.
"""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, CreditRule, ExclusionRule
from billow.rating.rated_costs import Agreement

Key = tuple[str | None, ...]
Costs = dict[Key, tuple[Decimal, Decimal, dict[str, Decimal]]]


def interpret(
    charges: Sequence[dict[str, Any]],
    *,
    integration_token: str,
    year: int,
    month: int,
    agreements: Sequence[Agreement],
    delegations: Sequence[Delegation],
) -> tuple[dict[str, Costs], Decimal]:
    """Give each account's provider cost, rated cost and deltas by line key, and what nobody owns."""
    first, last = date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    results: dict[str, Costs] = {agreement.account_token: {} for agreement in agreements}
    rules = {agreement.account_token: agreement.rules for agreement in agreements}
    unowned = Decimal(0)
    for charge in charges:
        day = min(max(charge["ChargePeriodStart"].date(), first), last)
        owner = _owner(charge, day, integration_token, delegations)
        if owner is None:
            unowned += charge["BilledCost"]
        elif owner in results:
            _book(results[owner], _key(charge), charge["BilledCost"], charge, day, rules[owner])
    for agreement in agreements:
        for rule in agreement.rules:
            if isinstance(rule, (ChargeRule, CreditRule)) and first <= rule.start_date <= last:
                _insert(results[agreement.account_token], rule, agreement)
    return results, unowned


def _owner(charge: dict[str, Any], day: date, integration: str, delegations: Sequence[Delegation]) -> str | None:
    best: tuple[int, str] | None = None
    for given in delegations:
        wide = (given.billing_account_id is None) + (given.sub_account_id is None)
        fits = (
            given.integration_token == integration
            and given.billing_account_id in (None, charge["BillingAccountId"])
            and given.sub_account_id in (None, charge["SubAccountId"])
            and (given.start_date is None or given.start_date <= day)
            and (given.end_date is None or day <= given.end_date)
        )
        if fits and (best is None or wide < best[0]):
            best = (wide, given.account_token)
    return None if best is None else best[1]


def _key(charge: dict[str, Any]) -> Key:
    names = (
        "ProviderName ServiceName ServiceCategory BillingAccountId SubAccountId RegionId ChargeCategory BillingCurrency"
    )
    return tuple(charge.get(name) for name in (*names.split(), "inserted_by"))


def _book(
    costs: Costs, key: Key, cost: Decimal, charge: dict[str, Any], day: date, rules: Sequence[BillingRule]
) -> None:
    provider, rated, deltas = costs.get(key, (Decimal(0), Decimal(0), defaultdict(Decimal)))
    now = cost
    for rule in rules:
        after = _after(rule, now, charge, day)
        if after != now:
            deltas[rule.token] += after - now
        now = after
    costs[key] = (provider + cost, rated + now, deltas)


def _after(rule: BillingRule, cost: Decimal, charge: dict[str, Any], day: date) -> Decimal:
    if rule.start_date is not None and day < rule.start_date:
        return cost
    if rule.end_date is not None and day > rule.end_date:
        return cost
    if isinstance(rule, ExclusionRule):
        types = [str(charge.get(name) or "").lower() for name in ("ChargeCategory", "ChargeClass")]
        return Decimal(0) if rule.charge_type.lower() in types else cost
    if isinstance(rule, AdjustmentRule):
        if rule.service is not None and charge["ServiceName"] != rule.service:
            return cost
        if rule.category is not None and charge["ServiceCategory"] != rule.category:
            return cost
        return (cost * rule.percentage / 100).quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP)
    return cost


def _insert(costs: Costs, rule: ChargeRule | CreditRule, agreement: Agreement) -> None:
    is_credit = isinstance(rule, CreditRule)
    amount = -rule.amount if is_credit else rule.amount
    line = {
        "ProviderName": "",
        "ServiceName": rule.service,
        "ServiceCategory": rule.category,
        "ChargeCategory": "Credit" if is_credit else "Purchase",
        "BillingCurrency": agreement.currency,
        "inserted_by": rule.token,
    }
    _book(costs, _key(line), amount, line, rule.start_date, agreement.rules)
    _, rated, deltas = costs[_key(line)]
    deltas[rule.token] += amount
    costs[_key(line)] = (Decimal(0), rated, deltas)
