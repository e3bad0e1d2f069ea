"""Managed accounts: the MSP's customers."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Flag, Text, Texts, WholeNumber
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.text import time_text
from billow.interfaces.api.v2.party import BillingInformation, BusinessInformation, PartyGiven, party_shown
from billow.records.billing.models import ManagedAccount
from billow.usecases.account_tokens import NamedRecords, named_by_tokens
from billow.usecases.accounts import account_with, add_account, change_account, delete_account, page_of_accounts

router = Router(tags=["Managed accounts"])

_PLAIN = (
    "name",
    "contact_email",
    "email_domain",
    "payment_terms_days",
    "include_managed_account_integrations",
    "currency",
    "locale",
    "data_ingestion_delay",
)


class SsoShown(Schema):
    """How the customer's people sign in."""

    type: str
    saml_metadata_url: str | None
    additional_domains: list[str]


class ManagedAccountShown(Schema):
    """A customer."""

    token: str = Field(examples=["acct_0123456789abcdef"])
    name: str
    contact_email: str
    parent_account_token: str
    access_credential_tokens: list[str]
    billing_rule_tokens: list[str] = Field(description="In the order they run.")
    email_domain: str | None
    msp_billing_profile_token: str | None
    payment_terms_days: int
    include_managed_account_integrations: bool
    billing_information_attributes: BillingInformation
    business_information_attributes: BusinessInformation
    currency: str
    locale: str
    data_ingestion_delay: bool | None
    sso_connection: SsoShown | None
    created_at: str
    updated_at: str


class ManagedAccounts(Schema):
    """A page of managed accounts."""

    links: Links
    managed_accounts: list[ManagedAccountShown]


class ManagedAccountGiven(PartyGiven):
    """A customer as a client writes it; a missing key or null leaves things as they are, an empty list clears."""

    name: Text = Field(None, examples=["Thessaly Olives"])
    contact_email: Text = Field(None, examples=["olives@nimbus.example"])
    access_credential_tokens: Texts = Field(
        None, description="Integrations given as a whole; unknown ones are ignored."
    )
    billing_rule_tokens: Texts = Field(None, description="In the order they run.")
    email_domain: Text = None
    msp_billing_profile_token: Text = None
    payment_terms_days: WholeNumber = Field(None, examples=[30])
    include_managed_account_integrations: Flag = None
    currency: Text = Field(None, examples=["EUR"])
    locale: Text = Field(None, examples=["de"])
    data_ingestion_delay: Flag = None

    def account_fields(self) -> dict[str, Any]:
        """Return what was given, by the names of the use cases."""
        given = self.fields()
        return {name: given[name] for name in _PLAIN if name in given} | self.party_fields()


@router.get("", response=answers(ManagedAccounts), operation_id="getManagedAccounts", summary="List managed accounts")
def list_accounts(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the customers in the order they were added, without those one may not see."""
    page = page_of_accounts(actor=caller(request), wanted=query.wanted())
    return {"links": links_of(request, page=page), "managed_accounts": [account_shown(each) for each in page.items]}


@router.post(
    "",
    response=answers(ManagedAccountShown, status=201),
    operation_id="createManagedAccount",
    summary="Create a managed account",
)
def create_account(request: HttpRequest, given: Body[ManagedAccountGiven]) -> Status[Any]:
    """Return the new customer. Rules that apply to all are added at the end of their groups."""
    actor = caller(request)
    named = _named(request, given)
    made = add_account(
        actor=actor,
        fields={**given.account_fields(), **named.fields},
        rules=named.rules or (),
        integrations=named.integrations or (),
        now=clock(),
    )
    return Status(201, account_shown(account_with(actor=actor, token=made.token)))


@router.get(
    "/{managed_account_token}",
    response=answers(ManagedAccountShown),
    operation_id="getManagedAccount",
    summary="Show a managed account",
)
def get_account(request: HttpRequest, managed_account_token: str) -> dict[str, Any]:
    """Return one customer."""
    return account_shown(account_with(actor=caller(request), token=managed_account_token))


@router.put(
    "/{managed_account_token}",
    response=answers(ManagedAccountShown),
    operation_id="updateManagedAccount",
    summary="Change a managed account",
)
def update_account(
    request: HttpRequest, managed_account_token: str, given: Body[ManagedAccountGiven]
) -> dict[str, Any]:
    """Return the customer as it is now; drafts of its invoices become stale."""
    actor = caller(request)
    account = account_with(actor=actor, token=managed_account_token)
    named = _named(request, given)
    change_account(
        actor=actor,
        account=account,
        fields={**given.account_fields(), **named.fields},
        rules=named.rules,
        integrations=named.integrations,
        now=clock(),
    )
    return account_shown(account_with(actor=actor, token=managed_account_token))


@router.delete(
    "/{managed_account_token}",
    response=answers(None, status=204),
    operation_id="deleteManagedAccount",
    summary="Delete a managed account",
)
def remove_account(request: HttpRequest, managed_account_token: str) -> Status[None]:
    """Delete the customer: its drafts are cancelled, issued invoices stay."""
    actor = caller(request)
    delete_account(actor=actor, account=account_with(actor=actor, token=managed_account_token), now=clock())
    return Status(204, None)


def account_shown(account: ManagedAccount) -> dict[str, Any]:
    """Return a customer."""
    place = {token: number for number, token in enumerate(account.integration_order)}
    whole = [row for row in account.delegations.all() if not row.billing_account_id and not row.sub_account_id]
    tokens = list(dict.fromkeys(row.integration.token for row in whole))
    profile = account.billing_profile
    return {
        "token": account.token,
        "name": account.name,
        "contact_email": account.contact_email,
        "parent_account_token": account.management_account.token,
        "access_credential_tokens": sorted(tokens, key=lambda token: place.get(token, len(place))),
        "billing_rule_tokens": [row.billing_rule.token for row in account.rule_assignments.all()],
        "email_domain": account.email_domain,
        "msp_billing_profile_token": None if profile is None else profile.token,
        "payment_terms_days": account.payment_terms_days,
        "include_managed_account_integrations": account.include_managed_account_integrations,
        **party_shown(account),
        "currency": account.currency,
        "locale": account.locale,
        "data_ingestion_delay": account.data_ingestion_delay,
        "sso_connection": account.sso_connection,
        "created_at": time_text(account.created_at),
        "updated_at": time_text(account.updated_at),
    }


def _named(request: HttpRequest, given: ManagedAccountGiven) -> NamedRecords:
    return named_by_tokens(
        actor=caller(request),
        profile=given.msp_billing_profile_token,
        rules=given.billing_rule_tokens,
        integrations=given.access_credential_tokens,
    )
