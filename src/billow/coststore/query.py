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
    the period, never its first day).
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

    The answer has the columns ``integration_token``, each of ``group_by``, each detail's column,
    ``first_day`` (DATE, the first day of the group's segment between cuts; the period's start where nothing
    is cut), ``cost`` (DECIMAL(38,18), nulls counted as zero), ``charges`` (rows), ``charges_without_cost``
    (rows with a null), and for each of ``labels`` one of the group's values, or null unless
    all are the same; with ``usage`` also ``usage_amount`` and ``usage_unit``, null unless all charges of
    the group have one unit. ``only`` limits the charges to the scopes; None means all.
    """

    period: BillingPeriod
    cost_column: str
    group_by: tuple[str, ...]
    labels: tuple[str, ...] = ()
    cuts: tuple[DayCuts, ...] = ()
    details: tuple[Detail, ...] = ()
    usage: bool = False
    only: tuple[ChargeScope, ...] | None = None
