"""The rows of the Invoices screen: what can be invoiced and what was, as plain values to print."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cached_property

from billow.interfaces.web.invoices.acts import ACTS, Offer, offers
from billow.interfaces.web.shown.amounts import Amount, amount, percent
from billow.interfaces.web.shown.pills import READY, UNDER_WAY, Pill, credited_pill, delivery_pill, status_pill
from billow.interfaces.web.shown.times import Moment, moment, month_short
from billow.terms.period import BillingPeriod
from billow.usecases.read_invoices import InvoiceRow
from billow.usecases.ready_to_invoice import ReadyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the rows: what he may do, where his clock stands, and when he looks."""

    may_write: bool
    zone: tzinfo
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    ``item`` names it in forms: an invoice's token, or account token and month with a colon between for a ready row.
    ``key`` names its place: a ready row and the invoice that comes of it share it. A month has thousands of rows and
    a page a hundred: what is only printed is made when it is asked for.
    """

    key: str
    item: str
    token: str
    number: str
    account_token: str
    customer: str
    period: BillingPeriod
    currency: str
    status: str
    delivery: str
    is_stale: bool
    warnings: tuple[str, ...]
    problem: str
    exact: "Figures"
    reader: Reader
    is_credited: bool = False

    @cached_property
    def period_text(self) -> str:
        """The month, short."""
        return month_short(self.period)

    @cached_property
    def provider_cost(self) -> Amount | None:
        """What the provider charges."""
        return amount(self.exact.provider_cost, currency=self.currency)

    @cached_property
    def total(self) -> Amount | None:
        """What is billed."""
        return amount(self.exact.total, currency=self.currency)

    @cached_property
    def margin(self) -> Amount | None:
        """What the rules earn."""
        return amount(self.exact.margin, currency=self.currency)

    @cached_property
    def margin_percent(self) -> str:
        """The margin as a share."""
        return margin_percent(margin=self.exact.margin, subtotal=self.exact.subtotal)

    @cached_property
    def status_pill(self) -> Pill:
        """The status with its colour."""
        return credited_pill() if self.is_credited else status_pill(self.status)

    @cached_property
    def delivery_pill(self) -> Pill | None:
        """What became of the mail."""
        return delivery_pill(self.delivery)

    @cached_property
    def updated(self) -> Moment | None:
        """When it changed last."""
        at = self.exact.updated_at
        return None if at is None else moment(at, zone=self.reader.zone, now=self.reader.now)

    @cached_property
    def next_act(self) -> Offer | None:
        """The act of the row's own button."""
        return self._acts[0] if self._has_next else None

    @cached_property
    def other_acts(self) -> tuple[Offer, ...]:
        """The acts in the row's menu."""
        return self._acts[1:] if self._has_next else self._acts

    @cached_property
    def _acts(self) -> tuple[Offer, ...]:
        return offers(status=self.status, may_write=self.reader.may_write, is_stale=self.is_stale)

    @property
    def _has_next(self) -> bool:
        return bool(self._acts) and (self.status != "approved" or self.delivery in {"failed", "bounced"})

    @property
    def is_live(self) -> bool:
        """Tell whether the row counts in sums: it is neither cancelled nor wholly credited."""
        return self.status != "cancelled" and not self.is_credited

    @property
    def name(self) -> str:
        """Return what to call it in a sentence."""
        return self.number or f"{self.customer}, {self.period_text}"

    @property
    def act_names(self) -> str:
        """Return the names of the acts that fit the row, with spaces between."""
        return " ".join(act.name for act in ACTS.values() if self.status in act.statuses)

    @property
    def has_documents(self) -> bool:
        """Tell whether there is a PDF and a CSV to look at."""
        return self.status in {"awaiting_approval", "approved"} or self.is_kept_draft

    @property
    def is_kept_draft(self) -> bool:
        """Tell whether the figures are those of the draft before the generation that failed."""
        return self.status == "failed" and self.exact.total is not None

    @property
    def is_busy(self) -> bool:
        """Tell whether something will change by itself within seconds."""
        return self.status == "generating" or self.delivery in UNDER_WAY

    @property
    def is_open(self) -> bool:
        """Tell whether something will change by itself, now or at a later attempt."""
        return self.is_busy or self.delivery == "deferred"

    @property
    def fingerprint(self) -> str:
        """Return six digits that differ when the row looks different; a ready row's cost does not count."""
        shown = [self.item, self.status, self.delivery, str(self.is_stale), self.problem, *self.warnings]
        if self.token:
            shown += [self.total.text if self.total else "", self.updated.iso if self.updated else ""]
            shown.append(self.status_pill.label)
        return hashlib.sha256("\n".join(shown[:5] if not self.token else shown).encode()).hexdigest()[:6]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The row's amounts as numbers, for sums and for sorting; in the row's currency."""

    provider_cost: Decimal | None
    subtotal: Decimal | None
    total: Decimal | None
    margin: Decimal | None
    updated_at: datetime | None


def ready_row(ready: ReadyRow, *, reader: Reader) -> Row:
    """Return the row of an account and month that can be invoiced."""
    return Row(
        key=f"row-{ready.account_token}-{ready.period}",
        item=f"{ready.account_token}:{ready.period}",
        token="",
        number="",
        account_token=ready.account_token,
        customer=ready.account_name,
        period=ready.period,
        currency=ready.currency,
        status=READY,
        delivery="",
        is_stale=False,
        warnings=tuple(issue.message for issue in ready.warnings),
        problem="",
        exact=Figures(provider_cost=ready.provider_cost, subtotal=None, total=None, margin=None, updated_at=None),
        reader=reader,
    )


def invoice_row(invoice: InvoiceRow, *, reader: Reader) -> Row:
    """Return the row of an invoice."""
    live = invoice.status != "cancelled" and not invoice.is_credited
    return Row(
        key=f"row-{invoice.account_token}-{invoice.period}" if live else f"row-{invoice.token}",
        item=invoice.token,
        token=invoice.token,
        number=invoice.number,
        account_token=invoice.account_token,
        customer=invoice.account_name,
        period=invoice.period,
        currency=invoice.currency,
        status=invoice.status,
        delivery=invoice.delivery_status,
        is_stale=invoice.is_stale,
        warnings=tuple(issue.message for issue in invoice.warnings),
        problem=invoice.failure_message if invoice.status == "failed" else "",
        exact=Figures(
            provider_cost=invoice.provider_cost,
            subtotal=invoice.subtotal,
            total=invoice.total,
            margin=invoice.margin,
            updated_at=invoice.updated_at,
        ),
        reader=reader,
        is_credited=invoice.is_credited,
    )


def margin_percent(*, margin: Decimal | None, subtotal: Decimal | None) -> str:
    """Return the margin as a share of what is billed before adjustments; empty for a credit balance."""
    if margin is None or subtotal is None or subtotal <= 0:
        return ""
    return percent(margin, of=subtotal)
