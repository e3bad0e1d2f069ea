"""What people see of invoices: rows, one invoice's page, and nothing of somebody else's."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import Invoice
from billow.terms.period import BillingPeriod
from billow.usecases.cancel_invoices import cancel
from billow.usecases.read_invoices import invoice_page, list_invoices, preview
from billow.usecases.refused import Refused
from tests.factories.agreements import make_rate
from tests.factories.invoices import (
    FIRST_OF_NOVEMBER,
    OCTOBER,
    make_approved,
    make_draft,
    make_generating,
    make_line,
)
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

SEPTEMBER = BillingPeriod(2026, 9)


@pytest.fixture
def people() -> People:
    people = make_people()
    make_profile(management_account=people.msp)
    return people


def approved(people: People, name: str, **options: object) -> Invoice:
    account = make_managed_account(management_account=people.msp, name=name)
    profile = people.msp.billing_profiles.get()
    return make_approved(account=account, profile=profile, by=people.alice, **options)  # type: ignore[arg-type]


def queries(people: People) -> int:
    with CaptureQueriesContext(connection) as captured:
        list_invoices(actor=people.bob.actor, now=FIRST_OF_NOVEMBER)
    return len(captured)


def test_the_list_needs_as_many_queries_for_twelve_invoices_as_for_two(people: People) -> None:
    for name in ("Achilles", "Briseis"):
        approved(people, name, send=True)
    two = queries(people)
    for place in range(10):
        approved(people, f"Customer {place}", send=True)
    assert queries(people) == two <= 4


def test_rows_are_filtered_and_newest_first(people: People) -> None:
    account = make_managed_account(management_account=people.msp, name="Achilles")
    profile = people.msp.billing_profiles.get()
    september = make_draft(account=account, profile=profile, period=SEPTEMBER)
    october = make_draft(account=account, profile=profile)
    waiting = make_generating(account=make_managed_account(management_account=people.msp, name="Briseis"))

    def tokens(**filters: object) -> list[str]:
        rows = list_invoices(actor=people.bob.actor, now=FIRST_OF_NOVEMBER, **filters)  # type: ignore[arg-type]
        return [row.token for row in rows]

    assert tokens() == [october.token, waiting.token, september.token]
    assert tokens(period=SEPTEMBER) == [september.token]
    assert tokens(account=account) == [october.token, september.token]
    assert tokens(status="generating") == [waiting.token]


def test_a_row_says_what_was_billed_and_what_was_earned(people: People) -> None:
    make_rate(management_account=people.msp, pair="USD/JPY", rate="150.5", effective_date=date(2026, 10, 31))
    account = make_managed_account(management_account=people.msp, name="Kyoto Tea", currency="JPY")
    make_draft(
        account=account,
        profile=people.msp.billing_profiles.get(),
        lines=[make_line(cost="10.01")],
    )
    (row,) = list_invoices(actor=people.bob.actor, now=FIRST_OF_NOVEMBER)
    assert (row.currency, row.subtotal, row.total) == ("JPY", Decimal(1507), Decimal(1507))
    assert row.exact_provider_cost == Decimal("1506.505")
    assert (row.provider_cost, row.margin) == (Decimal(1507), Decimal(0))
    assert (row.period, row.status, row.delivery_status, row.pdf) == (OCTOBER, "awaiting_approval", "", None)


def test_an_approved_row_tells_where_its_documents_lie_and_how_the_mail_fares(people: People) -> None:
    approved(people, "Achilles", send=True)
    (row,) = list_invoices(actor=people.bob.actor, now=FIRST_OF_NOVEMBER)
    assert row.delivery_status == "queued"
    assert row.pdf is not None
    assert row.csv is not None
    assert row.pdf.read_bytes().startswith(b"%PDF")
    assert row.csv.suffix == ".csv"


def test_the_page_of_an_invoice_tells_its_whole_story(people: People) -> None:
    invoice = approved(people, "Achilles", send=True)
    page = invoice_page(actor=people.bob.actor, token=invoice.token)
    assert [(step.verb, step.who) for step in page.transitions] == [
        ("generate", ""),
        ("complete", ""),
        ("approve", "Alice"),
    ]
    assert [entry.recipient for entry in page.deliveries] == ["accounts@achilles.example"]
    assert [(version.version_number, version.is_current) for version in page.versions] == [(1, True)]
    assert page.invoice is not None
    assert page.invoice.issue_date == date(2026, 11, 1)
    assert page.allowed_verbs == ()


def test_an_invoice_in_the_making_shows_no_amounts_and_has_no_document(people: People) -> None:
    waiting = make_generating(account=make_managed_account(management_account=people.msp))
    page = invoice_page(actor=people.alice.actor, token=waiting.token)
    assert (page.invoice, page.row.total, page.row.currency) == (None, None, "USD")
    for kind, words in (("pdf", "generating"), ("docx", "pdf or csv")):
        with pytest.raises(Refused, match=words):
            preview(actor=people.alice.actor, token=waiting.token, kind=kind)


def test_a_cancelled_invoice_hands_out_no_document(people: People) -> None:
    draft = make_draft(
        account=make_managed_account(management_account=people.msp), profile=people.msp.billing_profiles.get()
    )
    cancel(actor=people.alice.actor, invoice_tokens=[draft.token], reason="Twice", now=FIRST_OF_NOVEMBER)
    with pytest.raises(Refused, match="cancelled"):
        preview(actor=people.alice.actor, token=draft.token, kind="pdf")
    assert invoice_page(actor=people.alice.actor, token=draft.token).transitions[-1].reason == "Twice"


def test_charlie_sees_none_of_our_invoices(people: People) -> None:
    approved(people, "Achilles")
    assert list_invoices(actor=people.charlie.actor, now=FIRST_OF_NOVEMBER) == ()
    assert len(list_invoices(actor=people.bob.actor, now=FIRST_OF_NOVEMBER)) == 1
