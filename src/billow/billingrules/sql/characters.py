"""Characters that may hide what a rule says, called by their names."""

import re
import unicodedata
from collections.abc import Mapping

_NOWHERE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\u2028\u2029"  # further line ends, which would make line numbers lie
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of reading
    "\ud800-\udfff]"  # halves of characters
)
_UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)

_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u02b9\u02bc\uff07", "write the straight single quote '"),
    **dict.fromkeys(
        "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02", "write the straight double quote \", or ' around texts"
    ),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "write the plain minus -"),
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
        "write a plain space",
    ),
    "\u00d7": "write *",
    "\u2217": "write *",
    "\u00f7": "write /",
    "\u2044": "write /",
    "\u2215": "write /",
    "\uff0f": "write /",
    "\u2260": "write !=",
    "\u2264": "write <=",
    "\u2265": "write >=",
    "\uff1d": "write =",
    "\uff1b": "write ;",
    "\u037e": "write ;",
    "\uff0c": "write ,",
    "\u2026": "write the rule out",
}


def find_forbidden(text: str, *, unseen_too: bool) -> int | None:
    """Return where the first character stands that has no place in a rule; None if there is none."""
    found = [
        match.start() for pattern in (_NOWHERE, *([_UNSEEN] if unseen_too else [])) if (match := pattern.search(text))
    ]
    return min(found, default=None)


def name_of(character: str) -> str:
    """Return a character's number and its name in words: ``U+200B ZERO WIDTH SPACE``."""
    name = unicodedata.name(character, "") or ("control character" if ord(character) < 0xA0 else "unnamed character")
    return f"U+{ord(character):04X} {name}"


def instead_of(character: str) -> str:
    """Return what to write in place of a character that only looks like one of the language."""
    return _INSTEAD.get(character, "take it out; letters outside quotes are a to z")
