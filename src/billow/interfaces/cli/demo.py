"""`billow demo`: a fictional provider closes a month."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billow.interfaces.cli.door import BillowCommand, Door, data_folder
from billow.interfaces.cli.tables import amount_text, print_table

if TYPE_CHECKING:
    from billow.usecases.demo.report import DemoReport

FOLDER = Path("var/demo")


class DemoCommand(BillowCommand):
    """Has a data folder of its own, so that it never comes near real data by accident."""

    def prepare(self) -> None:
        """Choose the folder unless one was named."""
        os.environ.setdefault("BILLOW_DATA", str(FOLDER.resolve()))
        os.environ["BILLOW_DATA"] = str(data_folder())


@click.command(cls=DemoCommand)
@click.option("--no-serve", is_flag=True, help="End after the table.")
@click.option("--rows", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Rows of made-up bills.")
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="HOST:PORT to serve on.")
@click.pass_obj
def demo(door: Door, no_serve: bool, rows: int, bind: str) -> None:
    """Close a month for a fictional provider with customers in several currencies, then serve the console.

    Makes a data folder of its own (var/demo unless --data names one) and begins anew each time.

    \b
    Example:
      billow demo --no-serve --rows 50000
    """
    from billow.usecases.demo import close_demo_month

    report = close_demo_month(data=door.data, rows=rows, now=door.now, on_step=door.say)
    document = {
        "billing_period": report.period,
        "invoices": [
            {
                "number": invoice.number,
                "account": invoice.account,
                "currency": invoice.currency,
                "provider_cost": invoice.provider_cost,
                "subtotal": invoice.subtotal,
                "total": invoice.total,
                "margin": invoice.margin,
                "status": invoice.status,
                "pdf": invoice.pdf,
                "csv": invoice.csv,
            }
            for invoice in report.invoices
        ],
        "unallocated": [{"currency": currency, "cost": cost} for currency, cost in sorted(report.unallocated.items())],
        "documents": report.documents,
        "outbox": report.outbox,
        "mails": report.mails,
    }
    door.answer(document, lambda: _print(report))
    if not no_serve:
        door.say(f"Sign in as {report.sign_in_email} with the password {report.sign_in_password}")
        sys.stdout.flush()
        # A new process, because the supervisor of the console must not share one with the engine's threads.
        os.execv(sys.executable, [sys.executable, "-m", "billow", "serve", "--bind", bind])  # noqa: S606


def _print(report: "DemoReport") -> None:
    print_table(
        title=f"Invoices of {report.period}",
        headers=("Customer", "Number", "Provider cost", "Billed", "Total", "Margin", "", "Status"),
        rows=[
            (
                invoice.account,
                invoice.number,
                f"{invoice.provider_cost:,}",
                f"{invoice.subtotal:,}",
                f"{invoice.total:,}",
                f"{invoice.margin:,}",
                invoice.currency,
                invoice.status.replace("_", " "),
            )
            for invoice in report.invoices
        ],
        right=(2, 3, 4, 5),
    )
    for currency, cost in sorted(report.unallocated.items()):
        click.echo(f"Unallocated: {amount_text(cost)} {currency}")
    click.echo(f"PDFs and CSVs: {report.documents}")
    click.echo(f"Mails: {report.mails} in {report.outbox}")
