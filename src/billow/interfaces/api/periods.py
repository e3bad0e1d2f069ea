"""Billing periods as clients write them: the first and the last day of one month."""

import re
from collections.abc import Sequence
from datetime import date

from billow.interfaces.api.problem import Problem
from billow.terms.period import BillingPeriod

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_period(*, start: object, end: object, others: Sequence[str] = ()) -> BillingPeriod:
    """Return the month of which these are the first and the last day; raise Problem for any other days.

    ``others`` are complaints about the rest of the request, to be told along.
    """
    messages: list[str] = [*others]
    first = _read_day(start, "Billing period start", messages)
    last = _read_day(end, "Billing period end", messages)
    if messages or first is None or last is None:
        raise Problem(400, *messages)
    month = BillingPeriod.of(first)
    if (first, last) != (month.start, month.last_day):
        raise Problem(400, "Billing period must be one full calendar month")
    return month


def read_month(*, start: str) -> BillingPeriod | None:
    """Return the month of this first day; None where nothing is given."""
    if not start:
        return None
    messages: list[str] = []
    first = _read_day(start, "Billing period start", messages)
    if first is None or first.day != 1:
        raise Problem(400, *messages or ["Billing period start must be the first day of a month"])
    return BillingPeriod.of(first)


def _read_day(value: object, label: str, messages: list[str]) -> date | None:
    if value is None or value == "":
        messages.append(f"{label} can't be blank")
        return None
    try:
        # Years beyond those of any invoice have no month after them.
        if isinstance(value, str) and _DAY.fullmatch(value) and 1900 < int(value[:4]) < 9999:
            return date.fromisoformat(value)
    except ValueError:
        pass
    messages.append(f"{label} must be a date such as 2026-03-31")
    return None
