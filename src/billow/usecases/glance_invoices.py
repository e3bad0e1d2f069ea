"""Glance at very many invoices: what sums, order and filters need of each, and nothing that is only printed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.billing.models import CreditNote, Invoice, ManagedAccount
from billow.terms.money import to_minor
from billow.terms.period import BillingPeriod
from billow.terms.text import trimmed
from billow.usecases.actor import Actor
from billow.usecases.ready_to_invoice import ReadyRow
from billow.usecases.send_invoices import delivery_statuses


class Glance(NamedTuple):
    """One invoice, or an account and month that can be invoiced (status ``ready``, no token).

    Amounts are in minor units of ``currency``, None until there is a version; ``updated_at`` only where it was asked
    for. A named tuple, because a page makes thousands of them.
    """

    item: str
    token: str
    number: str
    customer: str
    month: date
    currency: str
    status: str
    delivery: str
    is_credited: bool
    cost_minor: int | None
    subtotal_minor: int | None
    total_minor: int | None
    updated_at: datetime | None

    @property
    def margin_minor(self) -> int | None:
        """What the rules earned."""
        return None if self.subtotal_minor is None or self.cost_minor is None else self.subtotal_minor - self.cost_minor

    @property
    def is_live(self) -> bool:
        """Tell whether it counts in sums: it is neither cancelled nor wholly credited."""
        return self.status != InvoiceStatus.CANCELLED and not self.is_credited

    @property
    def is_kept_draft(self) -> bool:
        """Tell whether the amounts are those of the draft before the generation that failed."""
        return self.status == InvoiceStatus.FAILED and self.total_minor is not None


READY = "ready"
_COLUMNS = (
    *("pk", "token", "number", "managed_account__name", "period_start", "status", "managed_account__currency"),
    *("current_version__currency", "current_version__provider_cost", "current_version__subtotal_minor"),
    *("current_version__total_minor", "is_credited"),
)


def glance_invoices(
    *,
    actor: Actor,
    period: BillingPeriod | None = None,
    account: ManagedAccount | None = None,
    with_times: bool = False,
) -> list[Glance]:
    """Return every invoice of the month, or of the account, that the actor may see, in two queries."""
    complete = CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    invoices = Invoice.objects.visible_to(actor).annotate(is_credited=Exists(complete))
    if period is not None:
        invoices = invoices.filter(period_start=period.start)
    if account is not None:
        invoices = invoices.filter(managed_account=account)
    found = list(invoices.values_list(*_COLUMNS, *(("updated_at",) if with_times else ())))
    deliveries = delivery_statuses(invoice_ids=invoices.order_by().values_list("pk", flat=True))
    return [_glance(columns, deliveries.get(columns[0], "")) for columns in found]


def glance_ready(ready: ReadyRow) -> Glance:
    """Return an account and month that can be invoiced."""
    cost = None if ready.provider_cost is None else to_minor(ready.provider_cost, currency=ready.currency)
    return Glance(
        item=f"{ready.account_token}:{ready.period}",
        token="",
        number="",
        customer=ready.account_name,
        month=ready.period.start,
        currency=ready.currency,
        status=READY,
        delivery="",
        is_credited=False,
        cost_minor=cost,
        subtotal_minor=None,
        total_minor=None,
        updated_at=None,
    )


def _glance(columns: Sequence[Any], delivery: str) -> Glance:
    (_, token, number, name, month, status, account_currency, *rest) = columns
    (currency, cost, subtotal, total, is_credited, *times) = rest
    if currency is None or status == InvoiceStatus.GENERATING:
        currency, cost, subtotal, total = account_currency, None, None, None
    return Glance(
        token,
        token,
        number,
        trimmed(name),
        month,
        currency,
        status,
        delivery,
        is_credited,
        None if cost is None else to_minor(cost, currency=currency),
        subtotal,
        total,
        times[0] if times else None,
    )
