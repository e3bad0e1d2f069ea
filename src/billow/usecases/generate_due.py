"""Do the generation that was asked for: rate many accounts of a month at once, write one version per invoice."""

from collections.abc import Callable, Sequence
from datetime import datetime


def generate_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 50, only: Sequence[str] | None = None
) -> int:
    """Generate up to ``limit`` invoices that wait for it and return how many were finished, well or badly.

    Any number of workers on any number of machines may call this at once; ``only`` names invoice tokens. 0 means
    that nothing is due for this worker now.
    """
    raise NotImplementedError
