"""A cost report as plain values: picture, table, and the controls as they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.costs.asked import COUNTED, Asked, Pick, label_of
from billow.interfaces.web.costs.chart import MOST_COLOURS, OTHERS, Picture, Series, bin_name, picture_of
from billow.interfaces.web.shown.amounts import Amount, amount, percent, signed
from billow.interfaces.web.shown.fields import Choice, choices_of
from billow.interfaces.web.shown.providers import provider_name
from billow.interfaces.web.shown.times import day, month_name
from billow.terms.money import from_minor, to_minor
from billow.terms.period import BillingPeriod
from billow.usecases.look_at_costs import CostLook, GroupCost, group_names
from billow.usecases.report_words import CUSTOM_INTERVAL, TAG

MOST_ROWS = 200
SERVICES, ACCOUNTS = "provider,service", "provider,account_id"
_PICKABLE = ("provider", "service", "account_id", "billing_account_id", "region", "cost_category", "charge_type")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group; ``url`` narrows the report to it. ``colour`` is its colour in the picture."""

    name: str
    url: str
    colour: int
    cost: Amount | None
    share: str
    previous: Amount | None
    change: str
    change_percent: str
    provider_cost: Amount | None
    margin: Amount | None
    margin_percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The groups of one currency, largest first, with their sum and pictures for wide and narrow windows."""

    currency: str
    words: str
    wide: Picture
    narrow: Picture
    rows: tuple[Row, ...]
    more: int
    total: Row
    bins: tuple[tuple[str, Amount | None], ...]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Something the report is narrowed to, and the address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A setting that can be switched."""

    name: str
    label: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The invoice that one came from."""

    number: str
    url: str
    subtotal: Amount | None
    difference: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything the page shows."""

    title: str
    customer: str
    customer_url: str
    days: str
    previous_days: str
    tables: tuple[Table, ...]
    has_margin: bool
    is_compared: bool
    group_label: str
    controls: "Controls"
    csv_url: str
    beside: Beside | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What can be chosen, as it stands."""

    path: str
    hidden: tuple[tuple[str, str], ...]
    interval: str
    intervals: Sequence[Choice]
    start_date: str
    end_date: str
    date_bin: str
    date_bins: Sequence[Choice]
    groupings: str
    all_groupings: Sequence[Choice]
    tag: str
    ticks: tuple[Tick, ...]
    chips: tuple[Chip, ...]
    pickable: Sequence[Choice]
    is_compared: bool
    plain_url: str


def shown_of(look: CostLook, *, asked: Asked, is_customer: bool) -> Shown:
    """Return the page of a report."""
    question, names = look.question, group_names(look)
    invoice = look.invoice
    return Shown(
        title=_("All Resources") if look.report.is_default else look.report.title,
        customer=look.account.name if look.account else "",
        customer_url=f"/accounts/{look.account.token}" if look.account and look.has_margin else "",
        days=_days(question.first_day, question.last_day),
        previous_days=_days(*look.previous_days) if look.previous_days else "",
        tables=tuple(_table(look, total, asked) for total in look.sums),
        has_margin=look.has_margin,
        is_compared=look.previous_days is not None,
        group_label=", ".join(label_of(name) for name in names) or _("All costs"),
        controls=controls_of(look, asked=asked),
        csv_url=asked.url(path=f"{asked.path}.csv"),
        beside=None
        if invoice is None
        else Beside(
            number=invoice.number,
            url=f"{'/portal' if is_customer else ''}/invoices/{invoice.token}",
            subtotal=amount(invoice.subtotal, currency=invoice.currency),
            difference=amount(invoice.difference, currency=invoice.currency),
        ),
    )


def _days(first: date, last: date) -> str:
    month = BillingPeriod.of(first)
    if month.start == first and month.last_day == last:
        return month_name(month)
    return f"{day(first)} – {day(last)}"


def controls_of(look: CostLook, *, asked: Asked) -> Controls:
    """Return the controls as the answered question left them."""
    question = look.question
    groupings = ",".join(group_names(look))
    is_tag = asked.wants_tag or groupings.startswith(TAG)
    choices = _grouping_choices()
    if not is_tag and groupings not in {choice.value for choice in choices}:
        label = ", ".join(label_of(name) for name in group_names(look)) or _("Nothing")
        choices = [Choice(value=groupings, label=label), *choices]
    hidden = [("account", asked.account), ("filter", asked.filter), *(("is", pick.text) for pick in asked.picks)]
    chips = [
        Chip(label=label_of(pick.field), value=_shown_value(pick.field, pick.value), without=asked.without(pick).url())
        for pick in asked.picks
    ]
    if asked.filter:
        chips.append(Chip(label=_("Filter"), value=asked.filter, without=replace(asked, filter="").url()))
    settings = question.settings
    return Controls(
        path=asked.path,
        hidden=tuple((name, value) for name, value in hidden if value),
        interval=asked.interval or CUSTOM_INTERVAL,
        intervals=_intervals(),
        start_date=question.first_day.isoformat(),
        end_date=question.last_day.isoformat(),
        date_bin=question.date_bin.value,
        date_bins=_bins(),
        groupings="tag" if is_tag else groupings,
        all_groupings=choices,
        tag=groupings.removeprefix(TAG) if groupings.startswith(TAG) else "",
        ticks=tuple(
            Tick(name=name, label=label, is_on=getattr(settings, name))
            for name, label in zip(COUNTED, _tick_labels(), strict=True)
        ),
        chips=tuple(chips),
        pickable=choices_of((name, label_of(name)) for name in _PICKABLE),
        is_compared=asked.is_compared,
        plain_url=Asked(path=asked.path, account=asked.account).url(),
    )


def _table(look: CostLook, total: GroupCost, asked: Asked) -> Table:
    names, question = group_names(look), look.question
    groups = [group for group in look.groups if group.currency == total.currency]
    series = _series(groups, names)
    colours = {id(group): min(place, OTHERS) for place, group in enumerate(groups, start=1)}
    said = ", ".join(
        f"{bin_name(at, question.date_bin.value)} {shown.text}"
        for at in look.bins
        if (shown := amount(total.bins.get(at, _NOTHING), currency=total.currency)) and not shown.is_zero
    )

    def picture(width: int, height: int) -> Picture:
        return picture_of(
            series,
            bins=look.bins,
            date_bin=question.date_bin.value,
            currency=total.currency,
            width=width,
            height=height,
        )

    return Table(
        currency=total.currency,
        words=_("Costs in %(currency)s over time: %(said)s") % {"currency": total.currency, "said": said},
        wide=picture(960, 260),
        narrow=picture(330, 200),
        rows=tuple(
            _row(group, total, name=_name(group, names), colour=colours[id(group)], url=_narrowed(group, names, asked))
            for group in groups[:MOST_ROWS]
        ),
        more=max(len(groups) - MOST_ROWS, 0),
        total=_row(total, total, name=_("Total"), colour=0, url=""),
        bins=tuple(
            (bin_name(at, question.date_bin.value), amount(total.bins.get(at, _NOTHING), currency=total.currency))
            for at in look.bins
        ),
        others=max(len(groups) - MOST_COLOURS, 0),
    )


def _series(groups: Sequence[GroupCost], names: Sequence[str]) -> list[Series]:
    series = [
        Series(name=_name(group, names), colour=place, bins=group.bins)
        for place, group in enumerate(groups[:MOST_COLOURS], start=1)
    ]
    others: dict[datetime, Decimal] = {}
    for group in groups[MOST_COLOURS:]:
        for at, cost in group.bins.items():
            others[at] = others.get(at, _NOTHING) + cost
    return [*series, Series(name=_("Others"), colour=OTHERS, bins=others)] if others else series


def _row(group: GroupCost, total: GroupCost, *, name: str, colour: int, url: str) -> Row:
    currency = group.currency
    margin, previous = group.margin, group.previous
    change = None if previous is None else _rounded(group.cost, currency) - _rounded(previous, currency)
    return Row(
        name=name,
        url=url,
        colour=colour,
        cost=amount(group.cost, currency=currency),
        share=percent(group.cost, of=total.cost),
        previous=amount(previous, currency=currency),
        change="" if change is None else signed(change),
        change_percent="" if change is None or not previous else percent(change, of=abs(previous)),
        provider_cost=amount(group.provider_cost, currency=currency),
        margin=amount(margin, currency=currency),
        margin_percent="" if margin is None else percent(margin, of=group.cost),
    )


def _rounded(value: Decimal, currency: str) -> Decimal:
    return from_minor(to_minor(value, currency=currency), currency=currency)


def _name(group: GroupCost, names: Sequence[str]) -> str:
    shown = [
        _shown_value(name, value) if value else _("No %(what)s") % {"what": label_of(name).lower()}
        for name, value in zip(names, group.values, strict=True)
        if value or name != "provider" or not any(group.values)
    ]
    return " · ".join(shown) or _("All costs")


def _shown_value(name: str, value: str) -> str:
    return provider_name(value) if name == "provider" else value


def _narrowed(group: GroupCost, names: Sequence[str], asked: Asked) -> str:
    """Return the address of the group alone, told apart by what is of interest next; empty where it has no name."""
    picks = [
        Pick(field=name, value=value)
        for name, value in zip(names, group.values, strict=True)
        if value and (name in _PICKABLE or name.startswith(TAG))
    ]
    if not picks or not any(pick not in asked.picks for pick in picks):
        return ""
    told = {pick.field for pick in [*asked.picks, *picks]}
    following = ACCOUNTS if "service" in told and "account_id" not in told else SERVICES
    return asked.with_pick(picks, groupings="charge_type" if {"service", "account_id"} <= told else following).url()


def _intervals() -> Sequence[Choice]:
    return choices_of(
        [
            ("this_month", _("This month")),
            ("last_month", _("Last month")),
            ("last_3_months", _("Last 3 months")),
            ("last_6_months", _("Last 6 months")),
            ("last_12_months", _("Last 12 months")),
            ("year_to_date", _("Year to date")),
            (CUSTOM_INTERVAL, _("From – to")),
        ]
    )


def _bins() -> Sequence[Choice]:
    return choices_of(
        [
            ("day", _("Day")),
            ("week", _("Week")),
            ("month", _("Month")),
            ("quarter", _("Quarter")),
        ]
    )


def _grouping_choices() -> list[Choice]:
    pairs: Iterable[tuple[str, str]] = (
        (SERVICES, _("Service")),
        (ACCOUNTS, _("Account")),
        ("provider", _("Provider")),
        ("region", _("Region")),
        ("cost_category", _("Category")),
        ("charge_type", _("Charge type")),
        ("tag", _("Tag…")),
    )
    return list(choices_of(pairs))


def _tick_labels() -> tuple[str, ...]:
    return _("Credits"), _("Refunds"), _("Discounts"), _("Taxes"), _("Amortised")
