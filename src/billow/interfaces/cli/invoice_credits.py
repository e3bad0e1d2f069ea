"""`billow invoices credit` and `credits`: take back what was issued, and look at what was."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import Door
from billow.interfaces.cli.invoice_papers import invoices, write_file
from billow.interfaces.cli.tables import print_fields, print_table

if TYPE_CHECKING:
    from billow.records.billing.models import CreditNote

__all__ = ["invoices"]
"""The group with these commands in it."""


@invoices.command()
@click.argument("number")
@click.option("--line", "lines", type=click.IntRange(min=1), multiple=True, help="Only this line; repeat for several.")
@click.option("--reason", required=True, help="Why; it is printed on the credit note.")
@click.pass_obj
def credit(door: Door, number: str, lines: tuple[int, ...], reason: str) -> None:
    """Issue a credit note for everything that is left of an approved invoice, or for some lines of it.

    Lines take their share of discounts and taxes with them. After a whole credit the month can be invoiced again.

    \b
    Example:
      billow invoices credit INV-2026-00012 --line 3 --reason "Resources of another customer"
    """
    from billow.usecases.credit_invoices import credit_invoice
    from billow.usecases.find import find_invoice

    invoice = find_invoice(actor=door.actor, text=number)
    what = f"line {', '.join(map(str, lines))} of {invoice.number}" if lines else f"all of {invoice.number}"
    door.confirm(f"Credit {what}? A credit note is issued for good.")
    note = credit_invoice(
        actor=door.actor,
        invoice_token=invoice.token,
        line_numbers=lines or None,
        reason=reason,
        now=door.now,
    )
    document = _document(note)
    door.answer(document, lambda: print_fields(fields=document.items()))


@invoices.command()
@click.argument("number", default="")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write their PDFs and CSVs there.")
@click.pass_obj
def credits(door: Door, number: str, out: Path | None) -> None:
    """List the credit notes, of all invoices or of one, and write their documents into a folder if asked to.

    \b
    Example:
      billow invoices credits INV-2026-00012 --out credit-notes/
    """
    from billow.usecases.find import find_invoice
    from billow.usecases.read_credit_notes import credit_note_file, list_credit_notes

    invoice_token = find_invoice(actor=door.actor, text=number).token if number else ""
    documents = []
    for note in list_credit_notes(actor=door.actor, invoice_token=invoice_token):
        documents.append(_document(note))
        if out is not None:
            files = [credit_note_file(note=note, kind=kind) for kind in ("pdf", "csv")]
            documents[-1]["files"] = [write_file(out, file.name, file.content) for file in files]
    door.answer(
        {"credit_notes": documents},
        lambda: print_table(
            headers=("Number", "Invoice", "Account", "Date", "Total", "", "Reason"),
            rows=[
                (
                    each["number"],
                    each["invoice"],
                    each["account"],
                    each["issue_date"],
                    each["total"],
                    each["currency"],
                    each["reason"],
                )
                for each in documents
            ],
            right=(4,),
        ),
    )


def _document(note: "CreditNote") -> dict[str, Any]:
    from billow.terms.money import from_minor

    return {
        "number": note.number,
        "token": note.token,
        "invoice": note.preceding_invoice.number,
        "account": note.preceding_invoice.managed_account.name,
        "issue_date": note.issue_date,
        "total": from_minor(note.total_minor, currency=note.currency),
        "currency": note.currency,
        "completes": note.completes,
        "reason": note.reason,
    }
