"""What the browser is told, and names that try to be more than names."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from billow.records.billing.models import BillingProfile, Delivery, Invoice, ManagedAccount
from tests.factories.invoices import make_approved, make_draft, make_generating, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People
from tests.web.addresses import ADDRESSES
from tests.web.conftest import SignedIn
from tests.web.world import make_world

MOST_SCRIPT_BYTES = 150 * 1024
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7|add:7 }} ${7*7}"


class Page(HTMLParser):
    """Collects what a strict policy would refuse, and the scripts that are loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.scripts: list[str] = []
        self.images: list[str] = []
        self.links: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.inline += [f"<{tag} {name}>" for name in names if name == "style" or name.startswith("on")]
        self.inline += [
            f"<{tag} {name}>" for name, text in attrs if (text or "").strip().lower().startswith("javascript:")
        ]
        if tag == "a":
            self.links.append(names.get("href") or "")
        if tag == "style":
            self.inline.append("<style>")
        if tag == "img":
            self.images.append(names.get("src") or "")
        if tag == "script":
            self._in_script = "src" not in names
            self.scripts.append(names.get("src") or "inline")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(f"<script>{data[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@pytest.fixture
def evil_msp(people: People) -> dict[str, Invoice]:
    """Everything a person can write is hostile text."""
    people.msp.name = EVIL
    people.msp.save()
    people.alice.user.name = EVIL
    people.alice.user.save()
    profile = make_profile(
        management_account=people.msp,
        nickname=EVIL,
        company_name=EVIL,
        adjustment_items=[
            {"name": EVIL, "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"}
        ],
    )
    accounts = [
        make_managed_account(
            management_account=people.msp, name=f"{number} {EVIL}", contact_email=f"c{number}@x.example"
        )
        for number in range(4)
    ]
    line = make_line(cost="10", service=EVIL, provider=EVIL, region=EVIL, sub_account_name=EVIL, description=EVIL)
    draft = make_draft(account=accounts[0], profile=profile, lines=[line])
    approved = make_approved(account=accounts[1], profile=profile, by=people.alice, lines=[line], send=True)
    Delivery.objects.update(status="failed", outcome_code="550", outcome_message=EVIL)
    failed = make_generating(account=accounts[2])
    Invoice.objects.filter(pk=failed.pk).update(status="failed", failure_code="x", failure_message=EVIL)
    return {"draft": draft, "approved": approved, "failed": failed}


def pages_of(invoices: dict[str, Invoice]) -> list[str]:
    each = [f"/invoices/{invoice.token}" for invoice in invoices.values()]
    return ["/invoices?period=2026-10", "/invoices?period=2026-03", *each, "/nowhere", "/invoices/unknown"]


def test_hostile_names_stay_text_on_every_page(
    evil_msp: dict[str, Invoice], people: People, signed_in: SignedIn
) -> None:
    client = signed_in(people.alice)
    for page in pages_of(evil_msp):
        text = client.get(page).content.decode()
        found = Page(text)
        assert (page, found.inline, found.images) == (page, [], [])
        assert all(source.startswith("/static/") for source in found.scripts)
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in client.get("/invoices?period=2026-10").content.decode()


def test_hostile_names_stay_text_in_dialogs_results_and_live_rows(
    evil_msp: dict[str, Invoice], people: People, signed_in: SignedIn
) -> None:
    client = signed_in(people.alice)
    tokens = " ".join(invoice.token for invoice in evil_msp.values())
    answers = [
        client.post(f"/invoices/confirm/{act}", {"item": tokens.split()}, headers={"hx-request": "true"})
        for act in ("approve", "send", "cancel", "download", "regenerate", "generate")
    ]
    answers.append(
        client.post("/invoices/do/cancel", {"items": tokens, "reason": EVIL}, headers={"hx-request": "true"})
    )
    answers.append(client.get(f"/invoices/{evil_msp['draft'].token}"))
    for answer in answers:
        assert answer.status_code == 200
        found = Page(answer.content.decode())
        assert (found.inline, found.images, found.scripts.count("inline")) == ([], [], 0)
        assert all("\n" not in text for text in answer.headers.values())


def test_hostile_addresses_are_not_reflected(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    query = {"period": EVIL, "status": EVIL, "sort": EVIL, "page": EVIL}
    for page in ("/invoices", "/invoices/live"):
        text = client.get(page, query).content.decode()
        assert "alert(" not in text
    sign_in = client.__class__().get("/sign-in", {"next": EVIL}).content.decode()
    assert "alert(" not in sign_in


def test_every_answer_carries_the_strict_policy(
    people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    draft = make_draft(account=olives, profile=profile)
    client = signed_in(people.alice)
    for page in ("/invoices", f"/invoices/{draft.token}", "/nowhere", "/sign-in"):
        headers = client.get(page).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "no-store" in headers["Cache-Control"]
    pdf = client.get(f"/invoices/{draft.token}/pdf").headers
    assert (pdf["Content-Security-Policy"], pdf["X-Frame-Options"]) == ("frame-ancestors 'self'", "SAMEORIGIN")


def test_no_page_ships_more_script_than_allowed(db: None) -> None:
    world = make_world(name="Nimbus Partners")
    client = world.client("owner")
    shipped: dict[str, tuple[str, ...]] = {}
    for address in ADDRESSES:
        answer = client.get(address.url(world.shown_to("owner"))) if address.get else None
        if answer is not None and not answer.streaming and answer.headers["Content-Type"].startswith("text/html"):
            shipped[address.name] = tuple(Page(answer.content.decode()).scripts)
    assert len(shipped) > 40
    for name, scripts in shipped.items():
        files = [Path(str(finders.find(source.removeprefix("/static/")))) for source in scripts]
        assert sum(file.stat().st_size for file in files) <= MOST_SCRIPT_BYTES, name
    assert {len(scripts) for scripts in shipped.values()} - {0}
    console = Path(str(finders.find("web/console.js")))
    assert console.stat().st_size <= 10 * 1024


def test_style_sheets_take_colours_from_the_tokens_only() -> None:
    folder = Path(str(finders.find("web/tokens.css"))).parent
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b")
    for file in folder.glob("*.css"):
        if file.name != "tokens.css":
            rules = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
            values = [line for line in rules.splitlines() if ":" in line and "{" not in line and colour.search(line)]
            assert values == [], file.name
