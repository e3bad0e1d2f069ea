"""Cancel drafts that will not be issued: they keep their number, and the month can be invoiced again."""

from collections.abc import Sequence
from datetime import datetime

from billow.usecases.actor import Actor
from billow.usecases.refused import BulkResult


def cancel(*, actor: Actor, invoice_tokens: Sequence[str], reason: str, now: datetime) -> BulkResult:
    """Cancel each draft or failed invoice for the reason given; raise Refused without a reason."""
    raise NotImplementedError
