"""When a month can be invoiced, and who cannot be invoiced and why. It is November 2026."""

from datetime import UTC, date, datetime

import pytest

from billow.terms.period import BillingPeriod
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import request_generation
from billow.usecases.ready_to_invoice import ReadyList, ready_list
from billow.usecases.refused import Refused
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)


def utc(day: int, hour: int = 0, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def people() -> People:
    return make_people()


def asked(people: People, now: datetime, period: BillingPeriod | None = OCTOBER) -> ReadyList:
    return ready_list(actor=people.bob.actor, now=now, period=period, with_costs=False)


def test_october_opens_on_the_first_of_november(people: People) -> None:
    make_profile(management_account=people.msp)
    make_managed_account(management_account=people.msp)

    assert [row.code for row in asked(people, utc(31, 23, 59, month=10)).blocked] == ["month_not_closed"]
    assert [row.account_name for row in asked(people, utc(1)).ready] == ["Thessaly Olives"]


def test_midnight_is_the_msps_own() -> None:
    people = make_people(time_zone="America/New_York")
    make_profile(management_account=people.msp)
    make_managed_account(management_account=people.msp)

    early = asked(people, utc(1, 3, 59))
    assert "2026-11-01, 00:00 America/New_York" in early.blocked[0].reason
    assert asked(people, utc(1, 4)).ready


def test_with_the_ingestion_delay_october_opens_on_the_fourth(people: People) -> None:
    people.msp.data_ingestion_delay = True
    people.msp.save()
    make_profile(management_account=people.msp)
    make_managed_account(management_account=people.msp, name="Late")
    make_managed_account(management_account=people.msp, name="Prompt", data_ingestion_delay=False)

    third = asked(people, utc(3, 23, 59))
    assert [row.account_name for row in third.ready] == ["Prompt"]
    assert [row.account_name for row in third.blocked] == ["Late"]
    assert [row.account_name for row in asked(people, utc(4)).ready] == ["Late", "Prompt"]


def test_a_profile_is_needed_and_the_only_one_is_taken(people: People) -> None:
    account = make_managed_account(management_account=people.msp)
    assert [row.code for row in asked(people, utc(1)).blocked] == ["no_billing_profile"]

    first = make_profile(management_account=people.msp, nickname="Greece")
    assert asked(people, utc(1)).ready

    make_profile(management_account=people.msp, nickname="Cyprus")
    assert [row.code for row in asked(people, utc(1)).blocked] == ["no_billing_profile"]

    account.billing_profile = first
    account.save()
    assert asked(people, utc(1)).ready


def test_an_account_is_invoiced_once_a_month_until_the_invoice_is_cancelled(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp)
    draft = make_draft(account=account, profile=profile)

    blocked = asked(people, utc(2)).blocked
    assert [(row.code, draft.number in row.reason) for row in blocked] == [("invoice_exists", True)]
    assert asked(people, utc(2), period=None) == ReadyList(ready=(), blocked=())

    cancel(actor=people.alice.actor, invoice_tokens=[draft.token], reason="The olives were sold", now=utc(2))
    assert asked(people, utc(2)).ready


def test_deleted_and_future_customers_are_left_out(people: People) -> None:
    make_profile(management_account=people.msp)
    make_managed_account(management_account=people.msp, name="Gone", deleted_at=utc(1))
    make_managed_account(management_account=people.msp, name="New", first_period_start=date(2026, 11, 1))

    found = asked(people, utc(1))
    assert (found.ready, [(row.account_name, row.code) for row in found.blocked]) == (
        (),
        [("New", "before_first_month")],
    )
    assert asked(people, utc(1), period=None).blocked == ()


def test_charlie_sees_nothing_of_our_customers(people: People) -> None:
    make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp)

    assert ready_list(actor=people.charlie.actor, now=utc(1), period=OCTOBER) == ReadyList(ready=(), blocked=())
    result = request_generation(actor=people.charlie.actor, account_tokens=[account.token], period=OCTOBER, now=utc(1))
    assert [item.code for item in result.items] == ["not_found"]


def test_bob_may_look_and_not_generate(people: People) -> None:
    account = make_managed_account(management_account=people.msp)
    with pytest.raises(Refused, match="owner"):
        request_generation(actor=people.bob.actor, account_tokens=[account.token], period=OCTOBER, now=utc(1))
