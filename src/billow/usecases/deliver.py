"""Deliver what the outbox holds, at most once: the channel's attempt, its outcome, and when to try again."""

from collections.abc import Callable
from datetime import datetime


def deliver_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 20, carry_on: Callable[[], bool] = lambda: True
) -> int:
    """Try to deliver outbox rows that are due and return how many were handled."""
    raise NotImplementedError
