"""A customer's bookkeeper in the portal, and somebody of the MSP inside the account: what they see, and what not."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from billow.rating.rated_costs import RuleDelta
from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.credit_invoices import credit_invoice
from tests.factories.accounts import make_user
from tests.factories.invoices import make_approved, make_draft, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import PASSWORD, People, Person
from tests.web.browser.conftest import Console
from tests.web.browser.test_layout import LOOKS, too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Thessaly Olives and everything else that grows between Olympus and the sea"
SEPTEMBER, OCTOBER = BillingPeriod(2026, 9), BillingPeriod(2026, 10)


def customer(people: People, account: ManagedAccount, *, name: str = "Olga Petrou") -> Person:
    return Person(
        user=make_user(
            management_account=people.msp,
            email=f"{name.split(maxsplit=1)[0].lower()}@olives.example",
            name=name,
            role=Role.VIEWER,
            managed_account=account,
            password=PASSWORD,
        )
    )


def invoices_of(people: People, account: ManagedAccount) -> dict[str, Invoice]:
    """Make two approved invoices, one of them credited in part, and a draft."""
    profile = people.msp.billing_profiles.first() or make_profile(management_account=people.msp)
    markup = RuleDelta(rule_token="bllng_rule_0123456789abcdef", amount=Decimal("120.05"))
    lines = [
        make_line(
            deltas=(markup,),
            cost="1200.5",
            rated="1320.55",
            description="m7i.large, on demand",
            usage_amount=Decimal(744),
            usage_unit="Hours",
        ),
        make_line(cost="99.1", service="Amazon S3", region="eu-west-1"),
        make_line(cost="150", service="Managed services", provider=""),
    ]
    made = {
        name: make_approved(
            account=account,
            profile=profile,
            by=people.alice,
            period=period,
            now=datetime.combine(period.end, datetime.min.time(), tzinfo=UTC),
            lines=lines,
        )
        for name, period in (("september", SEPTEMBER), ("october", OCTOBER))
    }
    credit_invoice(
        actor=people.alice.actor,
        invoice_token=made["september"].token,
        line_numbers=[2],
        reason="Stored twice",
        now=datetime(2026, 11, 5, tzinfo=UTC),
    )
    made["draft"] = make_draft(account=account, profile=profile, period=OCTOBER.next, lines=lines)
    return made


def pages_of(found: dict[str, Invoice]) -> list[str]:
    each = [f"/portal/invoices/{found[name].token}" for name in ("september", "october")]
    return ["/portal", *each, "/costs", "/you", "/invoices", "/nowhere"]


def unfold(page: Page) -> None:
    for fold in page.locator(".fold").all():
        fold.click()


def test_the_bookkeeper_finds_her_invoice_and_nothing_of_anybody_else(console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp, name="Thessaly Olives")
    boats = make_managed_account(management_account=people.msp, name="Magnesia Boats")
    own, others = invoices_of(people, olives), invoices_of(people, boats)
    page = console.open(customer(people, olives), "/")
    page.wait_for_url("**/portal")
    expect(page.get_by_role("region", name="Latest invoice")).to_contain_text("1,569.65")
    expect(page.get_by_role("navigation", name="Main")).to_have_text("InvoicesCosts")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name=own["october"].number, exact=True).last.click()
    unfold(page)
    expect(page.locator("#charges")).to_contain_text("744 Hours")
    for secret in (
        "1,200.5",
        "Provider cost",
        "Margin",
        "Rules",
        "History",
        "Boats",
        "bllng_rule",
        own["draft"].number,
    ):
        expect(page.locator("body")).not_to_contain_text(secret)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert download.value.suggested_filename == f"invoice-{own['october'].number}.csv"
    page.goto(f"/portal/invoices/{own['september'].token}")
    expect(page.get_by_role("region", name="Credit notes")).to_contain_text("99.10")
    hidden = [f"/portal/invoices/{own['draft'].token}", *(f"/portal/invoices/{each.token}" for each in others.values())]
    for address in (*hidden, f"/invoices/{own['october'].token}", "/invoices", "/accounts", f"/accounts/{boats.token}"):
        page.goto(address)
        expect(page.locator("body")).not_to_contain_text("Boats")
        page.get_by_role("link", name="Go to your invoices").click()
        page.wait_for_url("**/portal")


def test_the_keyboard_alone_opens_an_invoice_and_its_lines(console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    found = invoices_of(people, olives)
    page = console.open(customer(people, olives), "/portal")
    for key in ("?", "j", "x", "/", "["):
        page.keyboard.press(key)
    page.get_by_role("link", name=f"Open {found['october'].number}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/portal/invoices/{found['october'].token}")
    fold = page.get_by_role("button", name="Amazon EC2")
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#charges")).to_contain_text("m7i.large, on demand")


def test_alice_enters_the_account_sees_the_border_and_leaves(console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp, name="Thessaly Olives")
    found = invoices_of(people, olives)
    page = console.open(people.alice, "/")
    other_tab = page.context.new_page()
    other_tab.goto(f"/invoices/{found['draft'].token}")
    page.goto(f"/accounts/{olives.token}")
    page.get_by_role("button", name="Enter account").click()
    page.wait_for_url("**/portal")
    for address in pages_of(found):
        page.goto(address)
        notice = page.get_by_role("region", name="Entered account")
        expect(notice).to_contain_text("Logged in as Manager User in Thessaly Olives")
        edge = page.evaluate("getComputedStyle(document.body, '::after').borderTopWidth")
        assert edge == "4px"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(notice).to_be_in_viewport()
    other_tab.get_by_role("button", name="Approve & send").click()
    expect(other_tab.get_by_role("dialog")).to_contain_text("Leave it first")
    page.get_by_role("button", name="Leave account").click()
    page.wait_for_url(f"**/accounts/{olives.token}")
    expect(page.get_by_role("status")).to_contain_text("You left Thessaly Olives")
    assert page.evaluate("getComputedStyle(document.body, '::after').borderTopWidth") != "4px"
    found["draft"].refresh_from_db()
    assert found["draft"].status == "awaiting_approval"
    actions = AuditEntry.objects.filter(object_token=olives.token, action__startswith="account.")
    assert [entry.action for entry in actions.order_by("pk")] == ["account.entered", "account.left"]


def test_nothing_scrolls_sideways(console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp, name=LONG)
    found = invoices_of(people, olives)
    inside = console.open(people.alice, f"/accounts/{olives.token}")
    assert too_wide(inside) == []
    inside.get_by_role("button", name="Enter account").click()
    inside.wait_for_url("**/portal")
    for page in (console.open(customer(people, olives), "/portal"), inside):
        for address in pages_of(found):
            page.goto(address)
            unfold(page)
            assert (address, too_wide(page)) == (address, [])


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing(width: int, scheme: str, console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp, name=LONG)
    found = invoices_of(people, olives)
    empty = make_managed_account(management_account=people.msp, name="No invoices yet")
    page = console.open(customer(people, empty, name="Nikos"), "/portal", width=width, scheme=scheme)
    assert violations(page) == []
    page = console.open(customer(people, olives), "/portal", width=width, scheme=scheme)
    for address in pages_of(found):
        page.goto(address)
        unfold(page)
        assert (address, violations(page)) == (address, [])
    page = console.open(people.alice, f"/accounts/{olives.token}", width=width, scheme=scheme)
    page.get_by_role("button", name="Enter account").click()
    page.wait_for_url("**/portal")
    for address in ("/portal", "/invoices"):
        page.goto(address)
        assert (address, violations(page)) == (address, [])


@pytest.mark.parametrize("address", ["/portal", "/portal/invoices/{token}"])
def test_touch_targets_are_large_enough_on_a_phone(address: str, console: Console, people: People) -> None:
    olives = make_managed_account(management_account=people.msp)
    token = invoices_of(people, olives)["october"].token
    page = console.open(customer(people, olives), address.format(token=token), width=360)
    small = page.evaluate(
        """[...document.querySelectorAll('main a, main button')].filter(e => e.checkVisibility() && !e.closest('li, p'))
        .map(e => [e.innerText, Math.round(e.getBoundingClientRect().height)]).filter(([, height]) => height < 40)"""
    )
    assert small == []
