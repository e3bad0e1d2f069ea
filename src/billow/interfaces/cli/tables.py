"""Tables for people: aligned columns on standard output, in full width where nobody looks."""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal


def print_table(
    *, headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = (), title: str = ""
) -> None:
    """Print rows under headers; columns in ``right`` are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for number, header in enumerate(headers):
        table.add_column(
            header, justify="right" if number in right else "left", no_wrap=number in right, overflow="fold"
        )
    count = 0
    for row in rows:
        table.add_row(*(Text(cell_text(value)) for value in row))
        count += 1
    console = Console(width=None if sys.stdout.isatty() else 2000, markup=False, highlight=False)
    if count:
        console.print(table)
    else:
        console.print("Nothing to show.")


def print_fields(*, fields: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one a line, leaving out what is empty."""
    import click

    shown = [(name, cell_text(value)) for name, value in fields]
    width = max((len(name) for name, text in shown if text), default=0)
    for name, text in shown:
        if text:
            click.echo(f"{name.ljust(width)}  {text}")


def cell_text(value: object) -> str:
    """Return a value as a person reads it, without anything that could steer the terminal."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell_text(item) for item in value)
    if isinstance(value, Decimal):
        return amount_text(value)
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str("" if value is None else value)
    return "".join(sign if unicodedata.category(sign) not in {"Cc", "Cs"} else " " for sign in text)


def amount_text(value: Decimal) -> str:
    """Return an exact amount without idle zeros, with two decimals at least."""
    text = f"{value:f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}" if point and len(decimals) > 2 else text
