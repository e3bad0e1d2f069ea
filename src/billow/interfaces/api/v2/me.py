"""Whoever holds the token: who one is, and whether the server answers."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import bearer, clock
from billow.interfaces.api.text import time_text
from billow.interfaces.api.v2.workspaces import WorkspaceShown, workspace_shown
from billow.usecases.workspaces import own_workspaces

router = Router(tags=["Me"])


class Pong(Schema):
    """The server answers."""

    ping: str = "pong"


class BearerToken(Schema):
    """The token that the request came with, without its secret."""

    description: str
    created_at: str = Field(examples=["2026-11-25T09:00:00Z"])
    scope: list[str] = Field(examples=[["read", "write"]])


class Me(Schema):
    """Whoever holds the token."""

    default_workspace_token: str | None = None
    default_dashboard_token: str | None = None
    workspaces: list[WorkspaceShown] = []
    bearer_token: BearerToken


class MeGiven(Schema):
    """What can be changed about oneself; dashboards are not kept here, so that nothing is."""

    default_dashboard_token: str | None = None


@router.get("/ping", auth=None, response={200: Pong}, operation_id="ping", summary="Ask whether the server answers")
def ping(request: HttpRequest) -> Pong:  # noqa: ARG001
    """Answer at once; needs no token."""
    return Pong()


@router.get("/me", response=answers(Me), operation_id="getMe", summary="Show whose token this is")
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Return the token's scopes and the workspaces it sees."""
    return _me(request)


@router.put("/me", response=answers(Me), operation_id="updateMe", summary="Change one's defaults")
def update_me(request: HttpRequest, given: Body[MeGiven]) -> dict[str, Any]:  # noqa: ARG001
    """Return the same as GET; a default dashboard is taken and not kept, as there are none."""
    return _me(request)


def _me(request: HttpRequest) -> dict[str, Any]:
    holder = bearer(request)
    workspaces = own_workspaces(actor=holder.actor, now=clock())
    return {
        "default_workspace_token": workspaces[0].token,
        "default_dashboard_token": None,
        "workspaces": [workspace_shown(each) for each in workspaces],
        "bearer_token": {
            "description": holder.description,
            "created_at": time_text(holder.created_at),
            "scope": sorted(holder.scopes),
        },
    }
