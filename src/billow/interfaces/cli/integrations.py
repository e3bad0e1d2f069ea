"""`billow integrations`: cost sources, and who gets what of them."""

from datetime import date

import click

from billow.interfaces.cli.documents import delegation_document, integration_document
from billow.interfaces.cli.door import BillowGroup, Day, Door
from billow.interfaces.cli.tables import print_fields, print_table
from billow.terms.text import trimmed


@click.group(cls=BillowGroup)
def integrations() -> None:
    """Cost sources, and who gets what of them."""


@integrations.command()
@click.argument("name")
@click.option("--provider", required=True, help="A key such as aws, azure, gcp or custom_provider.")
@click.pass_obj
def add(door: Door, name: str, provider: str) -> None:
    """Add a cost source.

    \b
    Example:
      billow integrations add "AWS payer" --provider aws
    """
    from billow.usecases.integrations import add_integration

    integration = add_integration(actor=door.actor, name=name, provider=provider, now=door.now)
    document = integration_document(integration)
    door.answer(document, lambda: print_fields(fields=document.items()))


@integrations.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the cost sources and their delegations.

    \b
    Example:
      billow integrations list
    """
    from billow.usecases.integrations import list_integrations

    documents = [integration_document(integration) for integration in list_integrations(actor=door.actor)]
    door.answer(
        {"integrations": documents},
        lambda: print_table(
            headers=(
                "Integration",
                "Provider",
                "Delegated to",
                "Billing account",
                "Sub account",
                "From",
                "To",
                "Token",
            ),
            rows=[
                (
                    trimmed(each["name"]),
                    each["provider"],
                    trimmed(row.get("account_name")),
                    row.get("billing_account_id"),
                    row.get("sub_account_id"),
                    row.get("start_date"),
                    row.get("end_date"),
                    each["token"],
                )
                for each in documents
                for row in each["delegations"] or [{}]
            ],
        ),
    )


@integrations.command()
@click.argument("name")
@click.option("--account", required=True, help="The managed account that gets the charges.")
@click.option("--billing-account", default="", help="The provider's billing (payer) account; found if left out.")
@click.option("--sub-account", "sub_accounts", multiple=True, help="A sub account; repeat for several, none for all.")
@click.option("--start", "start_date", type=Day(), help="First day; from the beginning if left out.")
@click.option("--end", "end_date", type=Day(), help="Last day; without end if left out.")
@click.option("--by-customer", is_flag=True, help="The customer connected this integration himself.")
@click.pass_obj
def delegate(
    door: Door,
    *,
    name: str,
    account: str,
    billing_account: str,
    sub_accounts: tuple[str, ...],
    start_date: date | None,
    end_date: date | None,
    by_customer: bool,
) -> None:
    """Give charges of a cost source to a managed account.

    The narrowest delegation wins; giving one thing to two accounts at the same time is refused.

    \b
    Example:
      billow integrations delegate "AWS payer" --account Ada --sub-account 111122223333 --sub-account 444455556666
    """
    from billow.usecases.find import find_account, find_integration
    from billow.usecases.integrations import delegate as delegate_charges

    rows = delegate_charges(
        actor=door.actor,
        integration=find_integration(actor=door.actor, text=name),
        account=find_account(actor=door.actor, text=account),
        billing_account_id=billing_account,
        sub_account_ids=sub_accounts,
        start_date=start_date,
        end_date=end_date,
        connected_by_customer=by_customer,
        now=door.now,
    )
    for row in rows:
        if row.sub_account_id and not row.billing_account_id:
            door.say(f"Sub account {row.sub_account_id} counts under whichever billing account bills it.")
    document = {
        "token": rows[0].integration.token,
        "integration": rows[0].integration.name,
        "delegations": [delegation_document(row) for row in rows],
    }
    door.answer(document, lambda: click.echo("\n".join(str(row) for row in rows)))


@integrations.command()
@click.argument("name")
@click.option("--account", required=True, help="The managed account that loses the charges.")
@click.option("--billing-account", default="", help="Only this billing account.")
@click.option("--sub-account", "sub_accounts", multiple=True, help="Only this sub account; repeat for several.")
@click.pass_obj
def undelegate(door: Door, name: str, account: str, billing_account: str, sub_accounts: tuple[str, ...]) -> None:
    """Take charges back from a managed account; to end a delegation on a day, delegate again with --end.

    \b
    Example:
      billow integrations undelegate "AWS payer" --account Ada --sub-account 111122223333 --yes
    """
    from billow.usecases.find import find_account, find_integration
    from billow.usecases.integrations import undelegate as take_back

    integration = find_integration(actor=door.actor, text=name)
    found = find_account(actor=door.actor, text=account)
    door.confirm(f"Take charges of {integration} back from {found}?")
    removed = take_back(
        actor=door.actor,
        integration=integration,
        account=found,
        billing_account_id=billing_account,
        sub_account_ids=sub_accounts,
        now=door.now,
    )
    door.answer({"removed": removed}, lambda: click.echo(f"{removed} delegations removed."))
