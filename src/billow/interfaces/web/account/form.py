"""The fields of a managed account: read from the record or from what was typed, and handed to the use case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.interfaces.web.shown.fields import (
    Choice,
    Complaints,
    Field,
    choices_of,
    complaints_of,
    country_choices,
    currency_choices,
    with_value,
)
from billow.interfaces.web.shown.pairs import Pair, pair_columns, pairs_of, typed_pairs
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.usecases.refused import Refused

DETAILS = (
    "name",
    "contact_email",
    "billing_profile",
    "currency",
    "payment_terms_days",
    "locale",
    "data_ingestion_delay",
    "email_domain",
    "first_period",
)
ADDRESS = ("company_name", "country_code", "address_line_1", "address_line_2", "city", "state", "postal_code")
TEXTS = (*DETAILS, *ADDRESS, "billing_email")
OWN_INTEGRATIONS = "include_managed_account_integrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountForm:
    """The three parts of the form as the page shows them."""

    details: tuple[Field, ...]
    address: tuple[Field, ...]
    pairs: tuple[Pair, ...]
    complaints: Complaints


def values_of(account: ManagedAccount) -> dict[str, str]:
    """Return the account's fields as texts."""
    delay = account.data_ingestion_delay
    texts = {name: getattr(account, name) or "" for name in (*ADDRESS, "name", "contact_email", "email_domain")}
    return {
        **texts,
        "currency": account.currency,
        "locale": account.locale,
        "billing_profile": account.billing_profile.token if account.billing_profile else "",
        "payment_terms_days": str(account.payment_terms_days),
        "data_ingestion_delay": "" if delay is None else str(delay).lower(),
        "first_period": account.first_period_start.strftime("%Y-%m"),
        "billing_email": ", ".join(account.billing_email),
        OWN_INTEGRATIONS: "yes" if account.include_managed_account_integrations else "",
    }


def typed_values(data: QueryDict) -> dict[str, str]:
    """Return what was typed."""
    return {name: data.get(name, "") for name in (*TEXTS, OWN_INTEGRATIONS)}


def typed_fields(data: QueryDict) -> dict[str, object]:
    """Return what was typed as the use case takes it."""
    values = typed_values(data)
    fields: dict[str, object] = {name: values[name] for name in TEXTS}
    fields["data_ingestion_delay"] = values["data_ingestion_delay"] or None
    fields[OWN_INTEGRATIONS] = values[OWN_INTEGRATIONS] == "yes"
    fields["custom_fields"] = typed_pairs(data)
    return fields


def account_form(
    *,
    values: Mapping[str, str],
    pairs: Sequence[Mapping[str, str | None]],
    profiles: Sequence[BillingProfile],
    refused: Refused | None = None,
) -> AccountForm:
    """Return the form with these values, and what was wrong with them beside them."""
    complaints = complaints_of(refused, columns=(*TEXTS, OWN_INTEGRATIONS, *pair_columns(len(pairs))))

    def field(name: str, label: str, **more: object) -> Field:
        common = {"name": name, "label": label, "value": values.get(name, ""), "problem": complaints.about(name)}
        return Field(**common, **more)  # type: ignore[arg-type]

    return AccountForm(
        details=(
            field("name", _("Name"), style="half"),
            field("contact_email", _("Contact e-mail"), kind="email", style="half", hint=_("One account per address.")),
            field(
                "billing_profile",
                _("Billing profile"),
                kind="select",
                choices=_profile_choices(profiles),
                style="half",
                hint=_("Whose name and bank account its invoices carry."),
            ),
            field(
                "currency",
                _("Invoice currency"),
                kind="select",
                choices=with_value(currency_choices(), values.get("currency", "")),
                style="half",
            ),
            field(
                "payment_terms_days",
                _("Payment terms in days"),
                kind="text",
                style="third",
                hint=_("0: due on receipt."),
            ),
            field("locale", _("Language"), style="third", hint=_("Such as en, de or pt-BR.")),
            field("first_period", _("First month to invoice"), style="third", hint=_("YYYY-MM; no earlier one.")),
            field("data_ingestion_delay", _("Months open"), kind="select", choices=_delays(), style="half"),
            field("email_domain", _("E-mail domain"), style="half", is_optional=True, hint=_("For single sign-on.")),
            field(OWN_INTEGRATIONS, _("Invoice costs of integrations that the customer connected too"), kind="tick"),
        ),
        address=(
            field(
                "billing_email",
                _("Invoice recipients"),
                kind="textarea",
                hint=_("E-mail addresses with commas between. They need no access to this console."),
            ),
            field("company_name", _("Company name"), style="half", hint=_("As printed on the invoice.")),
            field(
                "country_code",
                _("Country"),
                kind="select",
                choices=with_value(country_choices(), values.get("country_code", "")),
                style="half",
            ),
            field("address_line_1", _("Address"), style="half"),
            field("address_line_2", _("Address, second line"), style="half", is_optional=True),
            field("postal_code", _("Postal code"), style="third"),
            field("city", _("City"), style="third"),
            field("state", _("State or province"), style="third", is_optional=True),
        ),
        pairs=pairs_of(pairs, complaints=complaints),
        complaints=complaints,
    )


def _delays() -> tuple[Choice, ...]:
    return choices_of(
        [
            ("", _("As set for all accounts")),
            ("false", _("Open on the 1st")),
            ("true", _("Open on the 4th: data arrives late")),
        ]
    )


def _profile_choices(profiles: Sequence[BillingProfile]) -> tuple[Choice, ...]:
    none = _("%(name)s (the only one)") % {"name": profiles[0].nickname} if len(profiles) == 1 else _("None")
    return choices_of([("", none), *((profile.token, profile.nickname) for profile in profiles)])
