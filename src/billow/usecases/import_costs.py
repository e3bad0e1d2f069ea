"""Import a provider's bill: read it whole outside any transaction, then record it in one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from billow.coststore.partition import CostTotals
from billow.ingest.load import StagedImport, read_bill
from billow.ingest.providers.table import UnknownFormat
from billow.records.billing.models import ManagedAccount
from billow.records.costs.models import CostImport, CostImportTotals, Integration
from billow.terms.issue import Issue, has_errors
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.costs import cost_store
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What became of one billing period of a delivery.

    ``token`` is None in a dry run; ``superseded`` the import that this one takes the place of; ``unchanged`` says
    that the same bytes were imported before, and nothing was done.
    """

    token: str | None
    integration: str
    billing_period: str
    format: str
    files: tuple[str, ...]
    rows: int
    rows_rounded: int
    rounding_difference: Decimal
    costs: tuple[CostTotals, ...]
    superseded: str | None
    unchanged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of a delivery, and what a person should look at."""

    imports: tuple[ImportSummary, ...]
    issues: tuple[Issue, ...]


def import_costs(
    *,
    actor: Actor,
    integration: Integration,
    paths: Sequence[Path],
    format: str = "auto",
    dry_run: bool = False,
    now: datetime,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> ImportReport:
    """Import files and folders as one delivery: all of it, or nothing and every problem in Refused.

    A delivery takes the place of the older one for the same integration and billing period. ``on_progress`` is told
    the step, how much is done, and of how much.
    """
    actor.must_write_rules()
    actor.must_own(integration)
    store = cost_store()
    store.discard_staging()
    try:
        result = read_bill(
            paths=paths,
            integration_token=integration.token,
            store=store,
            format=format,
            dry_run=dry_run,
            on_progress=None if on_progress is None else lambda step: on_progress(step.step, step.done, step.total),
        )
    except UnknownFormat as unknown:
        raise Refused("unknown_format", str(unknown)) from unknown
    if has_errors(result.issues):
        raise Refused("bad_bill", "The delivery was refused whole and nothing was changed", result.issues)
    if dry_run:
        imports = tuple(_foretell(integration, staged) for staged in result.imports)
    else:
        imports = record_imports(
            actor=actor, integration=integration, staged_imports=result.imports, root=store.root, now=now
        )
    return ImportReport(imports=imports, issues=result.issues)


def record_imports(
    *, actor: Actor, integration: Integration, staged_imports: Sequence[StagedImport], root: Path, now: datetime
) -> tuple[ImportSummary, ...]:
    """Make what was read the live costs of its billing periods; ``root`` is the cost store's folder."""
    with transaction.atomic():
        # Deliveries are recorded one after the other: the last one wins, whole.
        lock_management_account(management_account=actor.management_account)
        return tuple(_record(actor, integration, staged, root=root, now=now) for staged in staged_imports)


def withdraw_costs(*, actor: Actor, integration: Integration, period: BillingPeriod, now: datetime) -> None:
    """Take the live costs of a billing period away, with nothing in their place."""
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        live = CostImport.objects.filter(
            integration=integration, period_start=period.start, superseded_at__isnull=True
        ).first()
        if live is None:
            return
        live.superseded_at = now
        live.save(update_fields=["superseded_at"])
        _mark_drafts(actor, integration, period)
        record(
            actor=actor,
            action="costs_withdrawn",
            object_type="CostImport",
            object_token=live.token,
            object_name=str(live),
            now=now,
        )


def _mark_drafts(actor: Actor, integration: Integration, period: BillingPeriod) -> None:
    concerned = ManagedAccount.objects.filter(delegations__integration=integration).distinct()
    mark_stale(management_account=actor.management_account, period=period, accounts=concerned)


def _record(
    actor: Actor, integration: Integration, staged: StagedImport, *, root: Path, now: datetime
) -> ImportSummary:
    older = _current(integration, staged)
    if older is not None and older.sha256 == staged.partition.sha256:
        return _summary(integration, staged, token=older.token, superseded=None, unchanged=True)
    if older is not None:
        older.superseded_at = now
        older.save(update_fields=["superseded_at"])
    newer = _create(actor, integration, staged, root=root, now=now)
    if older is not None:
        older.superseded_by = newer
        older.save(update_fields=["superseded_by"])
    _mark_drafts(actor, integration, staged.partition.billing_period)
    record(
        actor=actor,
        action="costs_imported",
        object_type="CostImport",
        object_token=newer.token,
        object_name=str(newer),
        changes={"sha256": newer.sha256, "rows": newer.rows, "superseded": older.token if older else None},
        now=now,
    )
    superseded = older.token if older is not None else None
    return _summary(integration, staged, token=newer.token, superseded=superseded, unchanged=False)


def _current(integration: Integration, staged: StagedImport) -> CostImport | None:
    return CostImport.objects.filter(
        integration=integration, period_start=staged.partition.billing_period.start, superseded_at__isnull=True
    ).first()


def _create(actor: Actor, integration: Integration, staged: StagedImport, *, root: Path, now: datetime) -> CostImport:
    partition = staged.partition
    created = CostImport.objects.create(
        integration=integration,
        period_start=partition.billing_period.start,
        format=staged.format,
        sha256=partition.sha256,
        files=[asdict(file) for file in staged.source_files],
        stored_files=[str(file.relative_to(root)) for file in partition.files],
        columns=list(staged.columns),
        rows=staged.rows,
        rows_rounded=staged.rows_rounded,
        rounding_difference=staged.rounding_difference,
        created_at=now,
        created_by=actor.user,
    )
    CostImportTotals.objects.bulk_create(
        CostImportTotals(
            cost_import=created,
            currency=totals.currency,
            billed_cost=totals.billed_cost,
            effective_cost=totals.effective_cost,
            list_cost=totals.list_cost,
            contracted_cost=totals.contracted_cost,
        )
        for totals in partition.totals
    )
    return created


def _foretell(integration: Integration, staged: StagedImport) -> ImportSummary:
    older = _current(integration, staged)
    unchanged = older is not None and older.sha256 == staged.partition.sha256
    superseded = older.token if older is not None and not unchanged else None
    return _summary(integration, staged, token=None, superseded=superseded, unchanged=unchanged)


def _summary(
    integration: Integration, staged: StagedImport, *, token: str | None, superseded: str | None, unchanged: bool
) -> ImportSummary:
    return ImportSummary(
        token=token,
        integration=integration.name,
        billing_period=str(staged.partition.billing_period),
        format=staged.format,
        files=tuple(file.name for file in staged.source_files),
        rows=staged.rows,
        rows_rounded=staged.rows_rounded,
        rounding_difference=staged.rounding_difference,
        costs=staged.partition.totals,
        superseded=superseded,
        unchanged=unchanged,
    )
