"""Integrity lives in the database: what must not be twice, or half, is refused by it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billow.records.accounts.models import User
from billow.records.billing.models import (
    BillingProfile,
    BillingRule,
    ExchangeRate,
    Invoice,
    InvoiceLine,
    ManagedAccount,
)
from tests.factories.agreements import make_rate
from tests.factories.invoices import FIRST_OF_NOVEMBER, make_draft, make_generating
from tests.factories.parties import IBAN, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def account(people: People) -> ManagedAccount:
    return make_managed_account(management_account=people.msp)


def test_an_account_has_one_live_invoice_a_month(account: ManagedAccount) -> None:
    make_generating(account=account)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_generating(account=account)


def test_a_cancelled_invoice_makes_room_for_another(account: ManagedAccount) -> None:
    first = make_generating(account=account)
    Invoice.objects.filter(pk=first.pk).update(status="cancelled", cancel_reason="made by mistake")
    second = make_generating(account=account)
    assert (first.number, second.number) == ("INV-2026-00001", "INV-2026-00002")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "approved"},
        {"status": "awaiting_approval"},
        {"status": "failed"},
        {"status": "cancelled"},
        {"status": "paid"},
        {"period_start": date(2026, 10, 2)},
    ],
)
def test_an_invoice_cannot_be_in_a_state_that_lacks_what_it_needs(
    account: ManagedAccount, changes: dict[str, object]
) -> None:
    invoice = make_generating(account=account)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**changes)


def test_two_msps_may_use_the_same_number_and_one_may_not(people: People, account: ManagedAccount) -> None:
    ours = make_generating(account=account)
    theirs = make_generating(account=make_managed_account(management_account=people.other_msp))
    assert ours.number == theirs.number
    other = make_managed_account(management_account=people.msp, name="Magnesia Boats")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.create(
            management_account=people.msp,
            managed_account=other,
            period_start=ours.period_start,
            series=ours.series,
            sequence=2,
            number=ours.number,
            generation_requested_at=FIRST_OF_NOVEMBER,
            created_at=FIRST_OF_NOVEMBER,
            updated_at=FIRST_OF_NOVEMBER,
        )


def test_exact_decimals_come_back_to_the_last_digit(people: People, account: ManagedAccount) -> None:
    digits = Decimal("12345678901234567890.123456789012345678")
    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.9234567891", effective_date=date(2026, 10, 31))
    assert ExchangeRate.objects.get().rate == Decimal("0.9234567891")
    draft = make_draft(account=account, profile=make_profile(management_account=people.msp))
    assert draft.current_version is not None
    line = draft.current_version.lines.get(line_number=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT exact_amount FROM billing_invoiceline WHERE id = %s", [line.pk])
        assert cursor.fetchone() == ("12.345",)
    field = InvoiceLine._meta.get_field("exact_amount")
    assert field.to_python(field.get_prep_value(digits)) == digits


def test_bank_data_is_not_readable_in_the_database(people: People, account: ManagedAccount) -> None:
    profile = make_profile(management_account=people.msp)
    make_draft(account=account, profile=profile)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secure_data FROM billing_billingprofile")
        (secure,) = cursor.fetchone()
        cursor.execute("SELECT snapshot, bank_details FROM billing_invoiceversion")
        snapshot, bank = cursor.fetchone()
    assert IBAN not in secure + snapshot + bank
    assert IBAN in BillingProfile.objects.get().secure_data


def test_an_address_signs_in_once(people: People) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(email=people.bob.user.email, password=None, management_account=people.other_msp)


def test_provider_names_of_any_length_fit_a_line(people: People, account: ManagedAccount) -> None:
    from tests.factories.invoices import make_line

    long_name = "Ω" * 3000
    draft = make_draft(
        account=account,
        profile=make_profile(management_account=people.msp),
        lines=[make_line(cost="1", service=long_name, sub_account_name=long_name)],
    )
    assert draft.current_version is not None
    assert draft.current_version.lines.get().service == long_name


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "sql", "sql_query": "DELETE FROM costs"},
        {"type": "custom"},
        {"type": "custom", "sql_query": ""},
        {"type": "adjustment"},
        {"type": "adjustment", "adjustment_type": "blended"},
        {"type": "adjustment", "adjustment_type": "retier", "percentage": 90},
        {"type": "exclusion", "charge_type": "Tax", "adjustment_type": "retier"},
        {"type": "charge", "service": "S", "category": "C", "sub_category": "M", "charge_calculation": "support_fee"},
        {
            "type": "credit",
            "service": "S",
            "category": "C",
            "sub_category": "M",
            "charge_calculation": "support_fee",
            "fee_tiers": [{"percentage": "3"}],
        },
        {"type": "charge", "service": "S", "category": "C", "sub_category": "M", "fee_tiers": [{"percentage": "3"}]},
    ],
)
def test_a_rule_has_what_its_kind_needs_and_nothing_of_another(people: People, fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        BillingRule.objects.create(management_account=people.msp, title="Rule", **fields)
