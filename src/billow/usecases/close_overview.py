"""The close of a month at a glance: what arrived, what nobody owns, how far the invoices are, and what to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.accounts.models import Permission
from billow.records.billing.models import Delivery, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.arrivals import Arrival, MonthSource, arrivals
from billow.usecases.close_trend import TrendMonth, close_trend
from billow.usecases.closed_months import newest_ended_month
from billow.usecases.first_steps import FirstStep, FirstSteps, first_steps
from billow.usecases.invoice_rows import InvoiceRow
from billow.usecases.read_invoices import list_invoices
from billow.usecases.ready_to_invoice import BlockedRow, ready_list
from billow.usecases.refused import Refused
from billow.usecases.unallocated_costs import UnallocatedPlace, unallocated_costs

_NOT_DELIVERED = frozenset({"failed", "bounced"})
_SENDING = frozenset({"queued", "sending"})
_SENT = "accepted"


class Step(StrEnum):
    """What there is to do, in the order in which it is done."""

    SET_UP = "set_up"
    IMPORT = "import"
    WAIT = "wait"
    ALLOCATE = "allocate"
    GENERATE = "generate"
    WATCH = "watch"
    MEND = "mend"
    REVIEW = "review"
    APPROVE = "approve"
    DELIVER = "deliver"
    NOTHING = "nothing"
    """No customer has to be invoiced for this month."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One thing to do. ``number`` is of how many; ``token`` names the integration to import or to allocate."""

    step: Step
    number: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCounts:
    """How many invoices of the month are where; cancelled and wholly credited ones are in none of them.

    ``stale`` and ``warned`` are among those that await approval, ``sending``, ``sent`` and ``undelivered`` among the
    approved.
    """

    ready: int
    generating: int
    awaiting: int
    stale: int
    warned: int
    failed: int
    approved: int
    sending: int
    sent: int
    undelivered: int
    blocked: int

    @property
    def whole(self) -> int:
        """The number of customers that are invoiced in the month, or can be."""
        return self.ready + self.generating + self.awaiting + self.failed + self.approved


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """What the invoices made in one currency add up to; the margin is the subtotal less the provider's cost."""

    currency: str
    invoices: int
    provider_cost: Decimal
    subtotal: Decimal
    total: Decimal

    @property
    def margin(self) -> Decimal:
        """What the billing rules earned before taxes and fees."""
        return self.subtotal - self.provider_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """An approved invoice whose mail did not arrive, and what the mail server answered."""

    invoice: InvoiceRow
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOverview:
    """Everything about a month's close. ``unallocated_problem`` says why nobody can tell what is unallocated.

    ``failed``, ``undelivered`` and ``without_recipients`` are what a person has to mend; ``also`` is a second thing
    that could be done already.
    """

    period: BillingPeriod
    newest: BillingPeriod
    sources: tuple[MonthSource, ...]
    unallocated: tuple[UnallocatedPlace, ...]
    unallocated_problem: str
    counts: InvoiceCounts
    sums: tuple[CurrencySum, ...]
    failed: tuple[InvoiceRow, ...]
    undelivered: tuple[Undelivered, ...]
    blocked: tuple[BlockedRow, ...]
    without_recipients: tuple[tuple[str, str], ...]
    trend: Mapping[str, tuple[TrendMonth, ...]]
    first_steps: FirstSteps | None
    next: NextStep
    also: NextStep | None


def close_overview(*, actor: Actor, now: datetime, period: BillingPeriod | None = None) -> CloseOverview:
    """Return the overview of the month, the newest that is over by default; a constant number of queries."""
    actor.must(Permission.SEE_MANAGEMENT)
    newest = newest_ended_month(management_account=actor.management_account, now=now)
    month = min(period, newest) if period else newest
    invoices = [
        row
        for row in list_invoices(actor=actor, period=month, now=now)
        if row.status != InvoiceStatus.CANCELLED and not row.is_credited
    ]
    computed = ready_list(actor=actor, now=now, period=month, with_costs=False)
    blocked = tuple(row for row in computed.blocked if row.code not in {"invoice_exists", "before_first_month"})
    counts = _counts(invoices, ready=len(computed.ready), blocked=len(blocked))
    sources = arrivals(actor=actor, period=month)
    unallocated, problem = _unallocated(actor, month)
    steps = first_steps(actor=actor)
    waiting = {row.account_token for row in computed.ready}
    waiting |= {row.account_token for row in invoices if row.status != InvoiceStatus.APPROVED}
    silent = _without_recipients(actor, waiting)
    to_mend = counts.failed + sum(row.code != "month_not_closed" for row in blocked) + len(silent)
    todo = _todo(counts, sources, unallocated, blocked, steps, to_mend=to_mend)
    return CloseOverview(
        period=month,
        newest=newest,
        sources=sources,
        unallocated=unallocated,
        unallocated_problem=problem,
        counts=counts,
        sums=_sums(invoices),
        failed=tuple(row for row in invoices if row.status == InvoiceStatus.FAILED),
        undelivered=_undelivered(invoices),
        blocked=blocked,
        without_recipients=silent,
        trend=close_trend(actor=actor, until=month),
        first_steps=steps,
        next=todo[0],
        also=next((each for each in todo[1:] if each.step in {Step.GENERATE, Step.APPROVE}), None),
    )


def _counts(invoices: Sequence[InvoiceRow], *, ready: int, blocked: int) -> InvoiceCounts:
    by_status = Counter(row.status for row in invoices)
    drafts = [row for row in invoices if row.status == InvoiceStatus.AWAITING_APPROVAL]
    return InvoiceCounts(
        ready=ready,
        generating=by_status[InvoiceStatus.GENERATING],
        awaiting=len(drafts),
        stale=sum(row.is_stale for row in drafts),
        warned=sum(bool(row.warnings) for row in drafts),
        failed=by_status[InvoiceStatus.FAILED],
        approved=by_status[InvoiceStatus.APPROVED],
        sending=sum(row.delivery_status in _SENDING for row in invoices),
        sent=sum(row.delivery_status == _SENT for row in invoices),
        undelivered=sum(row.delivery_status in _NOT_DELIVERED for row in invoices),
        blocked=blocked,
    )


def _undelivered(invoices: Sequence[InvoiceRow]) -> tuple[Undelivered, ...]:
    rows = [row for row in invoices if row.delivery_status in _NOT_DELIVERED]
    failed = Delivery.objects.filter(invoice__token__in=[row.token for row in rows], status__in=_NOT_DELIVERED)
    answers: dict[str, str] = {}
    for token, recipient, said in failed.order_by("pk").values_list("invoice__token", "recipient", "outcome_message"):
        answers[token] = f"{recipient}: {said}" if said else recipient
    return tuple(Undelivered(invoice=row, answer=answers.get(row.token, "")) for row in rows)


def _unallocated(actor: Actor, period: BillingPeriod) -> tuple[tuple[UnallocatedPlace, ...], str]:
    try:
        return unallocated_costs(actor=actor, period=period), ""
    except Refused as refused:
        return (), refused.message


def _without_recipients(actor: Actor, waiting: set[str]) -> tuple[tuple[str, str], ...]:
    """Return token and name of the customers whose invoices could be sent to nobody."""
    accounts = ManagedAccount.objects.visible_to(actor).live().filter(billing_email=[]).order_by("name", "pk")
    return tuple((token, name) for token, name in accounts.values_list("token", "name") if token in waiting)


def _sums(invoices: Sequence[InvoiceRow]) -> tuple[CurrencySum, ...]:
    made: dict[str, list[InvoiceRow]] = {}
    for row in invoices:
        if row.total is not None:
            made.setdefault(row.currency, []).append(row)
    return tuple(
        CurrencySum(
            currency=currency,
            invoices=len(rows),
            provider_cost=sum((row.provider_cost or Decimal(0) for row in rows), Decimal(0)),
            subtotal=sum((row.subtotal or Decimal(0) for row in rows), Decimal(0)),
            total=sum((row.total or Decimal(0) for row in rows), Decimal(0)),
        )
        for currency, rows in sorted(made.items())
    )


def _todo(
    counts: InvoiceCounts,
    sources: Sequence[MonthSource],
    unallocated: Sequence[UnallocatedPlace],
    blocked: Sequence[BlockedRow],
    steps: FirstSteps | None,
    *,
    to_mend: int,
) -> list[NextStep]:
    """Return what there is to do, the first first; at least one."""
    todo: list[NextStep] = []
    if steps is not None and steps.next is not FirstStep.INVOICE and not counts.whole - counts.ready:
        todo.append(NextStep(step=Step.SET_UP))
    is_begun = counts.ready == 0 and counts.whole > 0
    missing = [source for source in sources if source.is_waited_for and not is_begun]
    missing.sort(key=lambda source: source.arrival is not Arrival.MISSING)
    todo += [NextStep(step=Step.IMPORT, number=len(missing), token=source.token) for source in missing[:1]]
    if not counts.whole and any(row.code == "month_not_closed" for row in blocked):
        todo.append(NextStep(step=Step.WAIT, number=len(blocked)))
    if unallocated and counts.ready:
        todo.append(NextStep(step=Step.ALLOCATE, number=len(unallocated), token=unallocated[0].integration_token))
    numbers = (
        (Step.GENERATE, counts.ready),
        (Step.WATCH, counts.generating),
        (Step.MEND, to_mend),
        (Step.REVIEW, counts.awaiting if counts.stale or counts.warned else 0),
        (Step.APPROVE, counts.awaiting),
        (Step.DELIVER, counts.undelivered),
    )
    todo += [NextStep(step=step, number=number) for step, number in numbers if number]
    return todo or [NextStep(step=Step.CLOSED if counts.approved else Step.NOTHING, number=counts.approved)]
