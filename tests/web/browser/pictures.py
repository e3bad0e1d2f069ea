"""Take a picture of every page for docs/images/pages (`make pictures`); it fails if a page is missing.

Each page is taken light at 1280 px; a few of the most used ones also dark and as a phone shows them.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from billow.interfaces.web.urls import urlpatterns
from tests.people import People, Person
from tests.web.addresses import ADDRESSES
from tests.web.browser import test_full_pages, test_layout, test_partner_settings, test_portal
from tests.web.browser.conftest import Console
from tests.web.browser.months import make_every_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "pages"
QUALITY = 62
SEEN: set[str] = set()
ALSO = {"overview", "list", "draft", "costs", "portal"}
NO_PAGE = re.compile(
    r"\.csv$|/logo$|/live$|^theme$|<slug:kind>$|^portal/logo$|sign-out|^leave|/costs$|cost-report$|cost-reports/"
    r"|/delegations$|/check-sql$|links/|choose-password|sign-in/|/uploads/|^accounts/costs$|/calls/|/enter$|/integrations/end$"
)


def named(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.screenshot(path=FOLDER / f"{named(name)}.jpg", type="jpeg", quality=QUALITY, full_page=True)


def pictures_of(console: Console, person: Person, pages: dict[str, str]) -> None:
    """Take every page, and remember the paths that were seen."""
    page = console.open(person, "/you", width=1280)
    for name, address in pages.items():
        take(page, address, name)
    for scheme, width, word in (("dark", 1280, "dark"), ("light", 360, "phone")):
        for name in ALSO & set(pages):
            other = console.open(person, "/you", width=width, scheme=scheme)
            take(other, pages[name], f"{name} {word}")
            other.close()
    SEEN.update(address.partition("?")[0].strip("/") for address in pages.values())


def test_old_pictures_go() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.jpg"):
        old.unlink()
    assert not list(FOLDER.glob("*.jpg"))


def test_pages_of_the_month(console: Console, people: People) -> None:
    found = make_every_status(people=people)
    profile, rule = people.msp.billing_profiles.get(), people.msp.billing_rules.order_by("pk")[0]
    more = {
        "delete profile": f"/settings/billing-profiles/{profile.token}/delete",
        "delete rule": f"/settings/billing-rules/{rule.token}/delete",
        "lost the phone": f"/settings/users/{people.bob.user.token}/recover",
    }
    pictures_of(console, people.alice, {**test_layout.pages_of(found), **more})
    customer = test_portal.customer(people, found["approved"].managed_account)
    token = found["approved"].token
    own = {"portal": "/portal", "portal invoice": f"/portal/invoices/{token}", "portal costs": "/costs"}
    pictures_of(console, customer, own)
    out = console.window(width=1280).new_page()
    for name in ("sign-in", "forgot-password"):
        take(out, f"/{name}", name)
        SEEN.add(name)


def test_pages_with_bills(console: Console, people: People, tmp_path: Path) -> None:
    found = test_full_pages.addresses(*test_full_pages.fill(people, tmp_path))
    customer = people.msp.managed_accounts.filter(delegations__isnull=False)[0]
    costs = f"/costs?account={customer.token}&compare=1"
    plain = {address: named(re.sub(r"(accss_crdntl|acct)_[0-9a-f]+", "", address)) for address in found}
    names = {address: f"bills {number} {plain[address]}" for number, address in enumerate(found)}
    pictures_of(console, people.alice, {**{names[each]: each for each in found}, "costs": costs})


def test_pages_of_partner_settings(console: Console, people: People) -> None:
    pictures_of(console, people.alice, test_partner_settings.fill(people))


def test_every_page_has_its_picture() -> None:
    wanted = {each.path for each in ADDRESSES if each.get is not None} & {str(part.pattern) for part in urlpatterns}
    missing = [path for path in sorted(wanted) if not NO_PAGE.search(path) and not _is_seen(path)]
    assert missing == []


def _is_seen(path: str) -> bool:
    shape = re.compile(re.sub(r"<\w+:\w+>", "[^/]+", re.escape(path).replace(r"\<", "<").replace(r"\>", ">")) + "$")
    return any(shape.match(each) for each in SEEN)
