"""`billow profiles`: what invoices say about the seller."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from billow.interfaces.cli.documents import profile_document
from billow.interfaces.cli.door import BillowGroup, Door
from billow.interfaces.cli.given import fields_given, must_have, party_options, read_bytes
from billow.interfaces.cli.tables import print_fields, print_table
from billow.terms.text import trimmed

if TYPE_CHECKING:
    from billow.records.billing.models import BillingProfile

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_TEXTS = (
    ("bank-name", "Name of the bank."),
    ("beneficiary-name", "Owner of the bank account."),
    ("bank-tax-id", "The bank's tax id."),
    ("account-number", "Account number (US)."),
    ("routing-number", "Routing number (US)."),
    ("iban", "IBAN."),
    ("swift-bic", "BIC."),
    ("cost-basis", "billed_cost, effective_cost, list_cost or contracted_cost."),
    ("rounding-rule", "exact_total or per_line."),
)


def _profile_options(command: CommandT) -> CommandT:
    for name, text in reversed(_TEXTS):
        command = click.option(f"--{name}", help=text)(command)
    command = click.option(
        "--adjustment",
        "adjustment_items",
        multiple=True,
        help='A tax, fee or discount: NAME=TYPE,CALCULATION,AMOUNT, such as "VAT=charge,percentage,19"; "" for none.',
    )(command)
    command = click.option("--logo", type=click.Path(), help="PNG, JPEG or SVG file.")(command)
    command = click.option("--no-logo", is_flag=True, help="Take the logo away.")(command)
    command = click.option("--logo-for-all", is_flag=True, help="The same logo for every profile.")(command)
    return party_options(command)


@click.group(cls=BillowGroup)
def profiles() -> None:
    """Billing profiles: what invoices say about you."""


@profiles.command()
@click.argument("nickname")
@_profile_options
@click.pass_obj
def add(door: Door, /, nickname: str, **options: Any) -> None:
    """Add a billing profile.

    \b
    Example:
      billow profiles add Main --company-name "Example Cloud GmbH" --country-code DE \\
        --address-line-1 "Ringstraße 1" --postal-code 10115 --city Berlin \\
        --custom-field "VAT ID=DE123456789" --iban "DE89 3704 0044 0532 0130 00" \\
        --adjustment "VAT=charge,percentage,19" --logo logo.svg
    """
    from billow.usecases.profiles import add_profile

    logo = _take_logo(options)
    saved = add_profile(actor=door.actor, fields={**fields_given(options), "nickname": nickname}, now=door.now)
    door.warn(saved.warnings)
    _show(door, _set_logo(door, saved.profile, logo))


@profiles.command("set")
@click.argument("profile")
@click.option("--nickname", help="A new nickname.")
@_profile_options
@click.pass_obj
def change(door: Door, /, profile: str, **options: Any) -> None:
    """Change a billing profile; lists are replaced as a whole, "" empties a field.

    \b
    Example:
      billow profiles set Main --adjustment "VAT=charge,percentage,19" --adjustment "Handling=charge,fixed,25"
    """
    from billow.usecases.find import find_profile
    from billow.usecases.profiles import change_profile

    logo = _take_logo(options)
    fields = fields_given(options)
    must_have([*fields, *([logo] if logo else [])])
    found = find_profile(actor=door.actor, text=profile)
    if fields:
        saved = change_profile(actor=door.actor, profile=found, fields=fields, now=door.now)
        door.warn(saved.warnings)
        found = saved.profile
    _show(door, _set_logo(door, found, logo))


@profiles.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the billing profiles.

    \b
    Example:
      billow profiles list
    """
    from billow.usecases.profiles import banking_data, list_profiles

    documents = [
        profile_document(profile, banking=banking_data(actor=door.actor, profile=profile))
        for profile in list_profiles(actor=door.actor)
    ]
    door.answer(
        {"profiles": documents},
        lambda: print_table(
            headers=("Profile", "Company", "Country", "Accounts", "Token"),
            rows=[
                (
                    trimmed(each["nickname"]),
                    each["company_name"],
                    each["country_code"],
                    each["managed_accounts_count"],
                    each["token"],
                )
                for each in documents
            ],
            right=(3,),
        ),
    )


@profiles.command()
@click.argument("profile")
@click.pass_obj
def show(door: Door, profile: str) -> None:
    """Show a billing profile.

    \b
    Example:
      billow profiles show Main
    """
    from billow.usecases.find import find_profile

    _show(door, find_profile(actor=door.actor, text=profile))


@profiles.command()
@click.argument("profile")
@click.pass_obj
def delete(door: Door, profile: str) -> None:
    """Delete a billing profile that no managed account uses.

    \b
    Example:
      billow profiles delete "Old bank"
    """
    from billow.usecases.find import find_profile
    from billow.usecases.profiles import delete_profile

    found = find_profile(actor=door.actor, text=profile)
    document = {"token": found.token, "nickname": found.nickname}
    door.confirm(f"Delete the billing profile {found}?")
    delete_profile(actor=door.actor, profile=found, now=door.now)
    door.answer({"deleted": document}, lambda: click.echo(f"Deleted {document['nickname']}."))


@dataclass(frozen=True, slots=True)
class _LogoWish:
    """What the options ask for; a file is read and checked before anything is changed."""

    data: bytes | None
    file_name: str
    remove: bool
    for_all: bool

    def __bool__(self) -> bool:
        return self.data is not None or self.remove


def _take_logo(options: dict[str, Any]) -> _LogoWish:
    from billow.usecases.profiles import check_logo

    path, remove, for_all = (options.pop(name) for name in ("logo", "no_logo", "logo_for_all"))
    if not path:
        return _LogoWish(None, "", remove, for_all)
    wish = _LogoWish(read_bytes(path), Path(path).name, remove, for_all)
    check_logo(data=wish.data or b"", file_name=wish.file_name)
    return wish


def _set_logo(door: Door, profile: "BillingProfile", wish: _LogoWish) -> "BillingProfile":
    from billow.usecases.profiles import set_logo

    if not wish:
        return profile
    return set_logo(
        actor=door.actor,
        profile=profile,
        data=wish.data,
        file_name=wish.file_name,
        for_all=wish.for_all,
        now=door.now,
    )


def _show(door: Door, profile: "BillingProfile") -> None:
    from billow.usecases.profiles import banking_data

    document = profile_document(profile, banking=banking_data(actor=door.actor, profile=profile))
    shown = {
        **document,
        "custom_fields": [f"{field['name']}: {field['value'] or ''}" for field in document["custom_fields"]],
        "adjustment_items": [
            f"{item['name']} ({item['adjustment_type']}, {item['calculation_type']}, {item['amount']})"
            for item in document["adjustment_items"]
        ],
        "logo": f"{profile.logo_width} × {profile.logo_height} pixels" if profile.logo_width else None,
    }
    door.answer(document, lambda: print_fields(fields=shown.items()))
