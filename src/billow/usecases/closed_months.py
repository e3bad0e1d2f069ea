"""When a month can be invoiced: by the calendar of the management account's time zone.

A month closes at 00:00 on the first day of the next; where data arrives late (ingestion delay), on the fourth.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import ManagedAccount
from billow.terms.period import BillingPeriod

LATE_DATA_DAYS = 3


def closes_at(*, account: ManagedAccount, period: BillingPeriod) -> datetime:
    """Return the first instant at which the account's month can be invoiced."""
    day = period.end + timedelta(days=LATE_DATA_DAYS if account.waits_for_late_data else 0)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(account.management_account.time_zone))


def today(*, management_account: ManagementAccount, now: datetime) -> date:
    """Return the day it is for the management account."""
    return now.astimezone(ZoneInfo(management_account.time_zone)).date()


def newest_ended_month(*, management_account: ManagementAccount, now: datetime) -> BillingPeriod:
    """Return the last month that is over by the management account's calendar."""
    return BillingPeriod.of(today(management_account=management_account, now=now)).previous
