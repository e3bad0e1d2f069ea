"""`billow settings`: what holds for all invoices of the management account."""

from dataclasses import asdict

import click

from billow.interfaces.cli.door import BillowGroup, Door, Failed
from billow.interfaces.cli.tables import print_fields


@click.group(cls=BillowGroup)
def settings() -> None:
    """Time zone, currency and number pattern of the management account."""


@settings.command()
@click.pass_obj
def show(door: Door) -> None:
    """Show the settings.

    \b
    Example:
      billow settings show
    """
    from billow.usecases.management_account import show_settings

    document = asdict(show_settings(actor=door.actor))
    door.answer(document, lambda: print_fields(fields=document.items()))


@settings.command("set")
@click.option("--name", help="Your company's name.")
@click.option("--time-zone", help="Months begin at midnight here, such as Europe/Berlin.")
@click.option(
    "--data-ingestion-delay/--no-data-ingestion-delay", default=None, help="Months open on the 4th instead of the 1st."
)
@click.option("--currency", help="New managed accounts begin with this currency.")
@click.option("--number-pattern", help="Invoice numbers, such as INV-{year}-{sequence:05}.")
@click.option("--credit-note-pattern", help="Credit note numbers, such as CN-{year}-{sequence:05}.")
@click.option("--first-number", help="Count invoices from here; only before the first one.")
@click.option("--first-credit-note-number", help="Count credit notes from here; only before the first one.")
@click.pass_obj
def change(door: Door, /, **options: object) -> None:
    """Change settings; what is not named stays as it is.

    \b
    Example:
      billow settings set --time-zone Europe/Berlin --number-pattern "R{year}-{sequence:06}"
    """
    from billow.usecases.management_account import change_settings

    fields = {name: value for name, value in options.items() if value is not None}
    if not fields:
        raise Failed("nothing_given", "Name at least one setting to change; `billow settings set --help` lists them")
    document = asdict(change_settings(actor=door.actor, fields=fields, now=door.now))
    door.answer(document, lambda: print_fields(fields=document.items()))
