"""A real Chromium before a real server with a real worker, all on the test's own database and data folder."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.people import PASSWORD, People, Person, make_people

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_START_WITHIN_S = 40
_APPEARS_WITHIN_MS = 20_000

expect.set_options(timeout=_APPEARS_WITHIN_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The running console: open it as somebody, in a window of a size and a colour scheme."""

    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def window(self, *, width: int = 1280, height: int = 900, scheme: str = "light") -> BrowserContext:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=self.address,
            reduced_motion="reduce",
        )
        context.set_default_timeout(_APPEARS_WITHIN_MS)
        return context

    def open(self, person: Person, path: str = "/invoices", **window: object) -> Page:
        """Sign in through the form and go to the page; every complaint of the browser fails the test."""
        page = self.window(**window).new_page()  # type: ignore[arg-type]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, f"{message.text} {message.location}"))
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(person.user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda address: "/sign-in" not in address)
        page.goto(path)
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)


@pytest.fixture(autouse=True, scope="session")
def database_beside_a_browser() -> Iterator[None]:
    """Let tests use the database although Playwright runs an event loop in their thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail("Chromium is missing; scripts/test-packages installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, f"--crash-dumps-dir={tmp_path_factory.mktemp('chromium')}"],
        )
        yield browser
        browser.close()


@pytest.fixture
def people(transactional_db: None) -> People:
    shutil.rmtree(settings.COST_STORE, ignore_errors=True)
    shutil.rmtree(settings.OUTBOX, ignore_errors=True)
    return make_people(password=PASSWORD)


@pytest.fixture
def start(process_environment: dict[str, str]) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start processes that see the test's database; they end with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_one(*words: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**process_environment, "BILLOW_LOG_LEVEL": "ERROR"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=30)


@pytest.fixture
def console(browser: Browser, people: People, start: Callable[..., "subprocess.Popen[bytes]"]) -> Iterator[Console]:
    """Give the console without a worker: nothing changes by itself."""
    yield from serve(browser, start)


@pytest.fixture
def working_console(
    browser: Browser, people: People, start: Callable[..., "subprocess.Popen[bytes]"]
) -> Iterator[Console]:
    """Give the console with a worker process beside it."""
    start("billow.interfaces.jobs")
    yield from serve(browser, start)


def serve(
    browser: Browser, start: Callable[..., "subprocess.Popen[bytes]"], *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Console]:
    """Serve the console by this name until the test is over."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    server = start(
        *("gunicorn", "billow.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "1", "--threads", "4", "--worker-class", "gthread"),
    )
    console = Console(address=f"http://{host}:{port}", browser=browser)
    _wait_for(console.address, server)
    yield console
    for context in browser.contexts:
        context.close()
    assert console.complaints == []


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/sign-in", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not start (exit code {server.poll()})")
