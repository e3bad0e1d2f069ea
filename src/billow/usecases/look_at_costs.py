"""Look at a cost report: what each group cost, bin by bin, beside the time before and what the provider charged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from billow.coststore.condition import AllOf, Condition, CostField, FieldTest, Match, TagTest, TextTest
from billow.coststore.series import DateBin
from billow.documents.costs_csv import render_costs_csv
from billow.records.accounts.models import Permission
from billow.records.billing.models import ManagedAccount
from billow.records.reports.models import CostReport
from billow.terms.money import from_minor, to_minor
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.cost_question import CostQuestion, read_question
from billow.usecases.cost_reports import default_report, report_with
from billow.usecases.query_costs import CostAnswer, answer_costs
from billow.usecases.read_invoices import one_row
from billow.usecases.refused import Refused
from billow.usecases.report_words import TAG, groupings_text
from billow.usecases.workspaces import default_workspace, own_workspaces

MOST_BINS = 200
"""More than these nobody tells apart in a picture."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCost:
    """One group in one currency. ``provider_cost`` and ``previous`` only where they were asked for."""

    values: tuple[str | None, ...]
    currency: str
    cost: Decimal
    bins: Mapping[datetime, Decimal]
    provider_cost: Decimal | None = None
    previous: Decimal | None = None

    @property
    def margin(self) -> Decimal | None:
        """What is left of the cost; None where the provider's is not shown."""
        return None if self.provider_cost is None else self.cost - self.provider_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceBeside:
    """The invoice that somebody came from, with its subtotal, and whether the report adds up to it."""

    token: str
    number: str
    subtotal: Decimal
    currency: str
    difference: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLook:
    """A report as it is looked at: groups with the largest first, and sums by currency (groups without values)."""

    report: CostReport
    account: ManagedAccount | None
    question: CostQuestion
    bins: tuple[datetime, ...]
    groups: tuple[GroupCost, ...]
    sums: tuple[GroupCost, ...]
    previous_days: tuple[date, date] | None
    has_margin: bool
    invoice: InvoiceBeside | None


def look_at_costs(
    *,
    actor: Actor,
    fields: Mapping[str, object],
    narrowed_to: Sequence[tuple[str, str]] = (),
    report_token: str = "",
    account_token: str = "",
    invoice_token: str = "",
    is_compared: bool = False,
    now: datetime,
) -> CostLook:
    """Return the report, else *All Resources* of the account or of the actor's own workspace, read with the fields.

    ``narrowed_to`` are groupings (or TAG and a key) with the value that is wanted, on top of the report's own filter.

    The MSP sees beside a customer's costs what the provider charged for them; customers never do. Raises Refused for
    a question that cannot be read or answered, and for what the actor may not see.
    """
    report = _report(actor, report_token, account_token, now)
    account = report.workspace.managed_account
    question = read_question(workspace=report.workspace, report=report, fields=fields, now=now)
    if narrowed_to:
        tests = [_test(name, value) for name, value in narrowed_to]
        question = replace(question, where=AllOf((*([question.where] if question.where else []), *tests)))
    bins = tuple(_bins(question))
    if len(bins) > MOST_BINS:
        message = f"That would be {len(bins)} bars; at most {MOST_BINS}: choose fewer days or longer steps"
        raise Refused("too_many_bins", message)
    question = replace(question, cumulative=False)
    answer = answer_costs(question=question)
    has_margin = account is not None and not actor.is_customer and actor.may(Permission.SEE_MANAGEMENT)
    at_provider = answer_costs(question=question, before_rules=True) if has_margin else None
    days = days_before(question.first_day, question.last_day) if is_compared else None
    before = None
    if days is not None:
        before = answer_costs(question=replace(question, first_day=days[0], last_day=days[1]))
    groups = tuple(_groups(answer, at_provider=at_provider, before=before))
    return CostLook(
        report=report,
        account=account,
        question=question,
        bins=bins,
        groups=groups,
        sums=tuple(_sums(groups)),
        previous_days=days,
        has_margin=has_margin,
        invoice=_beside(actor, invoice_token, answer),
    )


def group_names(look: CostLook) -> list[str]:
    """Return what the groups are told apart by."""
    return [name for name in groupings_text(look.question.group_by).split(",") if name]


def csv_of_look(look: CostLook) -> bytes:
    """Return the look as CSV: a row for each group, a column for each step of time, amounts to the last digit."""
    extra = (["previous"] if look.previous_days else []) + (["provider_cost", "margin"] if look.has_margin else [])
    dates = [at.date().isoformat() for at in look.bins]
    rows = []
    for group in look.groups:
        values = {"provider_cost": group.provider_cost, "margin": group.margin, "previous": group.previous}
        amounts = [*(group.bins.get(at) for at in look.bins), group.cost, *(values[name] for name in extra)]
        rows.append([*(value or "" for value in group.values), group.currency, *map(_plain, amounts)])
    columns = [*group_names(look), "currency", *dates, "cost", *extra]
    return render_costs_csv(columns=columns, numbers=frozenset({*dates, "cost", *extra}), rows=rows)


def _plain(value: Decimal | None) -> str:
    return f"{value.normalize():f}" if value else "0"


def days_before(first: date, last: date) -> tuple[date, date]:
    """Return as many days directly before; whole months are compared with as many whole months."""
    month, months = BillingPeriod.of(first), 1
    while month.last_day < last:
        month, months = month.next, months + 1
    if first.day == 1 and month.last_day == last:
        start = BillingPeriod.of(first)
        for _ in range(months):
            start = start.previous
        return start.start, first - timedelta(days=1)
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def _test(name: str, value: str) -> Condition:
    wanted = TextTest(match=Match.EQUALS, values=(value,))
    if name.startswith(TAG):
        return TagTest(TextTest(match=Match.EQUALS, values=(name.removeprefix(TAG),)), (wanted,))
    return FieldTest(CostField(name), wanted)


def _report(actor: Actor, report_token: str, account_token: str, now: datetime) -> CostReport:
    if report_token:
        return report_with(actor=actor, token=report_token)
    own = actor.account
    if not account_token or (own is not None and own.token == account_token):
        return default_report(workspace=own_workspaces(actor=actor, now=now)[0], now=now)
    account = ManagedAccount.objects.visible_to(actor).live().filter(token=account_token).first()
    if account is None:
        raise Refused("not_found", "Resource not found")
    workspace = default_workspace(management_account=actor.management_account, account=account, now=now)
    return default_report(workspace=workspace, now=now)


def _bins(question: CostQuestion) -> Iterable[datetime]:
    """Return the first instant of every bin, those in which nothing was charged too."""
    if question.date_bin is DateBin.HOUR:
        raise Refused("too_many_bins", "A picture by the hour has too many bars; choose days or longer steps")
    day, last = question.first_day, question.last_day
    if question.date_bin is DateBin.WEEK:
        day -= timedelta(days=day.weekday())
    elif question.date_bin is not DateBin.DAY:
        day = day.replace(day=1)
    months = {DateBin.MONTH: 1, DateBin.QUARTER: 3}.get(question.date_bin)
    if months == 3:
        day = day.replace(month=(day.month - 1) // 3 * 3 + 1)
    while day <= last:
        yield datetime.combine(day, time())
        if months is None:
            day += timedelta(days=7 if question.date_bin is DateBin.WEEK else 1)
        else:
            month = BillingPeriod.of(day)
            for _ in range(months):
                month = month.next
            day = month.start


_Key = tuple[tuple[str | None, ...], str]


def _by_group(answer: CostAnswer | None) -> dict[_Key, Decimal]:
    found: dict[_Key, Decimal] = {}
    for row in answer.rows if answer is not None else ():
        key = tuple(row.groups.values()), row.currency
        found[key] = found.get(key, _NOTHING) + row.amount
    return found


def _groups(answer: CostAnswer, *, at_provider: CostAnswer | None, before: CostAnswer | None) -> Iterable[GroupCost]:
    """Return every group of the three answers, by currency and then the largest first."""
    costs, provider_costs, previous = _by_group(answer), _by_group(at_provider), _by_group(before)
    bins: dict[_Key, dict[datetime, Decimal]] = {}
    for row in answer.rows:
        inner = bins.setdefault((tuple(row.groups.values()), row.currency), {})
        # Charges of another time of day than midnight stand in the same bin.
        at = row.accrued_at.replace(hour=0, tzinfo=None)
        inner[at] = inner.get(at, _NOTHING) + row.amount
    keys = dict.fromkeys([*costs, *provider_costs, *previous])
    ordered = sorted(keys, key=lambda key: (key[1], -abs(costs.get(key, _NOTHING)), [each or "" for each in key[0]]))
    for key in ordered:
        yield GroupCost(
            values=key[0],
            currency=key[1],
            cost=costs.get(key, _NOTHING),
            bins=bins.get(key, {}),
            provider_cost=None if at_provider is None else provider_costs.get(key, _NOTHING),
            previous=None if before is None else previous.get(key, _NOTHING),
        )


def _sums(groups: Sequence[GroupCost]) -> Iterable[GroupCost]:
    for currency in dict.fromkeys(group.currency for group in groups):
        mine = [group for group in groups if group.currency == currency]
        bins: dict[datetime, Decimal] = {}
        for group in mine:
            for at, cost in group.bins.items():
                bins[at] = bins.get(at, _NOTHING) + cost
        yield GroupCost(
            values=(),
            currency=currency,
            cost=_sum(group.cost for group in mine) or _NOTHING,
            bins=bins,
            provider_cost=_sum(group.provider_cost for group in mine),
            previous=_sum(group.previous for group in mine),
        )


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, _NOTHING) if known else None


def _beside(actor: Actor, token: str, answer: CostAnswer) -> InvoiceBeside | None:
    """Return the invoice with what the report differs from it, to the minor unit; None if there is none to see."""
    if not token:
        return None
    try:
        row = one_row(actor=actor, token=token)
    except Refused:
        return None
    if row.subtotal is None:
        return None
    total = answer.totals.get(row.currency, _NOTHING)
    shown = from_minor(to_minor(total, currency=row.currency), currency=row.currency)
    return InvoiceBeside(
        token=row.token,
        number=row.number,
        subtotal=row.subtotal,
        currency=row.currency,
        difference=shown - row.subtotal,
    )
