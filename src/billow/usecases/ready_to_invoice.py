"""Say which managed accounts can be invoiced for a month, and why the others cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from billow.records.costs.models import CostImport
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.closed_months import closes_at, newest_ended_month
from billow.usecases.invoice_parties import profile_of
from billow.usecases.invoiced_months import live_invoices
from billow.usecases.month_costs import MonthCosts, month_costs


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
    *,
    actor: Actor,
    now: datetime,
    period: BillingPeriod | None = None,
    account: ManagedAccount | None = None,
    with_costs: bool = True,
    with_invoiced: bool = True,
) -> ReadyList:
    """Return what can be invoiced (of the account), computed from accounts, calendar and invoices; nothing is stored.

    Without a period: the newest ended month, and every earlier month for which costs were delivered. Accounts that
    have an invoice already are named as blocked (``invoice_exists``) only when a period is asked for, and not without
    ``with_invoiced``: then they are not even read, which matters where thousands have one. Without
    ``with_costs`` the cost store is not asked: quick, and no provider cost and no warnings about late data.
    """
    actor.must(Permission.SEE_MANAGEMENT)
    wanted = ManagedAccount.objects.visible_to(actor).live()
    if account is not None:
        wanted = wanted.filter(pk=account.pk)
    if period is not None and not with_invoiced:
        invoiced = live_invoices(management_account=actor.management_account, periods=(period,))
        wanted = wanted.exclude(pk__in=invoiced.order_by().values("managed_account"))
    accounts = tuple(wanted.select_related("management_account", "billing_profile").order_by("name", "pk"))
    profiles = tuple(BillingProfile.objects.visible_to(actor.management_account)[:2])
    months = _months(actor, now) if period is None else (period,)
    # Without a period an account may have an invoice of one month and none of another.
    existing = _existing(actor, months, account) if with_invoiced or period is None else {}
    ready: list[ReadyRow] = []
    blocked: list[BlockedRow] = []
    for month in months:
        open_accounts = []
        for each in accounts:
            invoice = existing.get((each.pk, month))
            reason = reason_against(account=each, period=month, profiles=profiles, existing=invoice, now=now)
            if reason is None:
                open_accounts.append(each)
            elif period is not None or reason.code not in {"invoice_exists", "before_first_month"}:
                blocked.append(_blocked(each, month, reason))
        costs = month_costs(accounts=open_accounts, period=month, profiles=profiles) if with_costs else MonthCosts()
        ready.extend(_ready(each, month, costs) for each in open_accounts)
    return ReadyList(ready=tuple(ready), blocked=tuple(blocked))


def reason_against(
    *,
    account: ManagedAccount,
    period: BillingPeriod,
    profiles: Sequence[BillingProfile],
    existing: Invoice | None,
    now: datetime,
) -> Issue | None:
    """Return why the account cannot be invoiced for the month now, or None if it can.

    ``profiles`` are all (or the first two) of the management account, ``existing`` the live invoice of the month.
    """
    if existing is not None:
        text = f"An invoice already exists for this account and period: {existing.number}."
        return Issue("invoice_exists", text, path=existing.token)
    if period.start < account.first_period_start:
        first = BillingPeriod.of(account.first_period_start)
        return Issue("before_first_month", f"{account} is invoiced from {first} on.")
    opens = closes_at(account=account, period=period)
    if now < opens:
        day = f"{opens.date().isoformat()}, 00:00 {account.management_account.time_zone}"
        return Issue("month_not_closed", f"Billing period has not closed yet: {period} can be invoiced from {day}.")
    if profile_of(account=account, profiles=profiles) is None:
        fix = "Assign one of the profiles." if profiles else "Create one first."
        return Issue("no_billing_profile", f"Managed account has no billing profile. {fix}")
    return None


def _months(actor: Actor, now: datetime) -> tuple[BillingPeriod, ...]:
    newest = newest_ended_month(management_account=actor.management_account, now=now)
    delivered = CostImport.objects.filter(
        integration__management_account=actor.management_account, period_start__lt=newest.start
    )
    days = delivered.order_by("-period_start").values_list("period_start", flat=True).distinct()
    return (newest, *(BillingPeriod.of(day) for day in days))


def _existing(
    actor: Actor, months: Sequence[BillingPeriod], account: ManagedAccount | None
) -> dict[tuple[int, BillingPeriod], Invoice]:
    invoices = live_invoices(management_account=actor.management_account, periods=months)
    if account is not None:
        invoices = invoices.filter(managed_account=account)
    invoices = invoices.only("token", "number", "managed_account_id", "period_start")
    return {(invoice.managed_account_id, invoice.period): invoice for invoice in invoices}


def _ready(account: ManagedAccount, period: BillingPeriod, costs: MonthCosts) -> ReadyRow:
    return ReadyRow(
        account_token=account.token,
        account_name=str(account),
        period=period,
        currency=account.currency,
        provider_cost=costs.provider_cost.get(account.token),
        warnings=costs.warnings.get(account.token, ()),
    )


def _blocked(account: ManagedAccount, period: BillingPeriod, reason: Issue) -> BlockedRow:
    return BlockedRow(
        account_token=account.token,
        account_name=str(account),
        period=period,
        code=reason.code,
        reason=reason.message,
    )
