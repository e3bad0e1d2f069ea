"""`billow init`: the data folder, the keys, the database and the owner."""

import click

from billow.interfaces.cli.door import BillowCommand, Door, Failed, data_folder
from billow.interfaces.cli.tables import print_fields


class InitCommand(BillowCommand):
    """Makes the keys first: in production, settings refuse to load without them."""

    def prepare(self) -> None:
        """Make the keys."""
        from billow.usecases.keys import create_keys

        try:
            create_keys(data=data_folder())
        except OSError as denied:
            message = f"The data folder {data_folder()} cannot be written: {denied.strerror or denied}"
            raise Failed("data_folder", message) from denied


@click.command(cls=InitCommand)
@click.option(
    "--owner", "owner_email", default="owner@localhost", show_default=True, help="The owner's e-mail address."
)
@click.option("--company", "company_name", default="My company", show_default=True, help="Your company's name.")
@click.option("--another", is_flag=True, help="Add another management account to this installation.")
@click.pass_obj
def init(door: Door, owner_email: str, company_name: str, another: bool) -> None:
    """Make the data folder, the keys, the database and the owner. Safe to repeat.

    The owner's password is taken from BILLOW_OWNER_PASSWORD, or made up and shown once.

    \b
    Example:
      billow init --owner anna@example.com --company "Example Cloud GmbH"
    """
    from django.conf import settings

    from billow.usecases.initialise import initialise

    made = initialise(
        data=door.data,
        owner_email=owner_email,
        owner_password=settings.OWNER_PASSWORD or None,
        company_name=company_name,
        now=door.now,
        another=another,
    )
    document = {
        "owner": made.owner_email,
        "password": made.password_shown_once,
        "data": made.data,
        "database": made.database,
        "management_account": made.management_account,
    }
    door.answer(document, lambda: print_fields(fields=document.items()))
    if made.password_shown_once:
        door.say("Write the password down: it is not shown again.")
