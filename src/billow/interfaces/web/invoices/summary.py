"""The month at a glance: how far its close is, and what it brings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.interfaces.web.invoices.choice import UNDELIVERED, Choice
from billow.interfaces.web.invoices.rows import margin_percent
from billow.interfaces.web.invoices.trend import Trend
from billow.interfaces.web.shown.amounts import Amount, amount_of_minor
from billow.usecases.glance_invoices import Glance

_ORDER = (
    ("approved", gettext_noop("Approved"), "good"),
    ("awaiting_approval", gettext_noop("Awaiting approval"), "attention"),
    ("generating", gettext_noop("Generating"), "busy"),
    ("ready", gettext_noop("Ready"), "ready"),
    ("failed", gettext_noop("Failed"), "bad"),
    (UNDELIVERED, gettext_noop("Not delivered"), "bad"),
)
NOT_DELIVERED = frozenset({"failed", "bounced"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows are in a status; ``url`` shows them alone."""

    label: str
    tone: str
    number: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of the bar that shows how far the close is, in thousandths of its width."""

    x: int
    width: int
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """What the invoices in one currency add up to: provider cost + margin + adjustments = total."""

    currency: str
    invoices: int
    provider_cost: Amount | None
    margin: Amount | None
    margin_percent: str
    adjustments: Amount | None
    total: Amount | None
    trend: Trend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The top of the Invoices screen."""

    counts: tuple[Count, ...]
    segments: tuple[Segment, ...]
    closed: int
    whole: int
    sums: tuple[CurrencySum, ...]


def summary_of(rows: Sequence[Glance], *, choice: Choice, trends: dict[str, Trend]) -> Summary:
    """Count and add up the rows of a month, whatever the status filter shows of them."""
    live = [row for row in rows if row.is_live]
    numbers = Counter(row.status for row in live)
    numbers[UNDELIVERED] = sum(row.delivery in NOT_DELIVERED for row in live)
    counts = tuple(
        Count(
            label=_(label),
            tone=tone,
            number=numbers[status],
            url=choice.with_status("" if choice.status == status else status).url,
            is_chosen=choice.status == status,
        )
        for status, label, tone in _ORDER
        if numbers[status] or status in {"ready", "awaiting_approval", "approved"}
    )
    return Summary(
        counts=counts,
        segments=_segments(numbers, len(live)),
        closed=numbers["approved"],
        whole=len(live),
        sums=_sums(live, trends),
    )


def _segments(numbers: "Counter[str]", whole: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    done = 0
    for status, _label, tone in _ORDER[:-1]:
        if numbers[status]:
            start, done = done * 1000 // whole, done + numbers[status]
            segments.append(Segment(x=start, width=done * 1000 // whole - start, tone=tone))
    return tuple(segments)


def _sums(rows: Sequence[Glance], trends: dict[str, Trend]) -> tuple[CurrencySum, ...]:
    made: dict[str, list[Glance]] = {}
    for row in rows:
        if row.total_minor is not None and not row.is_kept_draft:
            made.setdefault(row.currency, []).append(row)
    return tuple(_sum(currency, made[currency], trends.get(currency)) for currency in sorted(made))


def _sum(currency: str, rows: Sequence[Glance], trend: Trend | None) -> CurrencySum:
    cost = sum(row.cost_minor or 0 for row in rows)
    subtotal = sum(row.subtotal_minor or 0 for row in rows)
    total = sum(row.total_minor or 0 for row in rows)
    margin = sum(row.margin_minor or 0 for row in rows)
    return CurrencySum(
        currency=currency,
        invoices=len(rows),
        provider_cost=amount_of_minor(cost, currency=currency),
        margin=amount_of_minor(margin, currency=currency),
        margin_percent=margin_percent(margin=Decimal(margin), subtotal=Decimal(subtotal)),
        adjustments=amount_of_minor(total - subtotal, currency=currency),
        total=amount_of_minor(total, currency=currency),
        trend=trend,
    )
