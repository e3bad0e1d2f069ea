"""Fields of a form: what was typed, and what is wrong with it beside it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.translation import get_language

from billow.terms.currencies import MINOR_UNITS
from billow.usecases.field_checks import NO_COUNTRIES
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a drop-down."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control with its label; ``kind`` is an input's type, or select, textarea, code or tick.

    ``style`` names the width: empty for a line of its own, else half or third. ``suggestions`` are offered only.
    ``place`` begins the element's id; in a dialog it differs from the page's.
    """

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    hint: str = ""
    problem: str = ""
    choices: Sequence[Choice] = ()
    suggestions: Sequence[str] = ()
    style: str = ""
    is_optional: bool = False
    autocomplete: str = "off"
    place: str = "field"

    @property
    def key(self) -> str:
        """The element's id."""
        return f"{self.place}-{self.name}"

    @property
    def is_chosen(self) -> bool:
        """Tell whether a box is ticked."""
        return self.value == "yes"

    @property
    def described_by(self) -> str:
        """The ids of what explains the control."""
        parts = [f"{self.key}-problem"] if self.problem else []
        return " ".join([*parts, f"{self.key}-hint"] if self.hint else parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something to correct; ``key`` is the id of the field it is about, empty for the form as a whole."""

    message: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """What a use case found wrong: by column for the fields, and everything for the summary above them."""

    by_column: Mapping[str, str] = field(default_factory=dict)
    all: tuple[Complaint, ...] = ()

    def about(self, column: str) -> str:
        """Return what is wrong with the column; empty for nothing."""
        return self.by_column.get(column, "")


NOTHING_WRONG = Complaints()


def complaints_of(refused: Refused | None, *, columns: Collection[str]) -> Complaints:
    """Return the findings of a refusal, those about the columns for the fields; raise it again where it is no finding.

    Somebody who may not do it, or asks for what is not there, gets a page of its own.
    """
    if refused is None:
        return NOTHING_WRONG
    if refused.code in {"not_permitted", "not_found", "not_available"}:
        raise refused
    by_column: dict[str, str] = {}
    complaints: list[Complaint] = []
    for issue in refused.issues:
        known = issue.column if issue.column in columns else ""
        if known:
            by_column.setdefault(known, issue.message)
        complaints.append(Complaint(message=issue.message, key=f"field-{known}" if known else ""))
    return Complaints(by_column=by_column, all=tuple(complaints) or (Complaint(message=refused.message),))


def choices_of(pairs: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
    """Return a drop-down's entries from values and labels."""
    return tuple(Choice(value=value, label=label) for value, label in pairs)


def country_choices() -> tuple[Choice, ...]:
    """Return the countries by name, with none before them."""
    return _countries(get_language() or "en")


def country_name(code: str) -> str:
    """Return the name of a country; an unknown code stays."""
    from babel import Locale  # start-up should not wait for it

    return str(Locale.parse(get_language() or "en", sep="-").territories.get(code.upper(), code))


@lru_cache
def _countries(language: str) -> tuple[Choice, ...]:
    from babel import Locale  # start-up should not wait for it

    names = Locale.parse(language, sep="-").territories.items()
    found = [(name, code) for code, name in names if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES]
    return choices_of([("", "–"), *((code, name) for name, code in sorted(found))])


def currency_choices() -> tuple[Choice, ...]:
    """Return the currencies by code, each with its name."""
    return _currencies(get_language() or "en")


@lru_cache
def _currencies(language: str) -> tuple[Choice, ...]:
    from babel import Locale  # start-up should not wait for it

    names = Locale.parse(language, sep="-").currencies
    return choices_of((code, f"{code} · {names.get(code, code)}") for code in sorted(MINOR_UNITS))


def with_value(choices: Sequence[Choice], value: str) -> tuple[Choice, ...]:
    """Return the choices with the value among them exactly as it is written, so that saving leaves it alone."""
    if any(choice.value == value for choice in choices):
        return tuple(choices)
    same = next((choice for choice in choices if choice.value.lower() == value.lower()), None)
    if same is None:
        return (*choices, Choice(value=value, label=value))
    return tuple(Choice(value=value, label=same.label) if choice is same else choice for choice in choices)
