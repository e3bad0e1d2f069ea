"""What a workspace's costs come from: providers, services, and accounts at the providers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billow.coststore.condition import CostField
from billow.coststore.series import DateBin, GroupBy
from billow.records.reports.models import Workspace
from billow.usecases.cost_question import CostQuestion, today_of
from billow.usecases.query_costs import answer_costs
from billow.usecases.report_words import EVERYTHING, days_of

RECENT = "last_6_months"
"""How far back costs are looked through."""

PROVIDER_NAMES = {
    "aws": "AWS",
    "azure": "Azure",
    "azure_csp": "Azure CSP",
    "gcp": "Google Cloud",
    "custom_provider": "Custom Provider",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostProvider:
    """A provider whose costs the workspace shows."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostService:
    """A service of a provider."""

    name: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccount:
    """An account, subscription or project at a provider; ``billing_account_id`` is who pays for it."""

    title: str
    account_id: str
    billing_account_id: str
    provider: str


def cost_providers(*, workspace: Workspace, now: datetime) -> tuple[CostProvider, ...]:
    """Return the providers with recent costs, by key."""
    keys = sorted(key for (key,) in _groups(workspace, now, CostField.PROVIDER) if key)
    return tuple(CostProvider(name=PROVIDER_NAMES.get(key, key.replace("_", " ").title()), key=key) for key in keys)


def cost_services(*, workspace: Workspace, now: datetime) -> tuple[CostService, ...]:
    """Return the services with recent costs, by provider and name."""
    found = _groups(workspace, now, CostField.PROVIDER, CostField.SERVICE)
    return tuple(
        CostService(name=name, provider=provider)
        for provider, name in sorted((provider or "", name or "") for provider, name in found)
        if name
    )


def provider_accounts(
    *, workspace: Workspace, provider: str = "", account_id: str = "", account_name: str = "", now: datetime
) -> tuple[ProviderAccount, ...]:
    """Return the accounts with recent costs that fit, by provider and identifier."""
    found = _groups(
        workspace,
        now,
        CostField.PROVIDER,
        CostField.BILLING_ACCOUNT_ID,
        CostField.ACCOUNT_ID,
        CostField.ACCOUNT_NAME,
    )
    by_place = {
        (key or "", payer or "", account): name or account
        for key, payer, account, name in sorted(found, key=lambda each: tuple(value or "" for value in each))
        if account
    }
    accounts = (
        ProviderAccount(title=name, account_id=account, billing_account_id=payer, provider=key)
        for (key, payer, account), name in by_place.items()
    )
    return tuple(
        each
        for each in accounts
        if provider in ("", each.provider)
        and account_id in ("", each.account_id)
        and account_name.casefold() in each.title.casefold()
    )


def _groups(workspace: Workspace, now: datetime, *fields: CostField) -> Iterable[tuple[str | None, ...]]:
    first, last = days_of(RECENT, today=today_of(workspace=workspace, now=now))
    question = CostQuestion(
        workspace=workspace,
        first_day=first,
        last_day=last,
        date_bin=DateBin.QUARTER,
        cumulative=False,
        group_by=tuple(GroupBy(field) for field in fields),
        where=None,
        filter="",
        settings=EVERYTHING,
    )
    return {tuple(row.groups.values()) for row in answer_costs(question=question).rows}
