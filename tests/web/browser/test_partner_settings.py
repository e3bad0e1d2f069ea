"""Partner settings in a real browser: every page narrow and wide, light and dark, with much on it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from billow.records.accounts.models import ApiToken
from billow.records.audit.models import AuditEntry
from billow.records.webhooks.models import WebhookAttempt, WebhookCall
from billow.usecases.api_tokens import create_token
from billow.usecases.read_audit_log import entry_token
from billow.usecases.teams import add_team, everyone_team, set_access
from billow.usecases.users import add_service, add_user, change_user
from billow.usecases.webhooks import add_endpoint, change_endpoint, send_test
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.test_layout import LOOKS, overflow, too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "A name that is longer than any column of any table on this page is wide"


def fill(people: People) -> dict[str, str]:
    """Make something of everything; return the addresses to look at by name."""
    now, alice = datetime.now(UTC), people.alice.actor
    service = add_service(actor=alice, name="Data warehouse", role="editor", now=now)
    for user, description, scopes, days in (
        (people.alice.user, "Terraform", ["read", "write"], 365),
        (service, LONG, ["read"], 9),
        (people.bob.user, "", ["read"], None),
    ):
        token = create_token(
            actor=alice,
            user=user,
            scopes=scopes,
            description=description,
            expires_at=None if days is None else now + timedelta(days=days),
            now=now,
        )
    team = add_team(
        actor=alice,
        fields={"name": LONG, "description": LONG * 3, "user_emails": ["bob@nimbus.example"]},
        now=now,
    )
    accounts = [
        make_managed_account(management_account=people.msp, name=name)
        for name in ("Thessaly Olives", "Volos Shipping", LONG)
    ]
    set_access(actor=alice, team=team, account=accounts[0], access="cannot", now=now)
    dora = add_user(actor=alice, email=f"{'dora' * 12}@nimbus.example", name="Dora", role="editor", now=now)
    change_user(actor=alice, user=dora, fields={"is_active": False}, now=now)
    bob = f"/settings/users/{people.bob.user.token}"
    return {
        **fill_webhooks(people, now),
        **audit_pages(),
        "mail": "/settings/mail",
        "numbering": "/settings/numbering",
        "calendar": "/settings/calendar",
        "users": "/settings/users",
        "services": "/settings/users?kind=services",
        "no customers": "/settings/users?kind=customers",
        "new user": "/settings/users/new",
        "one user": bob,
        "disabled user": f"/settings/users/{dora.token}",
        "disable": f"{bob}/disable",
        "teams": "/settings/teams",
        "new team": "/settings/teams/new",
        "one team": f"/settings/teams/{team.token}",
        "everyone": f"/settings/teams/{everyone_team(actor=alice).token}",
        "delete team": f"/settings/teams/{team.token}/delete",
        "all settings": "/settings",
        "tokens": "/settings/tokens",
        "ended tokens": "/settings/tokens?show=ended",
        "new token": "/settings/tokens/new",
        "revoke": f"/settings/tokens/{token.row.token}/revoke",
    }


def audit_pages() -> dict[str, str]:
    """Return the pages of the audit log, and of an entry with much in it."""
    entry = AuditEntry.objects.filter(object_type="Team").first()
    assert entry is not None
    return {
        "audit log": "/settings/audit-log",
        "audit log of people": "/settings/audit-log?what=people&from=2026-01-01",
        "no entry": "/settings/audit-log?thing=nothing",
        "entry": f"/settings/audit-log/{entry_token(entry=entry)}",
    }


def fill_webhooks(people: People, now: datetime) -> dict[str, str]:
    """Make webhooks with calls of every status; return the addresses to look at by name."""
    alice = people.alice.actor
    hook = add_endpoint(actor=alice, url="https://hooks.example/billow?key=1", description="Ledger", now=now).endpoint
    paused = add_endpoint(
        actor=alice, url=f"https://{'long-' * 11}name.example/x", event_types=["invoice.approved"], now=now
    ).endpoint
    change_endpoint(actor=alice, endpoint=paused, fields={"active": False}, now=now)
    for status, answer in (("accepted", 204), ("failed", 500), ("deferred", None)):
        call = send_test(actor=alice, endpoint=hook, now=now)
        WebhookCall.objects.filter(pk=call.pk).update(
            status=status, outcome_message=LONG, next_attempt_at=now + timedelta(hours=2)
        )
        WebhookAttempt.objects.create(
            call=call, started_at=now, ended_at=now, response_status=answer, message=LONG, excerpt=LONG * 3
        )
    page = f"/settings/webhooks/{hook.token}"
    return {
        "webhooks": "/settings/webhooks",
        "new webhook": "/settings/webhooks/new",
        "deliveries": page,
        "no deliveries": f"{page}?status=queued",
        "one delivery": f"{page}/calls/{call.token}",
        "webhook settings": f"{page}/settings",
        "paused": f"/settings/webhooks/{paused.token}",
        **{f"ask {act}": f"{page}/{act}" for act in ("pause", "secret", "delete", "replay-failed")},
    }


def test_nothing_scrolls_sideways(console: Console, people: People) -> None:
    found = fill(people)
    page = console.open(people.alice, "/settings")
    for name, address in found.items():
        page.goto(address)
        assert (name, too_wide(page, widths=(360, 768, 1101, 1280, 1600))) == (name, [])


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing_and_targets_are_large_enough(
    scheme: str, width: int, console: Console, people: People
) -> None:
    found = fill(people)
    page = console.open(people.alice, "/settings", width=width, scheme=scheme)
    for name, address in found.items():
        page.goto(address)
        assert (name, overflow(page), violations(page)) == (name, 0, [])
        if width == 360:
            assert (name, small_targets(page)) == (name, [])


def small_targets(page: Page) -> list[object]:
    """Return what is too low for a finger."""
    return list(
        page.evaluate(
            """[...document.querySelectorAll('main a, main button, main summary, main select, main label.tick')]
            .filter(e => e.checkVisibility() && !e.closest('p, h1, .quiet-link'))
            .map(e => [e.innerText || e.ariaLabel, Math.round(e.getBoundingClientRect().height)])
            .filter(([, height]) => height < 40)"""
        )
    )


def test_a_token_is_made_copied_and_revoked_with_the_keyboard(console: Console, people: People) -> None:
    page = console.open(people.alice, "/settings/tokens", scheme="dark")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="New token").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=False).first.fill("Terraform")
    page.keyboard.press("Enter")
    secret = page.get_by_label("Secret").input_value()
    assert violations(page) == []
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_text("The token was copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="I have copied it").press("Enter")
    page.get_by_role("link", name="Revoke… Terraform").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("This cannot be undone")
    assert violations(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Terraform was revoked")).to_be_visible()
    assert ApiToken.objects.get().revoked_at is not None


def test_a_test_event_is_followed_until_it_arrived(working_console: Console, people: People) -> None:
    made = add_endpoint(actor=people.alice.actor, url="https://hooks.invalid/x", now=datetime.now(UTC)).endpoint
    page = working_console.open(people.alice, f"/settings/webhooks/{made.token}")
    page.get_by_role("button", name="Send a test").dblclick()
    expect(page.locator("#calls tbody tr")).to_have_count(1)
    expect(page.locator("#calls")).to_contain_text("Retrying")
    page.get_by_role("link", name="Test").click()
    expect(page.get_by_text("No answer")).to_be_visible()
    assert violations(page) == []


def test_an_entry_opens_over_the_list_and_gives_the_focus_back(console: Console, people: People) -> None:
    fill(people)
    page = console.open(people.alice, "/settings/audit-log?what=people", scheme="dark")
    row = page.locator("tbody .row-link").first
    row.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("adt_lg_")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "audit-log.csv"


def test_the_answer_to_a_test_mail_is_shown_and_read_out(console: Console, people: People) -> None:
    page = console.open(people.alice, "/settings/mail", scheme="dark")
    page.get_by_role("button", name="Send a test mail").dblclick()
    answer = page.get_by_role("status").filter(has_text="is a file now")
    expect(answer).to_be_focused()
    expect(answer).to_contain_text("written to")
    assert violations(page) == []
    assert len(list(settings.OUTBOX.glob("*.eml"))) == 1


def test_the_next_numbers_follow_the_pattern_as_it_is_typed(console: Console, people: People) -> None:
    page = console.open(people.alice, "/settings/numbering", width=360, scheme="dark")
    pattern = page.get_by_label("Pattern").first
    pattern.fill("R{year}-{####}")
    expect(page.locator("#next-invoice")).to_contain_text("-0001")
    page.get_by_label("First number").first.fill("1001")
    expect(page.locator("#next-invoice")).to_contain_text("-1003")
    pattern.fill("R{week}")
    expect(page.locator("#next-invoice")).to_contain_text("unknown field")
    assert violations(page) == []
    assert overflow(page) == 0
    pattern.fill("R{year}-{####}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The numbering was saved")).to_be_visible()
    expect(page.locator("#next-invoice")).to_contain_text("-1001")


def test_the_head_of_the_invoice_follows_the_form_as_it_is_typed(console: Console, people: People) -> None:
    profile = make_profile(management_account=people.msp)
    for width in (360, 1280, 1600):
        page = console.open(people.alice, f"/settings/billing-profiles/{profile.token}", width=width, scheme="dark")
        head = page.locator("#head-preview")
        expect(head).to_contain_text("Nimbus Partners AE")
        page.get_by_label("Company name").fill(f"Nimbus {width} GmbH")
        page.get_by_label("City").fill(LONG)
        expect(head).to_contain_text(f"Nimbus {width} GmbH")
        expect(head).to_contain_text("of any table")
        page.get_by_label("Value of field 1").fill("EL 099999999")
        page.get_by_label("Name of field 1").fill("VAT number")
        expect(head).to_contain_text("VAT number")
        expect(page.get_by_label("Name of field 1")).to_be_focused()
        assert violations(page) == []
        assert overflow(page) == 0
    profile.refresh_from_db()
    assert profile.city != LONG
