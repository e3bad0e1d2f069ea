"""The worker: answers the bell, sweeps for what nobody rang for, and outlives every single failure."""

import threading


def run_worker(*, name: str, stop: threading.Event, poll_s: float = 1.0) -> None:
    """Do background work until asked to stop."""
    raise NotImplementedError
