"""Keep child processes: one that everything depends on, and others that are started again when they end."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import click

STOP_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.3
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_AFTER_S = 60.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBC = ctypes.CDLL(None)


@dataclass(slots=True)
class Child:
    """A command, its process while it runs, and when it may be started again."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)
    start_again: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches it through its parent only."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - commands are fixed in this package
            list(self.command),
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the serving process starts no threads
        )

    def ended(self) -> int | None:
        """Return the exit code once the process has ended."""
        return None if self.process is None else self.process.poll()


def supervise(*, needed: Child, restarted: Sequence[Child]) -> int:
    """Run until SIGTERM or SIGINT, or until the needed child ends; return the exit code."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    children = [needed, *restarted]
    try:
        for child in children:
            child.start()
        while not stop.wait(_LOOK_EVERY_S):
            if (code := needed.ended()) is not None:
                click.echo(f"error[{needed.name}_ended]: The {needed.name} process ended with code {code}", err=True)
                return code or 1
            for child in restarted:
                _keep(child)
    finally:
        _stop_all(children)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _keep(child: Child) -> None:
    """Start an ended child again, later each time it ends soon."""
    now = time.monotonic()
    if child.process is None:
        if now >= child.start_again:
            child.start()
        return
    code = child.ended()
    if code is None:
        return
    child.failures = 0 if now - child.started > _STEADY_AFTER_S else child.failures + 1
    pause_s = _PAUSES_S[min(child.failures, len(_PAUSES_S)) - 1] if child.failures else 0.0
    click.echo(f"The {child.name} ended with code {code}; starting it again in {pause_s:g} s", err=True)
    child.process, child.start_again = None, now + pause_s


def _stop_all(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN_S
    for process in running:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            # Whatever it was doing is picked up again from its row.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> None:
    """Ask Linux to end the child when this process is killed outright; elsewhere there is no such thing."""
    if sys.platform == "linux":
        _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGTERM)
