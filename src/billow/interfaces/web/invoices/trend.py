"""What was billed in each of the last months, as small bars."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum
from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import amount_of_minor
from billow.interfaces.web.shown.times import month_short
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import CreditNote, Invoice
from billow.terms.period import BillingPeriod

MONTHS = 6
_BAR, _GAP, _HEIGHT = 10, 4, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One month: a rectangle in the picture's own units."""

    x: int
    y: int
    height: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A picture of the last months of one currency, and the same in words."""

    bars: tuple[Bar, ...]
    words: str
    width: int = MONTHS * _BAR + (MONTHS - 1) * _GAP
    height: int = _HEIGHT
    bar: int = _BAR


def trends(*, management_account: ManagementAccount, until: BillingPeriod, account: str) -> dict[str, Trend]:
    """Return the trend of each currency, up to the month; of one managed account when its token is given."""
    months = [until]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous)
    invoices = Invoice.objects.visible_to(management_account).filter(
        period_start__gte=months[0].start,
        period_start__lte=until.start,
        status__in=["awaiting_approval", "approved"],
    )
    invoices = invoices.exclude(Exists(CreditNote.objects.filter(preceding_invoice=OuterRef("pk"), completes=True)))
    if account:
        invoices = invoices.filter(managed_account__token=account)
    sums = invoices.values_list("current_version__currency", "period_start").annotate(
        billed_minor=Sum("current_version__total_minor")
    )
    by_currency: dict[str, dict[BillingPeriod, int]] = {}
    for currency, period_start, billed_minor in sums:
        by_currency.setdefault(currency, {})[BillingPeriod.of(period_start)] = billed_minor
    return {
        currency: _trend(currency, [(month, billed.get(month, 0)) for month in months])
        for currency, billed in by_currency.items()
    }


def _trend(currency: str, months: list[tuple[BillingPeriod, int]]) -> Trend:
    largest = max((abs(minor) for _month, minor in months), default=0) or 1
    bars = []
    for index, (_month, minor) in enumerate(months):
        height = max(int(Decimal(max(minor, 0)) * (_HEIGHT - 2) / largest), 0) + 2
        last = index == len(months) - 1
        bars.append(Bar(x=index * (_BAR + _GAP), y=_HEIGHT - height, height=height, is_last=last))
    words = ", ".join(
        f"{month_short(month)}: {amount_of_minor(minor, currency=currency).text}" for month, minor in months
    )
    return Trend(
        bars=tuple(bars),
        words=_("Billed in %(currency)s per month. %(months)s") % {"currency": currency, "months": words},
    )
