"""Overview, integrations and imports with much on them: nothing overflows, nothing that a screen reader would miss."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from billow.records.billing.models import ManagedAccount
from billow.records.costs.models import Integration
from billow.usecases.upload_costs import upload_costs
from tests.factories.costs import Charge, deliver, make_integration
from tests.people import People
from tests.web.browser.conftest import Console
from tests.web.browser.months import closed_month, make_every_status
from tests.web.browser.test_layout import too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "A payer with a name that is longer than any column is wide"


def fill(people: People, folder: Path) -> tuple[Integration, Integration]:
    """Make a month in every state, with costs of nobody, a missing bill, and costs written down by people."""
    make_every_status(people=people)
    return deliver_more(people, people.msp.integrations.get(), folder)


def deliver_more(people: People, payer: Integration, folder: Path) -> tuple[Integration, Integration]:
    """Deliver a bill twice, add two integrations, and upload costs to one of them."""
    period = closed_month()
    charges = [Charge(sub_account=f"{number}{LONG}", cost=f"{number}000.5") for number in range(1, 4)]
    for day in (20, 25):
        at = datetime.combine(period.day(day), datetime.min.time(), tzinfo=UTC)
        more = [*charges, Charge(sub_account="510000000001", cost=str(day))]
        deliver(actor=people.alice.actor, integration=payer, period=period, charges=more, folder=folder, now=at)
    make_integration(management_account=people.msp, name=LONG, provider="azure")
    own = make_integration(management_account=people.msp, name="Own services", provider="custom_provider")
    text = f"ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n{period.start},Usage,12.50,Support\n"
    upload_costs(
        actor=people.alice.actor,
        integration=own,
        content=text.encode(),
        filename="support.csv",
        now=datetime.now(UTC),
    )
    return payer, own


def addresses(payer: Integration, own: Integration) -> list[str]:
    page = f"/settings/integrations/{payer.token}"
    parts = [f"{page}{part}" for part in ("", "/unallocated", "/delegations")]
    customer = ManagedAccount.objects.get(delegations__integration=payer)
    costs = ["/costs", f"/costs?account={customer.token}&compare=1&date_bin=day", "/costs?is=service%3DAmazon+EC2"]
    return ["/", "/settings/integrations", *parts, f"/settings/integrations/{own.token}", *costs]


def preview(page: Page, folder: Path) -> None:
    """Show a file of customers of which one row is wrong."""
    file = folder / "customers.csv"
    file.write_text(f"name,contact_email,currency\n{LONG},long@nimbus.example,USD\nBad,bad,XXX\n", encoding="utf-8")
    page.goto("/accounts/import")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_nothing_scrolls_sideways(console: Console, people: People, tmp_path: Path) -> None:
    found = addresses(*fill(people, tmp_path))
    page = console.open(people.alice, "/")
    for address in found:
        page.goto(address)
        assert (address, too_wide(page)) == (address, [])
    preview(page, tmp_path)
    assert too_wide(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, console: Console, people: People, tmp_path: Path) -> None:
    found = addresses(*fill(people, tmp_path))
    page = console.open(people.alice, "/", width=1280, scheme=scheme)
    for address in found:
        page.goto(address)
        assert (address, violations(page)) == (address, [])
    preview(page, tmp_path)
    assert violations(page) == []
