"""Teams and their members."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.v2.workspaces import own_workspace_tokens
from billow.records.accounts.models import Role, Team, TeamMember
from billow.usecases.named_workspaces import named_or_all
from billow.usecases.page import page_of_all
from billow.usecases.teams import (
    add_member,
    add_team,
    change_team,
    delete_team,
    members_of,
    page_of_teams,
    remove_member,
    team_with,
)

router = Router(tags=["Teams"])


class TeamShown(Schema):
    """A team; Everyone holds every user."""

    token: str = Field(examples=["team_0123456789abcdef"])
    name: str
    description: str | None
    workspace_tokens: list[str]
    user_emails: list[str]
    user_tokens: list[str]
    default_dashboard_token: str | None = None


class Teams(Schema):
    """A page of teams."""

    links: Links
    teams: list[TeamShown]


class MemberShown(Schema):
    """A user in a team."""

    name: str
    email: str
    user_token: str
    role: str


class Members(Schema):
    """The members of a team."""

    links: Links
    members: list[MemberShown]


class TeamQuery(PageQuery):
    """Which teams."""

    q: str = Field("", description="Part of the name.")
    workspace_token: str = Field(
        "", description="Accepted for older clients; people of every team see every workspace."
    )


class TeamGiven(Given):
    """A team as a client writes it."""

    name: Text = Field(None, examples=["Finance"])
    description: Text = None
    user_emails: Texts = None
    user_tokens: Texts = None
    workspace_tokens: Texts = None


class MemberGiven(Given):
    """A user to put into a team."""

    user_email: Text = Field(None, examples=["alice@nimbus.example"])
    role: Text = Field(None, examples=["editor"])


@router.get("", response=answers(Teams), operation_id="getTeams", summary="List teams")
def list_teams(request: HttpRequest, query: Query[TeamQuery]) -> dict[str, Any]:
    """Return the teams, Everyone first."""
    page = page_of_teams(actor=caller(request), wanted=query.wanted(), text=query.q)
    tokens = own_workspace_tokens(request)
    return {"links": links_of(request, page=page), "teams": [_shown(team, tokens) for team in page.items]}


@router.post("", response=answers(TeamShown, status=201), operation_id="createTeam", summary="Create a team")
def create_team(request: HttpRequest, given: Body[TeamGiven]) -> Status[Any]:
    """Return the new team."""
    team = add_team(actor=caller(request), fields=given.fields(), now=clock())
    return Status(201, _shown(team, own_workspace_tokens(request)))


@router.get("/{team_token}", response=answers(TeamShown), operation_id="getTeam", summary="Show a team")
def get_team(request: HttpRequest, team_token: str) -> dict[str, Any]:
    """Return one team."""
    return _shown(team_with(actor=caller(request), token=team_token), own_workspace_tokens(request))


@router.put("/{team_token}", response=answers(TeamShown), operation_id="updateTeam", summary="Change a team")
def update_team(request: HttpRequest, team_token: str, given: Body[TeamGiven]) -> dict[str, Any]:
    """Return the team as it is now; a list of users replaces the members."""
    actor = caller(request)
    team = team_with(actor=actor, token=team_token)
    team = change_team(actor=actor, team=team, fields=given.fields(), now=clock())
    return _shown(team, own_workspace_tokens(request))


@router.delete("/{team_token}", response=answers(None, status=204), operation_id="deleteTeam", summary="Delete a team")
def remove_team(request: HttpRequest, team_token: str) -> Status[None]:
    """Delete the team and what it says about accounts."""
    actor = caller(request)
    delete_team(actor=actor, team=team_with(actor=actor, token=team_token), now=clock())
    return Status(204, None)


@router.get(
    "/{team_token}/members", response=answers(Members), operation_id="getTeamMembers", summary="List a team's members"
)
def list_members(request: HttpRequest, team_token: str, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the members by their address."""
    members = members_of(team=team_with(actor=caller(request), token=team_token))
    page = page_of_all(members, wanted=query.wanted())
    return {"links": links_of(request, page=page), "members": [_member(member) for member in page.items]}


@router.post(
    "/{team_token}/members",
    response=answers(MemberShown, status=201),
    operation_id="addTeamMember",
    summary="Put a user into a team",
)
def create_member(request: HttpRequest, team_token: str, given: Body[MemberGiven]) -> Status[Any]:
    """Return the member."""
    actor = caller(request)
    fields = given.fields()
    member = add_member(
        actor=actor,
        team=team_with(actor=actor, token=team_token),
        email=fields.get("user_email", ""),
        role=fields.get("role", Role.EDITOR),
        now=clock(),
    )
    return Status(201, _member(member))


@router.delete(
    "/{team_token}/members/{user_token}",
    response=answers(None, status=204),
    operation_id="removeTeamMember",
    summary="Take a user out of a team",
)
def delete_member(request: HttpRequest, team_token: str, user_token: str) -> Status[None]:
    """Take the user out of the team; the user stays."""
    actor = caller(request)
    remove_member(actor=actor, team=team_with(actor=actor, token=team_token), user_token=user_token, now=clock())
    return Status(204, None)


def _shown(team: Team, workspace_tokens: list[str]) -> dict[str, Any]:
    users = [member.user for member in members_of(team=team)]
    return {
        "token": team.token,
        "name": team.name,
        "description": team.description,
        "workspace_tokens": named_or_all(team.workspace_tokens, own=workspace_tokens),
        "user_emails": [user.email for user in users],
        "user_tokens": [user.token for user in users],
    }


def _member(member: TeamMember) -> dict[str, Any]:
    return {
        "name": str(member.user),
        "email": member.user.email,
        "user_token": member.user.token,
        "role": member.role,
    }
