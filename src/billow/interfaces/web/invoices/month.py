"""The Invoices screen as plain values: one month's rows with its summary, or all months of one account."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from django.db.models.functions import Lower
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from billow.interfaces.web.invoices.acts import ACTS
from billow.interfaces.web.invoices.beginning import Beginning, beginning
from billow.interfaces.web.invoices.choice import STATUS_CHOICES, UNDELIVERED, Choice
from billow.interfaces.web.invoices.rows import Reader, Row, invoice_row, ready_row
from billow.interfaces.web.invoices.summary import NOT_DELIVERED, Summary, summary_of
from billow.interfaces.web.invoices.trend import trends
from billow.interfaces.web.invoices.watermark import watermark
from billow.interfaces.web.shown.pills import READY, UNDER_WAY
from billow.interfaces.web.shown.times import month_name, zone_of
from billow.records.billing.models import ManagedAccount
from billow.terms.period import BillingPeriod
from billow.terms.text import trimmed
from billow.usecases.actor import Actor
from billow.usecases.find import find_account
from billow.usecases.glance_invoices import Glance, glance_invoices, glance_ready
from billow.usecases.read_invoices import list_invoices
from billow.usecases.ready_to_invoice import BlockedRow, ReadyList, ready_list

ROWS_PER_PAGE = 100
_SHOWN_BLOCKED = 50
_CHOSEN = mark_safe(" selected")
_STATUS_ORDER = ("failed", "ready", "generating", "awaiting_approval", "approved", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One entry of a drop-down."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One sortable column head; ``direction`` is what aria-sort says, empty when another column leads."""

    label: str
    name: str
    url: str
    direction: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next thing to do with everything that waits for it."""

    act: str
    label: str
    status: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedReason:
    """Accounts that cannot be invoiced for the same reason; ``names`` are the first of them."""

    reason: str
    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How the page asks for what changed: where, how often, and what it knows already."""

    url: str
    every_s: int
    mark: str
    shape: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Everything the screen shows."""

    title: str
    choice: Choice
    previous_url: str
    next_url: str
    latest_url: str
    all_months_url: str
    account_options: str
    statuses: tuple[Option, ...]
    summary: Summary
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    number_of_rows: int
    first_row: int
    last_row: int
    previous_page_url: str
    next_page_url: str
    blocked: tuple[BlockedReason, ...]
    number_of_blocked: int
    fits: dict[str, int]
    steps: tuple[Step, ...]
    beginning: Beginning | None
    live: Live
    may_write: bool


def month(*, actor: Actor, choice: Choice, now: datetime, with_costs: bool = True) -> Month:
    """Return the screen; without costs the cost store is not asked (quick, for finding what changed)."""
    may_write = actor.user is not None and actor.user.may_write_invoices
    # Before the rows: what changes while they are read is then asked for again.
    mark = watermark(management_account=actor.management_account, choice=choice)
    everything, computed = _everything(actor=actor, choice=choice, now=now, with_costs=with_costs)
    blocked = tuple(one for one in computed.blocked if one.code != "invoice_exists")
    chosen = [row for row in everything if _has_status(row, choice.status)]
    ordered = _ordered(chosen, choice.sort)
    statuses = Counter(row.status for row in chosen)
    start = min((choice.page - 1) * ROWS_PER_PAGE, (max(len(ordered), 1) - 1) // ROWS_PER_PAGE * ROWS_PER_PAGE)
    reader = Reader(may_write=may_write, zone=zone_of(actor.management_account.time_zone), now=now)
    page = _rows(actor, ordered[start : start + ROWS_PER_PAGE], computed=computed, reader=reader)
    at_page = start // ROWS_PER_PAGE + 1
    has_next = start + ROWS_PER_PAGE < len(ordered)
    today = today_of(actor, now)
    trend = trends(
        management_account=actor.management_account,
        until=choice.period or BillingPeriod.of(today).previous,
        account=choice.account,
    )
    nothing_at_all = not everything and not choice.is_filtered
    if everything:
        blocked = tuple(one for one in blocked if one.code != "before_first_month")
    return Month(
        title=month_name(choice.period) if choice.period else _("All months"),
        choice=choice,
        account_options=_account_options(actor, choice),
        statuses=tuple(
            Option(value=value, label=_(label), is_chosen=value == choice.status) for value, label in STATUS_CHOICES
        ),
        summary=summary_of(everything, choice=choice, trends=trend),
        columns=_columns(choice),
        rows=page,
        number_of_rows=len(ordered),
        first_row=start + 1 if page else 0,
        last_row=start + len(page),
        previous_page_url=choice.on_page(at_page - 1).url if at_page > 1 else "",
        next_page_url=choice.on_page(at_page + 1).url if has_next else "",
        blocked=_by_reason(blocked),
        number_of_blocked=len(blocked),
        fits={act.name: sum(statuses[status] for status in act.statuses) for act in ACTS.values()},
        steps=_steps(everything) if may_write and not choice.status else (),
        beginning=beginning(management_account=actor.management_account) if nothing_at_all else None,
        live=_live(choice, mark, everything, page),
        may_write=may_write,
        **_neighbours(choice, today),
    )


def _everything(*, actor: Actor, choice: Choice, now: datetime, with_costs: bool) -> tuple[list[Glance], ReadyList]:
    """Return every invoice of the month (or account), of any status, with what can be invoiced, and that list."""
    account = find_account(actor=actor, text=choice.account) if choice.account else None
    by_time = choice.sort.removeprefix("-") == "updated"
    found = glance_invoices(actor=actor, period=choice.period, account=account, with_times=by_time)
    computed = ready_list(
        actor=actor, now=now, period=choice.period, account=account, with_costs=with_costs, with_invoiced=False
    )
    found += [glance_ready(ready) for ready in computed.ready]
    return found, computed


def _rows(actor: Actor, page: Sequence[Glance], *, computed: ReadyList, reader: Reader) -> tuple[Row, ...]:
    """Return the rows of one page in its order; only these are read and written in full."""
    tokens = [one.token for one in page if one.token]
    rows = [invoice_row(each, reader=reader) for each in list_invoices(actor=actor, now=reader.now, tokens=tokens)]
    rows += [ready_row(each, reader=reader) for each in computed.ready]
    by_item = {row.item: row for row in rows}
    # An invoice that vanished between the two looks is left out.
    return tuple(by_item[one.item] for one in page if one.item in by_item)


def _by_reason(blocked: Sequence[BlockedRow]) -> tuple[BlockedReason, ...]:
    names: dict[str, list[str]] = {}
    for one in blocked:
        names.setdefault(one.reason, []).append(one.account_name)
    return tuple(
        BlockedReason(reason=reason, number=len(accounts), names=tuple(accounts[:_SHOWN_BLOCKED]))
        for reason, accounts in names.items()
    )


def chosen_rows(*, actor: Actor, choice: Choice, now: datetime) -> list[Glance]:
    """Return all that the filters show, on whatever page."""
    everything, _ = _everything(actor=actor, choice=choice, now=now, with_costs=False)
    return _ordered([row for row in everything if _has_status(row, choice.status)], choice.sort)


def today_of(actor: Actor, now: datetime) -> date:
    """Return the day it is in the management account's time zone."""
    return now.astimezone(zone_of(actor.management_account.time_zone)).date()


def _has_status(row: Glance, status: str) -> bool:
    if status == UNDELIVERED:
        return row.delivery in NOT_DELIVERED
    return not status or row.status == status


_SORT_KEYS: dict[str, Callable[[Glance], Any]] = {
    "customer": lambda row: row.customer.casefold(),
    "number": lambda row: row.number,
    "period": lambda row: row.month,
    "provider_cost": lambda row: (row.currency, row.cost_minor or 0),
    "total": lambda row: (row.currency, row.total_minor or 0),
    "margin": lambda row: (row.currency, row.margin_minor or 0),
    "status": lambda row: _STATUS_ORDER.index(row.status) if row.status in _STATUS_ORDER else 0,
    "delivery": lambda row: row.delivery,
    "updated": lambda row: row.updated_at.timestamp() if row.updated_at else 0,
}


def _ordered(rows: Sequence[Glance], sort: str) -> list[Glance]:
    steady = sorted(rows, key=lambda row: (row.customer.casefold(), -row.month.toordinal(), row.number))
    return sorted(steady, key=_SORT_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))


def _columns(choice: Choice) -> tuple[Column, ...]:
    heads = (
        (_("Number"), "number", ""),
        (_("Customer"), "customer", ""),
        (_("Period"), "period", "period"),
        (_("Provider cost"), "provider_cost", "amount cost"),
        (_("Total"), "total", "amount"),
        (_("Margin"), "margin", "amount margin"),
        (_("Status"), "status", ""),
        (_("Delivery"), "delivery", "delivery"),
        (_("Updated"), "updated", "updated"),
    )
    directions = {choice.sort.removeprefix("-"): "descending" if choice.sort.startswith("-") else "ascending"}
    return tuple(
        Column(label=label, name=name, url=choice.sorted_by(name).url, direction=directions.get(name, ""), style=style)
        for label, name, style in heads
    )


def _account_options(actor: Actor, choice: Choice) -> str:
    """Return the entries of the drop-down, escaped: there may be thousands, and a template takes its time."""
    accounts = ManagedAccount.objects.visible_to(actor).live().order_by(Lower("name"))
    entries = [("", _("All accounts")), *accounts.values_list("token", "name")]
    parts = []
    for token, name in entries:
        chosen = " selected" if token == choice.account else ""
        parts.append(f'<option value="{escape(token)}"{chosen}>{escape(trimmed(name))}</option>')
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped above


def _steps(rows: Sequence[Glance]) -> tuple[Step, ...]:
    numbers = {status: sum(row.status == status for row in rows) for status in (READY, "awaiting_approval")}
    words = {READY: ("generate", _("Generate all")), "awaiting_approval": ("approve", _("Approve & send all"))}
    return tuple(
        Step(act=ACTS[words[status][0]].name, label=words[status][1], status=status, number=number)
        for status, number in numbers.items()
        if number
    )


def _neighbours(choice: Choice, today: date) -> dict[str, str]:
    latest = BillingPeriod.of(today).previous
    period = choice.period or latest
    return {
        "previous_url": choice.in_month(period.previous).url if choice.period else "",
        "next_url": choice.in_month(period.next).url if choice.period and period < BillingPeriod.of(today) else "",
        "latest_url": choice.in_month(latest).url if choice.period != latest else "",
        "all_months_url": choice.in_month(None).url if choice.account and choice.period else "",
    }


def _live(choice: Choice, mark: str, everything: Sequence[Glance], page: Sequence[Row]) -> Live:
    if any(one.status == "generating" or one.delivery in UNDER_WAY for one in everything):
        every_s = 2
    elif any(one.delivery == "deferred" for one in everything):
        every_s = 30
    else:
        every_s = 0
    shape = hashlib.sha256(" ".join(row.key for row in page).encode()).hexdigest()[:8]
    return Live(
        url=choice.url.replace("/invoices?", "/invoices/live?"),
        every_s=every_s,
        mark=mark,
        shape=shape,
        seen="".join(row.fingerprint for row in page),
    )
