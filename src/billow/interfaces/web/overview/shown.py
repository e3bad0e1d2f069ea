"""The overview as plain values: bills, counts, sums, what has to be mended, and the chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.overview.chart import Chart, chart_of
from billow.interfaces.web.overview.set_up import SetUpStep, set_up_steps
from billow.interfaces.web.overview.steps import Next, next_of
from billow.interfaces.web.shown.amounts import Amount, amount, percent
from billow.interfaces.web.shown.fields import Choice, choices_of
from billow.interfaces.web.shown.pills import Pill
from billow.interfaces.web.shown.times import Moment, moment, month_name, month_short, zone_of
from billow.records.accounts.models import Permission
from billow.usecases.actor import Actor
from billow.usecases.arrivals import Arrival, Lateness, MonthSource
from billow.usecases.close_overview import CloseOverview, CurrencySum, Undelivered
from billow.usecases.invoice_rows import InvoiceRow
from billow.usecases.unallocated_costs import UnallocatedPlace

MOST_LISTED = 50
MOST_MONTHS = 24
_FIXES = {
    "missing_exchange_rate": "/settings/exchange-rates",
    "no_billing_profile": "/settings/billing-profiles",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An integration's bill of the month; ``ownerless`` are its costs that nobody owns."""

    name: str
    url: str
    pill: Pill
    reason: str
    arrived: Moment | None
    costs: tuple[Amount | None, ...]
    ownerless: tuple[Amount | None, ...]
    ownerless_places: int
    ownerless_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many invoices are somewhere; ``url`` shows them."""

    label: str
    tone: str
    number: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of the bar that shows how far the close is, in thousandths of its width."""

    x: int
    width: int
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the invoices in one currency add up to; no cost and no margin for whoever may not see them."""

    currency: str
    invoices: int
    cost: Amount | None
    margin: Amount | None
    margin_percent: str
    total: Amount | None
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """Something that went wrong: with what, why, and where it is put right. ``retry`` is an invoice to regenerate."""

    name: str
    url: str
    customer: str
    reason: str
    fix: str
    fix_url: str
    retry: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything the page shows."""

    title: str
    period: str
    months: tuple[Choice, ...]
    previous_url: str
    next_url: str
    newest_url: str
    next: Next
    set_up: tuple[SetUpStep, ...]
    set_up_done: int
    sources: tuple[Source, ...]
    unallocated_problem: str
    counts: tuple[Count, ...]
    segments: tuple[Segment, ...]
    approved: int
    whole: int
    sums: tuple[Sum, ...]
    mends: tuple[Mend, ...]
    more_mends: int
    charts: tuple[Chart, ...]
    is_busy: bool
    may_write: bool
    may_feed: bool


def shown_of(overview: CloseOverview, *, actor: Actor, now: datetime) -> Shown:
    """Return what the actor sees of the overview."""
    may_write, may_feed = actor.may(Permission.WRITE_INVOICES), actor.may(Permission.WRITE_RULES)
    month, period, counts = month_name(overview.period), overview.period, overview.counts
    mends = _mends(overview, may_write=may_write)
    steps = overview.first_steps
    return Shown(
        title=month,
        period=str(period),
        months=_months(overview),
        previous_url=f"/?period={period.previous}",
        next_url=f"/?period={period.next}" if period < overview.newest else "",
        newest_url="/" if period < overview.newest else "",
        next=next_of(overview, may_invoice=may_write, may_feed=may_feed, month=month),
        set_up=set_up_steps(steps, period=period, may_invoice=may_write, may_feed=may_feed) if steps else (),
        set_up_done=len(steps.done) if steps else 0,
        sources=tuple(_source(each, overview, actor=actor, now=now) for each in overview.sources),
        unallocated_problem=overview.unallocated_problem,
        counts=_counts(overview),
        segments=_segments(overview),
        approved=counts.approved,
        whole=counts.whole,
        sums=tuple(_sum(each, overview, may_see=actor.may(Permission.SEE_MANAGEMENT)) for each in overview.sums),
        mends=tuple(mends[:MOST_LISTED]),
        more_mends=max(len(mends) - MOST_LISTED, 0),
        charts=tuple(chart_of(months, currency=currency) for currency, months in overview.trend.items()),
        is_busy=counts.generating + counts.sending > 0,
        may_write=may_write,
        may_feed=may_feed,
    )


def _months(overview: CloseOverview) -> tuple[Choice, ...]:
    """Return the months to choose from, newest first; the chosen one is always among them."""
    months = [overview.newest]
    while len(months) < MOST_MONTHS:
        months.append(months[-1].previous)
    if overview.period not in months:
        months.append(overview.period)
    return choices_of((str(month), month_name(month)) for month in months)


def _source(each: MonthSource, overview: CloseOverview, *, actor: Actor, now: datetime) -> Source:
    places = [place for place in overview.unallocated if place.integration_token == each.token]
    at = each.arrived_at
    url = f"/settings/integrations/{each.token}"
    return Source(
        name=each.name,
        url=url,
        pill=_arrival_pill(each.arrival),
        reason=_lateness(each.lateness),
        arrived=moment(at, zone=zone_of(actor.management_account.time_zone), now=now) if at else None,
        costs=tuple(amount(cost, currency=currency) for currency, cost in each.costs.items()),
        ownerless=_added_up(places),
        ownerless_places=len(places),
        ownerless_url=f"{url}/unallocated?period={overview.period}",
    )


def _arrival_pill(arrival: Arrival) -> Pill:
    return {
        Arrival.MISSING: Pill(label=_("Missing"), tone="bad"),
        Arrival.NOT_EXPECTED: Pill(label=_("Not expected"), tone="quiet"),
        Arrival.NOT_FINAL: Pill(label=_("Not final"), tone="attention"),
        Arrival.ARRIVED: Pill(label=_("Arrived"), tone="good"),
        Arrival.FINAL: Pill(label=_("Final"), tone="good"),
        Arrival.UNREADABLE: Pill(label=_("Unreadable"), tone="bad"),
    }[arrival]


def _lateness(lateness: Lateness) -> str:
    return {
        Lateness.BEFORE_THE_END: _("delivered before the month was over"),
        Lateness.LAST_DAYS: _("no costs of the last days"),
        Lateness.NOT_INVOICED: _("not all of it invoiced by the provider"),
        Lateness.NONE: "",
    }[lateness]


def _added_up(places: Sequence[UnallocatedPlace]) -> tuple[Amount | None, ...]:
    sums: dict[str, Decimal] = {}
    for place in places:
        for currency, cost in place.costs.items():
            sums[currency] = sums.get(currency, Decimal(0)) + cost
    return tuple(amount(cost, currency=currency) for currency, cost in sorted(sums.items()))


def _counts(overview: CloseOverview) -> tuple[Count, ...]:
    counts, url = overview.counts, f"/invoices?period={overview.period}"
    always = (
        Count(label=_("Ready"), tone="ready", number=counts.ready, url=f"{url}&status=ready"),
        Count(
            label=_("Awaiting approval"),
            tone="attention",
            number=counts.awaiting,
            url=f"{url}&status=awaiting_approval",
        ),
        Count(label=_("Approved"), tone="good", number=counts.approved, url=f"{url}&status=approved"),
        Count(label=_("Sent"), tone="good", number=counts.sent, url=f"{url}&status=approved"),
    )
    sometimes = (
        Count(label=_("Generating"), tone="busy", number=counts.generating, url=f"{url}&status=generating"),
        Count(label=_("Being sent"), tone="busy", number=counts.sending, url=f"{url}&status=approved"),
        Count(label=_("Out of date"), tone="attention", number=counts.stale, url=f"{url}&status=awaiting_approval"),
        Count(label=_("Failed"), tone="bad", number=counts.failed, url=f"{url}&status=failed"),
        Count(label=_("Not delivered"), tone="bad", number=counts.undelivered, url=f"{url}&status=undelivered"),
        Count(label=_("Blocked"), tone="bad", number=counts.blocked, url=url),
    )
    return (*always, *(count for count in sometimes if count.number))


def _segments(overview: CloseOverview) -> tuple[Segment, ...]:
    counts, whole = overview.counts, overview.counts.whole
    parts = (
        (counts.approved, "good"),
        (counts.awaiting, "attention"),
        (counts.generating, "busy"),
        (counts.ready, "ready"),
        (counts.failed, "bad"),
    )
    segments: list[Segment] = []
    done = 0
    for number, tone in parts:
        if number:
            start, done = done * 1000 // whole, done + number
            segments.append(Segment(x=start, width=done * 1000 // whole - start, tone=tone))
    return tuple(segments)


def _sum(each: CurrencySum, overview: CloseOverview, *, may_see: bool) -> Sum:
    return Sum(
        currency=each.currency,
        invoices=each.invoices,
        cost=amount(each.provider_cost, currency=each.currency) if may_see else None,
        margin=amount(each.margin, currency=each.currency) if may_see else None,
        margin_percent=percent(each.margin, of=each.subtotal) if may_see and each.subtotal > 0 else "",
        total=amount(each.total, currency=each.currency),
        change=_change(each, overview),
    )


def _change(each: CurrencySum, overview: CloseOverview) -> str:
    """Say how the month compares with the one before; nothing while invoices are still missing."""
    counts, months = overview.counts, overview.trend.get(each.currency, ())
    if counts.approved + counts.awaiting < counts.whole or len(months) < 2:
        return ""
    before = months[-2].approved + months[-2].drafts
    if before <= 0:
        return ""
    share = percent(each.subtotal - before, of=before)
    sign = "+" if each.subtotal > before else ""
    return _("%(change)s on %(month)s") % {"change": f"{sign}{share}", "month": month_short(months[-2].period)}


def _mends(overview: CloseOverview, *, may_write: bool) -> list[Mend]:
    mends = [_failed(row, may_write=may_write) for row in overview.failed]
    mends += [_undelivered(each, may_write=may_write) for each in overview.undelivered]
    mends += [
        Mend(
            name=row.account_name,
            url=f"/accounts/{row.account_token}",
            customer="",
            reason=row.reason,
            fix=_("Choose a profile"),
            fix_url=f"/accounts/{row.account_token}",
        )
        for row in overview.blocked
        if row.code == "no_billing_profile"
    ]
    mends += [
        Mend(
            name=name,
            url=f"/accounts/{token}",
            customer="",
            reason=_("Nobody would get the invoice: there are no recipients."),
            fix=_("Add recipients"),
            fix_url=f"/accounts/{token}#field-billing_email",
        )
        for token, name in overview.without_recipients
    ]
    return mends


def _failed(row: InvoiceRow, *, may_write: bool) -> Mend:
    fix_url = _FIXES.get(row.failure_code, f"/invoices/{row.token}")
    if row.failure_code.startswith("rule"):
        fix_url = f"/accounts/{row.account_token}/rules"
    labels = {"/settings/exchange-rates": _("Upload the rate"), "/settings/billing-profiles": _("Billing profiles")}
    fix = labels.get(fix_url) or (_("Open the rules") if fix_url.endswith("/rules") else _("Open the invoice"))
    return Mend(
        name=row.number,
        url=f"/invoices/{row.token}",
        customer=row.account_name,
        reason=row.failure_message,
        fix=fix,
        fix_url=fix_url,
        retry=row.token if may_write else "",
    )


def _undelivered(each: Undelivered, *, may_write: bool) -> Mend:
    row = each.invoice
    return Mend(
        name=row.number,
        url=f"/invoices/{row.token}",
        customer=row.account_name,
        reason=_("The mail did not arrive. %(answer)s") % {"answer": each.answer},
        fix=_("Correct the addresses"),
        fix_url=f"/accounts/{row.account_token}#field-billing_email",
        again=row.token if may_write else "",
    )
