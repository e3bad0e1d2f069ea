"""A real browser goes to an identity provider and comes back in."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.identity_provider import CLIENT, SECRET, identity_provider
from tests.people import People
from tests.web.browser.conftest import Console, serve
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def console_with_sign_on(
    browser: Browser, people: People, start: Callable[..., Any], process_environment: dict[str, str]
) -> Iterator[Console]:
    with identity_provider() as provider, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        provider.says = {"sub": "00u1", "email": "alice@nimbus.example", "email_verified": True}
        process_environment |= {
            "BILLOW_BASE_URL": f"http://127.0.0.1:{port}",
            "BILLOW_OIDC_ISSUER": provider.address,
            "BILLOW_OIDC_CLIENT_ID": CLIENT,
            "BILLOW_OIDC_CLIENT_SECRET": SECRET,
            "BILLOW_OIDC_NAME": "Nimbus ID",
        }
        yield from serve(browser, start, port=port)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_alice_comes_in_through_her_company(
    scheme: str, width: int, console_with_sign_on: Console, people: People
) -> None:
    page = console_with_sign_on.window(scheme=scheme, width=width).new_page()
    page.goto("/accounts")
    assert "next=" in page.url
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("link", name="Go to Nimbus ID").click()
    page.get_by_role("heading", name="Managed accounts", exact=True).wait_for()
    page.goto("/you")
    assert "by sign-on from" in page.locator("#browsers").inner_text()
    page.locator(".person summary").click()
    page.locator(".menu-list").get_by_role("button", name="Sign out").click()
    page.goto("/sign-in/oidc/callback?code=x&state=y")
    page.get_by_text("took too long").wait_for()
    assert (overflow(page), violations(page)) == (0, [])
