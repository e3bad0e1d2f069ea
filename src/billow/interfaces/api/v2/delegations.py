"""Which parts of an integration belong to a customer: provider accounts, from one day to another. An extension."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text, Texts
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.records.billing.models import Delegation
from billow.records.costs.models import Integration
from billow.usecases.accounts import account_with
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings
from billow.usecases.integrations import delegate, delegations_to, end_delegation, integration_with
from billow.usecases.page import PageWanted, page_of
from billow.usecases.refused import Refused

router = Router(tags=["Managed accounts"])

_PATH = "/{managed_account_token}/delegations"
MOST_ACCOUNTS = 1000


class DelegationShown(Schema):
    """A part of an integration; null is the whole of it, or from the beginning, or without end."""

    integration_token: str = Field(examples=["accss_crdntl_0123456789abcdef"])
    billing_account_id: str | None = Field(description="The account that pays, at the provider.")
    provider_account_id: str | None = Field(description="An account, subscription or project at the provider.")
    start_date: str | None
    end_date: str | None = Field(description="The last day, inclusive.")
    connected_by_customer: bool = Field(description="Whether the customer connected the integration himself.")


class Delegations(Schema):
    """A page of delegations."""

    links: Links
    delegations: list[DelegationShown]


class Delegated(Schema):
    """What was given just now."""

    delegations: list[DelegationShown]


class DelegationGiven(Given):
    """What to give; without accounts the whole billing account, without that the whole integration."""

    integration_token: Text = Field(None, examples=["accss_crdntl_0123456789abcdef"])
    billing_account_id: Text = Field(None, description="Found by itself where left out.", examples=["400000000001"])
    provider_account_ids: Texts = Field(None, examples=[["510000000001", "510000000002"]])
    start_date: Text = Field(None, examples=["2026-10-01"])
    end_date: Text = Field(None, description="The last day, inclusive.")


class EndGiven(Given):
    """Which delegation, as it is shown, and its last day; without one it is taken back altogether."""

    integration_token: Text = Field(None, examples=["accss_crdntl_0123456789abcdef"])
    billing_account_id: Text = None
    provider_account_id: Text = Field(None, examples=["510000000001"])
    start_date: Text = None
    last_day: Text = Field(None, examples=["2026-10-31"])


@router.get(
    _PATH, response=answers(Delegations), operation_id="getDelegations", summary="List what is delegated to a customer"
)
def list_delegations(request: HttpRequest, managed_account_token: str, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the delegations in the order they were made; whole integrations are `access_credential_tokens` too."""
    account = account_with(actor=caller(request), token=managed_account_token)
    page = page_of(delegations_to(account=account), wanted=query.wanted())
    return {"links": links_of(request, page=page), "delegations": [_shown(row) for row in page.items]}


@router.post(
    _PATH,
    response=answers(Delegated, status=201),
    operation_id="createDelegation",
    summary="Delegate provider accounts to a customer",
)
def create_delegation(request: HttpRequest, managed_account_token: str, given: Body[DelegationGiven]) -> Status[Any]:
    """Return what was given: all or nothing. What another customer has at the same time is refused."""
    actor = caller(request)
    actor.must_write_rules()
    account = account_with(actor=actor, token=managed_account_token)
    findings = Findings()
    integration = _integration(actor, findings, given.integration_token)
    billing_account = findings.read_text(given.billing_account_id, column="billing_account_id") or ""
    accounts = _accounts(findings, given.provider_account_ids)
    start, last = _days(findings, start_date=given.start_date, end_date=given.end_date)
    findings.refuse_if_any()
    assert integration is not None
    rows = delegate(
        actor=actor,
        integration=integration,
        account=account,
        billing_account_id=billing_account,
        sub_account_ids=accounts,
        start_date=start,
        end_date=last,
        now=clock(),
    )
    return Status(201, {"delegations": [_shown(row) for row in rows]})


@router.post(
    f"{_PATH}/end",
    response=answers(Delegations),
    operation_id="endDelegation",
    summary="End a delegation, or take it back",
)
def end(request: HttpRequest, managed_account_token: str, given: Body[EndGiven]) -> dict[str, Any]:
    """Return what is delegated to the customer now; drafts that rest on it become stale."""
    actor = caller(request)
    actor.must_write_rules()
    account = account_with(actor=actor, token=managed_account_token)
    findings = Findings()
    integration = _integration(actor, findings, given.integration_token)
    names = ("billing_account_id", "provider_account_id")
    billing_account, provider_account = (findings.read_text(getattr(given, name), column=name) or "" for name in names)
    start, last = _days(findings, start_date=given.start_date, last_day=given.last_day)
    findings.refuse_if_any()
    assert integration is not None
    end_delegation(
        actor=actor,
        integration=integration,
        account=account,
        billing_account_id=billing_account,
        sub_account_id=provider_account,
        start_date=start,
        last_day=last,
        now=clock(),
    )
    page = page_of(delegations_to(account=account), wanted=PageWanted())
    return {"links": links_of(request, page=page), "delegations": [_shown(row) for row in page.items]}


def _integration(actor: Actor, findings: Findings, value: object) -> Integration | None:
    token = findings.read_text(value, column="integration_token", required=True)
    if token is None:
        return None
    try:
        return integration_with(actor=actor, token=token)
    except Refused as unknown:
        if unknown.code != "not_found":
            raise
        findings.error("unknown_integration", "integration_token", f"There is no integration {token[:100]!r}", token)
        return None


def _accounts(findings: Findings, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Problem(400, "Provider account ids must be a list of texts")
    if len(value) > MOST_ACCOUNTS:
        raise Problem(400, f"Provider account ids are {len(value)}; at most {MOST_ACCOUNTS} at once")
    return [findings.read_text(each, column="provider_account_ids", required=True) or "" for each in value]


def _days(findings: Findings, **values: object) -> tuple[date | None, ...]:
    return tuple(findings.read_date(value, column=name) for name, value in values.items())


def _shown(row: Delegation) -> dict[str, Any]:
    return {
        "integration_token": row.integration.token,
        "billing_account_id": row.billing_account_id or None,
        "provider_account_id": row.sub_account_id or None,
        "start_date": None if row.start_date is None else row.start_date.isoformat(),
        "end_date": None if row.end_date is None else row.end_date.isoformat(),
        "connected_by_customer": row.connected_by_customer,
    }
