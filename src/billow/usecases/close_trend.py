"""What was invoiced in each of the last months, beside what it cost at the providers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.billing.models import CreditNote, Invoice
from billow.terms.money import currency_of, from_minor
from billow.terms.period import BillingPeriod
from billow.terms.rounding import round_half_away
from billow.usecases.actor import Actor

TREND_MONTHS = 12
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendMonth:
    """One month's invoices in one currency, before taxes and fees; ``cost`` is what they cost at the providers."""

    period: BillingPeriod
    approved: Decimal = _NOTHING
    drafts: Decimal = _NOTHING
    cost: Decimal = _NOTHING


def close_trend(*, actor: Actor, until: BillingPeriod) -> Mapping[str, tuple[TrendMonth, ...]]:
    """Return the last months up to this one, oldest first, of each currency that something was invoiced in."""
    months = [until]
    while len(months) < TREND_MONTHS:
        months.insert(0, months[0].previous)
    found: dict[str, dict[BillingPeriod, _Sums]] = {}
    for currency, start, status, minor, cost in _invoiced(actor, months):
        sums = found.setdefault(currency, {}).setdefault(BillingPeriod.of(start), _Sums())
        # As lists round it, so that the picture and the sums beside it agree.
        sums.cost += round_half_away(cost, places=currency_of(currency).minor_unit_places)
        if status == InvoiceStatus.APPROVED:
            sums.approved_minor += minor
        else:
            sums.drafts_minor += minor
    return {
        currency: tuple(_month(month, found[currency].get(month, _Sums()), currency) for month in months)
        for currency in sorted(found)
    }


@dataclass(slots=True)
class _Sums:
    """What adds up in one month and currency."""

    approved_minor: int = 0
    drafts_minor: int = 0
    cost: Decimal = _NOTHING


def _month(month: BillingPeriod, sums: _Sums, currency: str) -> TrendMonth:
    return TrendMonth(
        period=month,
        approved=from_minor(sums.approved_minor, currency=currency),
        drafts=from_minor(sums.drafts_minor, currency=currency),
        cost=sums.cost,
    )


def _invoiced(actor: Actor, months: Sequence[BillingPeriod]) -> Iterable[tuple[str, date, str, int, Decimal]]:
    """Return currency, month, status, subtotal and provider cost of each invoice that counts.

    Exact decimals are text in the database, so they are added up here; plain rows keep that quick.
    """
    credited = CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)
    invoices = Invoice.objects.visible_to(actor).filter(
        ~Exists(credited),
        period_start__gte=months[0].start,
        period_start__lte=months[-1].start,
        status__in=[InvoiceStatus.APPROVED, InvoiceStatus.AWAITING_APPROVAL],
    )
    return invoices.order_by("pk").values_list(
        "current_version__currency",
        "period_start",
        "status",
        "current_version__subtotal_minor",
        "current_version__provider_cost",
    )
