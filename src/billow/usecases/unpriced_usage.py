"""Find usage that a re-tier rule should know the tiers of, and does not: a region without prices in the list."""

from collections.abc import Sequence

from billow.allocation.assign import UnableToAllocate, ownership
from billow.billingrules.retier import unpriced_usage_types
from billow.billingrules.rule import BillingRule, RetierRule
from billow.coststore.query import CostQuery, Detail
from billow.coststore.run import UnableToQuery
from billow.records.billing.models import ManagedAccount
from billow.terms.issue import Issue, Severity
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.costs import cost_store
from billow.usecases.price_list import prices_in_use
from billow.usecases.rate_month import month_inputs

_PRODUCT, _USAGE_TYPE = "lineItem/ProductCode", "lineItem/UsageType"
_MOST_NAMED = 10


def unpriced_usage(
    *, actor: Actor, rule: BillingRule, accounts: Sequence[ManagedAccount], period: BillingPeriod
) -> tuple[Issue, ...]:
    """Return a warning that names the usage types of the month whose cost the rule leaves as it is for want of prices.

    Raises Refused if the price list is wrong.
    """
    if not isinstance(rule, RetierRule) or not accounts:
        return ()
    prices = prices_in_use().prices
    found = unpriced_usage_types(used=_used(actor, accounts, period), prices=prices)
    if not found:
        return ()
    named = ", ".join(found[:_MOST_NAMED]) + (f" and {len(found) - _MOST_NAMED} more" if found[_MOST_NAMED:] else "")
    message = (
        f"The price list of {prices.effective_date} has no tiers for {named}; their cost stays as it is. "
        "BILLOW_AWS_PRICES names a list of your own"
    )
    return (Issue("usage_without_prices", message, severity=Severity.WARNING),)


def _used(actor: Actor, accounts: Sequence[ManagedAccount], period: BillingPeriod) -> set[tuple[str, str]]:
    """Return product and usage type of the accounts' charges; nothing where the month cannot be read."""
    inputs = month_inputs(management_account=actor.management_account, accounts=accounts, period=period)
    try:
        owners = ownership(delegations=inputs.delegations, period=period)
        scopes = owners.scopes_of(account_tokens=[account.token for account in accounts])
        if not scopes or not inputs.partitions:
            return set()
        query = CostQuery(
            period=period,
            cost_column="BilledCost",
            group_by=("ServiceName",),
            details=(Detail(column=_PRODUCT, scopes=scopes), Detail(column=_USAGE_TYPE, scopes=scopes)),
            only=scopes,
        )
        groups = cost_store().query(query, partitions=inputs.partitions)
    except (UnableToAllocate, UnableToQuery):
        return set()  # the comparison beside this says why
    pairs = zip(groups.column(_PRODUCT).to_pylist(), groups.column(_USAGE_TYPE).to_pylist(), strict=True)
    return {(product, usage_type) for product, usage_type in pairs if product and usage_type}
