"""A question to the cost store, as a value: which charges, grouped by what, summed.

The planner of a rated month describes what it needs here; ``compile.py`` writes it in an engine's
language. An engine does only what every engine does exactly: filter, group, and sum decimals.
"""

from dataclasses import dataclass
from datetime import date

from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeScope:
    """A set of charges by where they were billed; None means any.

    ``sub_account_id`` is only read beside a ``billing_account_id``.
    """

    integration_token: str
    billing_account_id: str | None = None
    sub_account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCuts:
    """Days on which something changes for the charges of some scopes.

    A charge of these scopes is grouped apart before and from each of the ``days`` (ascending, inside
    the period, never its first day). Where scopes overlap, the first DayCuts of the query counts.
    A charge of another month belongs to the period's first or last day, whichever is nearer.
    """

    scopes: tuple[ChargeScope, ...]
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A column that splits the groups of some scopes only; everybody else's groups stay coarse."""

    column: str
    scopes: tuple[ChargeScope, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostQuery:
    """Sum one cost column of a billing period by text columns.

    The answer is sorted by ``group_by`` and then by all else that tells groups apart (nulls first), and has
    the columns:

    * ``integration_token``, each of ``group_by``, and each detail's column;
    * ``first_day`` (DATE): the first day of the group's segment between cuts, else the period's first;
    * ``cost`` (DECIMAL(38,18), nulls count as zero), ``charges`` (number of rows), and
      ``charges_without_cost`` (rows whose cost is null);
    * each of ``names``: the last of the group's values in text order;
    * each of ``labels``: the group's value, null if there are several;
    * with ``usage``: ``usage_amount`` and ``usage_unit``, null if ``usage_mixed`` (several units).

    ``only`` limits the charges to the scopes; None means all.
    """

    period: BillingPeriod
    cost_column: str
    group_by: tuple[str, ...]
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    cuts: tuple[DayCuts, ...] = ()
    details: tuple[Detail, ...] = ()
    usage: bool = False
    only: tuple[ChargeScope, ...] | None = None
