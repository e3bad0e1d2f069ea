"""Cut a rule's text into words, names, texts, numbers and signs, each with its place.

Nothing gets past here that the language does not know, so what is read later is made of known parts only.
"""

import bisect
import re
from dataclasses import dataclass
from enum import StrEnum

from billow.billingrules.datasets import KEYED_GROUPS
from billow.billingrules.expression import Dataset
from billow.billingrules.sql.characters import find_forbidden, instead_of, name_of
from billow.billingrules.sql.faults import Place, UnableToRead, unable
from billow.billingrules.sql.limits import MAX_TOKENS
from billow.billingrules.sql.words import ARGUMENT_COUNTS, FUNCTION_LIST, HINTS, KEYWORDS, SIGN_HINTS


class TokenKind(StrEnum):
    """What a token is."""

    KEYWORD = "keyword"
    FUNCTION = "function"
    DATASET = "dataset"
    COLUMN = "column"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One part of the text: ``value`` is what it means, ``shown`` how it is written.

    A ``COLUMN`` has its dataset; a ``NAME`` is a column without one.
    """

    kind: TokenKind
    value: str
    shown: str
    place: Place
    dataset: Dataset | None = None

    def is_word(self, *words: str) -> bool:
        """Tell whether the token is one of these keywords."""
        return self.kind is TokenKind.KEYWORD and self.value in words

    def is_sign(self, *signs: str) -> bool:
        """Tell whether the token is one of these signs."""
        return self.kind is TokenKind.SIGN and self.value in signs


_BLANK = re.compile(r"(?:[ \t\r\n]+|--[^\r\n]*)+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_TEXT = re.compile(r"'([^']*(?:''[^']*)*)'")
_QUOTED = r'"[^"]*(?:""[^"]*)*"'
_NAME = re.compile(_QUOTED)
_SIGN = re.compile(r"\|\||!=|<>|<=|>=|[=<>+\-*/(),;]")
_BAD_SIGNS = tuple(sorted(SIGN_HINTS, key=len, reverse=True))

_KEY = r"[A-Za-z0-9_]+(?:[:.-][A-Za-z0-9_]+)*"
_AWS_PATH = (
    rf"(?:(?:{'|'.join(KEYED_GROUPS[Dataset.AWS])})/(?:{_KEY}|{_QUOTED})"
    r"|[A-Za-z]+/[A-Za-z0-9_]+(?::[A-Za-z0-9_]+)*)"
)
_PATHS = {
    Dataset.AWS: re.compile(rf"\.({_AWS_PATH}|{_QUOTED})", re.IGNORECASE),
    Dataset.COSTS: re.compile(
        rf"\.((?:{'|'.join(KEYED_GROUPS[Dataset.COSTS])})\.(?:{_KEY}|{_QUOTED})|{_QUOTED}|[A-Za-z_][A-Za-z0-9_]*)",
        re.IGNORECASE,
    ),
}
_BARE_PATH = re.compile(_AWS_PATH, re.IGNORECASE)
_DATASETS = {dataset.value: dataset for dataset in Dataset}
_WORD_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the parts of a rule's text, comments and blanks left out; raise UnableToRead at the first unknown one."""
    return _Cutter(text).cut()


class _Cutter:
    """Walks through the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self.tokens: list[Token] = []
        self.line_starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def cut(self) -> tuple[Token, ...]:
        self._skip_blanks()
        while self.offset < len(self.text):
            if len(self.tokens) == MAX_TOKENS:
                raise self._unable(
                    "too_many_words",
                    f"a statement has at most {MAX_TOKENS:,} words and signs; split it into several rules",
                )
            self._take_one()
            self._skip_blanks()
        return tuple(self.tokens)

    def _take_one(self) -> None:
        character = self.text[self.offset]
        if character in "'\"":
            self._take_quoted(character)
        elif match := _NUMBER.match(self.text, self.offset):
            self._take_number(match)
        elif match := _WORD.match(self.text, self.offset):
            self._take_word(match)
        else:
            self._take_sign(character)

    def _skip_blanks(self) -> None:
        if match := _BLANK.match(self.text, self.offset):
            self._refuse_forbidden(match.start(), match.end(), unseen_too=False)
            self.offset = match.end()

    def _take_quoted(self, quote: str) -> None:
        match = (_TEXT if quote == "'" else _NAME).match(self.text, self.offset)
        if match is None:
            what = "text" if quote == "'" else "name"
            raise self._unable(f"unclosed_{what}", f"the {what} that begins here has no closing {quote}; add it")
        self._refuse_forbidden(match.start(), match.end(), unseen_too=quote == '"')
        if quote == "'":
            self._add(TokenKind.TEXT, match.group(1).replace("''", "'"), end=match.end())
            return
        if self._follows(match.end(), "."):
            raise self._unable("unknown_dataset", "the dataset is written without quotes: aws.… or costs.…")
        self._add(TokenKind.NAME, _unquoted(match.group()), end=match.end())

    def _take_number(self, match: re.Match[str]) -> None:
        end = match.end()
        if end < len(self.text) and (self.text[end] in _WORD_SIGNS or self.text[end] == "."):
            tail = re.compile(r"[A-Za-z0-9_.]*").match(self.text, end)
            shown = match.group() + (tail.group() if tail else "")
            raise self._unable(
                "number_not_understood",
                f"{shorten(shown)} is not a number; write digits with at most one point, without exponent, "
                "as 1.08; names that begin with a digit go in double quotes",
            )
        self._add(TokenKind.NUMBER, match.group(), end=end)

    def _take_word(self, match: re.Match[str]) -> None:
        word, end = match.group(), match.end()
        dataset = _DATASETS.get(word.lower())
        if self._follows(end, "'") and word.upper() not in KEYWORDS:
            raise self._unable(
                "not_understood", f"{shorten(word)}'…' is not understood; write a text in single quotes alone"
            )
        if self._follows(end, "."):
            self._take_column(word, end=end, dataset=dataset)
        elif dataset is not None:
            self._add(TokenKind.DATASET, dataset.value, end=end, dataset=dataset)
        elif word.upper() in KEYWORDS:
            self._add(TokenKind.KEYWORD, word.upper(), end=end)
        elif self._next_is_bracket(end) and not self._starts_column_list():
            self._take_function(word, end=end)
        elif self._is_set_target() and (path := _BARE_PATH.match(self.text, self.offset)):
            self._add(TokenKind.NAME, _unquoted_path(path.group()), end=path.end())
        else:
            self._add(TokenKind.NAME, word, end=end)

    def _take_column(self, word: str, *, end: int, dataset: Dataset | None) -> None:
        if dataset is None:
            names = (each for each in self.tokens if each.kind is TokenKind.NAME)
            named = next((each for each in names if each.value.lower() == word.lower()), None)
            if named is not None:  # where the statement names it comes before where its columns are named
                message = f"{shorten(named.shown)} is not a dataset; write aws or costs"
                raise unable("unknown_dataset", place=named.place, message=message, value=named.shown)
            raise self._unable(
                "unknown_dataset",
                f"{shorten(word)} is not a dataset; write aws.group/Column or costs.column",
                value=word,
            )
        match = _PATHS[dataset].match(self.text, end)
        if match is None:
            example = "aws.lineItem/UnblendedCost" if dataset is Dataset.AWS else "costs.amount"
            raise self._unable("unknown_column", f"a column of {dataset} is missing here; write it as {example}")
        if match.end() < len(self.text) and self.text[match.end()] in '._"':
            raise self._unable(
                "unknown_column",
                f"{shorten(self.text[self.offset : match.end() + 1])}… is not a column: columns have no parts; "
                "names with special characters go in double quotes",
            )
        self._refuse_forbidden(match.start(), match.end(), unseen_too=True)
        self._add(TokenKind.COLUMN, _unquoted_path(match.group(1)), end=match.end(), dataset=dataset)

    def _take_function(self, word: str, *, end: int) -> None:
        if word.upper() not in ARGUMENT_COUNTS:
            raise self._unable("unknown_function", unknown_function(word), value=word)
        self._add(TokenKind.FUNCTION, word.upper(), end=end)

    def _take_sign(self, character: str) -> None:
        for bad in _BAD_SIGNS:
            if len(bad) > 1 and self.text.startswith(bad, self.offset):
                raise self._unable("not_understood", f"{bad} is not understood; {SIGN_HINTS[bad]}", value=bad)
        if match := _SIGN.match(self.text, self.offset):
            self._add(TokenKind.SIGN, match.group().replace("<>", "!="), end=match.end())
        elif character in SIGN_HINTS:
            raise self._unable(
                "not_understood", f"{character} is not understood; {SIGN_HINTS[character]}", value=character
            )
        else:
            raise self._odd_character(self.offset)

    def _refuse_forbidden(self, start: int, end: int, *, unseen_too: bool) -> None:
        found = find_forbidden(self.text[start:end], unseen_too=unseen_too)
        if found is not None:
            raise self._odd_character(start + found)

    def _odd_character(self, offset: int) -> UnableToRead:
        character = self.text[offset]
        message = f"the character {name_of(character)} has no place in a rule; {instead_of(character)}"
        return unable("odd_character", place=self._place(offset), message=message, value=f"U+{ord(character):04X}")

    def _follows(self, offset: int, sign: str) -> bool:
        return self.text.startswith(sign, offset)

    def _next_is_bracket(self, offset: int) -> bool:
        blank = _BLANK.match(self.text, offset)
        return self._follows(blank.end() if blank else offset, "(")

    def _starts_column_list(self) -> bool:
        """Tell whether the word stands where an INSERT or UPDATE names its dataset."""
        return bool(self.tokens) and self.tokens[-1].is_word("INTO", "UPDATE", "FROM")

    def _is_set_target(self) -> bool:
        return bool(self.tokens) and (self.tokens[-1].is_word("SET") or self.tokens[-1].is_sign(","))

    def _place(self, offset: int) -> Place:
        line = bisect.bisect_right(self.line_starts, offset)
        return Place(line=line, column=offset - self.line_starts[line - 1] + 1)

    def _unable(self, code: str, message: str, *, value: str | None = None) -> UnableToRead:
        return unable(code, place=self._place(self.offset), message=message, value=value)

    def _add(self, kind: TokenKind, value: str, *, end: int, dataset: Dataset | None = None) -> None:
        shown, place = self.text[self.offset : end], self._place(self.offset)
        self.tokens.append(Token(kind=kind, value=value, shown=shown, place=place, dataset=dataset))
        self.offset = end


def unknown_function(word: str) -> str:
    """Return the sentence that says which functions there are instead."""
    hint = HINTS.get(word.upper())
    instead = hint if hint else f"rules may call {FUNCTION_LIST}"
    return f"{shorten(word)} is not a function of rules; {instead}"


def shorten(text: str) -> str:
    """Return a text as a message may quote it: on one line, long ones cut."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}…"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _unquoted_path(path: str) -> str:
    """Return a column's name without quotes, which may stand around all of it or around its key."""
    head, quote, tail = path.partition('"')
    return head + _unquoted(quote + tail) if quote else path
