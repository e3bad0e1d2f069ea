"""Every page with hostile texts in it, in a real browser: nothing runs, nothing is drawn, nothing is fetched."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import Console
from tests.web.hostile_world import HostileWorld, make_hostile
from tests.web.test_hostile_text import crawl
from tests.web.world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INJECTED = "main i, i[id^=m], img[src=x], [onerror], [onload]"


@pytest.fixture
def hostile(console: Console, tmp_path: Path) -> HostileWorld:
    return make_hostile(make_world(name="Hostile Partners"), folder=tmp_path)


def window(console: Console, hostile: HostileWorld, who: str) -> Page:
    """Open a window of somebody who is signed in; what the page says, asks or fetches in vain fails the test."""
    context = console.window()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": hostile.world.sessions[who], "url": console.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.on("dialog", lambda dialog: console.complaints.append(f"a dialog: {dialog.message}"))
    page.on("pageerror", lambda error: console.complaints.append(str(error)))
    page.on("console", lambda message: _hear(console, message.type, message.text))
    page.on("request", lambda request: _fetches(console, request.url))
    return page


def _hear(console: Console, kind: str, text: str) -> None:
    if kind == "error" and "Failed to load resource" not in text:
        console.complaints.append(text)


def _fetches(console: Console, url: str) -> None:
    elsewhere = url.startswith("http") and not url.startswith(console.address)  # the PDF viewer has files of its own
    if elsewhere or url.endswith("/x"):
        console.complaints.append(f"fetched {url}")


@pytest.mark.parametrize("who", ["owner", "customer viewer", "viewer inside"])
def test_nothing_comes_alive(who: str, console: Console, hostile: HostileWorld) -> None:
    page = window(console, hostile, who)
    pages = crawl(hostile, who, more=hostile.pages)
    assert len(pages) > (60 if who == "owner" else 10)
    for url in pages:
        page.goto(url)
        assert (url, page.locator(INJECTED).count()) == (url, 0)
        assert console.complaints == [], url


def test_nothing_comes_alive_in_dialogs_and_rows_that_arrive_later(console: Console, hostile: HostileWorld) -> None:
    page = window(console, hostile, "owner")
    page.goto(f"/invoices?period=all&account={hostile.world.shown['account']}")
    page.locator("#select-all").check()
    for act in ("approve", "cancel", "download"):
        page.locator(f".toolbar [data-act={act}]").click()
        expect(page.get_by_role("dialog")).to_contain_text("USD" if act != "download" else "PDF")
        assert page.locator(INJECTED).count() == 0
        page.keyboard.press("Escape")
    page.goto("/accounts")
    page.wait_for_load_state("networkidle")
    page.goto(f"/accounts/{hostile.world.shown['account']}")
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(INJECTED).count() == 0
