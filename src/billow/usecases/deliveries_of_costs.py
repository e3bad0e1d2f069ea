"""What an integration delivered, month by month, live and superseded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billow.records.accounts.models import Permission
from billow.records.costs.models import CostImport, Integration
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.page import Page, PageWanted, page_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDelivery:
    """One cost import; ``costs`` are exact billed costs by currency, ``files`` the delivered files' names."""

    token: str
    period: BillingPeriod
    format: str
    files: tuple[str, ...]
    rows: int
    costs: Mapping[str, Decimal]
    arrived_at: datetime
    who: str
    is_live: bool


def page_of_deliveries(*, actor: Actor, integration: Integration, wanted: PageWanted) -> Page[CostDelivery]:
    """Return one page of the integration's cost imports, newest month first, and newest first in each."""
    actor.must(Permission.SEE_MANAGEMENT)
    actor.must_own(integration)
    rows = CostImport.objects.filter(integration=integration).select_related("created_by").prefetch_related("totals")
    return page_of(rows.order_by("-period_start", "-created_at", "-pk"), wanted=wanted).mapped(_delivery)


def newest_imports(*, actor: Actor, integrations: Sequence[Integration]) -> dict[str, CostDelivery]:
    """Return the live import of the newest month of each integration, by the integration's token."""
    actor.must(Permission.SEE_MANAGEMENT)
    rows = (
        CostImport.objects.filter(
            integration__in=integrations,
            integration__management_account=actor.management_account,
            superseded_at__isnull=True,
        )
        .select_related("created_by", "integration")
        .prefetch_related("totals")
        .order_by("period_start", "pk")
    )
    newest = {row.integration.token: row for row in rows}
    return {token: _delivery(row) for token, row in newest.items()}


def months_of(*, actor: Actor, integration: Integration) -> tuple[BillingPeriod, ...]:
    """Return the months of which the integration has live costs, newest first."""
    actor.must(Permission.SEE_MANAGEMENT)
    actor.must_own(integration)
    live = CostImport.objects.filter(integration=integration, superseded_at__isnull=True)
    return tuple(map(BillingPeriod.of, live.order_by("-period_start").values_list("period_start", flat=True)))


def _delivery(row: CostImport) -> CostDelivery:
    return CostDelivery(
        token=row.token,
        period=row.period,
        format=row.format,
        files=tuple(str(file["name"]) for file in row.files),
        rows=row.rows,
        costs={totals.currency: totals.billed_cost for totals in row.totals.all()},
        arrived_at=row.created_at,
        who="" if row.created_by is None else str(row.created_by),
        is_live=row.superseded_at is None,
    )
