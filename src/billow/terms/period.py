"""Billing periods: whole calendar months, half-open everywhere inside Billow."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_PERIOD = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


class InvalidBillingPeriod(ValueError):
    """The text is not a month such as 2026-03."""


@dataclass(frozen=True, slots=True, order=True)
class BillingPeriod:
    """One calendar month, ``[start, end)``; FOCUS BillingPeriodStart and BillingPeriodEnd."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "BillingPeriod":
        """Return the month written as ``YYYY-MM``; raise InvalidBillingPeriod otherwise."""
        match = _PERIOD.match(text.strip())
        if match is None:
            raise InvalidBillingPeriod(f"{text!r} is not a billing period; write a month such as 2026-03")
        return cls(year=int(match.group(1)), month=int(match.group(2)))

    @classmethod
    def of(cls, day: date) -> "BillingPeriod":
        """Return the month that holds the day."""
        return cls(year=day.year, month=day.month)

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The first day after the month (exclusive end, as in FOCUS)."""
        return self.next.start

    @property
    def last_day(self) -> date:
        """The last day inside the month (EN 16931 BT-74, the vendor's billing_period_end)."""
        return self.end - timedelta(days=1)

    @property
    def start_at(self) -> datetime:
        """The first instant, UTC."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def next(self) -> "BillingPeriod":
        """The month after."""
        return BillingPeriod(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "BillingPeriod":
        """The month before."""
        return BillingPeriod(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def contains(self, day: date) -> bool:
        """Tell whether the day lies in the month."""
        return (day.year, day.month) == (self.year, self.month)

    def day(self, number: int) -> date:
        """Return that day of the month, clamped to the month's length."""
        return date(self.year, self.month, min(number, calendar.monthrange(self.year, self.month)[1]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
