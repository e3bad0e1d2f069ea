"""Invoiced amounts per month beside what they cost at the providers, as a picture and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import Amount, amount
from billow.interfaces.web.shown.scale import round_step, short_amount
from billow.interfaces.web.shown.times import month_letters, month_short
from billow.usecases.close_trend import TrendMonth

_LEFT, _TOP, _BELOW = 46, 10, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line across the picture, with its amount beside it."""

    y: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One month: approved from the ground up, drafts on top, and a mark where the provider's cost is."""

    x: int
    approved_y: int
    approved_height: int
    drafts_y: int
    drafts_height: int
    cost_y: int
    has_cost: bool
    label: str
    label_x: int
    is_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The chart in the picture's own units."""

    width: int
    height: int
    bar: int
    left: int
    ground: int
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A month in the table beside the picture."""

    month: str
    approved: Amount | None
    drafts: Amount | None
    cost: Amount | None
    margin: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One currency: a wide and a narrow picture of the same, words for who does not see them, and a table."""

    currency: str
    words: str
    wide: Picture
    narrow: Picture
    rows: tuple[TableRow, ...]
    has_drafts: bool


def chart_of(months: Sequence[TrendMonth], *, currency: str) -> Chart:
    """Return the chart of the months, the last of which is the one that is looked at."""
    said = ", ".join(
        f"{month_short(month.period)} {shown.text}"
        for month in months
        if (shown := amount(month.approved + month.drafts, currency=currency)) and not shown.is_zero
    )
    return Chart(
        currency=currency,
        words=_("Invoiced in %(currency)s per month, before taxes and fees: %(said)s")
        % {"currency": currency, "said": said},
        wide=_picture(months, width=640, height=200),
        narrow=_picture(months[len(months) // 2 :], width=320, height=190),
        rows=tuple(
            TableRow(
                month=month_short(month.period),
                approved=amount(month.approved, currency=currency),
                drafts=amount(month.drafts, currency=currency),
                cost=amount(month.cost, currency=currency),
                margin=amount(month.approved + month.drafts - month.cost, currency=currency),
            )
            for month in reversed(months)
            if month.approved or month.drafts or month.cost
        ),
        has_drafts=any(month.drafts for month in months),
    )


def _picture(months: Sequence[TrendMonth], *, width: int, height: int) -> Picture:
    largest = max([Decimal(0), *(month.approved + month.drafts for month in months), *(month.cost for month in months)])
    step = round_step(largest)
    top = step * max(Decimal(1), (largest / step).to_integral_value(ROUND_CEILING))
    ground = height - _BELOW

    def up(value: Decimal) -> int:
        return int(max(value, Decimal(0)) * (ground - _TOP) / top)

    slot = (width - _LEFT) // len(months)
    bar = slot * 3 // 5
    lines, at = [], Decimal(0)
    while at <= top:
        lines.append(Line(y=ground - up(at), label=short_amount(at)))
        at += step
    bars = []
    for place, month in enumerate(months):
        approved, both = up(month.approved), up(month.approved + month.drafts)
        x = _LEFT + place * slot + (slot - bar) // 2
        bars.append(
            Bar(
                x=x,
                approved_y=ground - approved,
                approved_height=approved,
                drafts_y=ground - both,
                drafts_height=both - approved,
                cost_y=ground - up(month.cost),
                has_cost=month.cost > 0,
                label=month_letters(month.period.month),
                label_x=x + bar // 2,
                is_now=place == len(months) - 1,
            )
        )
    return Picture(width=width, height=height, bar=bar, left=_LEFT, ground=ground, lines=tuple(lines), bars=tuple(bars))
