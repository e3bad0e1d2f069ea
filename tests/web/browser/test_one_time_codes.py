"""Somebody sets an authenticator app up, signs out, and comes back in with a code and with a recovery code."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Page

from billow.records.accounts.models import SignInAttempt, TotpSecret
from tests.people import PASSWORD, People
from tests.web.browser.conftest import Console
from tests.web.browser.test_layout import overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def code(*, later: int = 0) -> str:
    """Return the code of now, or of some half minutes later: the same one is never taken twice."""
    return pyotp.TOTP(TotpSecret.objects.get().secret).at(datetime.now(UTC) + timedelta(seconds=30 * later))


def give_password(page: Page) -> None:
    page.get_by_label("E-mail address").fill("alice@nimbus.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_an_app_is_set_up_and_used(scheme: str, width: int, console: Console, people: People) -> None:
    page = console.open(people.alice, "/you", scheme=scheme, width=width)
    page.get_by_role("link", name="Set up an app").click()
    page.locator(".picture-frame svg").wait_for()
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_label("Write the code that the app shows").fill("000000")
    page.get_by_role("button", name="Switch on").click()
    page.get_by_text("This code is not right").wait_for()
    assert violations(page) == []
    page.get_by_label("Write the code that the app shows").fill(code())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    recovery = page.locator(".code-list code").first.inner_text()
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_text("8 recovery codes left").wait_for()
    assert (overflow(page), violations(page)) == (0, [])

    for given in (code(later=1), recovery):
        page.locator(".person summary").click()
        page.locator(".menu-list").get_by_role("button", name="Sign out").click()
        give_password(page)
        page.get_by_role("heading", name="One more step").wait_for()
        assert (overflow(page), violations(page)) == (0, [])
        page.get_by_label("Code").fill("000000")
        page.keyboard.press("Enter")
        page.get_by_text("This code is not right").wait_for()
        assert violations(page) == []
        page.get_by_label("Code").fill(given)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/sign-in" not in address)
        SignInAttempt.objects.all().delete()
    page.goto("/you")
    page.get_by_text("7 recovery codes left").wait_for()
