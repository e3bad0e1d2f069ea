"""Alice may, Bob may look, Charlie works elsewhere and sees nothing: on every page and every act."""

import pytest
from django.test import Client

from billow.interfaces.web.urls import urlpatterns
from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from tests.factories.invoices import OCTOBER, make_draft
from tests.people import People
from tests.web.conftest import SignedIn

PAGES = (
    "/invoices?period=2026-10",
    "/invoices/live?period=2026-10&shape=x&seen=&every=0",
    "/invoices/{token}",
    "/invoices/{token}/live",
    "/invoices/{token}/pdf",
    "/invoices/{token}/csv",
    "/invoices/{token}/cost-report",
    "/invoices/{token}/compare?with=month-before",
)
OF_ONE_INVOICE = tuple(page for page in PAGES if "{token}" in page)
WRITES = tuple(
    (f"/invoices/{step}/{act}", {"only": "{token}", "items": "{token}", "reason": "Because", "item": "{token}"})
    for act in ("generate", "approve", "regenerate", "send", "cancel")
    for step in ("confirm", "do")
)
READ_BY_POST = (
    ("/invoices/confirm/download", {"item": "{token}"}),
    ("/invoices/download", {"items": "{token}", "kind": "csv"}),
)


@pytest.fixture
def invoice(olives: ManagedAccount, profile: BillingProfile) -> Invoice:
    make_draft(account=olives, profile=profile, period=OCTOBER.previous)
    return make_draft(account=olives, profile=profile)


def post(client: Client, address: str, fields: dict[str, str], invoice: Invoice) -> int:
    answer = client.post(address, {name: value.format(token=invoice.token) for name, value in fields.items()})
    if answer.streaming:
        answer.getvalue()
    return answer.status_code


@pytest.mark.parametrize("page", PAGES)
def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_page(page: str, invoice: Invoice) -> None:
    answer = Client().get(page.format(token=invoice.token))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=%2Finvoices")


@pytest.mark.parametrize(("address", "fields"), WRITES + READ_BY_POST)
def test_whoever_is_not_signed_in_can_do_nothing(address: str, fields: dict[str, str], invoice: Invoice) -> None:
    assert post(Client(), address, fields, invoice) == 302
    invoice.refresh_from_db()
    assert invoice.status == "awaiting_approval"


@pytest.mark.parametrize("page", PAGES)
def test_owner_and_viewer_see_every_page(page: str, people: People, invoice: Invoice, signed_in: SignedIn) -> None:
    for person in (people.alice, people.bob):
        assert signed_in(person).get(page.format(token=invoice.token)).status_code in {200, 204, 302}


@pytest.mark.parametrize("page", OF_ONE_INVOICE)
def test_another_msp_finds_no_invoice_of_ours(page: str, people: People, invoice: Invoice, signed_in: SignedIn) -> None:
    answer = signed_in(people.charlie).get(page.format(token=invoice.token))
    assert answer.status_code == 404
    assert invoice.number not in answer.content.decode()


def test_another_msp_sees_nothing_of_ours_in_its_list(
    people: People, invoice: Invoice, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    text = signed_in(people.charlie).get("/invoices?period=2026-10").content.decode()
    assert invoice.number not in text
    assert olives.name not in text
    assert signed_in(people.charlie).get(f"/invoices?period=2026-10&account={olives.token}").status_code == 404


@pytest.mark.parametrize(("address", "fields"), WRITES)
def test_a_viewer_is_refused_every_write(
    address: str, fields: dict[str, str], people: People, invoice: Invoice, signed_in: SignedIn
) -> None:
    answer = signed_in(people.bob).post(
        address, {name: text.format(token=invoice.token) for name, text in fields.items()}
    )
    assert answer.status_code == 403
    assert "Only an owner" in answer.content.decode()
    invoice.refresh_from_db()
    assert invoice.status == "awaiting_approval"


@pytest.mark.parametrize(("address", "fields"), WRITES + READ_BY_POST)
def test_another_msp_cannot_touch_an_invoice_of_ours(
    address: str, fields: dict[str, str], people: People, invoice: Invoice, signed_in: SignedIn
) -> None:
    client = signed_in(people.charlie)
    before = (invoice.status, invoice.updated_at)
    status = post(client, address, fields, invoice)
    assert status in {200, 404}
    invoice.refresh_from_db()
    assert (invoice.status, invoice.updated_at) == before


@pytest.mark.parametrize(("address", "fields"), READ_BY_POST)
def test_a_viewer_may_download(
    address: str, fields: dict[str, str], people: People, invoice: Invoice, signed_in: SignedIn
) -> None:
    assert post(signed_in(people.bob), address, fields, invoice) == 200


def test_a_viewer_sees_no_button_that_writes(people: People, invoice: Invoice, signed_in: SignedIn) -> None:
    for page in ("/invoices?period=2026-10", f"/invoices/{invoice.token}"):
        owners = signed_in(people.alice).get(page).content.decode()
        viewers = signed_in(people.bob).get(page).content.decode()
        assert "/invoices/confirm/approve" in owners
        for act in ("generate", "approve", "regenerate", "send", "cancel"):
            assert f"/invoices/confirm/{act}" not in viewers


def test_every_address_is_in_the_tables_above(invoice: Invoice) -> None:
    known = {page.partition("?")[0].format(token="<slug:token>") for page in PAGES}
    known |= {address for address, _ in READ_BY_POST} | {"/", "/sign-in", "/sign-out", "/theme", "/leave-account"}
    known |= {"/invoices/confirm/<slug:name>", "/invoices/do/<slug:name>", "/invoices/<slug:token>/<slug:kind>"}
    known |= {"/forgot-password", "/links/<str:secret>", "/choose-password"}
    elsewhere = ("/accounts", "/settings", "/portal", "/you", "/costs", "/cost-reports")  # tested beside their pages
    assert {f"/{part.pattern}" for part in urlpatterns if not f"/{part.pattern}".startswith(elsewhere)} <= known


def test_unknown_addresses_and_acts_are_friendly_404s(people: People, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    for answer in (client.get("/nowhere"), client.post("/invoices/do/explode"), client.get("/invoices/nonsense")):
        assert answer.status_code == 404
        assert "Go to the invoices" in answer.content.decode()
