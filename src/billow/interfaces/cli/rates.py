"""`billow rates`: exchange rates."""

from typing import TYPE_CHECKING

import click

from billow.interfaces.cli.documents import rate_document
from billow.interfaces.cli.door import BillowGroup, Door, Month
from billow.interfaces.cli.given import read_bytes
from billow.interfaces.cli.tables import print_table

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod


@click.group(cls=BillowGroup)
def rates() -> None:
    """Exchange rates."""


@rates.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.pass_obj
def import_(door: Door, file: str) -> None:
    """Store every rate of a CSV file, or none; the same pair and day overwrites.

    The header, in any order: base_currency_code, currency_code, rate, date. The rate says how many units of the
    currency one unit of the base currency is; a month takes the latest rate dated within it.

    \b
    Example:
      billow rates import rates.csv
    """
    from billow.usecases.rates import import_rates

    made = import_rates(actor=door.actor, data=read_bytes(file), now=door.now)
    document = {"created": made.created, "changed": made.changed, "unchanged": made.unchanged}
    door.answer(
        document,
        lambda: click.echo(f"{made.created} new rates, {made.changed} changed, {made.unchanged} as they were."),
    )


@rates.command("list")
@click.option("--period", type=Month(), help="Only this month.")
@click.pass_obj
def list_(door: Door, period: "BillingPeriod | None") -> None:
    """List the exchange rates, newest first.

    \b
    Example:
      billow rates list --period 2026-03
    """
    from billow.usecases.rates import list_rates

    documents = [rate_document(rate) for rate in list_rates(actor=door.actor, period=period)]
    door.answer(
        {"rates": documents},
        lambda: print_table(
            headers=("Base", "Currency", "Rate", "Date"),
            rows=[
                (each["base_currency_code"], each["currency_code"], each["rate"], each["effective_date"])
                for each in documents
            ],
            right=(2,),
        ),
    )
