"""Numbers: one after the other, taken with the row, never changed, never used twice."""

from datetime import UTC, datetime

import pytest

from billow.records.billing.models import Invoice, InvoiceSeries
from billow.terms.period import BillingPeriod
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.refused import BulkResult, Refused
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOVEMBER = BillingPeriod(2026, 11)
DECEMBER = BillingPeriod(2026, 12)


def utc(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.fixture
def people() -> People:
    people = make_people(time_zone="Europe/Athens")
    make_profile(management_account=people.msp)
    return people


def generate(people: People, *names: str, period: BillingPeriod, now: datetime) -> BulkResult:
    accounts = people.msp.managed_accounts
    tokens = [accounts.get(name=name).token for name in names]
    return request_generation(actor=people.alice.actor, account_tokens=tokens, period=period, now=now)


def test_a_winter_of_numbers(people: People) -> None:
    for name in ("Achilles", "Briseis", "Chiron"):
        make_managed_account(management_account=people.msp, name=name)

    # 1 December: all of November, in one go.
    all_ready = request_generation(actor=people.alice.actor, account_tokens=None, period=NOVEMBER, now=utc(2026, 12, 1))
    assert [item.label for item in all_ready.items] == ["INV-2026-00001", "INV-2026-00002", "INV-2026-00003"]

    # She clicks again: nothing happens twice, and no number is lost.
    again = generate(people, "Achilles", "Briseis", period=NOVEMBER, now=utc(2026, 12, 1))
    assert [(item.done, item.code) for item in again.items] == [(False, "invoice_exists")] * 2
    assert "INV-2026-00001" in again.items[0].message

    # December cannot be invoiced before it is over, in Athens.
    early = generate(people, "Achilles", period=DECEMBER, now=utc(2026, 12, 31, hour=21))
    assert [item.code for item in early.items] == ["month_not_closed"]

    # It is over at 22:00 UTC, and the year in the number is the year in Athens.
    january = generate(people, "Achilles", period=DECEMBER, now=utc(2026, 12, 31, hour=22))
    assert [item.label for item in january.items] == ["INV-2027-00004"]
    assert InvoiceSeries.objects.get().next_sequence == 5


def test_a_cancelled_invoice_keeps_its_number_and_the_next_takes_another(people: People) -> None:
    account = make_managed_account(management_account=people.msp)
    draft = make_draft(account=account, profile=people.msp.billing_profiles.get())

    with pytest.raises(Refused, match="why"):
        cancel(actor=people.alice.actor, invoice_tokens=[draft.token], reason="  ", now=utc(2026, 11, 2))
    with pytest.raises(Refused, match="owner"):
        cancel(actor=people.bob.actor, invoice_tokens=[draft.token], reason="No", now=utc(2026, 11, 2))
    cancel(actor=people.alice.actor, invoice_tokens=[draft.token], reason="Wrong customer", now=utc(2026, 11, 2))
    result = generate(people, account.name, period=BillingPeriod(2026, 10), now=utc(2026, 11, 2))

    assert [item.label for item in result.items] == ["INV-2026-00002"]
    draft.refresh_from_db()
    assert (draft.number, draft.status, draft.cancel_reason) == ("INV-2026-00001", "cancelled", "Wrong customer")


def test_a_wish_that_fails_takes_no_number(people: People) -> None:
    make_managed_account(management_account=people.msp, name="Achilles")
    series = InvoiceSeries.objects.create(management_account=people.msp, pattern="INV-{nonsense}")

    wrong = generate(people, "Achilles", period=NOVEMBER, now=utc(2026, 12, 1))
    assert [item.code for item in wrong.items] == ["wrong_number_pattern"]
    assert not Invoice.objects.exists()

    series.pattern = "{year}-{####}"
    series.save()
    right = generate(people, "Achilles", period=NOVEMBER, now=utc(2026, 12, 1))
    assert [item.label for item in right.items] == ["2026-0001"]


def test_a_pattern_that_repeats_a_number_is_refused_in_words(people: People) -> None:
    for name in ("Achilles", "Briseis"):
        make_managed_account(management_account=people.msp, name=name)
    InvoiceSeries.objects.create(management_account=people.msp, pattern="1{sequence}")
    generate(people, "Achilles", period=NOVEMBER, now=utc(2026, 12, 1))
    InvoiceSeries.objects.update(pattern="{sequence}", next_sequence=11)

    result = generate(people, "Briseis", period=NOVEMBER, now=utc(2026, 12, 1))
    assert [item.code for item in result.items] == ["number_taken"]
    assert InvoiceSeries.objects.get().next_sequence == 11


def test_regenerating_keeps_number_and_token(people: People) -> None:
    draft = make_draft(
        account=make_managed_account(management_account=people.msp), profile=people.msp.billing_profiles.get()
    )
    request_regeneration(actor=people.alice.actor, invoice_tokens=[draft.token], now=utc(2026, 11, 3))
    waiting = Invoice.objects.get()
    assert (waiting.status, waiting.number, waiting.token) == ("generating", draft.number, draft.token)

    twice = request_regeneration(actor=people.alice.actor, invoice_tokens=[draft.token, "x"], now=utc(2026, 11, 3))
    assert [item.code for item in twice.items] == ["wrong_state", "not_found"]
    assert draft.number in twice.items[0].message

    assert generate_due(worker="w", now=lambda: utc(2026, 11, 3)) == 1
    done = Invoice.objects.get()
    assert (done.status, done.number, done.versions.count()) == ("awaiting_approval", draft.number, 2)
    assert [step.verb for step in done.transitions.all()] == ["generate", "complete", "regenerate", "complete"]
