"""Ask for invoices: give each its row and number, and ring for the work; or ask for a new version of a draft."""

from collections.abc import Sequence
from datetime import datetime

from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.generate_due import generate_due
from billow.usecases.refused import BulkResult

__all__ = ["generate_due", "request_generation", "request_regeneration"]


def request_generation(
    *, actor: Actor, account_tokens: Sequence[str] | None, period: BillingPeriod, now: datetime
) -> BulkResult:
    """Create an invoice with its number for each account (None: all that are ready) and ring for its generation.

    A done item carries the invoice's token and, as label, its number; a refused one the account's token and name.
    """
    raise NotImplementedError


def request_regeneration(*, actor: Actor, invoice_tokens: Sequence[str], now: datetime) -> BulkResult:
    """Ask for a new version of drafts and failed invoices; number and token stay."""
    raise NotImplementedError
