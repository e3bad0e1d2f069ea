"""How a customer's people sign in."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Router, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.v2.managed_accounts import ManagedAccountShown, account_shown
from billow.usecases.accounts import account_with
from billow.usecases.sso_connection import remove_sso_connection, set_sso_connection

router = Router(tags=["Managed accounts"])

_PATH = "/{managed_account_token}/sso_connection"


class SsoGiven(Given):
    """A connection as a client writes it; the type is needed when it is new, the domains are replaced as a whole."""

    type: Text = Field(None, examples=["saml"])
    saml_metadata_url: Text = Field(None, examples=["https://id.olives.example/metadata"])
    additional_domains: Texts = None


@router.post(
    _PATH,
    response=answers(ManagedAccountShown, status=201),
    operation_id="createSsoConnectionForManagedAccount",
    summary="Set up a customer's sign-in",
)
def create(request: HttpRequest, managed_account_token: str, given: Body[SsoGiven]) -> Status[Any]:
    """Return the customer."""
    actor = caller(request)
    account = account_with(actor=actor, token=managed_account_token)
    set_sso_connection(actor=actor, account=account, fields=given.fields(), is_new=True, now=clock())
    return Status(201, account_shown(account))


@router.put(
    _PATH,
    response=answers(ManagedAccountShown),
    operation_id="updateSsoConnectionForManagedAccount",
    summary="Change a customer's sign-in",
)
def update(request: HttpRequest, managed_account_token: str, given: Body[SsoGiven]) -> dict[str, Any]:
    """Return the customer; 404 where nothing was set up."""
    actor = caller(request)
    account = account_with(actor=actor, token=managed_account_token)
    set_sso_connection(actor=actor, account=account, fields=given.fields(), is_new=False, now=clock())
    return account_shown(account)


@router.delete(
    _PATH,
    response=answers(None, status=204),
    operation_id="deleteSsoConnectionForManagedAccount",
    summary="Take a customer's sign-in away",
)
def remove(request: HttpRequest, managed_account_token: str) -> Status[None]:
    """Forget the connection."""
    actor = caller(request)
    remove_sso_connection(actor=actor, account=account_with(actor=actor, token=managed_account_token), now=clock())
    return Status(204, None)
