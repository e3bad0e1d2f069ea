"""Folders of cost reports."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.records.reports.models import Folder
from billow.usecases.folders import add_folder, change_folder, delete_folder, folder_with, page_of_folders

router = Router(tags=["Folders"])


class FolderShown(Schema):
    """A folder."""

    token: str = Field(examples=["fldr_0123456789abcdef"])
    title: str | None
    type: str = Field("CostFolder", examples=["CostFolder"])
    parent_folder_token: str | None
    saved_filter_tokens: list[str]
    created_at: str
    updated_at: str
    workspace_token: str


class Folders(Schema):
    """A page of folders."""

    links: Links
    folders: list[FolderShown]


class FolderQuery(PageQuery):
    """Which folders."""

    workspace_token: str = Field("", description="Those of this workspace instead of all of one's own.")


class FolderGiven(Given):
    """A folder as a client writes it."""

    title: Text = Field(None, examples=["Customers"])
    parent_folder_token: Text = None
    saved_filter_tokens: Texts = None
    workspace_token: Text = Field(None, description="Needed by who has several workspaces; fixed afterwards.")


@router.get("", response=answers(Folders), operation_id="getFolders", summary="List folders")
def list_folders(request: HttpRequest, query: Query[FolderQuery]) -> dict[str, Any]:
    """Return the folders by title."""
    page = page_of_folders(
        actor=caller(request), wanted=query.wanted(), workspace_token=query.workspace_token, now=clock()
    )
    return {"links": links_of(request, page=page), "folders": [_shown(each) for each in page.items]}


@router.post("", response=answers(FolderShown, status=201), operation_id="createFolder", summary="Create a folder")
def create_folder(request: HttpRequest, given: Body[FolderGiven]) -> Status[Any]:
    """Return the new folder."""
    return Status(201, _shown(add_folder(actor=caller(request), fields=given.fields(), now=clock())))


@router.get("/{folder_token}", response=answers(FolderShown), operation_id="getFolder", summary="Show a folder")
def get_folder(request: HttpRequest, folder_token: str) -> dict[str, Any]:
    """Return one folder."""
    return _shown(folder_with(actor=caller(request), token=folder_token))


@router.put("/{folder_token}", response=answers(FolderShown), operation_id="updateFolder", summary="Change a folder")
def update_folder(request: HttpRequest, folder_token: str, given: Body[FolderGiven]) -> dict[str, Any]:
    """Return the folder as it is now."""
    actor = caller(request)
    folder = folder_with(actor=actor, token=folder_token)
    return _shown(change_folder(actor=actor, folder=folder, fields=given.fields(), now=clock()))


@router.delete(
    "/{folder_token}", response=answers(None, status=204), operation_id="deleteFolder", summary="Delete a folder"
)
def remove_folder(request: HttpRequest, folder_token: str) -> Status[None]:
    """Delete the folder with those in it; reports stay, without a folder."""
    actor = caller(request)
    delete_folder(actor=actor, folder=folder_with(actor=actor, token=folder_token), now=clock())
    return Status(204, None)


def _shown(folder: Folder) -> dict[str, Any]:
    return {
        "token": folder.token,
        "title": folder.title,
        "parent_folder_token": None if folder.parent_folder is None else folder.parent_folder.token,
        "saved_filter_tokens": folder.saved_filter_tokens,
        "created_at": time_text(folder.created_at),
        "updated_at": time_text(folder.updated_at),
        "workspace_token": folder.workspace.token,
    }
