"""The processes that stay: they answer, they are kept alive, and they end when asked to."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.conftest import Program

PATIENCE_S = 60


@contextmanager
def serving(billow: Program) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Serve on a free port; give the process and the address. Whatever is left over at the end is killed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = billow.data.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            billow.command("serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"),
            env={name: value for name, value in billow.variables.items() if name != "PYTHONWARNINGS"},
            stdout=output,
            stderr=output,
        )
    try:
        address = f"http://127.0.0.1:{port}/sign-in"
        until(lambda: status_of(address) == 200, "the console answers")
        yield process, address
    finally:
        for pid in [process.pid, *children_of(process.pid)]:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except (urllib.error.URLError, OSError):
        return 0


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)


def children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def worker_of(pid: int) -> int | None:
    for child in children_of(pid):
        try:
            if "billow.interfaces.jobs" in Path(f"/proc/{child}/cmdline").read_text():
                return child
        except OSError:
            continue
    return None


def test_serve_answers_keeps_its_worker_alive_and_ends_cleanly(billow: Program, tmp_path: Path) -> None:
    with serving(billow) as (process, address):
        until(lambda: worker_of(process.pid), "a worker runs")
        first = worker_of(process.pid)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: worker_of(process.pid) not in {None, first}, "a new worker runs")
        assert status_of(address) == 200
        assert status_of(f"{address}?q={'x' * 8_000}") == 200, "filters on costs make long addresses"
        assert billow.refused("restore", tmp_path / "any.tar.gz", "--yes") == ["still_serving"]
        family = children_of(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0
        assert not [pid for pid in family if is_alive(pid)]
        assert status_of(address) == 0


def test_nothing_goes_on_without_the_serving_process(billow: Program) -> None:
    with serving(billow) as (process, _):
        until(lambda: worker_of(process.pid), "a worker runs")
        family = children_of(process.pid)
        process.kill()
        process.wait()
        until(lambda: not [pid for pid in family if is_alive(pid)], "web and worker end by themselves")


def test_an_address_that_cannot_be_served_is_told_at_once(billow: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert billow.refused("serve", "--bind", place) == ["address_not_available"]
    assert billow.refused("serve", "--bind", "127.0.0.1:99999") == ["wrong_address"]
    assert billow.refused("serve", "--bind", "8000") == ["wrong_address"]


def test_a_worker_alone_ends_on_request(billow: Program) -> None:
    process = subprocess.Popen(billow.command("worker"), env=billow.variables, stderr=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        if b"starts" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(timeout=PATIENCE_S) == 0
    process.stderr.close()
