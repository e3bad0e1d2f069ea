"""The people of the MSP; an owner's to see."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.accounts.models import User
from billow.usecases.users import page_of_users, user_with

router = Router(tags=["Users"])


class UserShown(Schema):
    """A person of the MSP."""

    token: str = Field(examples=["usr_0123456789abcdef"])
    name: str | None
    email: str
    role: str = Field(examples=["owner", "integration_owner", "editor", "viewer"])
    default_dashboard_token: str | None = None
    last_seen_at: str | None = None


class Users(Schema):
    """A page of users."""

    links: Links
    users: list[UserShown]


@router.get("", response=answers(Users), operation_id="getUsers", summary="List users")
def list_users(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the people by their address."""
    page = page_of_users(actor=caller(request), wanted=query.wanted())
    return {"links": links_of(request, page=page), "users": [_shown(user) for user in page.items]}


@router.get("/{user_token}", response=answers(UserShown), operation_id="getUser", summary="Show a user")
def get_user(request: HttpRequest, user_token: str) -> dict[str, Any]:
    """Return one person."""
    return _shown(user_with(actor=caller(request), token=user_token))


def _shown(user: User) -> dict[str, Any]:
    return {
        "token": user.token,
        "name": user.name or None,
        "email": user.email,
        "role": user.role,
        "last_seen_at": None if user.last_seen_at is None else time_text(user.last_seen_at),
    }
