"""`billow serve` and `billow worker`: the processes that stay."""

import os
import socket
import sys
from pathlib import Path

import click

from billow.interfaces.cli.door import BillowCommand, Door, Failed
from billow.interfaces.cli.supervise import Child, supervise

_LAST_PORT = 65_535
WORKER = (sys.executable, "-m", "billow.interfaces.jobs")


class ServingCommand(BillowCommand):
    """Logs what happens, as a service should."""

    def prepare(self) -> None:
        """Choose the log level before the settings are read."""
        os.environ.setdefault("BILLOW_LOG_LEVEL", "INFO")


@click.command(cls=ServingCommand)
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="HOST:PORT to listen on.")
@click.option("--workers", type=click.IntRange(min=1, max=64), default=2, show_default=True, help="Web processes.")
@click.pass_obj
def serve(door: Door, bind: str, workers: int) -> None:
    """Serve the console, with a worker inside. Ends cleanly on Ctrl-C and SIGTERM.

    \b
    Example:
      billow serve --bind 0.0.0.0:8000
    """
    serve_console(door, bind=bind, workers=workers)


@click.command(cls=ServingCommand)
@click.pass_obj
def worker(door: Door) -> None:
    """Run a worker alone, as many as you like, on any machine that reaches the database and the data folder.

    \b
    Example:
      billow worker
    """
    _check(door)
    os.environ["BILLOW_DATA"] = str(door.data)
    os.execv(WORKER[0], WORKER)  # noqa: S606 - signals should reach the worker itself


def serve_console(door: Door, *, bind: str, workers: int) -> None:
    """Run the web processes and a worker until asked to stop; raise SystemExit with the web server's code."""
    from django.core.management import call_command

    _check(door)
    _check_address(bind)
    call_command("collectstatic", interactive=False, verbosity=0)
    os.environ["BILLOW_DATA"] = str(door.data)
    web = (
        *(sys.executable, "-m", "gunicorn", "billow.wsgi:application", "--bind", bind),
        *("--workers", str(workers), "--threads", "4", "--worker-class", "gthread", "--access-logfile", "-"),
        *("--logger-class", "billow.interfaces.cli.access_log.AccessLog"),
        # Filters on costs are long: this is the longest request line that the web server can be told to take.
        *("--limit-request-line", "8190"),
        *("--graceful-timeout", "20", "--timeout", "120", "--no-control-socket", "--pid", str(_pid_file(door.data))),
    )
    door.say(f"Serving the console on http://{bind} (Ctrl-C ends it)")
    code = supervise(needed=Child("web", web), restarted=[Child("worker", WORKER)])
    if code:
        raise SystemExit(code)


def _check_address(bind: str) -> None:
    """Stop at once where the web server would try and try again."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise Failed("wrong_address", f"{bind!r} is no address; write HOST:PORT, such as 127.0.0.1:8000")
    try:
        (family, kind, protocol, _, place), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
    except (OSError, OverflowError) as taken:
        reason = getattr(taken, "strerror", None) or taken
        raise Failed("address_not_available", f"Nothing can listen on {bind}: {reason}") from taken


def _check(door: Door) -> None:
    from billow.usecases.initialise import check_installation

    check_installation()
    door.say(f"Data folder {door.data}")


def _pid_file(data: Path) -> Path:
    return data / "web.pid"
