"""What costs come from: providers, services, and accounts at the providers."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.usecases.cost_sources import cost_providers, cost_services, provider_accounts
from billow.usecases.page import page_of_all
from billow.usecases.workspaces import meant_workspace

router = Router(tags=["Costs"])


class ProviderShown(Schema):
    """A provider."""

    name: str = Field(examples=["AWS"])
    key: str = Field(examples=["aws"])


class Providers(Schema):
    """The providers with recent costs."""

    cost_providers: list[ProviderShown]


class ServiceShown(Schema):
    """A service of a provider."""

    name: str = Field(examples=["Amazon Simple Storage Service"])
    provider: str = Field(examples=["aws"])


class Services(Schema):
    """The services with recent costs."""

    cost_services: list[ServiceShown]


class ProviderAccountShown(Schema):
    """An account, subscription or project; ``provider_uuid`` is the billing account it is paid by."""

    title: str
    account_id: str
    provider_uuid: str
    provider: str


class ProviderAccounts(Schema):
    """A page of accounts with recent costs."""

    links: Links
    cost_provider_accounts: list[ProviderAccountShown]


class SourceQuery(Schema):
    """Of which workspace."""

    workspace_token: str = Field("", description="The workspace, where there are several.")


class AccountQuery(PageQuery):
    """Which accounts."""

    workspace_token: str = Field("", description="The workspace, where there are several.")
    provider: str = ""
    account_id: str = ""
    account_name: str = Field("", description="Part of the name.")


@router.get(
    "/cost_providers", response=answers(Providers), operation_id="getCostProviders", summary="List cost providers"
)
def list_providers(request: HttpRequest, query: Query[SourceQuery]) -> dict[str, Any]:
    """Return the providers whose costs the workspace shows."""
    workspace = meant_workspace(actor=caller(request), token=query.workspace_token, now=clock())
    found = cost_providers(workspace=workspace, now=clock())
    return {"cost_providers": [{"name": each.name, "key": each.key} for each in found]}


@router.get("/cost_services", response=answers(Services), operation_id="getCostServices", summary="List services")
def list_services(request: HttpRequest, query: Query[SourceQuery]) -> dict[str, Any]:
    """Return the services whose costs the workspace shows."""
    workspace = meant_workspace(actor=caller(request), token=query.workspace_token, now=clock())
    found = cost_services(workspace=workspace, now=clock())
    return {"cost_services": [{"name": each.name, "provider": each.provider} for each in found]}


@router.get(
    "/cost_provider_accounts",
    response=answers(ProviderAccounts),
    operation_id="getCostProviderAccounts",
    summary="List accounts at providers",
)
def list_accounts(request: HttpRequest, query: Query[AccountQuery]) -> dict[str, Any]:
    """Return the accounts whose costs the workspace shows."""
    workspace = meant_workspace(actor=caller(request), token=query.workspace_token, now=clock())
    found = provider_accounts(
        workspace=workspace,
        provider=query.provider,
        account_id=query.account_id,
        account_name=query.account_name,
        now=clock(),
    )
    page = page_of_all(found, wanted=query.wanted())
    shown = [
        {
            "title": each.title,
            "account_id": each.account_id,
            "provider_uuid": each.billing_account_id,
            "provider": each.provider,
        }
        for each in page.items
    ]
    return {"links": links_of(request, page=page), "cost_provider_accounts": shown}
