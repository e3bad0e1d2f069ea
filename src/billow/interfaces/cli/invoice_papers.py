"""`billow invoices download` and `explain`: the stored bytes, and where each amount comes from."""

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import Door, Failed
from billow.interfaces.cli.invoice_acts import invoices
from billow.interfaces.cli.tables import print_table

if TYPE_CHECKING:
    from billow.usecases.read_invoices import InvoicePage

__all__ = ["invoices", "write_file"]
"""The group with these commands in it, and how they write."""

_NAMING = ("provider", "service", "description", "charge_type", "account_id", "region")
"""What a person tells a line by, on paper too."""


@invoices.command()
@click.argument("numbers", nargs=-1, required=True)
@click.option("--pdf", is_flag=True, help="The PDF.")
@click.option("--csv", is_flag=True, help="The CSV.")
@click.option("--xml", is_flag=True, help="The e-invoice.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write to.")
@click.pass_obj
def download(door: Door, *, numbers: tuple[str, ...], pdf: bool, csv: bool, xml: bool, out: Path) -> None:
    """Write documents into a folder: the stored bytes once approved, a preview before. Both kinds if none is named.

    \b
    Example:
      billow invoices download INV-2026-00012 --pdf --out invoices/
    """
    if xml:
        raise Failed("not_available", "This version makes no e-invoice XML; ask for --pdf or --csv")
    from billow.usecases.find import find_invoice
    from billow.usecases.read_invoices import preview

    found = [find_invoice(actor=door.actor, text=number) for number in numbers]
    kinds = [kind for kind, wanted in (("pdf", pdf), ("csv", csv)) if wanted or not (pdf or csv)]
    files = []
    for invoice in found:
        for kind in kinds:
            file = preview(actor=door.actor, token=invoice.token, kind=kind, now=door.now)
            path = write_file(out, file.name, file.content)
            files.append(
                {
                    "invoice": invoice.number,
                    "kind": kind,
                    "path": path,
                    "sha256": hashlib.sha256(file.content).hexdigest(),
                    "bytes": len(file.content),
                }
            )
    door.answer({"files": files}, lambda: click.echo("\n".join(str(each["path"]) for each in files)))


@invoices.command()
@click.argument("number")
@click.option("--line", "wanted", type=int, multiple=True, help="Only this line; repeat for several.")
@click.option("--find", "text", help="Only lines with this in provider, service, description, account or region.")
@click.pass_obj
def explain(door: Door, number: str, wanted: tuple[int, ...], text: str | None) -> None:
    """Show how each line's amount came about: provider cost, each rule, exchange rate, rounding.

    \b
    Examples:
      billow invoices explain INV-2026-00012 --line 3
      billow invoices explain INV-2026-00012 --find "load balancing"
    """
    from billow.usecases.find import find_invoice
    from billow.usecases.read_invoices import invoice_page

    invoice = find_invoice(actor=door.actor, text=number)
    page = invoice_page(actor=door.actor, token=invoice.token)
    lines = _chosen(page, wanted, text)
    document = {
        "number": page.row.number,
        "status": page.row.status,
        "currency": page.row.currency,
        "exchange_rates": [
            {
                "base_currency_code": rate.base_currency,
                "currency_code": rate.currency,
                "rate": rate.rate,
                "effective_date": rate.effective_date,
            }
            for rate in (page.invoice.exchange_rates if page.invoice else ())
        ],
        "lines": lines,
    }
    if page.row.status == "failed":
        door.say(f"warning[{page.row.failure_code}]: {page.row.failure_message}; this explains the draft from before")
    door.answer(document, lambda: _print(lines))


def write_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a file whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / Path(name).name
        draft = path.with_name(f".{path.name}.part")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as denied:
        raise Failed("unwritable_folder", f"{folder} cannot be written: {denied.strerror or denied}") from denied
    return path


def _lines(page: "InvoicePage") -> list[dict[str, Any]]:
    if page.invoice is None:
        raise Failed("not_generated", f"Invoice {page.row.number} has no lines yet; it is {page.row.status}")
    rates = {rate.base_currency: rate.rate for rate in page.invoice.exchange_rates}
    places = _places(page)
    return [
        {
            "line": each.line_number,
            "provider": each.provider,
            "service": each.service,
            "description": each.description,
            "account_id": each.sub_account_id or None,
            "region": each.region or None,
            "charge_type": each.charge_category,
            "source_currency": each.source_currency,
            "provider_cost": each.provider_cost,
            "deltas": [
                {"rule": delta.rule_token, "title": delta.title, "amount": delta.amount} for delta in each.deltas
            ],
            "rated_cost": each.rated_cost,
            "exchange_rate": rates.get(each.source_currency, Decimal(1)),
            "exact": each.exact_amount,
            "rounding": Decimal(each.amount_minor).scaleb(-places) - each.exact_amount,
            "amount": Decimal(each.amount_minor).scaleb(-places),
        }
        for each in page.invoice.lines
    ]


def _chosen(page: "InvoicePage", wanted: tuple[int, ...], text: str | None) -> list[dict[str, Any]]:
    """Return the lines of these numbers and with this text in what names them; all without either."""
    lines = _lines(page)
    unknown = sorted(set(wanted) - {each["line"] for each in lines})
    if unknown:
        raise Failed("not_found", f"Invoice {page.row.number} has no line {', '.join(map(str, unknown))}")
    if wanted:
        lines = [each for each in lines if each["line"] in wanted]
    if text is not None:
        sought = text.casefold()
        lines = [each for each in lines if any(sought in (each[part] or "").casefold() for part in _NAMING)]
        if not lines:
            raise Failed("not_found", f"No line of invoice {page.row.number} has {text!r} in what names it")
    return lines


def _places(page: "InvoicePage") -> int:
    from billow.terms.money import currency_of

    return currency_of(page.row.currency).minor_unit_places


def _change(amount: Decimal) -> str:
    """Return what a rule changed in a line's cost; one that changed only what the line says has no amount."""
    return f"{amount:+f}" if amount else "same cost, shown otherwise"


def _print(lines: list[dict[str, Any]]) -> None:
    rows: list[tuple[object, ...]] = []
    for each in lines:
        rows.append((each["line"], " · ".join(each[part] for part in _NAMING if each[part]), "", ""))
        rows.append(("", "  provider cost", each["provider_cost"], each["source_currency"]))
        rows += [("", f"  {delta['title']}", _change(delta["amount"]), "") for delta in each["deltas"]]
        if each["exchange_rate"] != 1:
            rows.append(("", f"  at {each['exchange_rate']:f}", each["exact"], ""))
        rows.append(("", "  rounding", f"{each['rounding']:+f}", ""))
        rows.append(("", "  amount", each["amount"], ""))
    print_table(headers=("Line", "", "Amount", ""), rows=rows, right=(2,))
