"""Whether anything of a month has changed at all: two quick sums instead of building the whole screen."""

import hashlib

from django.db.models import Count, Max, Q

from billow.interfaces.web.invoices.choice import Choice
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import Delivery, Invoice


def watermark(*, management_account: ManagementAccount, choice: Choice) -> str:
    """Return a short text that stays the same while no invoice and no delivery of the choice changes."""
    invoices = Invoice.objects.visible_to(management_account)
    if choice.period is not None:
        invoices = invoices.filter(period_start=choice.period.start)
    if choice.account:
        invoices = invoices.filter(managed_account__token=choice.account)
    marks = invoices.aggregate(newest=Max("updated_at"), number=Count("pk"), stale=Count("pk", filter=Q(is_stale=True)))
    deliveries = Delivery.objects.filter(invoice__in=invoices).aggregate(newest=Max("updated_at"), number=Count("pk"))
    return hashlib.sha256(f"{marks}{deliveries}".encode()).hexdigest()[:10]
