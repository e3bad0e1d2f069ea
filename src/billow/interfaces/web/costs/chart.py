"""Costs over time as stacked bars: the dearest groups each with a colour, the others together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from billow.interfaces.web.shown.amounts import amount
from billow.interfaces.web.shown.scale import round_step, short_amount
from billow.interfaces.web.shown.times import day, month_short
from billow.terms.period import BillingPeriod

MOST_COLOURS = 7
OTHERS = MOST_COLOURS + 1
_LEFT, _TOP, _BELOW = 50, 10, 24
_LABEL_WIDTH = 62
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A group with its colour (from 1), and its cost by bin."""

    name: str
    colour: int
    bins: Mapping[datetime, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One group in one bar, with the words for whoever points at it."""

    x: int
    y: int
    height: int
    colour: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line or a label at its place."""

    at: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The chart in its own units."""

    width: int
    height: int
    bar: int
    left: int
    ground: int
    label_y: int
    lines: tuple[Mark, ...]
    pieces: tuple[Piece, ...]
    labels: tuple[Mark, ...]


def picture_of(
    series: Sequence[Series], *, bins: Sequence[datetime], date_bin: str, currency: str, width: int, height: int
) -> Picture:
    """Return the picture; credits hang below the ground."""
    up = [_sum(each.bins.get(at, _NOTHING) for each in series if each.bins.get(at, _NOTHING) > 0) for at in bins]
    down = [_sum(-each.bins.get(at, _NOTHING) for each in series if each.bins.get(at, _NOTHING) < 0) for at in bins]
    step = round_step(max([*up, *down, _NOTHING]))
    above = max(Decimal(1), (max([*up, _NOTHING]) / step).to_integral_value(ROUND_CEILING))
    below = (max([*down, _NOTHING]) / step).to_integral_value(ROUND_CEILING)
    unit = (height - _TOP - _BELOW) / ((above + below) * step)
    ground = _TOP + int(above * step * unit)
    slot = Decimal(width - _LEFT) / max(len(bins), 1)
    bar = max(1, min(56, int(slot * 7 / 10)))
    pieces: list[Piece] = []
    for place, at in enumerate(bins):
        x = _LEFT + int(place * slot + (slot - bar) / 2)
        pieces += _stack(series, at, x=x, ground=ground, unit=unit, said=(bin_name(at, date_bin), currency))
    every = max(1, -(-_LABEL_WIDTH // max(int(slot), 1)))
    return Picture(
        width=width,
        height=height,
        bar=bar,
        left=_LEFT,
        ground=ground,
        label_y=height - 5,
        lines=tuple(
            Mark(at=ground - int(number * step * unit), label=short_amount(number * step))
            for number in range(-int(below), int(above) + 1)
        ),
        pieces=tuple(pieces),
        labels=tuple(
            Mark(at=_LEFT + int(place * slot + slot / 2), label=bin_name(at, date_bin))
            for place, at in enumerate(bins)
            if place % every == 0
        ),
    )


def _stack(
    series: Sequence[Series], at: datetime, *, x: int, ground: int, unit: Decimal, said: tuple[str, str]
) -> Iterable[Piece]:
    top, bottom = _NOTHING, _NOTHING
    for each in series:
        cost = each.bins.get(at, _NOTHING)
        if cost == 0:
            continue
        start, end = (top, top + cost) if cost > 0 else (bottom, bottom + cost)
        top, bottom = (end, bottom) if cost > 0 else (top, end)
        higher, lower = ground - int(max(start, end) * unit), ground - int(min(start, end) * unit)
        shown = amount(cost, currency=said[1])
        assert shown is not None
        words = f"{said[0]}, {each.name}: {shown.text} {said[1]}"
        if lower > higher:
            yield Piece(x=x, y=higher, height=lower - higher, colour=each.colour, words=words)


def bin_name(at: datetime, date_bin: str) -> str:
    """Return how a step of time is called."""
    if date_bin == "month":
        return month_short(BillingPeriod.of(at.date()))
    if date_bin == "quarter":
        return f"Q{(at.month - 1) // 3 + 1} {at.year}"
    return day(at.date())[:-5]


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, _NOTHING)
