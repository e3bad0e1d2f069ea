"""`billow tokens`: API tokens."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import BillowGroup, Door
from billow.interfaces.cli.tables import print_table

if TYPE_CHECKING:
    from billow.records.accounts.models import ApiToken


@click.group(cls=BillowGroup)
def tokens() -> None:
    """API tokens, with which programs act as a user."""


@tokens.command()
@click.option("--user", help="A user's e-mail address or token: a personal token.")
@click.option("--service", metavar="NAME", help="Instead of a user: a new service of this name, which acts by itself.")
@click.option("--role", default="viewer", show_default=True, help="The service's role.")
@click.option("--team", help="The service's team: it sees what the team sees.")
@click.option("--account", help="The managed account that the service belongs to: it sees its approved invoices only.")
@click.option("--scope", default="read", show_default=True, help="read, or read,write.")
@click.option("--description", default="", help="What it is for.")
@click.option("--expires-in-days", type=click.IntRange(min=1, max=36_500), help="Without it: until it is revoked.")
@click.pass_obj
def create(door: Door, /, user: str | None, service: str | None, **options: Any) -> None:
    """Create a token and show it, once.

    \b
    Examples:
      billow tokens create --user alice@nimbus.example --scope read,write
      billow tokens create --service Terraform --role owner --scope read,write --expires-in-days 365
    """
    from billow.usecases.api_tokens import create_token
    from billow.usecases.users import find_user

    if bool(user) == bool(service):
        raise click.UsageError("Name either --user or --service.")
    holder = find_user(actor=door.actor, text=user) if user else _new_service(door, service or "", options)
    days = options["expires_in_days"]
    made = create_token(
        actor=door.actor,
        user=holder,
        scopes=[part for part in options["scope"].replace(" ", "").split(",") if part],
        description=options["description"],
        expires_at=None if days is None else door.now + timedelta(days=days),
        now=door.now,
    )
    document = {**_document(made.row), "token": made.secret}

    def tell() -> None:
        click.echo(made.secret)
        door.say("Keep it: it cannot be shown again.")

    door.answer(document, tell)


@tokens.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the tokens, without their secrets.

    \b
    Example:
      billow tokens list
    """
    from billow.usecases.api_tokens import list_tokens

    documents = [_document(row) for row in list_tokens(actor=door.actor)]
    columns = ("id", "user", "scopes", "description", "state", "expires_at", "last_used_at")
    rows = [tuple(each[column] for column in columns) for each in documents]
    headers = ("Id", "User", "Scopes", "Description", "State", "Expires", "Last used")
    door.answer({"tokens": documents}, lambda: print_table(headers=headers, rows=rows))


@tokens.command()
@click.argument("token")
@click.pass_obj
def revoke(door: Door, token: str) -> None:
    """End a token for good; name it by its identifier or by the secret itself.

    \b
    Example:
      billow tokens revoke api_tkn_0123456789abcdef --yes
    """
    from billow.usecases.api_tokens import revoke_token

    door.confirm("Whatever uses this token stops working. Go on?")
    row = revoke_token(actor=door.actor, token=token, now=door.now)
    door.answer(_document(row), lambda: click.echo(f"{row.token} is revoked."))


def _new_service(door: Door, name: str, options: dict[str, Any]) -> Any:
    from billow.usecases.find import find_account
    from billow.usecases.teams import find_team
    from billow.usecases.users import add_service

    team, account = options["team"], options["account"]
    return add_service(
        actor=door.actor,
        name=name,
        role=options["role"],
        team=find_team(actor=door.actor, text=team) if team else None,
        account=find_account(actor=door.actor, text=account) if account else None,
        now=door.now,
    )


def _document(row: "ApiToken") -> dict[str, Any]:
    return {
        "id": row.token,
        "user": row.user.name if row.user.is_service else row.user.email,
        "role": row.user.role,
        "scopes": ",".join(row.scopes),
        "description": row.description,
        "state": "live" if row.revoked_at is None else "revoked",
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
    }
