"""Say which managed accounts can be invoiced for a month, and why the others cannot."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRow:
    """An account and month that can be invoiced now.

    ``provider_cost`` is in ``currency``, rounded to its minor unit; None where it was not asked for or cannot be told.
    """

    account_token: str
    account_name: str
    period: BillingPeriod
    currency: str
    provider_cost: Decimal | None
    warnings: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedRow:
    """An account and month that cannot be invoiced now; ``code`` is stable, ``reason`` for a person."""

    account_token: str
    account_name: str
    period: BillingPeriod
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyList:
    """What can be invoiced, newest month first and then by name, and what cannot."""

    ready: tuple[ReadyRow, ...]
    blocked: tuple[BlockedRow, ...]


def ready_list(
    *, actor: Actor, now: datetime, period: BillingPeriod | None = None, with_costs: bool = True
) -> ReadyList:
    """Return what can be invoiced, computed from accounts, calendar and invoices; nothing is stored.

    Without a period: the newest ended month, and every earlier month for which costs were delivered. Accounts that
    have an invoice already are named as blocked (``invoice_exists``) only when a period is asked for. Without
    ``with_costs`` the cost store is not asked: quick, and no provider cost and no warnings about late data.
    """
    raise NotImplementedError
