"""Say which month can be invoiced already, and when the next one can."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billow.records.accounts.models import ManagementAccount, Permission
from billow.records.billing.models import ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.closed_months import LATE_DATA_DAYS, newest_ended_month


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """By the management account's own setting; ``exceptions`` is how many customers have another."""

    newest: BillingPeriod
    next: BillingPeriod
    next_at: datetime
    exceptions: int


def when_months_open(*, actor: Actor, now: datetime) -> Opening:
    """Return the newest month that can be invoiced, and when the one after it can."""
    actor.must(Permission.SEE_MANAGEMENT)
    account = ManagementAccount.objects.get(pk=actor.management_account.pk)
    ended = newest_ended_month(management_account=account, now=now)
    newest = ended if _opens_at(account, ended) <= now else ended.previous
    others = ManagedAccount.objects.visible_to(actor).live().exclude(data_ingestion_delay=None)
    return Opening(
        newest=newest,
        next=newest.next,
        next_at=_opens_at(account, newest.next),
        exceptions=others.exclude(data_ingestion_delay=account.data_ingestion_delay).count(),
    )


def _opens_at(account: ManagementAccount, period: BillingPeriod) -> datetime:
    day = period.end + timedelta(days=LATE_DATA_DAYS if account.data_ingestion_delay else 0)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(account.time_zone))
