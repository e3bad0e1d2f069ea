"""The customer's own pages: what he is billed and with which documents, and nothing about how it came to be."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.rating.rated_costs import RuleDelta
from billow.records.accounts.models import Role, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.refused import Refused
from billow.usecases.sign_in import sign_in
from tests.factories.accounts import make_user
from tests.factories.agreements import make_adjustment, make_exclusion
from tests.factories.invoices import make_approved, make_draft, make_line
from tests.factories.parties import IBAN, make_managed_account
from tests.people import PASSWORD, People, Person
from tests.web.conftest import SignedIn

MOST_QUERIES = 12
PROVIDER_COST = "4321.09"


@pytest.fixture
def olga(olives: ManagedAccount) -> Person:
    """A bookkeeper of Thessaly Olives."""
    return Person(
        user=make_user(
            management_account=olives.management_account,
            email="olga@olives.example",
            name="Olga",
            role=Role.VIEWER,
            managed_account=olives,
            password=PASSWORD,
        )
    )


@pytest.fixture
def invoice(olives: ManagedAccount, profile: BillingProfile, people: People) -> Invoice:
    """October: marked up by a rule, with something that a rule took away."""
    rules = (
        make_adjustment(management_account=people.msp, percentage="110", title="Secret markup"),
        make_exclusion(management_account=people.msp, charge_type="Tax", title="No support"),
    )
    markup = RuleDelta(rule_token=rules[0].token, amount=Decimal("432.10"))
    gone = RuleDelta(rule_token=rules[1].token, amount=Decimal("-50"))
    lines = [
        make_line(cost=PROVIDER_COST, rated="4753.19", description="m7i.large hours", deltas=(markup,)),
        make_line(cost="50", rated="0", service="Premium support", deltas=(gone,)),
    ]
    return make_approved(account=olives, profile=profile, by=people.alice, lines=lines)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def test_a_customer_signs_in_and_lands_on_his_invoices(olga: Person, invoice: Invoice) -> None:
    client = Client()
    answer = client.post("/sign-in", {"email": "olga@olives.example", "password": PASSWORD}, follow=True)
    assert [address for address, _ in answer.redirect_chain] == ["/", "/portal"]
    text = answer.content.decode()
    assert "Thessaly Olives" in text
    assert invoice.number in text
    assert "4,753.19" in text
    assert "due 11 Nov 2026" in text


def test_the_portal_names_whom_to_ask_and_keeps_the_bank_account_to_the_documents(
    olga: Person, profile: BillingProfile, signed_in: SignedIn
) -> None:
    text = text_of(signed_in(olga), "/portal")
    for shown in (
        "Nimbus Partners AE",
        "Odos Larissis 12",
        "41222 Larissa",
        "Greece",
        "mailto:billing@nimbus.example",
        "EL12345",
    ):
        assert shown in text
    assert "No invoices yet" in text
    assert IBAN not in text
    assert "Bank of the Plain" not in text


def test_the_invoice_says_what_is_charged_and_nothing_of_how_it_came_to_be(
    olga: Person, invoice: Invoice, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    text = text_of(client, f"/portal/invoices/{invoice.token}")
    assert "m7i.large hours" in text
    assert "1 line<" in text
    assert text.count("4,753.19") >= 4
    shown = (text, text_of(client, "/portal"), text_of(client, f"/portal/invoices/{invoice.token}/csv"))
    everything = "".join(shown)
    costs = ("4,321.09", PROVIDER_COST, "432.1", "rovider cost", "argin")
    rules = ("markup", "No support", "bllng_rule", "Premium support", "Rules")
    for secret in (*costs, *rules, "History", "Version", "Alice", "Regenerate", "/invoices/confirm"):
        assert secret not in everything.replace("/portal/invoices", ""), secret


def test_documents_are_the_stored_bytes_and_each_download_is_written_down(
    olga: Person, invoice: Invoice, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    pdf = client.get(f"/portal/invoices/{invoice.token}/pdf")
    csv = client.get(f"/portal/invoices/{invoice.token}/csv")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"] == f'inline; filename="invoice-{invoice.number}.pdf"'
    assert csv.headers["Content-Disposition"] == f'attachment; filename="invoice-{invoice.number}.csv"'
    assert client.get(f"/portal/invoices/{invoice.token}/pdf?v=1").status_code == 200
    assert client.get(f"/portal/invoices/{invoice.token}/docx").status_code == 409
    entries = AuditEntry.objects.filter(action="invoice.download").order_by("pk")
    assert [(entry.user, entry.changes["kind"]) for entry in entries] == [(olga.user, "pdf"), (olga.user, "csv")]


def test_a_draft_and_another_customers_invoice_are_not_there(
    olga: Person, olives: ManagedAccount, profile: BillingProfile, people: People, signed_in: SignedIn
) -> None:
    draft = make_draft(account=olives, profile=profile)
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    others = make_approved(account=other, profile=profile, by=people.alice)
    client = signed_in(olga)
    assert "No invoices yet" in text_of(client, "/portal")
    for hidden in (draft, others):
        for part in ("", "/pdf", "/csv"):
            answer = client.get(f"/portal/invoices/{hidden.token}{part}")
            assert answer.status_code == 404
            assert hidden.number not in answer.content.decode()
            assert "Go to your invoices" in answer.content.decode()


def test_a_credited_invoice_says_so_and_hands_out_the_credit_note(
    olga: Person, invoice: Invoice, people: People, signed_in: SignedIn
) -> None:
    made = credit_invoice(
        actor=people.alice.actor,
        invoice_token=invoice.token,
        reason="Wrong tags",
        now=datetime(2026, 11, 5, tzinfo=UTC),
    )
    client = signed_in(olga)
    assert "Credited" in text_of(client, "/portal")
    text = text_of(client, f"/portal/invoices/{invoice.token}")
    assert made.number in text
    assert "\N{MINUS SIGN}4,753.19" in text
    assert client.get(f"/portal/credit-notes/{made.token}/pdf").content.startswith(b"%PDF")
    assert AuditEntry.objects.get(action="credit_note.download").user == olga.user


def test_no_role_of_a_customer_opens_a_page_of_the_msp(olga: Person, invoice: Invoice, signed_in: SignedIn) -> None:
    for role in Role.values:
        User.objects.filter(pk=olga.user.pk).update(role=role)
        client = signed_in(Person(user=User.objects.get(pk=olga.user.pk)))
        for address in ("/invoices", f"/invoices/{invoice.token}", "/accounts", "/settings/exchange-rates"):
            answer = client.get(address)
            assert (role, address, answer.status_code) == (role, address, 403)
            assert "not part of your portal" in answer.content.decode()
            assert 'href="/portal"' in answer.content.decode()
        assert client.post("/invoices/do/cancel", {"items": invoice.token, "reason": "x"}).status_code == 403
    invoice.refresh_from_db()
    assert invoice.status == "approved"


def test_people_of_the_msp_have_no_portal_of_their_own(people: People, invoice: Invoice, signed_in: SignedIn) -> None:
    client = signed_in(people.alice)
    assert client.get("/portal").headers["Location"] == "/"
    assert client.get(f"/portal/invoices/{invoice.token}").headers["Location"] == f"/invoices/{invoice.token}"
    for address in (f"/portal/invoices/{invoice.token}/pdf", "/portal/logo"):
        assert client.get(address).status_code == 404


def test_the_account_is_deleted_while_its_person_is_signed_in(
    olga: Person, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    assert client.get("/portal").status_code == 200
    ManagedAccount.objects.filter(pk=olives.pk).update(deleted_at=datetime(2026, 11, 5, tzinfo=UTC))
    assert client.get("/portal").headers["Location"] == "/sign-in"
    assert client.get("/portal").headers["Location"] == "/sign-in?next=%2Fportal"
    with pytest.raises(Refused, match="not right"):
        sign_in(email=olga.user.email, password=PASSWORD, address="127.0.0.1", now=datetime(2026, 11, 5, tzinfo=UTC))


def test_the_logo_of_the_msp_is_shown(olga: Person, profile: BillingProfile, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    assert client.get("/portal/logo").status_code == 404
    BillingProfile.objects.filter(pk=profile.pk).update(logo_png=b"\x89PNG")
    assert 'src="/portal/logo"' in text_of(client, "/portal")
    assert client.get("/portal/logo").headers["Content-Type"] == "image/png"


def test_sixty_months_are_shown_fifty_at_a_time_with_few_questions_to_the_database(
    olga: Person, olives: ManagedAccount, profile: BillingProfile, people: People, signed_in: SignedIn
) -> None:
    first = datetime(2021, 11, 1, 9, tzinfo=UTC)
    for number in range(60):
        period = BillingPeriod(2020 + number // 12, number % 12 + 1)
        make_approved(
            account=olives, profile=profile, by=people.alice, period=period, now=first + timedelta(days=number)
        )
    client = signed_in(olga)
    client.get("/portal")
    with CaptureQueriesContext(connection) as queries:
        text = text_of(client, "/portal")
    assert len(queries) <= MOST_QUERIES
    assert "1–50 of 60" in text
    assert "December 2024" in text
    assert "January 2020" in text_of(client, "/portal?page=2")
    token = Invoice.objects.latest("pk").token
    with CaptureQueriesContext(connection) as queries:
        text_of(client, f"/portal/invoices/{token}")
    assert len(queries) <= MOST_QUERIES
