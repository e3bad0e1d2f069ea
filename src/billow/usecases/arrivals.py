"""What has arrived of a month's bills, integration by integration, and whether more is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Min, Q

from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import UnableToQuery
from billow.records.accounts.models import Permission
from billow.records.billing.models import Delegation
from billow.records.costs.models import CostImport, Integration
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.costs import cost_store, current_imports, partition_of
from billow.usecases.month_costs import late_integrations
from billow.usecases.upload_costs import CUSTOM_PROVIDER


class Arrival(StrEnum):
    """How much of an integration's month is there."""

    MISSING = "missing"
    """Nothing, though something is expected: its costs are delegated and came before, or it is new."""
    NOT_EXPECTED = "not_expected"
    """Nothing: the month is before its first bill, or nothing of it is delegated."""
    NOT_FINAL = "not_final"
    """Something, and more is to come: ``Lateness`` says why."""
    ARRIVED = "arrived"
    """The whole month; whether the provider may still correct it, the bill does not say."""
    FINAL = "final"
    """The provider has invoiced every charge that costs something."""
    UNREADABLE = "unreadable"
    """Files of the cost store are damaged or missing."""


class Lateness(StrEnum):
    """Why a month is not final."""

    NONE = ""
    BEFORE_THE_END = "before_the_end"
    """It was delivered before the month was over."""
    LAST_DAYS = "last_days"
    """Costs come day by day, and those of the last days are missing."""
    NOT_INVOICED = "not_invoiced"
    """The provider invoiced some charges and others not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSource:
    """One integration in one month. ``costs`` are the exact billed costs of the live import by currency."""

    token: str
    name: str
    provider: str
    arrival: Arrival
    lateness: Lateness
    arrived_at: datetime | None
    rows: int
    costs: Mapping[str, Decimal]
    customers: int

    @property
    def is_waited_for(self) -> bool:
        """Tell whether the month should not be invoiced before more of it has come."""
        return self.arrival in {Arrival.MISSING, Arrival.NOT_FINAL, Arrival.UNREADABLE}


def arrivals(*, actor: Actor, period: BillingPeriod) -> tuple[MonthSource, ...]:
    """Return every integration in the order they were added; a constant number of queries."""
    actor.must(Permission.SEE_MANAGEMENT)
    integrations = Integration.objects.filter(management_account=actor.management_account).order_by("pk")
    imports = {
        each.integration_id: each
        for each in current_imports(management_account=actor.management_account, period=period)
    }
    customers = _customers(actor, period)
    first = dict(
        CostImport.objects.filter(integration__management_account=actor.management_account)
        .values_list("integration")
        .annotate(first=Min("period_start"))
        .order_by("integration")
    )
    states = _states(tuple(imports.values()), period, actor.management_account.time_zone)
    return tuple(
        _source(
            integration,
            imports.get(integration.pk),
            states,
            customers.get(integration.pk, 0),
            is_expected=integration.pk not in first
            or (integration.pk in customers and first[integration.pk] <= period.start),
        )
        for integration in integrations
    )


def _customers(actor: Actor, period: BillingPeriod) -> dict[int, int]:
    """Return to how many managed accounts something of each integration is delegated in the month."""
    rows = Delegation.objects.visible_to(actor.management_account).filter(
        Q(start_date__isnull=True) | Q(start_date__lt=period.end),
        Q(end_date__isnull=True) | Q(end_date__gte=period.start),
        managed_account__deleted_at__isnull=True,
    )
    found: dict[int, set[int]] = {}
    for integration, account in rows.values_list("integration", "managed_account"):
        found.setdefault(integration, set()).add(account)
    return {integration: len(accounts) for integration, accounts in found.items()}


def _states(
    imports: Sequence[CostImport], period: BillingPeriod, time_zone: str
) -> dict[int, tuple[Arrival, Lateness]]:
    partitions = {each.pk: partition_of(each) for each in imports}
    end = _midnight(period.end, time_zone)
    try:
        late = late_integrations(tuple(partitions.values()), period)
    except UnableToQuery:
        late = frozenset()
    return {each.pk: _state(each, partitions[each.pk], late, end) for each in imports}


def _state(
    cost_import: CostImport, partition: Partition, late: frozenset[str], end: datetime
) -> tuple[Arrival, Lateness]:
    try:
        invoiced, open_charges = _invoiced(partition)
    except UnableToQuery:
        return Arrival.UNREADABLE, Lateness.NONE
    if cost_import.integration.provider == CUSTOM_PROVIDER:
        return Arrival.ARRIVED, Lateness.NONE  # people write down their own costs on any day
    if cost_import.created_at < end:
        return Arrival.NOT_FINAL, Lateness.BEFORE_THE_END
    if partition.integration_token in late:
        return Arrival.NOT_FINAL, Lateness.LAST_DAYS
    if invoiced and open_charges:
        return Arrival.NOT_FINAL, Lateness.NOT_INVOICED
    return (Arrival.FINAL if invoiced else Arrival.ARRIVED), Lateness.NONE


@lru_cache(maxsize=64)
def _invoiced(partition: Partition) -> tuple[bool, bool]:
    """Tell whether charges of the partition carry the provider's invoice, and whether some that cost have none."""
    query = CostQuery(period=partition.billing_period, cost_column="BilledCost", group_by=("InvoiceId",))
    rows = cost_store().query(query, partitions=[partition]).to_pylist()
    invoiced = any(row["InvoiceId"] for row in rows)
    return invoiced, any(not row["InvoiceId"] and row["cost"] for row in rows)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone))


def _source(
    integration: Integration,
    live: CostImport | None,
    states: Mapping[int, tuple[Arrival, Lateness]],
    customers: int,
    *,
    is_expected: bool,
) -> MonthSource:
    if live is None:
        arrival, lateness = (Arrival.MISSING if is_expected else Arrival.NOT_EXPECTED), Lateness.NONE
    else:
        arrival, lateness = states[live.pk]
    return MonthSource(
        token=integration.token,
        name=integration.name,
        provider=integration.provider,
        arrival=arrival,
        lateness=lateness,
        arrived_at=None if live is None else live.created_at,
        rows=0 if live is None else live.rows,
        costs={} if live is None else {each.currency: each.billed_cost for each in live.totals.all()},
        customers=customers,
    )
