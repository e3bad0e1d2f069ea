"""Rules as text: the TOML form in which people keep them under version control.

A rule is a file of keys; what a rule does not say is not in it. Money is text, so that no digit is lost.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from billow.terms.issue import Issue

_NOT_LITERAL = re.compile(r"'''|'\Z|[\x00-\x08\x0b-\x1f\x7f]")
"""What a literal string cannot hold, or would give back otherwise: quotes, control characters, Windows line ends."""
_NAME = re.compile(r"[^a-z0-9]+")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(*, text: str, path: str) -> tuple[dict[str, object], tuple[Issue, ...]]:
    """Return the keys of a file, numbers exact, or the one issue that says in which line it is not TOML."""
    try:
        return tomllib.loads(text, parse_float=Decimal), ()
    except tomllib.TOMLDecodeError as wrong:
        place = _PLACE.search(str(wrong))
        row = int(place.group(1)) if place else None
        return {}, (Issue("not_toml", f"This is not TOML: {wrong}", path=path, row=row),)


def write_toml(*, entries: Mapping[str, object], heading: str = "") -> str:
    """Return the entries (text, flags, days, exact numbers, lists, tables of text) in turn; what is None is left out.

    Text of several lines stays readable and comes back byte for byte.
    """
    lines = [f"# {heading}"] if heading else []
    lines += [f"{_key(name)} = {_value(value)}" for name, value in entries.items() if value is not None]
    return "\n".join(lines) + "\n"


def file_name(*, title: str, token: str) -> str:
    """Return the name of a rule's file: readable by its title, unique and stable by its token."""
    readable = _NAME.sub("-", title.lower()).strip("-")[:60].rstrip("-") or "rule"
    return f"{readable}-{token.rpartition('_')[2]}.toml"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _basic(name)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case Decimal():
            return _text(f"{value:f}")
        case str():
            return _text(value)
        case Mapping():
            return "{ " + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + " }"
        case Sequence():
            return "[" + "".join(f"\n  {_value(item)}," for item in value) + ("\n]" if value else "]")
    raise TypeError(f"{type(value).__name__} has no text form")


def _text(text: str) -> str:
    """Return a literal string over several lines where that can hold the text, else a basic string."""
    return f"'''\n{text}'''" if "\n" in text and not _NOT_LITERAL.search(text) else _basic(text)


def _basic(text: str) -> str:
    """Return a basic string; JSON escapes as TOML does, but for the one control character it leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
