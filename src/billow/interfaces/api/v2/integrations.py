"""Integrations: where bills come from."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import time_text
from billow.interfaces.api.v2.workspaces import own_workspace_tokens
from billow.records.costs.models import Integration
from billow.usecases.integrations import (
    add_integration,
    delete_integration,
    integration_with,
    name_workspaces,
    page_of_integrations,
)
from billow.usecases.named_workspaces import named_or_all

router = Router(tags=["Integrations"])

_BY_FILE = "Bills of this provider come as files here: `billow costs import`, or a custom provider's CSV."


class IntegrationShown(Schema):
    """A source of bills. ``account_identifier`` is the name it has here."""

    token: str = Field(examples=["accss_crdntl_0123456789abcdef"])
    provider: str = Field(examples=["aws", "azure", "custom_provider"])
    account_identifier: str | None
    status: str = Field(examples=["connected", "imported"])
    last_updated: str | None
    workspace_tokens: list[str]
    created_at: str
    managed_account_tokens: list[str]


class Integrations(Schema):
    """A page of integrations."""

    links: Links
    integrations: list[IntegrationShown]


class IntegrationQuery(PageQuery):
    """Which integrations."""

    provider: str = ""
    account_identifier: str = ""


class IntegrationGiven(Given):
    """What can be changed of an integration: the workspaces it is named for; every workspace sees every integration."""

    workspace_tokens: Texts = None


class CustomProviderGiven(Given):
    """A new custom provider."""

    name: Text = Field(None, examples=["Temporal"])
    description: Text = Field(None, description="Accepted for older clients and not kept.")


@router.get("", response=answers(Integrations), operation_id="getIntegrations", summary="List integrations")
def list_integrations(request: HttpRequest, query: Query[IntegrationQuery]) -> dict[str, Any]:
    """Return the integrations in the order they were added."""
    page = page_of_integrations(
        actor=caller(request), wanted=query.wanted(), provider=query.provider, name=query.account_identifier
    )
    seen_in = own_workspace_tokens(request)
    shown = [integration_shown(each, workspace_tokens=seen_in) for each in page.items]
    return {"links": links_of(request, page=page), "integrations": shown}


@router.post(
    "/custom_provider",
    response=answers(IntegrationShown, status=201),
    operation_id="createCustomProviderIntegration",
    summary="Create a custom provider",
)
def create_custom_provider(request: HttpRequest, given: Body[CustomProviderGiven]) -> Status[Any]:
    """Return the new integration, whose costs are uploaded as CSV."""
    actor = caller(request)
    made = add_integration(actor=actor, name=given.name, provider="custom_provider", now=clock())
    return Status(201, _shown(request, integration_with(actor=actor, token=made.token)))


@router.post("/gcp", response=answers(None, status=201), operation_id="createGCPIntegration", summary="Not offered")
def create_gcp(request: HttpRequest) -> None:
    """Answer 400: bills come as files here."""
    _refuse(request)


@router.post("/azure", response=answers(None, status=201), operation_id="createAzureIntegration", summary="Not offered")
def create_azure(request: HttpRequest) -> None:
    """Answer 400: bills come as files here."""
    _refuse(request)


@router.get(
    "/{integration_token}",
    response=answers(IntegrationShown),
    operation_id="getIntegration",
    summary="Show an integration",
)
def get_integration(request: HttpRequest, integration_token: str) -> dict[str, Any]:
    """Return one integration."""
    return _shown(request, integration_with(actor=caller(request), token=integration_token))


@router.put(
    "/{integration_token}",
    response=answers(IntegrationShown),
    operation_id="updateIntegration",
    summary="Change an integration",
)
def update_integration(
    request: HttpRequest,
    integration_token: str,
    given: Body[IntegrationGiven],
) -> dict[str, Any]:
    """Return the integration as it is now; the named workspaces are kept, and none means all."""
    actor = caller(request)
    integration = integration_with(actor=actor, token=integration_token)
    name_workspaces(actor=actor, integration=integration, tokens=given.workspace_tokens, now=clock())
    return _shown(request, integration_with(actor=actor, token=integration_token))


@router.delete(
    "/{integration_token}",
    response=answers(None, status=204),
    operation_id="deleteIntegration",
    summary="Delete an integration",
)
def remove_integration(request: HttpRequest, integration_token: str) -> Status[None]:
    """Delete an integration that never brought costs."""
    actor = caller(request)
    integration = integration_with(actor=actor, token=integration_token)
    delete_integration(actor=actor, integration=integration, now=clock())
    return Status(204, None)


def integration_shown(integration: Integration, *, workspace_tokens: list[str]) -> dict[str, Any]:
    """Return an integration, which every workspace shows."""
    accounts = dict.fromkeys(row.managed_account.token for row in integration.delegations.all())
    last = getattr(integration, "last_import_at", None)
    return {
        "token": integration.token,
        "provider": integration.provider,
        "account_identifier": integration.name,
        "status": "connected" if last is None else "imported",
        "last_updated": None if last is None else time_text(last),
        "workspace_tokens": named_or_all(integration.workspace_tokens, own=workspace_tokens),
        "created_at": time_text(integration.created_at),
        "managed_account_tokens": list(accounts),
    }


def _shown(request: HttpRequest, integration: Integration) -> dict[str, Any]:
    return integration_shown(integration, workspace_tokens=own_workspace_tokens(request))


def _refuse(request: HttpRequest) -> None:
    caller(request).must_write_rules()
    raise Problem(400, _BY_FILE)
