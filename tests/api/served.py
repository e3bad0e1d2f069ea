"""A server as operators run it, in a process of its own with a data folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT_ROOT

PATIENCE_S = 90
OWNER = "alice@nimbus.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers, and an owner's token for it."""

    address: str
    token: str
    variables: Mapping[str, str]

    def billow(self, *arguments: str) -> Any:
        """Run a command beside the server and return its JSON document."""
        return _billow(self.variables, *arguments)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """Make an installation in the folder and serve it until the end; further settings are BILLOW_ variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BILLOW_", "DJANGO_"))}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    variables = {
        **kept,
        "BILLOW_DATA": str(folder / "data"),
        "BILLOW_BASE_URL": address,
        "BILLOW_API_REQUESTS_PER_MINUTE": "0",
        "PYTHONPATH": str(PROJECT_ROOT / "src"),
        **settings,
    }
    _billow(variables, "init", "--company", "Nimbus Partners", "--owner", OWNER)
    token = _billow(variables, "tokens", "create", "--user", OWNER, "--scope", "read,write")["token"]
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "billow", "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"],
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _await_answer(f"{address}/v2/ping", log)
        yield Served(address=address, token=token, variables=variables)
        assert "Traceback" not in log.read_text(encoding="utf-8")
    finally:
        # The server and its worker are a group of their own, so that nothing of it is left.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _billow(variables: Mapping[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "billow", *arguments, "--json"],
        check=False,
        env=variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _await_answer(address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the server never answered: {log.read_text(encoding='utf-8')}")
