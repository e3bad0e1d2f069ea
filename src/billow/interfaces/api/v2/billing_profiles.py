"""Billing profiles: what invoices say about the MSP."""

from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field, WithJsonSchema

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Given, Text
from billow.interfaces.api.links import Links, PageQuery, links_of
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import decimal_text, time_text
from billow.interfaces.api.v2.party import BillingInformation, BusinessInformation, PartyGiven, party_shown
from billow.records.billing.models import BillingProfile
from billow.usecases.actor import Actor
from billow.usecases.profiles import (
    add_profile,
    banking_data,
    change_profile,
    delete_profile,
    page_of_profiles,
    profile_with,
    set_logo,
)

router = Router(tags=["Billing profiles"])

_LOGO_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/svg+xml")
        },
    }
}


class SecureData(Schema):
    """Where to pay: in clear for owners, the last four signs for others."""

    account_number: str | None
    routing_number: str | None
    iban: str | None
    swift_bic: str | None


class BankingInformation(Schema):
    """The bank account, as printed."""

    token: str
    bank_name: str | None
    beneficiary_name: str | None
    tax_id: str | None
    secure_data: SecureData


class AdjustmentShown(Schema):
    """A tax, fee or discount on every invoice."""

    name: str
    adjustment_type: str = Field(examples=["charge", "credit", "discount"])
    calculation_type: str = Field(examples=["percentage", "fixed"])
    amount: str = Field(examples=["8.25"])


class InvoiceAdjustment(Schema):
    """Taxes, fees and discounts in their order."""

    token: str
    adjustment_items: list[AdjustmentShown]


class BillingProfileShown(Schema):
    """A billing profile."""

    token: str = Field(examples=["blng_prfl_0123456789abcdef"])
    nickname: str
    created_at: str
    updated_at: str
    billing_information_attributes: BillingInformation
    business_information_attributes: BusinessInformation
    banking_information_attributes: BankingInformation
    invoice_adjustment_attributes: InvoiceAdjustment
    managed_accounts_count: str = Field(examples=["0"])
    cost_basis: str
    rounding_rule: str
    has_logo: bool


class BillingProfiles(Schema):
    """A page of billing profiles."""

    links: Links
    billing_profiles: list[BillingProfileShown]


class SecureDataGiven(Given):
    """Where to pay, as a client writes it."""

    account_number: Text = None
    routing_number: Text = None
    iban: Text = None
    swift_bic: Text = None


class BankingInformationGiven(Given):
    """The bank account as a client writes it; the ``token`` is ignored."""

    bank_name: Text = None
    beneficiary_name: Text = None
    tax_id: Text = None
    secure_data: SecureDataGiven | None = None


AdjustmentItems = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "adjustment_type": {"type": ["string", "null"], "enum": ["charge", "credit", "discount"]},
                            "calculation_type": {"type": "string", "enum": ["fixed", "percentage"]},
                            "amount": {"anyOf": [{"type": "number"}, {"type": "string"}]},
                        },
                        "required": ["name", "calculation_type", "amount"],
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]


class InvoiceAdjustmentGiven(Given):
    """Taxes, fees and discounts; the list replaces the one before."""

    adjustment_items: AdjustmentItems = Field(
        None,
        examples=[
            [{"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": 19}],
        ],
    )


class BillingProfileGiven(PartyGiven):
    """A billing profile as a client writes it; only the nickname is needed."""

    nickname: Text = Field(None, examples=["Main"])
    banking_information_attributes: BankingInformationGiven | None = None
    invoice_adjustment_attributes: InvoiceAdjustmentGiven | None = None
    cost_basis: Text = Field(None, examples=["billed_cost"])
    rounding_rule: Text = Field(None, examples=["exact_total"])

    def profile_fields(self) -> dict[str, Any]:
        """Return what was given, by the names of the use cases."""
        given = self.fields()
        fields: dict[str, Any] = {
            name: given[name] for name in ("nickname", "cost_basis", "rounding_rule") if name in given
        }
        fields |= self.party_fields()
        bank, adjustment = self.banking_information_attributes, self.invoice_adjustment_attributes
        if bank is not None:
            given_bank = bank.fields()
            given_bank.pop("secure_data", None)
            if "tax_id" in given_bank:
                given_bank["bank_tax_id"] = given_bank.pop("tax_id")
            fields |= given_bank
            fields |= {} if bank.secure_data is None else bank.secure_data.fields()
        return fields if adjustment is None else fields | adjustment.fields()


@router.get("", response=answers(BillingProfiles), operation_id="getBillingProfiles", summary="List billing profiles")
def list_profiles(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the profiles in the order they were added."""
    actor = caller(request)
    page = page_of_profiles(actor=actor, wanted=query.wanted())
    return {"links": links_of(request, page=page), "billing_profiles": [_shown(each, actor) for each in page.items]}


@router.post(
    "",
    response=answers(BillingProfileShown, status=201),
    operation_id="createBillingProfile",
    summary="Create a billing profile",
)
def create_profile(request: HttpRequest, given: Body[BillingProfileGiven]) -> Status[Any]:
    """Return the new profile."""
    actor = caller(request)
    made = add_profile(actor=actor, fields=given.profile_fields(), now=clock()).profile
    return Status(201, _shown(made, actor))


@router.get(
    "/{billing_profile_token}",
    response=answers(BillingProfileShown),
    operation_id="getBillingProfile",
    summary="Show a billing profile",
)
def get_profile(request: HttpRequest, billing_profile_token: str) -> dict[str, Any]:
    """Return one profile."""
    actor = caller(request)
    return _shown(profile_with(actor=actor, token=billing_profile_token), actor)


@router.put(
    "/{billing_profile_token}",
    response=answers(BillingProfileShown),
    operation_id="updateBillingProfile",
    summary="Change a billing profile",
)
def update_profile(
    request: HttpRequest, billing_profile_token: str, given: Body[BillingProfileGiven]
) -> dict[str, Any]:
    """Return the profile as it is now. Single fields are merged, lists replaced, empty text clears."""
    actor = caller(request)
    profile = profile_with(actor=actor, token=billing_profile_token)
    change_profile(actor=actor, profile=profile, fields=given.profile_fields(), now=clock())
    return _shown(profile_with(actor=actor, token=billing_profile_token), actor)


@router.delete(
    "/{billing_profile_token}",
    response=answers(None, status=204),
    operation_id="deleteBillingProfile",
    summary="Delete a billing profile",
)
def remove_profile(request: HttpRequest, billing_profile_token: str) -> Status[None]:
    """Delete a profile that no managed account uses; issued invoices keep their copy."""
    actor = caller(request)
    delete_profile(actor=actor, profile=profile_with(actor=actor, token=billing_profile_token), now=clock())
    return Status(204, None)


@router.get(
    "/{billing_profile_token}/logo",
    response=answers(None),
    operation_id="getBillingProfileLogo",
    summary="Fetch the logo",
    openapi_extra={"responses": {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}},
)
def get_logo(request: HttpRequest, billing_profile_token: str) -> HttpResponse:
    """Return the logo as documents print it, a PNG."""
    profile = profile_with(actor=caller(request), token=billing_profile_token)
    if not profile.logo_png:
        raise Problem(404, f"{profile} has no logo")
    return HttpResponse(bytes(profile.logo_png), content_type="image/png")


@router.put(
    "/{billing_profile_token}/logo",
    response=answers(BillingProfileShown),
    operation_id="setBillingProfileLogo",
    summary="Set the logo",
    openapi_extra=_LOGO_BODY,
)
def put_logo(request: HttpRequest, billing_profile_token: str) -> dict[str, Any]:
    """Take the body, a PNG, JPEG or SVG file of at most 2 MiB, as the logo; return the profile."""
    actor = caller(request)
    profile = profile_with(actor=actor, token=billing_profile_token)
    set_logo(actor=actor, profile=profile, data=request.body, file_name="The logo", now=clock())
    return _shown(profile_with(actor=actor, token=billing_profile_token), actor)


@router.delete(
    "/{billing_profile_token}/logo",
    response=answers(None, status=204),
    operation_id="deleteBillingProfileLogo",
    summary="Take the logo away",
)
def delete_logo(request: HttpRequest, billing_profile_token: str) -> Status[None]:
    """Print no logo from now on."""
    actor = caller(request)
    set_logo(actor=actor, profile=profile_with(actor=actor, token=billing_profile_token), data=None, now=clock())
    return Status(204, None)


def _shown(profile: BillingProfile, actor: Actor) -> dict[str, Any]:
    items = [{**item, "amount": decimal_text(Decimal(item["amount"]))} for item in profile.adjustment_items]
    return {
        "token": profile.token,
        "nickname": profile.nickname,
        "created_at": time_text(profile.created_at),
        "updated_at": time_text(profile.updated_at),
        **party_shown(profile),
        "banking_information_attributes": {
            "token": profile.banking_information_token,
            "bank_name": profile.bank_name,
            "beneficiary_name": profile.beneficiary_name,
            "tax_id": profile.bank_tax_id,
            "secure_data": banking_data(actor=actor, profile=profile),
        },
        "invoice_adjustment_attributes": {"token": profile.invoice_adjustment_token, "adjustment_items": items},
        "managed_accounts_count": str(getattr(profile, "users_count", 0)),
        "cost_basis": profile.cost_basis,
        "rounding_rule": profile.rounding_rule,
        "has_logo": bool(profile.logo_width),
    }
