"""Costs of custom providers, uploaded as CSV."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.errors import Errors
from billow.interfaces.api.form import read_fields
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.once_per_key import in_steps
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text, time_text
from billow.records.costs.models import Integration, UserCostsUpload
from billow.usecases.actor import Actor
from billow.usecases.integrations import integration_with
from billow.usecases.upload_costs import (
    IMPORTED,
    delete_upload,
    page_of_uploads,
    upload_costs,
    upload_with,
)

router = Router(tags=["Integrations"])

_FIELDS = {
    "csv": {"type": "string", "description": "The costs: ChargePeriodStart, ChargeCategory, BilledCost, ServiceName …"},
    "auto_transform": {"type": "boolean", "description": "Accepted for older clients; nothing is guessed."},
    "filename": {"type": "string", "description": "The name of a CSV that comes as text."},
}
_FORM = {"type": "object", "required": ["csv"], "properties": _FIELDS}
_FILE = {**_FORM, "properties": {**_FIELDS, "csv": {"type": "string", "format": "binary"}}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _FORM},
            "multipart/form-data": {"schema": _FILE},
        },
    }
}


class UploadShown(Schema):
    """A file of costs. ``amount`` is its sum in its first currency, ``amounts`` has all."""

    token: str = Field(examples=["usr_csts_upld_0123456789abcdef"])
    filename: str
    amount: str = Field(examples=["1234.5"])
    amounts: dict[str, str] = Field(examples=[{"USD": "1234.5"}])
    start_date: str
    end_date: str
    import_status: str = Field(examples=["imported"])
    created_by_token: str | None
    created_at: str


class Uploads(Schema):
    """A page of files."""

    links: Links
    user_costs_uploads: list[UploadShown]


@router.post(
    "/{integration_token}/costs.csv",
    response={**answers(UploadShown, status=201), 422: Errors},
    operation_id="createUserCostsUploadViaCsv",
    summary="Upload costs of a custom provider",
    openapi_extra=_BODY,
)
@in_steps
def create_upload(request: HttpRequest, integration_token: str) -> Status[Any]:
    """Take the CSV in the form field ``csv``, or refuse it with every bad row; a file of the same name is replaced."""
    actor = caller(request)
    actor.must_write_rules()
    integration = _integration(actor, integration_token)
    fields = read_fields(request)
    if (given := fields.get("csv")) is None:
        raise Problem(400, "Csv can't be blank; send a form with the field csv")
    named = fields.get("filename")
    name = given.file_name or ("" if named is None else named.content.decode("utf-8", "replace"))
    upload = upload_costs(actor=actor, integration=integration, content=given.content, filename=name, now=clock())
    return Status(201, _shown(upload))


@router.get(
    "/{integration_token}/costs",
    response=answers(Uploads),
    operation_id="getUserCostsUploads",
    summary="List uploads of a custom provider",
)
def list_uploads(request: HttpRequest, integration_token: str, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the files, newest first."""
    integration = _integration(caller(request), integration_token)
    page = page_of_uploads(integration=integration, wanted=query.wanted())
    return {"links": links_of(request, page=page), "user_costs_uploads": [_shown(each) for each in page.items]}


@router.delete(
    "/{integration_token}/costs/{user_costs_upload_token}",
    response=answers(None, status=204),
    operation_id="deleteUserCostsUpload",
    summary="Delete an upload of a custom provider",
)
def remove_upload(request: HttpRequest, integration_token: str, user_costs_upload_token: str) -> Status[None]:
    """Take the file's costs away; what other files say about its months stays."""
    actor = caller(request)
    actor.must_write_rules()
    upload = upload_with(integration=_integration(actor, integration_token), token=user_costs_upload_token)
    delete_upload(actor=actor, upload=upload, now=clock())
    return Status(204, None)


def _integration(actor: Actor, token: str) -> Integration:
    return integration_with(actor=actor, token=token)


def _shown(upload: UserCostsUpload) -> dict[str, Any]:
    amounts = {currency: decimal_text(Decimal(amount)) for currency, amount in sorted(upload.amounts.items())}
    return {
        "token": upload.token,
        "filename": upload.filename,
        "amount": next(iter(amounts.values()), "0.0"),
        "amounts": amounts,
        "start_date": upload.start_date.isoformat(),
        "end_date": upload.end_date.isoformat(),
        "import_status": IMPORTED,
        "created_by_token": None if upload.created_by is None else upload.created_by.token,
        "created_at": time_text(upload.created_at),
    }
