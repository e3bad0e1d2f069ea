"""SQL's LIKE, without the patterns that take for ever."""

import re
from collections.abc import Callable
from functools import lru_cache

from billow.billingrules.failed import RuleFailed

MOST_PATTERN = 1_000


@lru_cache(maxsize=4_096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a text is like the pattern: ``%`` is any text, ``_`` any one character.

    The pieces between ``%`` are looked for one behind the other, each as early as possible, so that nothing is ever
    tried twice. Raises RuleFailed if the pattern is too long.
    """
    if len(pattern) > MOST_PATTERN:
        raise RuleFailed(f"a LIKE pattern of more than {MOST_PATTERN:,} characters")
    if "_" not in pattern and pattern.count("%") <= _SIMPLE:
        plain = _plain(pattern)
        if plain is not None:
            return plain
    first, *others = pattern.split("%")
    begins = _piece(first)
    if not others:
        return lambda text: len(text) == len(first) and begins.match(text) is not None
    *middle, last = others
    pieces = [_piece(piece) for piece in middle if piece]
    ends, least = _piece(last), len(pattern.replace("%", ""))

    def matches(text: str) -> bool:
        if len(text) < least or begins.match(text) is None or ends.match(text, len(text) - len(last)) is None:
            return False
        place, end = len(first), len(text) - len(last)
        for piece in pieces:
            found = piece.search(text, place, end)
            if found is None:
                return False
            place = found.end()
        return True

    return matches


_SIMPLE = 2


def _plain(pattern: str) -> Callable[[str], bool] | None:
    """Return the quick way for the patterns that people mostly write: a text, its beginning, its end, or its middle."""
    match pattern.split("%"):
        case [text]:
            return text.__eq__
        case [begin, ""]:
            return lambda text: text.startswith(begin)
        case ["", end]:
            return lambda text: text.endswith(end)
        case ["", middle, ""]:
            return lambda text: middle in text
    return None


def _piece(text: str) -> re.Pattern[str]:
    """Return a pattern of fixed length: it can neither backtrack nor overlap."""
    return re.compile("".join("." if sign == "_" else re.escape(sign) for sign in text), re.DOTALL)
