"""The fields of a billing profile: read from the record or from what was typed, and handed to the use case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.interfaces.web.shown.fields import (
    Choice,
    Complaints,
    Field,
    choices_of,
    complaints_of,
    country_choices,
    with_value,
)
from billow.interfaces.web.shown.pairs import Pair, pair_columns, pairs_of, typed_pairs
from billow.records.billing.models import BillingProfile
from billow.usecases.profiles import BANK_FIELDS, SECURE_FIELDS
from billow.usecases.refused import Refused

ADDRESS = ("company_name", "country_code", "address_line_1", "address_line_2", "city", "state", "postal_code")
WORKING = ("nickname", "cost_basis", "rounding_rule")
TEXTS = (*WORKING, *ADDRESS, "billing_email", *BANK_FIELDS, *SECURE_FIELDS)
_ITEM_PARTS = ("name", "adjustment_type", "calculation_type", "amount")
_BASES = (
    ("billed_cost", gettext_noop("Billed cost, as on the provider's bill")),
    ("effective_cost", gettext_noop("Effective cost, with commitments spread")),
    ("list_cost", gettext_noop("List cost")),
    ("contracted_cost", gettext_noop("Contracted cost")),
)
_ROUNDINGS = (
    ("exact_total", gettext_noop("The exact total once; lines share it")),
    ("per_line", gettext_noop("Each line; the subtotal is their sum")),
)
_KINDS = (
    ("charge", gettext_noop("Charge (adds)")),
    ("credit", gettext_noop("Credit (takes off)")),
    ("discount", gettext_noop("Discount (takes off)")),
)
_CALCULATIONS = (
    ("percentage", gettext_noop("Percent")),
    ("fixed", gettext_noop("Fixed amount")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of taxes and fees, numbered from 1."""

    number: int
    name: str = ""
    kind: str = "charge"
    calculation: str = "percentage"
    amount: str = ""
    problems: tuple[str, ...] = ()
    name_problem: bool = False
    amount_problem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileForm:
    """The parts of the form as the page shows them."""

    working: tuple[Field, ...]
    address: tuple[Field, ...]
    pairs: tuple[Pair, ...]
    bank: tuple[Field, ...]
    items: tuple[Item, ...]
    kinds: tuple[Choice, ...]
    calculations: tuple[Choice, ...]
    complaints: Complaints


def values_of(profile: BillingProfile, *, banking: Mapping[str, str | None]) -> dict[str, str]:
    """Return the profile's fields as texts."""
    names = (*WORKING, *ADDRESS, *BANK_FIELDS)
    return {
        **{name: getattr(profile, name) or "" for name in names},
        **{name: banking.get(name) or "" for name in SECURE_FIELDS},
        "billing_email": ", ".join(profile.billing_email),
    }


def typed_values(data: QueryDict) -> dict[str, str]:
    """Return what was typed."""
    return {name: data.get(name, "") for name in TEXTS}


def typed_items(data: QueryDict) -> list[dict[str, str]]:
    """Return the lines of taxes and fees in which something was written."""
    columns = zip(*(data.getlist(f"item_{part}") for part in _ITEM_PARTS), strict=False)
    lines = [dict(zip(_ITEM_PARTS, cells, strict=True)) for cells in columns]
    return [line for line in lines if line["name"].strip() or line["amount"].strip()]


def typed_fields(data: QueryDict) -> dict[str, object]:
    """Return what was typed as the use case takes it."""
    return {**typed_values(data), "custom_fields": typed_pairs(data), "adjustment_items": typed_items(data)}


def profile_form(
    *,
    values: Mapping[str, str],
    pairs: Sequence[Mapping[str, str | None]],
    items: Sequence[Mapping[str, str]],
    refused: Refused | None = None,
) -> ProfileForm:
    """Return the form with these values, and what was wrong with them beside them."""
    item_columns = [f"adjustment_items[{at}].{part}" for at in range(1, len(items) + 1) for part in _ITEM_PARTS]
    complaints = complaints_of(refused, columns=(*TEXTS, *pair_columns(len(pairs)), *item_columns))

    def field(name: str, label: str, **more: object) -> Field:
        common = {"name": name, "label": label, "value": values.get(name, ""), "problem": complaints.about(name)}
        return Field(**common, **more)  # type: ignore[arg-type]

    return ProfileForm(
        working=(
            field("nickname", _("Name"), hint=_("For yourself; it is not printed.")),
            field("cost_basis", _("Invoices start from"), kind="select", choices=_choices(_BASES), style="half"),
            field("rounding_rule", _("Rounding"), kind="select", choices=_choices(_ROUNDINGS), style="half"),
        ),
        address=(
            field("company_name", _("Company name"), style="half"),
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
            field("billing_email", _("Billing contact"), hint=_("Printed: e-mail addresses with commas between.")),
        ),
        pairs=pairs_of(pairs, complaints=complaints),
        bank=(
            field("bank_name", _("Bank"), style="half"),
            field("beneficiary_name", _("Beneficiary"), style="half"),
            field("iban", _("IBAN"), style="half"),
            field("swift_bic", _("BIC"), style="half"),
            field("account_number", _("Account number"), style="third"),
            field("routing_number", _("Routing number"), style="third"),
            field("bank_tax_id", _("Tax ID"), style="third"),
        ),
        items=_items(items, complaints),
        kinds=_choices(_KINDS),
        calculations=_choices(_CALCULATIONS),
        complaints=complaints,
    )


def _choices(pairs: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
    return choices_of((value, _(label)) for value, label in pairs)


def _items(items: Sequence[Mapping[str, str]], complaints: Complaints) -> tuple[Item, ...]:
    shown = []
    for number, item in enumerate(items, start=1):
        found = {part: complaints.about(f"adjustment_items[{number}].{part}") for part in _ITEM_PARTS}
        shown.append(
            Item(
                number=number,
                name=item["name"],
                kind=item["adjustment_type"],
                calculation=item["calculation_type"],
                amount=item["amount"],
                problems=tuple(problem for problem in found.values() if problem),
                name_problem=bool(found["name"]),
                amount_problem=bool(found["amount"]),
            )
        )
    return (*shown, Item(number=len(shown) + 1))
