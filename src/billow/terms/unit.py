"""Units of measure as providers write them, fit to stand behind a quantity."""

TIMES = "\N{MULTIPLICATION SIGN}"


def unit_after_quantity(*, unit: str) -> str:
    """Return the unit as it reads behind a figure.

    ``1 Hour`` becomes ``Hour``; a unit of several, such as ``10 GB`` or ``10K``, gets a times sign before it.
    """
    plain = " ".join(unit.split())
    one, _, rest = plain.partition(" ")
    if one == "1" and rest and not rest[0].isdigit():
        return rest
    return f"{TIMES} {plain}" if plain[:1].isdigit() else plain
