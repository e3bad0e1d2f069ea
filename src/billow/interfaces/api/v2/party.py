"""The address and the free fields that billing profiles and managed accounts share."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, WithJsonSchema

from billow.interfaces.api.given import Given, Text, Texts
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.usecases.field_checks import BILLING_FIELDS


class BillingInformation(Schema):
    """An address, and where invoices or questions about them go."""

    token: str
    company_name: str | None
    country_code: str | None
    address_line_1: str | None
    address_line_2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    billing_email: list[str]


class CustomFieldShown(Schema):
    """A free name and value, printed below the address."""

    name: str
    value: str | None


class BusinessMetadata(Schema):
    """Free fields in the order they are printed."""

    custom_fields: list[CustomFieldShown]


class BusinessInformation(Schema):
    """Tax ids, order numbers and the like."""

    token: str
    metadata: BusinessMetadata


class BillingInformationGiven(Given):
    """An address as a client writes it; its ``token`` and ``id`` are ignored."""

    company_name: Text = None
    country_code: Text = Field(None, examples=["DE"])
    address_line_1: Text = None
    address_line_2: Text = None
    city: Text = None
    state: Text = None
    postal_code: Text = None
    billing_email: Texts = None


CustomFields = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "value": {"type": ["string", "null"]}},
                        "required": ["name"],
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]


class BusinessMetadataGiven(Given):
    """Free fields as a client writes them; the list replaces the one before."""

    custom_fields: CustomFields = Field(None, examples=[[{"name": "VAT ID", "value": "DE123456789"}]])


class BusinessInformationGiven(Given):
    """Free fields as a client writes them; the ``token`` is ignored."""

    metadata: BusinessMetadataGiven | None = None


class PartyGiven(Given):
    """What profiles and accounts share."""

    billing_information_attributes: BillingInformationGiven | None = None
    business_information_attributes: BusinessInformationGiven | None = None

    def party_fields(self) -> dict[str, Any]:
        """Return the address and the free fields that were given, by the names of the use cases."""
        billing, business = self.billing_information_attributes, self.business_information_attributes
        fields = {} if billing is None else billing.fields()
        if business is not None and business.metadata is not None:
            fields |= business.metadata.fields()
        return fields


def party_shown(party: BillingProfile | ManagedAccount) -> dict[str, Any]:
    """Return both objects, never null."""
    return {
        "billing_information_attributes": {
            "token": party.billing_information_token,
            **{name: getattr(party, name) for name in BILLING_FIELDS},
        },
        "business_information_attributes": {
            "token": party.business_information_token,
            "metadata": {"custom_fields": party.custom_fields},
        },
    }
