"""What the demo's month looks like when it is closed."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoInvoice:
    """One invoice of the closed month; amounts in ``currency`` (``provider_cost`` and ``margin`` exact to the cent)."""

    number: str
    account: str
    currency: str
    provider_cost: Decimal
    subtotal: Decimal
    total: Decimal
    margin: Decimal
    status: str
    pdf: Path | None
    csv: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """The closed month: its invoices, what nobody owns by currency, and how to sign in."""

    period: str
    invoices: tuple[DemoInvoice, ...]
    unallocated: dict[str, Decimal]
    documents: Path
    outbox: Path
    mails: int
    sign_in_email: str
    sign_in_password: str
