"""The rows of the Invoices screen: what can be invoiced and what was, as plain values to print."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from billow.interfaces.web.invoices.acts import ACTS, Offer, offers
from billow.interfaces.web.shown.amounts import Amount, amount, percent
from billow.interfaces.web.shown.pills import CREDITED, READY, UNDER_WAY, Pill, delivery_pill, status_pill
from billow.interfaces.web.shown.times import Moment, moment, month_short
from billow.terms.period import BillingPeriod
from billow.usecases.read_invoices import InvoiceRow
from billow.usecases.ready_to_invoice import ReadyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    ``item`` names it in forms: an invoice's token, or account token and month with a colon between for a ready row.
    ``key`` names its place: a ready row and the invoice that comes of it share it.
    """

    key: str
    item: str
    token: str
    number: str
    account_token: str
    customer: str
    period: BillingPeriod
    period_text: str
    currency: str
    provider_cost: Amount | None
    total: Amount | None
    margin: Amount | None
    margin_percent: str
    status: str
    status_pill: Pill
    delivery: str
    delivery_pill: Pill | None
    updated: Moment | None
    is_stale: bool
    warnings: tuple[str, ...]
    problem: str
    next_act: Offer | None
    other_acts: tuple[Offer, ...]
    exact: "Figures"
    is_credited: bool = False

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
        return self.status == "failed" and self.total is not None

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


def ready_row(ready: ReadyRow, *, may_write: bool) -> Row:
    """Return the row of an account and month that can be invoiced."""
    acts = offers(status=READY, may_write=may_write)
    return Row(
        key=f"row-{ready.account_token}-{ready.period}",
        item=f"{ready.account_token}:{ready.period}",
        token="",
        number="",
        account_token=ready.account_token,
        customer=ready.account_name,
        period=ready.period,
        period_text=month_short(ready.period),
        currency=ready.currency,
        provider_cost=amount(ready.provider_cost, currency=ready.currency),
        total=None,
        margin=None,
        margin_percent="",
        status=READY,
        status_pill=status_pill(READY),
        delivery="",
        delivery_pill=None,
        updated=None,
        is_stale=False,
        warnings=tuple(issue.message for issue in ready.warnings),
        problem="",
        next_act=acts[0] if acts else None,
        other_acts=acts[1:],
        exact=Figures(provider_cost=ready.provider_cost, subtotal=None, total=None, margin=None, updated_at=None),
    )


def invoice_row(invoice: InvoiceRow, *, may_write: bool, zone: tzinfo, now: datetime) -> Row:
    """Return the row of an invoice."""
    acts = offers(status=invoice.status, may_write=may_write, is_stale=invoice.is_stale)
    live = invoice.status != "cancelled" and not invoice.is_credited
    has_next = bool(acts) and (invoice.status != "approved" or invoice.delivery_status in {"failed", "bounced"})
    return Row(
        key=f"row-{invoice.account_token}-{invoice.period}" if live else f"row-{invoice.token}",
        item=invoice.token,
        token=invoice.token,
        number=invoice.number,
        account_token=invoice.account_token,
        customer=invoice.account_name,
        period=invoice.period,
        period_text=month_short(invoice.period),
        currency=invoice.currency,
        provider_cost=amount(invoice.provider_cost, currency=invoice.currency),
        total=amount(invoice.total, currency=invoice.currency),
        margin=amount(invoice.margin, currency=invoice.currency),
        margin_percent=margin_percent(margin=invoice.margin, subtotal=invoice.subtotal),
        status=invoice.status,
        status_pill=CREDITED if invoice.is_credited else status_pill(invoice.status),
        delivery=invoice.delivery_status,
        delivery_pill=delivery_pill(invoice.delivery_status),
        updated=moment(invoice.updated_at, zone=zone, now=now),
        is_stale=invoice.is_stale,
        warnings=tuple(issue.message for issue in invoice.warnings),
        problem=invoice.failure_message if invoice.status == "failed" else "",
        next_act=acts[0] if has_next else None,
        other_acts=acts[1:] if has_next else acts,
        exact=Figures(
            provider_cost=invoice.provider_cost,
            subtotal=invoice.subtotal,
            total=invoice.total,
            margin=invoice.margin,
            updated_at=invoice.updated_at,
        ),
        is_credited=invoice.is_credited,
    )


def margin_percent(*, margin: Decimal | None, subtotal: Decimal | None) -> str:
    """Return the margin as a share of what is billed before adjustments; empty for a credit balance."""
    if margin is None or subtotal is None or subtotal <= 0:
        return ""
    return percent(margin, of=subtotal)
