"""What the person chose to see on the Invoices screen; it lives in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from billow.terms.period import BillingPeriod, InvalidBillingPeriod

ALL_MONTHS = "all"
UNDELIVERED = "undelivered"
STATUS_CHOICES = (
    ("", gettext_noop("All statuses")),
    ("ready", gettext_noop("Ready to invoice")),
    ("generating", gettext_noop("Generating")),
    ("awaiting_approval", gettext_noop("Awaiting approval")),
    ("failed", gettext_noop("Failed")),
    ("approved", gettext_noop("Approved")),
    (UNDELIVERED, gettext_noop("Approved, not delivered")),
    ("cancelled", gettext_noop("Cancelled")),
)
SORTS = ("customer", "number", "period", "provider_cost", "total", "margin", "status", "delivery", "updated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Month, filters, order and page; ``period`` is None for all months of one account.

    ``sort`` is a name from SORTS, with a minus before it for descending order.
    """

    period: BillingPeriod | None
    account: str = ""
    status: str = ""
    sort: str = "customer"
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Tell whether a filter hides rows."""
        return bool(self.account or self.status)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the choice as form fields, leaving out what is as usual."""
        period = ALL_MONTHS if self.period is None else str(self.period)
        pairs = (("period", period), ("account", self.account), ("status", self.status))
        sort = "" if self.sort == "customer" else self.sort
        page = "" if self.page == 1 else str(self.page)
        return tuple(pair for pair in (*pairs, ("sort", sort), ("page", page)) if pair[1])

    @property
    def url(self) -> str:
        """Return the address of the screen that shows this choice."""
        return f"/invoices?{urlencode(self.fields)}"

    def in_month(self, period: BillingPeriod | None) -> "Choice":
        """Return the same filters in another month."""
        return replace(self, period=period, page=1)

    def with_status(self, status: str) -> "Choice":
        """Return the same with another status filter."""
        return replace(self, status=status, page=1)

    def sorted_by(self, column: str) -> "Choice":
        """Return the same in the order of the column, reversed when it is in that order already."""
        return replace(self, sort=f"-{column}" if self.sort == column else column, page=1)

    def on_page(self, page: int) -> "Choice":
        """Return the same on another page."""
        return replace(self, page=page)


def choice_of(data: Mapping[str, str], *, today: date) -> Choice:
    """Read a choice from an address or a form; whatever makes no sense falls back to the usual.

    The usual month is the newest that has ended by ``today``.
    """
    account = data.get("account", "")
    status = data.get("status", "")
    sort = data.get("sort", "customer")
    page = data.get("page", "1")
    return Choice(
        period=_period(data.get("period", ""), today=today, may_be_all=bool(account)),
        account=account,
        status=status if status in dict(STATUS_CHOICES) else "",
        sort=sort if sort.removeprefix("-") in SORTS else "customer",
        page=int(page) if page.isascii() and page.isdigit() and 0 < int(page) < 10_000 else 1,
    )


def _period(text: str, *, today: date, may_be_all: bool) -> BillingPeriod | None:
    if text == ALL_MONTHS and may_be_all:
        return None
    try:
        return BillingPeriod.parse(text)
    except InvalidBillingPeriod:
        return BillingPeriod.of(today).previous
