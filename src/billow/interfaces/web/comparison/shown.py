"""A comparison of two invoices as plain values for its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import Amount, amount, percent, signed
from billow.interfaces.web.shown.times import month_name
from billow.terms.money import from_minor, to_minor
from billow.usecases.compare_invoices import MONTH_BEFORE, Change, InvoiceComparison, Side

_HALF_WIDTH = 50
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideShown:
    """One of the two."""

    name: str
    detail: str
    url: str
    total: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How much of the largest difference this is, left of the middle for less and right of it for more (of 100)."""

    x: int
    width: int
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What something came to before and after."""

    name: str
    detail: str
    before: str
    after: str
    difference: str
    percent: str
    bar: Bar
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something else to compare with."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of the page."""

    key: str
    title: str
    column: str
    rows: tuple[Row, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything the page shows."""

    number: str
    url: str
    customer: str
    currency: str
    before: SideShown
    after: SideShown
    difference: str
    percent: str
    is_comparable: bool
    is_same: bool
    parts: tuple[Part, ...]
    choices: tuple[Choice, ...]


def shown_of(found: InvoiceComparison, *, token: str) -> Shown:
    """Return the page of a comparison."""
    before, after = found.before, found.after
    is_of_months = found.chosen == MONTH_BEFORE
    currency = after.currency
    total = after.total - before.total
    parts = (
        Part(key="services", title=_("Services"), column=_("Service"), rows=_rows(found.services, currency)),
        Part(key="rules", title=_("Billing rules"), column=_("Rule"), rows=_rule_rows(found.rules)),
        Part(key="items", title=_("Taxes, fees and discounts"), column=_("Item"), rows=_rows(found.items, currency)),
        Part(
            key="lines",
            title=_("Lines that changed most"),
            column=_("Line"),
            rows=_line_rows(found.lines, currency),
            more=found.more_lines,
        ),
    )
    return Shown(
        number=after.number,
        url=f"/invoices/{token}",
        customer=found.account_name,
        currency=currency,
        before=_side(before, is_of_months=is_of_months),
        after=_side(after, is_of_months=is_of_months),
        difference=signed(total) if found.is_comparable else "",
        percent=percent(total, of=abs(before.total)) if found.is_comparable else "",
        is_comparable=found.is_comparable,
        is_same=found.is_comparable and not any(row.difference for part in parts for row in part.rows) and not total,
        parts=tuple(part for part in parts if part.rows),
        choices=tuple(
            Choice(
                label=_("The month before") if choice == MONTH_BEFORE else _("Version %(number)s") % {"number": choice},
                url=f"/invoices/{token}/compare?with={choice}",
                is_chosen=choice == found.chosen,
            )
            for choice in found.choices
        ),
    )


def _side(side: Side, *, is_of_months: bool) -> SideShown:
    version = _("Version %(number)s") % {"number": side.version_number}
    return SideShown(
        name=month_name(side.period) if is_of_months else version,
        detail=side.number,
        url=f"/invoices/{side.token}" if is_of_months else "",
        total=amount(side.total, currency=side.currency),
    )


def _rows(changes: Sequence[Change], currency: str) -> tuple[Row, ...]:
    """Return what has a provider or is an item: the last name in front, the one before it behind."""
    return tuple(
        _row(change, currency, changes, name=change.names[-1], detail=" · ".join(change.names[:-1]))
        for change in changes
    )


def _rule_rows(changes: Sequence[Change]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for change in changes:
        title, currency = change.names
        alike = [each for each in changes if each.names[1] == currency]
        rows.append(_row(change, currency, alike, name=title, detail=currency))
    return tuple(rows)


def _line_rows(changes: Sequence[Change], currency: str) -> tuple[Row, ...]:
    return tuple(
        _row(change, currency, changes, name=change.names[2], detail=" · ".join(_told(change.names)))
        for change in changes
    )


def _told(names: Sequence[str]) -> Iterable[str]:
    return (part for part in (names[1], names[3]) if part)


def _row(change: Change, currency: str, alike: Sequence[Change], *, name: str, detail: str) -> Row:
    difference = _rounded(change.after, currency) - _rounded(change.before, currency)
    most = max((abs(each.difference) for each in alike), default=_NOTHING)
    return Row(
        name=name,
        detail=detail,
        before=_text(change.before, currency),
        after=_text(change.after, currency),
        difference=signed(difference) if difference else "",
        percent=percent(difference, of=abs(change.before)) if change.before and change.after else "",
        bar=_bar(change.difference, most),
        note=_("new") if change.before is None else _("gone") if change.after is None else "",
    )


def _bar(difference: Decimal, most: Decimal) -> Bar:
    width = int(abs(difference) * _HALF_WIDTH / most) if most else 0
    width = max(width, 1) if difference else 0
    return Bar(
        x=_HALF_WIDTH if difference > 0 else _HALF_WIDTH - width,
        width=width,
        tone="grew" if difference > 0 else "shrank",
    )


def _text(value: Decimal | None, currency: str) -> str:
    shown = amount(value, currency=currency)
    return "" if shown is None else shown.text


def _rounded(value: Decimal | None, currency: str) -> Decimal:
    return _NOTHING if value is None else from_minor(to_minor(value, currency=currency), currency=currency)
