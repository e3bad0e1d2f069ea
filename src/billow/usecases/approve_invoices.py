"""Approve drafts: fix the dates, store the final documents, seal the chain, and wish for the mail."""

from collections.abc import Sequence
from datetime import datetime

from billow.usecases.actor import Actor
from billow.usecases.refused import BulkResult


def approve(
    *, actor: Actor, invoice_tokens: Sequence[str], now: datetime, send: bool = True, accept_stale: bool = False
) -> BulkResult:
    """Approve each invoice in a transaction of its own, and with ``send`` wish for its mail in the same transaction.

    A draft whose costs, rules or parties changed since (stale) is refused unless ``accept_stale``.
    """
    raise NotImplementedError
