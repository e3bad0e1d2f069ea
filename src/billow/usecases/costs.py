"""Which costs are live: the current imports, as records to show and as partitions to rate."""

from django.conf import settings
from django.db.models import QuerySet

from billow.coststore.engines.duckdb import EngineLimits
from billow.coststore.partition import CostTotals, Partition
from billow.coststore.store import CostStore
from billow.records.accounts.models import ManagementAccount
from billow.records.costs.models import CostImport, Integration
from billow.terms.cur import LINE_ITEM_TYPE
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor


def cost_store() -> CostStore:
    """Return the installation's cost store, with the engine limits of the settings."""
    limits = EngineLimits(memory_mib=settings.ENGINE_MEMORY_MIB, threads=settings.ENGINE_THREADS)
    return CostStore(root=settings.COST_STORE, limits=limits)


def partition_of(cost_import: CostImport) -> Partition:
    """Return the published files of a cost import, superseded or not."""
    return Partition(
        integration_token=cost_import.integration.token,
        billing_period=cost_import.period,
        sha256=cost_import.sha256,
        files=tuple(settings.COST_STORE / name for name in cost_import.stored_files),
        rows=cost_import.rows,
        totals=tuple(
            CostTotals(
                currency=totals.currency,
                billed_cost=totals.billed_cost,
                effective_cost=totals.effective_cost,
                list_cost=totals.list_cost,
                contracted_cost=totals.contracted_cost,
            )
            for totals in sorted(cost_import.totals.all(), key=lambda totals: totals.currency)
        ),
    )


def current_imports(
    *, management_account: ManagementAccount, period: BillingPeriod | None = None
) -> "QuerySet[CostImport]":
    """Return the live cost imports, newest month first, integrations in the order they were added."""
    imports = CostImport.objects.filter(integration__management_account=management_account, superseded_at__isnull=True)
    if period is not None:
        imports = imports.filter(period_start=period.start)
    return (
        imports.select_related("integration").prefetch_related("totals").order_by("-period_start", "integration", "pk")
    )


def partitions_of(*, management_account: ManagementAccount, period: BillingPeriod) -> tuple[Partition, ...]:
    """Return the live partitions of a billing period, one per integration, in a stable order."""
    imports = current_imports(management_account=management_account, period=period)
    return tuple(partition_of(cost_import) for cost_import in imports)


def has_aws_reports(*, management_account: ManagementAccount, period: BillingPeriod) -> bool:
    """Tell whether some of the period's costs came in AWS's own reports, whose lines rules on ``aws`` look at."""
    imports = current_imports(management_account=management_account, period=period)
    return any(LINE_ITEM_TYPE in each.columns for each in imports)


def provider_keys_of(*, management_account: ManagementAccount) -> dict[str, str]:
    """Return the provider of each integration, by the integration's token."""
    integrations = Integration.objects.filter(management_account=management_account)
    return dict(integrations.values_list("token", "provider"))


def list_imports(*, actor: Actor, period: BillingPeriod | None = None) -> tuple[CostImport, ...]:
    """Return the live cost imports with their totals."""
    return tuple(current_imports(management_account=actor.management_account, period=period))
