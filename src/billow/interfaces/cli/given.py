"""Options that several commands share, and how what was given becomes fields."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from billow.interfaces.cli.door import Failed

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_PARTY = (
    ("company-name", "Legal name, as printed."),
    ("country-code", "Two-letter country code, such as DE."),
    ("address-line-1", "First line of the address."),
    ("address-line-2", "Second line of the address."),
    ("city", "City."),
    ("state", "State or province."),
    ("postal-code", "Postal code."),
)


def party_options(command: CommandT) -> CommandT:
    """Add the options of an address block and of free fields."""
    decorate: list[Callable[[CommandT], CommandT]] = [
        *(click.option(f"--{name}", help=text) for name, text in _PARTY),
        click.option(
            "--billing-email", "billing_email", multiple=True, help='Repeat for several addresses; "" for none.'
        ),
        click.option(
            "--custom-field", "custom_fields", multiple=True, help='NAME=VALUE, such as "VAT ID=DE123456789".'
        ),
        click.option(
            "--from", "from_file", type=click.Path(allow_dash=True), help="A JSON file of fields; - for standard input."
        ),
    ]
    for each in reversed(decorate):
        command = each(command)
    return command


def fields_given(options: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of a --from file and of the options that were given; options win."""
    options = dict(options)
    fields = _read_json(options.pop("from_file", None))
    for name, value in options.items():
        if value is None or value == ():
            continue
        if name == "custom_fields":
            fields[name] = [_name_and_value(text) for text in value if text.strip()]
        elif name == "adjustment_items":
            fields[name] = [_adjustment(text) for text in value if text.strip()]
        elif isinstance(value, tuple):
            fields[name] = [text for text in value if text.strip()]
        else:
            fields[name] = value
    return fields


def must_have(fields: Iterable[object]) -> None:
    """Stop unless something was given."""
    if not list(fields):
        raise Failed("nothing_given", "Name at least one field to change; --help lists them")


def read_bytes(path: str) -> bytes:
    """Return the content of a file, or of standard input for ``-``."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as denied:
        raise Failed("unreadable_file", f"{path} cannot be read: {denied.strerror or denied}") from denied


def read_text(path: str) -> str:
    """Return the text of a file, or of standard input for ``-``, without the mark that some editors put before it."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Failed("not_utf8", f"{path} is not UTF-8 text; save it as UTF-8") from wrong


def _read_json(path: str | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        fields = json.loads(read_bytes(path), parse_float=str)  # a float would lose digits
    except ValueError as wrong:
        raise Failed("not_json", f"{path} is not JSON: {wrong}") from wrong
    if not isinstance(fields, dict):
        raise Failed("not_json", f"{path} must hold one JSON object of fields")
    return fields


def _name_and_value(text: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failed("custom_field", f"{text!r}: write a custom field as NAME=VALUE")
    return {"name": name.strip(), "value": value.strip()}


def _adjustment(text: str) -> dict[str, str]:
    name, _, rest = text.rpartition("=")
    parts = [part.strip() for part in rest.split(",")]
    if not name or len(parts) != 3:
        raise Failed(
            "adjustment",
            f"{text!r}: write an adjustment as NAME=TYPE,CALCULATION,AMOUNT, such as VAT=charge,percentage,19",
        )
    return {"name": name.strip(), "adjustment_type": parts[0], "calculation_type": parts[1], "amount": parts[2]}
