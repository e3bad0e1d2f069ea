"""How many requests a token may make in a minute, counted by each serving process for itself."""

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

_WINDOW_S = 60
_MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a token has left; ``reset`` is in seconds since 1970, ``wait`` in seconds from now."""

    limit: int
    remaining: int
    reset: int
    wait: int
    refused: bool

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client."""
        told = {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(self.reset),
        }
        return told | ({"Retry-After": str(self.wait)} if self.refused else {})


class Counter:
    """Requests of the current minute by token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._made: dict[str, int] = defaultdict(int)

    def take(self, *, token: str, now: datetime) -> Allowance | None:
        """Count one request and return what is left; None where nothing is limited."""
        return self._taken(token, settings.API_REQUESTS_PER_MINUTE, now)

    def take_costs(self, *, token: str, now: datetime) -> Allowance | None:
        """Count one question about costs, which is more work than any other; None where those are not limited."""
        return self._taken(f"{token} costs", settings.API_COST_REQUESTS_PER_MINUTE, now)

    def _taken(self, token: str, limit: int, now: datetime) -> Allowance | None:
        if limit == 0 or settings.API_REQUESTS_PER_MINUTE == 0:
            return None
        second = int(now.timestamp())
        window = second // _WINDOW_S
        with self._lock:
            if window != self._window or len(self._made) > _MOST_TOKENS:
                self._window = window
                self._made.clear()
            self._made[token] += 1
            made = self._made[token]
        reset = (window + 1) * _WINDOW_S
        return Allowance(
            limit=limit, remaining=max(0, limit - made), reset=reset, wait=reset - second, refused=made > limit
        )


counter = Counter()
