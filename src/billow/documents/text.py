"""Text that came from people and bills, made fit to print: same words, no control over the page."""

import re
import unicodedata

_OVERRIDES = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"))
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")
_LONG_WORD = re.compile(r"\S{31,}")
_AFTER_MARK = re.compile(r"(?<=[/:._\-@?&=,;|])(?=\w)")
_EVERY_THIRTY = re.compile(r"([^\u200b]{30})(?=[^\u200b])")

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
BREAK_HERE = "\u200b"


def printable(text: str) -> str:
    """Return the text as it is printed.

    Control characters become spaces and direction overrides vanish, so that a name cannot
    rearrange what stands beside it; text with right-to-left letters is isolated, as Unicode
    asks for, and gets its own base direction. A very long word may break.
    """
    kept = unicodedata.normalize("NFC", text.translate(_OVERRIDES).translate(_CONTROLS))
    kept = _LONG_WORD.sub(_breakable, " ".join(kept.split()))
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in kept):
        return f"{FIRST_STRONG_ISOLATE}{kept}{POP_ISOLATE}"
    return kept


def _breakable(word: re.Match[str]) -> str:
    return _EVERY_THIRTY.sub(rf"\1{BREAK_HERE}", _AFTER_MARK.sub(BREAK_HERE, word.group()))
