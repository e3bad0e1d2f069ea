"""The managed accounts as a person looks for them: found by name or address, with what is still missing for billing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile, Delegation, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.closed_months import newest_ended_month
from billow.usecases.invoiced_months import live_invoices
from billow.usecases.month_costs import month_costs
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.preview_rules import newest_month_with_costs
from billow.usecases.refused import Refused


class Lack(StrEnum):
    """Something without which an account cannot be invoiced, or its invoice reaches nobody."""

    PROFILE = "profile"
    RECIPIENTS = "recipients"
    DELEGATION = "delegation"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One line of the list. ``profile`` is the nickname, also of the only profile there is; empty for none.

    ``invoice_status`` and ``invoice_token`` are those of the live invoice of the newest ended month; empty for none.
    """

    token: str
    name: str
    contact_email: str
    currency: str
    profile: str
    lacks: tuple[Lack, ...]
    created_at: datetime
    invoice_status: str = ""
    invoice_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCosts:
    """What the accounts of a page cost at the provider in the newest month that has costs, by account token."""

    period: BillingPeriod | None
    provider_cost: Mapping[str, Decimal]


def search_accounts(
    *, actor: Actor, text: str = "", lack: Lack | None = None, wanted: PageWanted, now: datetime
) -> Page[AccountRow]:
    """Return one page of the live accounts by name: those with the text in name or address, those that lack something.

    A constant number of queries, however many accounts there are.
    """
    profiles = _profiles(actor)
    page = page_of(_found(actor, text, lack, profiles), wanted=wanted)
    month = newest_month(actor=actor, now=now)
    live = live_invoices(management_account=actor.management_account, periods=(month,))
    found = live.filter(managed_account__in=[account.pk for account in page.items])
    invoices = {key: (status, token) for key, status, token in found.values_list("managed_account", "status", "token")}
    return page.mapped(lambda account: _row(account, profiles, invoices.get(account.pk, ("", ""))))


def newest_month(*, actor: Actor, now: datetime) -> BillingPeriod:
    """Return the month whose invoices the list tells of: the newest that has ended."""
    return newest_ended_month(management_account=actor.management_account, now=now)


def costs_of_page(
    *, actor: Actor, text: str = "", lack: Lack | None = None, wanted: PageWanted, now: datetime
) -> AccountCosts:
    """Return the provider costs of the accounts on a page; one question to the cost store per metric in use."""
    profiles = _profiles(actor)
    page = page_of(_found(actor, text, lack, profiles), wanted=wanted)
    try:
        period = newest_month_with_costs(actor=actor, now=now)
    except Refused:
        return AccountCosts(period=None, provider_cost={})
    costs = month_costs(accounts=page.items, period=period, profiles=profiles)
    return AccountCosts(period=period, provider_cost=costs.provider_cost)


def _profiles(actor: Actor) -> tuple[BillingProfile, ...]:
    actor.must(Permission.SEE_MANAGEMENT)
    return tuple(BillingProfile.objects.visible_to(actor.management_account)[:2])


def _found(
    actor: Actor, text: str, lack: Lack | None, profiles: tuple[BillingProfile, ...]
) -> "QuerySet[ManagedAccount]":
    accounts = ManagedAccount.objects.visible_to(actor).live().select_related("management_account", "billing_profile")
    accounts = accounts.annotate(is_given=Exists(Delegation.objects.filter(managed_account=OuterRef("pk"))))
    if text:
        accounts = accounts.filter(pk__in=_with_text(accounts, text))
    if lack is not None:
        accounts = accounts.filter(_lacking(lack, profiles))
    return accounts.order_by(Lower("name"), "pk")


def _with_text(accounts: "QuerySet[ManagedAccount]", text: str) -> list[int]:
    # SQLite folds the case of ASCII letters only; names are in any script.
    wanted = text.casefold()
    names = accounts.values_list("pk", "name", "contact_email")
    return [key for key, name, address in names if wanted in name.casefold() or wanted in address.casefold()]


def _lacking(lack: Lack, profiles: tuple[BillingProfile, ...]) -> Q:
    if lack is Lack.RECIPIENTS:
        return Q(billing_email=[])
    if lack is Lack.DELEGATION:
        return Q(is_given=False)
    # The only profile there is serves every account without one of its own.
    return Q(pk__in=[]) if len(profiles) == 1 else Q(billing_profile=None)


def _row(account: ManagedAccount, profiles: tuple[BillingProfile, ...], invoice: tuple[str, str]) -> AccountRow:
    profile = account.billing_profile or (profiles[0] if len(profiles) == 1 else None)
    lacks = {
        Lack.PROFILE: profile is None,
        Lack.RECIPIENTS: not account.billing_email,
        Lack.DELEGATION: not account.is_given,  # type: ignore[attr-defined]  # annotated in _found
    }
    return AccountRow(
        token=account.token,
        name=account.name,
        contact_email=account.contact_email,
        currency=account.currency,
        profile="" if profile is None else profile.nickname,
        lacks=tuple(lack for lack, is_lacking in lacks.items() if is_lacking),
        created_at=account.created_at,
        invoice_status=invoice[0],
        invoice_token=invoice[1],
    )
