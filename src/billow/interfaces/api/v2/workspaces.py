"""Workspaces."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Flag, Given, Text
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.reports.models import Workspace
from billow.usecases.workspaces import (
    add_workspace,
    change_workspace,
    delete_workspace,
    own_workspaces,
    page_of_workspaces,
    workspace_with,
)

router = Router(tags=["Workspaces"])


class WorkspaceShown(Schema):
    """A place for cost reports; with a managed account, it shows what that customer is charged."""

    token: str = Field(examples=["wrkspc_0123456789abcdef"])
    name: str
    created_at: str
    enable_currency_conversion: bool
    currency: str = Field(examples=["USD"])
    exchange_rate_date: str = Field(examples=["daily_rate", "end_of_billing_period_rate"])
    managed_account_token: str | None = Field(None, examples=["acct_0123456789abcdef"])


class Workspaces(Schema):
    """A page of workspaces."""

    links: Links
    workspaces: list[WorkspaceShown]


class WorkspaceQuery(PageQuery):
    """Which workspaces."""

    q: str = Field("", description="Part of the name.")
    managed_account_token: str = Field("", description="Those of this customer instead of one's own.")


class WorkspaceChange(Given):
    """What can be changed of a workspace."""

    name: Text = Field(None, examples=["Finance"])
    enable_currency_conversion: Flag = None
    currency: Text = Field(None, examples=["EUR"])
    exchange_rate_date: Text = None


class WorkspaceGiven(WorkspaceChange):
    """A workspace as a client writes it."""

    managed_account_token: Text = Field(None, description="The customer whose costs it shows.")


@router.get("", response=answers(Workspaces), operation_id="getWorkspaces", summary="List workspaces")
def list_workspaces(request: HttpRequest, query: Query[WorkspaceQuery]) -> dict[str, Any]:
    """Return one's own workspaces, or with a customer's token those of the customer."""
    page = page_of_workspaces(
        actor=caller(request),
        wanted=query.wanted(),
        text=query.q,
        account_token=query.managed_account_token,
        now=clock(),
    )
    return {"links": links_of(request, page=page), "workspaces": [workspace_shown(each) for each in page.items]}


@router.post(
    "", response=answers(WorkspaceShown, status=201), operation_id="createWorkspace", summary="Create a workspace"
)
def create_workspace(request: HttpRequest, given: Body[WorkspaceGiven]) -> Status[Any]:
    """Return the new workspace."""
    fields = given.fields()
    account = str(fields.pop("managed_account_token", ""))
    made = add_workspace(actor=caller(request), fields=fields, account_token=account, now=clock())
    return Status(201, workspace_shown(made))


@router.get(
    "/{workspace_token}", response=answers(WorkspaceShown), operation_id="getWorkspace", summary="Show a workspace"
)
def get_workspace(request: HttpRequest, workspace_token: str) -> dict[str, Any]:
    """Return one workspace."""
    return workspace_shown(workspace_with(actor=caller(request), token=workspace_token))


@router.put(
    "/{workspace_token}", response=answers(WorkspaceShown), operation_id="updateWorkspace", summary="Change a workspace"
)
def update_workspace(request: HttpRequest, workspace_token: str, given: Body[WorkspaceChange]) -> dict[str, Any]:
    """Return the workspace as it is now."""
    actor = caller(request)
    workspace = workspace_with(actor=actor, token=workspace_token)
    return workspace_shown(change_workspace(actor=actor, workspace=workspace, fields=given.fields(), now=clock()))


@router.delete(
    "/{workspace_token}",
    response=answers(None, status=204),
    operation_id="deleteWorkspace",
    summary="Delete a workspace",
)
def remove_workspace(request: HttpRequest, workspace_token: str) -> Status[None]:
    """Delete the workspace with its reports and folders; the default one is refused."""
    actor = caller(request)
    delete_workspace(actor=actor, workspace=workspace_with(actor=actor, token=workspace_token), now=clock())
    return Status(204, None)


def workspace_shown(workspace: Workspace) -> dict[str, Any]:
    """Return the workspace as clients see it."""
    account = workspace.managed_account
    return {
        "token": workspace.token,
        "name": workspace.name,
        "created_at": time_text(workspace.created_at),
        "enable_currency_conversion": workspace.enable_currency_conversion,
        "currency": workspace.currency,
        "exchange_rate_date": workspace.exchange_rate_date,
        "managed_account_token": None if account is None else account.token,
    }


def own_workspace_tokens(request: HttpRequest) -> list[str]:
    """Return the tokens of the caller's own workspaces: integrations and teams belong to all of them."""
    return [workspace.token for workspace in own_workspaces(actor=caller(request), now=clock())]
