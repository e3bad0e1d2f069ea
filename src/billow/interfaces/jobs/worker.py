"""The worker: answers bells, sweeps for what nobody rang for, and outlives every single failure."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.db import InterfaceError, OperationalError, close_old_connections, connections, transaction

from billow.interfaces.jobs.calendar import OpenMonths
from billow.interfaces.jobs.sweep import call_all, clock, deliver_all, export_all, generate_all, prune_bells
from billow.interfaces.jobs.tasks import waiting_bells
from billow.usecases.bell import Work
from billow.usecases.browser_sessions import prune_sessions
from billow.usecases.call_webhooks import prune_events
from billow.usecases.export_costs import prune_exports
from billow.usecases.kept_answers import prune_answers
from billow.usecases.mailed_links import prune_links
from billow.usecases.refused import Refused

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 3.0
HOUSEKEEPING_EVERY_S = 3600.0
LONGEST_PAUSE_S = 30.0


class Doing(Protocol):
    """All work of one kind, until nothing is due; returns how much there was."""

    def __call__(self, *, worker: str, carry_on: Callable[[], bool]) -> int:
        """Work while ``carry_on`` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One kind of work with a thread of its own, so that a hanging mail server holds up no invoice."""

    name: str
    do: Doing
    every_s: float
    work: Work | None = None


def run_worker(*, name: str, stop: threading.Event, poll_s: float = 1.0) -> None:
    """Do background work until ``stop`` is set; then finish the items in hand and return.

    ``poll_s`` is the pause between two looks at the bells. Any number of workers may run at once.
    """
    threads = [
        threading.Thread(target=_run_lane, args=(lane, name, stop, poll_s), name=f"billow-{lane.name}")
        for lane in _lanes()
    ]
    logger.info("worker %s starts", name)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logger.info("worker %s has stopped", name)


def run_once(*, name: str) -> int:
    """Do everything that is due now, invoices before their mails and webhooks last; return how much that was."""
    done = sum(lane.do(worker=name, carry_on=lambda: True) for lane in _lanes() if lane.work is not None)
    for work in Work:
        while answer_bell(work=work, worker=name, do=lambda: 0):
            pass
    return done


def answer_bell(*, work: Work, worker: str, do: Callable[[], int]) -> bool:
    """Take one waiting bell, do the work and note the result on it; say no when none waits."""
    waiting = waiting_bells(work=work)
    if not waiting.exists():
        return False
    with transaction.atomic():
        rung = waiting.get_locked()
        if rung is None:
            return False
        rung.claim(worker)
    try:
        done = do()
    except Exception as error:
        rung.set_failed(error)
        raise
    rung.set_successful(done)
    return True


def _lanes() -> tuple[Lane, ...]:
    months = OpenMonths()

    def keep_house(*, worker: str, carry_on: Callable[[], bool]) -> int:  # noqa: ARG001
        pruned = prune_bells(now=clock()) + prune_events(now=clock()) + prune_answers(now=clock())
        pruned += prune_exports(now=clock()) + prune_links(now=clock()) + prune_sessions(now=clock())
        return pruned + months.announce(now=clock())

    return (
        Lane(name="generation", do=generate_all, every_s=SWEEP_EVERY_S, work=Work.GENERATE),
        Lane(name="delivery", do=deliver_all, every_s=SWEEP_EVERY_S, work=Work.DELIVER),
        Lane(name="webhooks", do=call_all, every_s=SWEEP_EVERY_S, work=Work.CALL),
        Lane(name="exports", do=export_all, every_s=SWEEP_EVERY_S, work=Work.EXPORT),
        Lane(name="housekeeping", do=keep_house, every_s=HOUSEKEEPING_EVERY_S),
    )


def _run_lane(lane: Lane, worker: str, stop: threading.Event, poll_s: float) -> None:
    sweep_at, failures = 0.0, 0
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                sweep_at = _turn(lane, worker, stop, sweep_at=sweep_at)
                failures = 0
            except (OperationalError, InterfaceError) as away:
                failures += 1
                logger.warning("%s: the database is away: %s", lane.name, away)
                connections.close_all()
            except Refused as refused:
                failures += 1
                logger.warning("%s cannot work: %s", lane.name, refused.message)
            except Exception:
                failures += 1
                logger.exception("%s failed; its rows say what was done, and the rest is taken up again", lane.name)
            stop.wait(poll_s if not failures else min(LONGEST_PAUSE_S, 2.0 ** min(failures, 8)))
    finally:
        connections.close_all()


def _turn(lane: Lane, worker: str, stop: threading.Event, *, sweep_at: float) -> float:
    """Answer a bell or, when it is time, sweep; return when to sweep next."""

    def work_through() -> int:
        return lane.do(worker=worker, carry_on=lambda: not stop.is_set())

    if lane.work is not None and answer_bell(work=lane.work, worker=worker, do=work_through):
        return time.monotonic() + lane.every_s
    if time.monotonic() >= sweep_at:
        work_through()
        return time.monotonic() + lane.every_s
    return sweep_at
