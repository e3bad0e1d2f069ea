"""`billow accounts`: the managed accounts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from billow.interfaces.cli.documents import account_document, delegation_document
from billow.interfaces.cli.door import BillowGroup, Door
from billow.interfaces.cli.given import fields_given, must_have, party_options, read_bytes
from billow.interfaces.cli.tables import print_fields, print_table

if TYPE_CHECKING:
    from billow.records.billing.models import ManagedAccount

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _account_options(command: CommandT) -> CommandT:
    decorate: list[Callable[[CommandT], CommandT]] = [
        click.option("--currency", help="Currency of the invoices, such as EUR."),
        click.option("--profile", "billing_profile", help='Billing profile for the invoices; "" for none of its own.'),
        click.option("--terms", "payment_terms_days", type=int, help="Days until an invoice is due, 0 to 365."),
        click.option("--locale", help="How documents write dates and numbers, such as de."),
        click.option("--email-domain", help="Domain of the customer's own users."),
        click.option("--first-period", help="First month to invoice, YYYY-MM."),
        click.option(
            "--data-ingestion-delay/--no-data-ingestion-delay",
            default=None,
            help="Months open on the 4th instead of the 1st, whatever the general setting.",
        ),
        click.option(
            "--own-integrations/--no-own-integrations",
            "include_managed_account_integrations",
            default=None,
            help="Whether costs the customer connected himself count.",
        ),
    ]
    for each in reversed(decorate):
        command = each(command)
    return party_options(command)


@click.group(cls=BillowGroup)
def accounts() -> None:
    """Managed accounts: your customers."""


@accounts.command()
@click.argument("name")
@click.option(
    "--email", "contact_email", required=True, help="Contact; invoices go there unless --billing-email is given."
)
@_account_options
@click.option("--rule", "rules", multiple=True, help="Billing rules in execution order; those for all are added.")
@click.option(
    "--integration", "integrations", multiple=True, help="Integrations that belong to the account as a whole."
)
@click.pass_obj
def add(door: Door, /, name: str, rules: tuple[str, ...], integrations: tuple[str, ...], **options: Any) -> None:
    """Add a managed account.

    \b
    Example:
      billow accounts add "Ada's Analytics" --email billing@ada.example --currency EUR --terms 14 \\
        --company-name "Ada's Analytics Ltd" --country-code IE --city Dublin
    """
    from billow.usecases.accounts import add_account
    from billow.usecases.find import find_integration, find_rule

    fields = fields_given(options)
    fields.setdefault("billing_email", [options["contact_email"]])
    account = add_account(
        actor=door.actor,
        fields={**fields, "name": name},
        rules=[find_rule(actor=door.actor, text=rule) for rule in rules],
        integrations=[find_integration(actor=door.actor, text=text) for text in integrations],
        now=door.now,
    )
    _show(door, account)


@accounts.command("set")
@click.argument("account")
@click.option("--name", help="A new name.")
@click.option("--email", "contact_email", help="A new contact address; recipients of invoices stay.")
@_account_options
@click.pass_obj
def change(door: Door, /, account: str, **options: Any) -> None:
    """Change a managed account; lists are replaced as a whole, "" empties a field.

    \b
    Example:
      billow accounts set "Ada's Analytics" --profile Main --billing-email ap@ada.example
    """
    from billow.usecases.accounts import change_account
    from billow.usecases.find import find_account

    fields = fields_given(options)
    must_have(fields)
    found = find_account(actor=door.actor, text=account)
    _show(door, change_account(actor=door.actor, account=found, fields=fields, now=door.now))


@accounts.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the managed accounts.

    \b
    Example:
      billow accounts list --json
    """
    from billow.usecases.accounts import list_accounts

    found = list_accounts(actor=door.actor)
    door.answer(
        {"accounts": [account_document(account) for account in found]},
        lambda: print_table(
            headers=("Account", "Contact", "Currency", "Terms", "Profile", "Token"),
            rows=[
                (
                    str(account),
                    account.contact_email,
                    account.currency,
                    account.payment_terms_days,
                    account.billing_profile,
                    account.token,
                )
                for account in found
            ],
            right=(3,),
        ),
    )


@accounts.command()
@click.argument("account")
@click.pass_obj
def show(door: Door, account: str) -> None:
    """Show a managed account with its rules and what is delegated to it.

    \b
    Example:
      billow accounts show "Ada's Analytics"
    """
    from billow.usecases.find import find_account

    _show(door, find_account(actor=door.actor, text=account))


@accounts.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.pass_obj
def import_(door: Door, file: str) -> None:
    """Add a managed account for each row of a CSV file, or none if any row is wrong.

    The header names the columns in any order: name and contact_email are needed; email_domain, currency, locale,
    billing_profile, payment_terms_days, include_managed_account_integrations, data_ingestion_delay, first_period,
    company_name, country_code, address_line_1, address_line_2, city, state, postal_code and billing_email (several
    separated by ;, the contact if empty) are not. A column custom:VAT ID becomes the custom field VAT ID.

    \b
    Example:
      billow accounts import customers.csv
    """
    from billow.usecases.accounts import import_accounts

    made = import_accounts(actor=door.actor, data=read_bytes(file), now=door.now)
    door.answer(
        {"accounts": [account_document(account) for account in made]},
        lambda: click.echo(f"Added {len(made):,} managed accounts."),
    )


@accounts.command()
@click.argument("account")
@click.pass_obj
def delete(door: Door, account: str) -> None:
    """Delete a managed account: drafts are cancelled, issued invoices stay.

    \b
    Example:
      billow accounts delete "Ada's Analytics" --yes
    """
    from billow.usecases.accounts import delete_account
    from billow.usecases.find import find_account

    found = find_account(actor=door.actor, text=account)
    door.confirm(f"Delete {found} with everything delegated to it?")
    cancelled = delete_account(actor=door.actor, account=found, now=door.now)
    door.answer(
        {"deleted": {"token": found.token, "name": found.name}, "cancelled_drafts": cancelled},
        lambda: click.echo(f"Deleted {found}; {cancelled} drafts cancelled."),
    )


def _show(door: Door, account: "ManagedAccount") -> None:
    from billow.usecases.rule_assignments import rules_of

    rules = rules_of(account=account)
    delegations = account.delegations.select_related("integration", "managed_account").order_by("pk")
    document = {
        **account_document(account),
        "rules": [{"token": rule.token, "title": rule.title, "type": rule.type} for rule in rules],
        "delegations": [{"integration": row.integration.name, **delegation_document(row)} for row in delegations],
    }
    shown = {
        **document,
        "billing_profile": account.billing_profile,
        "custom_fields": [f"{field['name']}: {field['value'] or ''}" for field in account.custom_fields],
        "rules": [rule.title for rule in rules],
        "delegations": [str(row) for row in delegations],
    }
    door.answer(document, lambda: print_fields(fields=shown.items()))
