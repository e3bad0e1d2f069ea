"""A total surprises: what changed since the month before, and what a regeneration changed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import BillingProfile, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.compare_invoices import MONTH_BEFORE, compare_invoice
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.refused import Refused
from tests.factories.accounts import make_user
from tests.factories.agreements import assign, make_adjustment
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_generating, make_line
from tests.factories.parties import delegate
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

SEPTEMBER = OCTOBER.previous
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
MOST_QUERIES = 20


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def months(people: People, olives: ManagedAccount, profile: BillingProfile) -> tuple[Invoice, Invoice]:
    """September had a database; October has storage instead, and computing became dearer."""
    september = [make_line(cost="100"), make_line(cost="60", service="Amazon RDS")]
    october = [make_line(cost="130.004"), make_line(cost="5.5", service="Amazon S3", description="GB-Month")]
    return (
        make_approved(account=olives, profile=profile, by=people.alice, period=SEPTEMBER, lines=september),
        make_approved(account=olives, profile=profile, by=people.alice, period=OCTOBER, lines=october),
    )


@pytest.fixture
def regenerated(people: People, olives: ManagedAccount, profile: BillingProfile, tmp_path: Path) -> Invoice:
    """October was delivered twice, and a rule was given to Olives in between."""
    payer = make_integration(management_account=people.msp)
    delegate(account=olives, integration=payer, sub_account_id="1001")
    actor = people.alice.actor

    def bring(cost: str) -> None:
        charges = [Charge(sub_account="1001", cost=cost), Charge(sub_account="1001", cost="7", service="Amazon S3")]
        deliver(actor=actor, integration=payer, period=OCTOBER, charges=charges, folder=tmp_path, now=NOW)

    bring("100")
    request_generation(actor=actor, account_tokens=[olives.token], period=OCTOBER, now=NOW)
    generate_due(worker="test", now=lambda: NOW)
    invoice = Invoice.objects.get()
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110", title="Ten percent"))
    bring("200")
    request_regeneration(actor=actor, invoice_tokens=[invoice.token], now=NOW)
    generate_due(worker="test", now=lambda: NOW)
    invoice.refresh_from_db()
    return invoice


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def told(changes: tuple[object, ...]) -> list[tuple[object, ...]]:
    return [(*change.names, str(change.before), str(change.after)) for change in changes]  # type: ignore[attr-defined]


def test_the_month_before_is_compared_by_service_the_largest_change_first(
    people: People, months: tuple[Invoice, Invoice]
) -> None:
    found = compare_invoice(actor=people.alice.actor, token=months[1].token)
    assert (found.chosen, found.choices) == (MONTH_BEFORE, (MONTH_BEFORE,))
    assert (str(found.before.total), str(found.after.total)) == ("160.00", "135.50")
    assert told(found.services) == [
        ("AWS", "Amazon RDS", "60.00", "None"),
        ("AWS", "Amazon EC2", "100.00", "130.00"),
        ("AWS", "Amazon S3", "None", "5.50"),
    ]
    assert sum(change.difference for change in found.services) == found.after.subtotal - found.before.subtotal


def test_the_page_shows_what_came_and_what_went(client: Client, months: tuple[Invoice, Invoice]) -> None:
    text = text_of(client, f"/invoices/{months[1].token}")
    assert "Sep 2026" in text or "September 2026" in text
    assert "−24.50, −15.3" in text
    assert f'href="/invoices/{months[1].token}/compare?with=month-before"' in text
    text = text_of(client, f"/invoices/{months[1].token}/compare?with=month-before")
    for shown in ("160.00", "135.50", "−24.50", "Amazon RDS", ">gone<", ">new<", "+30.00", "GB-Month"):
        assert shown in text, shown
    assert f'href="/invoices/{months[0].token}"' in text


def test_a_regenerated_draft_is_compared_with_the_version_before(
    people: People, client: Client, regenerated: Invoice
) -> None:
    found = compare_invoice(actor=people.alice.actor, token=regenerated.token)
    assert (found.chosen, found.choices) == ("1", ("1",))
    assert (str(found.before.total), str(found.after.total)) == ("107.00", "227.70")
    assert told(found.services) == [
        ("AWS", "Amazon EC2", "100.00", "220.00"),
        ("AWS", "Amazon S3", "7.00", "7.70"),
    ]
    (rule,) = found.rules
    assert (rule.names, rule.before, str(rule.after.normalize() if rule.after else None)) == (
        ("Ten percent", "USD"),
        None,
        "20.7",
    )
    assert [str(change.difference) for change in found.lines] == ["120.00", "0.70"]
    text = text_of(client, f"/invoices/{regenerated.token}")
    assert f'href="/invoices/{regenerated.token}/compare?with=1"' in text
    text = text_of(client, f"/invoices/{regenerated.token}/compare?with=1")
    assert "Ten percent" in text
    assert "+120.70" in text


def test_two_currencies_are_shown_and_not_subtracted(
    people: People, olives: ManagedAccount, profile: BillingProfile, client: Client
) -> None:
    make_approved(account=olives, profile=profile, by=people.alice, period=SEPTEMBER)
    olives.currency = "EUR"
    olives.save()
    draft = make_draft(account=olives, profile=profile, lines=[make_line(cost="9", currency="EUR")])
    text = text_of(client, f"/invoices/{draft.token}/compare")
    assert "different currencies" in text
    assert "Difference" not in text
    assert "13.00" in text
    assert "9.00" in text


def test_the_same_content_twice_says_so(
    people: People, olives: ManagedAccount, profile: BillingProfile, client: Client
) -> None:
    for month in (SEPTEMBER, OCTOBER):
        invoice = make_draft(account=olives, profile=profile, period=month)
    assert "Nothing came to another amount." in text_of(client, f"/invoices/{invoice.token}/compare")


@pytest.mark.parametrize("against", ["", "7", "month-before", "%00", "../../etc/passwd", "１"])
def test_what_is_not_there_is_refused_and_named(
    against: str, people: People, olives: ManagedAccount, profile: BillingProfile, client: Client
) -> None:
    draft = make_draft(account=olives, profile=profile)
    answer = client.get(f"/invoices/{draft.token}/compare?with={against}")
    assert answer.status_code == 409
    assert "to be compared with" in answer.content.decode()


def test_an_invoice_without_content_has_nothing_to_compare(client: Client, olives: ManagedAccount) -> None:
    answer = client.get(f"/invoices/{make_generating(account=olives).token}/compare")
    assert (answer.status_code, "no content to compare yet" in answer.content.decode()) == (409, True)


def test_customers_and_other_msps_find_nothing(people: People, months: tuple[Invoice, Invoice]) -> None:
    customer = Person(
        user=make_user(
            management_account=people.msp, email="olga@olives.example", managed_account=months[1].managed_account
        )
    )
    for person in (customer, people.charlie):
        with pytest.raises(Refused, match="not found"):
            compare_invoice(actor=person.actor, token=months[1].token)


def test_a_wholly_credited_invoice_is_no_month_to_compare_with(
    people: People, olives: ManagedAccount, profile: BillingProfile, months: tuple[Invoice, Invoice]
) -> None:
    actor, october = people.alice.actor, months[1]
    november = make_draft(account=olives, profile=profile, period=BillingPeriod(2026, 11))
    assert compare_invoice(actor=actor, token=november.token).before.number == october.number
    credit_invoice(actor=actor, invoice_token=october.token, line_numbers=None, reason="Wrong", now=NOW)
    with pytest.raises(Refused, match="has no older version or invoice of the month before"):
        compare_invoice(actor=actor, token=november.token)


def test_hostile_names_stay_text(
    people: People, olives: ManagedAccount, profile: BillingProfile, client: Client
) -> None:
    for month, cost in ((SEPTEMBER, "1"), (OCTOBER, "2")):
        line = make_line(cost=cost, service=EVIL, description=EVIL, provider=EVIL, region=EVIL)
        invoice = make_draft(account=olives, profile=profile, period=month, lines=[line])
    found = Page(text_of(client, f"/invoices/{invoice.token}/compare"))
    assert (found.inline, found.images) == ([], [])


def test_many_lines_ask_the_database_as_often_as_few(
    people: People, olives: ManagedAccount, profile: BillingProfile, client: Client
) -> None:
    def drafted(period: BillingPeriod, number: int) -> Invoice:
        lines = [make_line(cost=str(number + at), service=f"Service {at}") for at in range(number)]
        return make_draft(account=olives, profile=profile, period=period, lines=lines)

    drafted(BillingPeriod(2026, 2), 3)
    few, many = drafted(BillingPeriod(2026, 3), 4), drafted(BillingPeriod(2026, 4), 80)
    counts = []
    for invoice in (few, many):
        with CaptureQueriesContext(connection) as queries:
            text = text_of(client, f"/invoices/{invoice.token}/compare")
        counts.append(len(queries))
    assert "and 30 more lines" in text
    assert counts[0] == counts[1] <= MOST_QUERIES
