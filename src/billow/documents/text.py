"""Text that came from people and bills, made fit to print: same words, no control over the page."""

import re
import unicodedata

_OVERRIDES = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"))
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")
_AFTER_MARK = re.compile(r"(?<=[/:._\-@?&=,;|])(?=\w)")
_PIECE = re.compile(r"([^\u200b]{8})(?=[^\u200b])")

LONGEST_WORD = 40
LONGEST_WORD_IN_COLUMN = 20
FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
BREAK_HERE = "\u200b"


def printable(text: str, *, longest_word: int = LONGEST_WORD) -> str:
    """Return the text as it is printed.

    Control characters become spaces and direction overrides vanish, so that a name cannot
    rearrange what stands beside it; text with right-to-left letters is isolated, as Unicode
    asks for, and gets its own base direction. A word of more letters may break.
    """
    kept = unicodedata.normalize("NFC", text.translate(_OVERRIDES).translate(_CONTROLS))
    words = " ".join(_breakable(word) if len(word) > longest_word else word for word in kept.split())
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in words):
        return f"{FIRST_STRONG_ISOLATE}{words}{POP_ISOLATE}"
    return words


def _breakable(word: str) -> str:
    return _PIECE.sub(rf"\1{BREAK_HERE}", _AFTER_MARK.sub(BREAK_HERE, word))
