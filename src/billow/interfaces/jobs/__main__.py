"""Start a worker: ``python -m billow.interfaces.jobs [--name NAME] [--once]``."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from types import FrameType


def main(*, arguments: Sequence[str]) -> int:
    """Work until asked to stop, or with ``--once`` until nothing is due, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m billow.interfaces.jobs", description="Do Billow's background work."
    )
    parser.add_argument("--name", default=f"{socket.gethostname()}:{os.getpid()}", help="how the rows call this worker")
    parser.add_argument("--once", action="store_true", help="do what is due now, then end")
    chosen = parser.parse_args(arguments)
    _set_up()
    from billow.interfaces.jobs.worker import run_once, run_worker

    if chosen.once:
        run_once(name=chosen.name)
        return 0
    run_worker(name=chosen.name, stop=_stop_on_signal())
    return 0


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billow.settings")
    django.setup()


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        stop.set()
        # A second signal ends the process at once; the rows survive that too.
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return stop


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
