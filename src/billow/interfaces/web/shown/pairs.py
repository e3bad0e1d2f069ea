"""Named free fields of a form, such as a VAT number: as many as wished, and empty lines to write more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from billow.interfaces.web.shown.fields import Complaints

EMPTY_LINES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One line: a name and a value, numbered from 1, and what is wrong with it."""

    number: int
    name: str = ""
    value: str = ""
    name_problem: str = ""
    value_problem: str = ""


def typed_pairs(data: QueryDict) -> list[dict[str, str | None]]:
    """Return the lines in which something was written."""
    lines = zip(data.getlist("pair_name"), data.getlist("pair_value"), strict=False)
    return [{"name": name, "value": value} for name, value in lines if name.strip() or value.strip()]


def pair_columns(number: int) -> tuple[str, ...]:
    """Return the names by which a use case complains about these lines."""
    return (
        "custom_fields",
        *(f"custom_fields[{at}].{part}" for at in range(1, number + 1) for part in ("name", "value")),
    )


def pairs_of(pairs: Sequence[Mapping[str, str | None]], *, complaints: Complaints) -> tuple[Pair, ...]:
    """Return the lines to show, and an empty one."""
    shown = [
        Pair(
            number=number,
            name=pair.get("name") or "",
            value=pair.get("value") or "",
            name_problem=complaints.about(f"custom_fields[{number}].name"),
            value_problem=complaints.about(f"custom_fields[{number}].value"),
        )
        for number, pair in enumerate(pairs, start=1)
    ]
    return (*shown, *(Pair(number=len(shown) + at) for at in range(1, EMPTY_LINES + 1)))
