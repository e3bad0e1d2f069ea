"""Ask the API over loopback; the floor is the bare framework answering the same shapes on the same web server.

One web process, as `billow serve` starts it but without the worker, whose work would be measured along. Each question
is asked by a few connections that stay open, until so many answers or seconds have passed.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import report

CONNECTIONS = 4
PATIENCE_S = 60
OWNER = "bench@billow.example"
ACCOUNTS = 100
OLD_INVOICES = 10_000
YEARS = range(2005, 2025)
PER_PAGE = 100
LIST = f"/v2/invoices?limit={PER_PAGE}&page=50"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as it goes out: the number of the request makes bodies differ."""

    method: str
    path: str
    status: int
    body: Callable[[int], bytes] = lambda _number: b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop asking one question."""

    requests: int
    seconds: float


def ask_billow(limits: Limits) -> dict[str, Any]:
    """Make an installation with invoices, serve it and ask."""
    with tempfile.TemporaryDirectory(prefix="billow-bench-api-") as folder:
        # Nothing of the installation that this machine may have is touched.
        foreign = [name for name in os.environ if name.startswith(("BILLOW_", "DJANGO_"))]
        for name in foreign:
            del os.environ[name]
        port = _free_port()
        os.environ |= {
            "BILLOW_DATA": folder,
            "BILLOW_BASE_URL": f"http://127.0.0.1:{port}",
            "BILLOW_API_REQUESTS_PER_MINUTE": "0",
            "PYTHONPATH": str(Path("src").resolve()),
        }
        _billow("init", "--company", "Bench", "--owner", OWNER)
        token = _billow("tokens", "create", "--user", OWNER, "--scope", "read,write")["token"]
        accounts, invoice = _fill()
        (Path(folder) / "static").mkdir()  # whoever serves has collected its files there
        with _serving("billow.wsgi:application", port, settings="billow.settings"):
            return _ask_all(port, token=token, invoice=invoice, accounts=accounts, limits=limits)


def ask_framework(limits: Limits) -> dict[str, Any]:
    """Serve the bare endpoints and ask the same."""
    port = _free_port()
    with _serving("bench.bare_api:application", port, settings="bench.bare_settings"):
        return _ask_all(port, token="none", invoice="any", accounts=["acct_0123456789abcdef"], limits=limits)


def _fill() -> tuple[Sequence[str], str]:
    """Add customers, and old invoices to list; return the customers' tokens and one invoice's."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "billow.settings"
    django.setup()
    from billow.records.accounts.models import ManagementAccount
    from billow.records.billing.models import Invoice, InvoiceSeries
    from billow.usecases.accounts import add_account
    from billow.usecases.actor import Actor, Source
    from billow.usecases.management_account import invoice_series
    from billow.usecases.profiles import add_profile

    msp = ManagementAccount.objects.get()
    actor, now = Actor(management_account=msp, user=None, source=Source.CLI), msp.created_at
    add_profile(actor=actor, fields={"nickname": "Bench"}, now=now)
    accounts = [
        add_account(
            actor=actor,
            fields={"name": f"Customer {number:03}", "contact_email": f"customer{number}@billow.example"},
            rules=(),
            integrations=(),
            now=now,
        )
        for number in range(ACCOUNTS)
    ]
    series = invoice_series(management_account=msp)
    invoices = Invoice.objects.bulk_create(
        (
            Invoice(
                management_account=msp,
                managed_account=accounts[number % ACCOUNTS],
                period_start=f"2025-{number % 12 + 1:02}-01",
                series=series,
                sequence=number + 1,
                number=f"OLD-{number:06}",
                status="cancelled",
                cancel_reason="Filled in for the benchmark",
                generation_requested_at=now,
                created_at=now,
                updated_at=now,
            )
            for number in range(OLD_INVOICES)
        ),
        batch_size=2_000,
    )
    InvoiceSeries.objects.filter(pk=series.pk).update(next_sequence=OLD_INVOICES + 1)
    return [account.token for account in accounts], invoices[OLD_INVOICES // 2].token


def _ask_all(port: int, *, token: str, invoice: str, accounts: Sequence[str], limits: Limits) -> dict[str, Any]:
    """Return for each question the requests answered in a second."""

    def wanted(number: int) -> bytes:
        months, account = divmod(number, len(accounts))
        year, month = YEARS[months // 12 % len(YEARS)], months % 12 + 1
        last = {2: 29 if year % 4 == 0 else 28, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31)
        period = {
            "billing_period_start": f"{year}-{month:02}-01",
            "billing_period_end": f"{year}-{month:02}-{last}",
        }
        return json.dumps({**period, "account_token": accounts[account]}).encode()

    questions = {
        "get": Question(method="GET", path=f"/v2/invoices/{invoice}", status=200),
        "list": Question(method="GET", path=LIST, status=200),
        "post": Question(method="POST", path="/v2/invoices", status=201, body=wanted),
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return {name: _per_second(port, question, headers, limits) for name, question in questions.items()}


def _per_second(port: int, question: Question, headers: Mapping[str, str], limits: Limits) -> float:
    """Ask by several connections at once and return how many answers came in a second."""
    lock = threading.Lock()
    numbers = iter(range(limits.requests))
    answered: list[int] = []
    failures: list[str] = []
    began = time.perf_counter()
    deadline = began + limits.seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        while time.perf_counter() < deadline and not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            connection.request(question.method, question.path, body=question.body(number) or None, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != question.status:
                failures.append(f"{question.method} {question.path}: {answer.status} {text[:300]!r}")
                break
            answered.append(number)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or not answered:
        raise SystemExit(failures[0] if failures else f"nothing answered {question.path}")
    return len(answered) / (time.perf_counter() - began)


@contextmanager
def _serving(application: str, port: int, *, settings: str) -> Iterator[None]:
    """Start the web server that `billow serve` starts, with one process, and end it."""
    command = (
        *(sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", "1"),
        *("--threads", str(CONNECTIONS), "--worker-class", "gthread", "--no-control-socket", "--log-level", "warning"),
    )
    process = subprocess.Popen(command, env={**os.environ, "DJANGO_SETTINGS_MODULE": settings})
    try:
        _await_listener(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _await_listener(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
            connection.request("GET", "/v2/ping")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not come up")


def _billow(*arguments: str) -> Any:
    command = [sys.executable, "-m", "billow", *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> None:
    """Measure one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["floor", "billow"])
    parser.add_argument("--requests", type=int, default=2_000, help="the most of each kind (default 2,000)")
    parser.add_argument("--seconds", type=float, default=10.0, help="the longest for each kind (default 10)")
    arguments = parser.parse_args()
    limits = Limits(requests=min(arguments.requests, ACCOUNTS * 12 * len(YEARS)), seconds=arguments.seconds)
    way = ask_framework if arguments.way == "floor" else ask_billow
    report(lambda: way(limits))


if __name__ == "__main__":
    main()
