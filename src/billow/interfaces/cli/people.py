"""`billow users` and `billow teams`: who acts, and who sees which managed account."""

from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import BillowGroup, Door
from billow.interfaces.cli.given import must_have
from billow.interfaces.cli.tables import print_table
from billow.terms.text import trimmed

if TYPE_CHECKING:
    from billow.records.accounts.models import Team, User

ROLES = ("owner", "integration_owner", "editor", "viewer")


@click.group(cls=BillowGroup)
def users() -> None:
    """The people of the MSP and of its customers, and their roles."""


@users.command("add")
@click.argument("email")
@click.option("--name", default="", help="As others see it.")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.option("--account", help="The managed account whose person it is; it sees its approved invoices only.")
@click.pass_obj
def add(door: Door, email: str, name: str, role: str, account: str | None) -> None:
    """Add a person; for one of the MSP, show a first password, once.

    \b
    Example:
      billow users add bob@nimbus.example --name Bob --role editor
    """
    import secrets

    from billow.usecases.find import find_account
    from billow.usecases.users import add_user

    owner = find_account(actor=door.actor, text=account) if account else None
    password = None if owner is not None else secrets.token_urlsafe(12)
    made = add_user(actor=door.actor, email=email, name=name, role=role, password=password, account=owner, now=door.now)
    said = f"{made.email} is {made.role}." + (f" First password, shown this once: {password}" if password else "")
    door.answer({**_user(made), "password": password}, lambda: click.echo(said))


@users.command()
@click.argument("user")
@click.pass_obj
def invite(door: Door, user: str) -> None:
    """Mail a link with which a user chooses a password; it works once, for seven days.

    \b
    Example:
      billow users invite bob@nimbus.example
    """
    from billow.usecases.mailed_links import invite_user
    from billow.usecases.users import find_user

    found = find_user(actor=door.actor, text=user)
    link = invite_user(actor=door.actor, user=found, now=door.now)
    door.answer(
        {"user": found.email, "token": link.token}, lambda: click.echo(f"An invitation to {found.email} is on its way.")
    )


@users.command()
@click.argument("user")
@click.pass_obj
def recover(door: Door, user: str) -> None:
    """Let somebody who lost the phone sign in with the password alone; it ends all their sessions.

    \b
    Example:
      billow users recover bob@nimbus.example
    """
    from billow.usecases.one_time_codes import forget_factors
    from billow.usecases.users import find_user

    found = find_user(actor=door.actor, text=user)
    forget_factors(actor=door.actor, user=found, now=door.now)
    door.answer({"user": found.email}, lambda: click.echo(f"{found.email} signs in with the password alone now."))


@users.command("list")
@click.pass_obj
def list_users(door: Door) -> None:
    """List everybody, services and customers too.

    \b
    Example:
      billow users list
    """
    from billow.usecases.users import list_users as listed

    documents = [_user(each) for each in listed(actor=door.actor)]
    columns = ("email", "name", "role", "account", "is_active")
    rows = [tuple(each[column] for column in columns) for each in documents]
    headers = ("E-mail", "Name", "Role", "Account", "Active")
    door.answer({"users": documents}, lambda: print_table(headers=headers, rows=rows))


@users.command("set")
@click.argument("user")
@click.option("--name", help="As others see it.")
@click.option("--role", type=click.Choice(ROLES))
@click.option("--active/--inactive", "is_active", default=None, help="An inactive user neither signs in nor asks.")
@click.pass_obj
def set_user(door: Door, /, user: str, **options: Any) -> None:
    """Change a user, named by e-mail address or token.

    \b
    Example:
      billow users set bob@nimbus.example --inactive
    """
    from billow.usecases.users import change_user, find_user

    fields = {name: value for name, value in options.items() if value is not None}
    must_have(fields)
    found = find_user(actor=door.actor, text=user)
    changed = change_user(actor=door.actor, user=found, fields=fields, now=door.now)
    door.answer(_user(changed), lambda: click.echo(f"{changed.email} was changed."))


@click.group(cls=BillowGroup)
def teams() -> None:
    """Teams, and which managed accounts each may see."""


@teams.command("add")
@click.argument("name")
@click.option("--user", "users_", multiple=True, help="E-mail address of a member; repeat for several.")
@click.pass_obj
def add_team_(door: Door, name: str, users_: tuple[str, ...]) -> None:
    """Add a team.

    \b
    Example:
      billow teams add "Olive growers" --user bob@nimbus.example
    """
    from billow.usecases.teams import add_team

    team = add_team(actor=door.actor, fields={"name": name, "user_emails": list(users_)}, now=door.now)
    door.answer(_team(team), lambda: click.echo(f"{team} ({team.token})"))


@teams.command("list")
@click.pass_obj
def list_teams(door: Door) -> None:
    """List the teams with their members and what they say about accounts.

    \b
    Example:
      billow teams list
    """
    from billow.usecases.page import PageWanted
    from billow.usecases.teams import page_of_teams

    documents = [_team(each) for each in page_of_teams(actor=door.actor, wanted=PageWanted()).items]
    rows = [(trimmed(each["name"]), ", ".join(each["members"]), str(each["access"] or "")) for each in documents]
    door.answer({"teams": documents}, lambda: print_table(headers=("Team", "Members", "Access"), rows=rows))


@teams.command()
@click.argument("team")
@click.argument("word", type=click.Choice(("can", "cannot", "inherit")))
@click.option("--account", required=True, help="The managed account.")
@click.pass_obj
def access(door: Door, team: str, word: str, account: str) -> None:
    """Say whether a team can see a managed account, cannot, or does what Everyone does. One "cannot" wins.

    \b
    Example:
      billow teams access Everyone cannot --account "Nordwind GmbH"
    """
    from billow.usecases.find import find_account
    from billow.usecases.teams import find_team, set_access

    found = find_team(actor=door.actor, text=team)
    customer = find_account(actor=door.actor, text=account)
    set_access(actor=door.actor, team=found, account=customer, access=word, now=door.now)
    door.answer(_team(found), lambda: click.echo(f"{found}: {word} access {customer}."))


def _user(user: "User") -> dict[str, Any]:
    return {
        "token": user.token,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "account": None if user.managed_account is None else user.managed_account.name,
        "is_service": user.is_service,
        "is_active": user.is_active,
    }


def _team(team: "Team") -> dict[str, Any]:
    from billow.usecases.teams import access_of, members_of

    return {
        "token": team.token,
        "name": team.name,
        "members": [member.user.email for member in members_of(team=team)],
        "access": access_of(team=team),
    }
