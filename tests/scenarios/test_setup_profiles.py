"""What a billing profile may say, who may say it, and who may read the bank details."""

import io
from datetime import datetime

import pytest
from django.db import connection
from PIL import Image

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile
from billow.usecases.profiles import add_profile, banking_data, change_profile, delete_profile, list_profiles, set_logo
from billow.usecases.refused import Refused
from tests.factories.parties import make_managed_account
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def now(people: People) -> datetime:
    return people.msp.created_at


def refusals(act: object, **arguments: object) -> list[tuple[str | None, str]]:
    with pytest.raises(Refused) as refused:
        act(**arguments)  # type: ignore[operator]
    return [(issue.column, issue.code) for issue in refused.value.issues]


def test_a_nickname_is_enough(people: People, now: datetime) -> None:
    saved = add_profile(actor=people.alice.actor, fields={"nickname": "Main"}, now=now)
    assert saved.warnings == ()
    assert list_profiles(actor=people.bob.actor) == (saved.profile,)
    assert list_profiles(actor=people.charlie.actor) == ()
    assert (saved.profile.billing_email, saved.profile.custom_fields, saved.profile.adjustment_items) == ([], [], [])


def test_only_owners_write_profiles(people: People, now: datetime) -> None:
    with pytest.raises(Refused, match="Only an owner"):
        add_profile(actor=people.bob.actor, fields={"nickname": "Main"}, now=now)
    assert not BillingProfile.objects.exists()


def test_every_wrong_field_is_told_and_nothing_is_stored(people: People, now: datetime) -> None:
    fields = {
        "nickname": " ",
        "country_code": "Germany",
        "billing_email": ["fine@x.example", "wrong"],
        "cost_basis": "guess",
        "colour": "blue",
        "adjustment_items": [
            {"name": "", "calculation_type": "percentage", "amount": "19"},
            {"name": "Discount", "adjustment_type": "discount", "calculation_type": "percentage", "amount": "101"},
            {"name": "Fee", "calculation_type": "fixed", "amount": "-1"},
            {"name": "Fee", "calculation_type": "often", "amount": "many"},
        ],
    }
    assert refusals(add_profile, actor=people.alice.actor, fields=fields, now=now) == [
        ("colour", "unknown_field"),
        ("country_code", "unknown_country"),
        ("billing_email", "not_an_address"),
        ("nickname", "blank"),
        ("cost_basis", "not_a_choice"),
        ("adjustment_items[1].name", "blank"),
        ("adjustment_items[2].amount", "adjustment_above_100_percent"),
        ("adjustment_items[3].amount", "adjustment_negative"),
        ("adjustment_items[4].calculation_type", "not_a_choice"),
        ("adjustment_items[4].amount", "not_a_number"),
    ]
    assert not BillingProfile.objects.exists()


def test_bank_details_are_encrypted_masked_and_never_logged(people: People, now: datetime) -> None:
    fields = {"nickname": "Main", "iban": IBAN, "swift_bic": "DEUTDEFF", "account_number": "123"}
    profile = add_profile(actor=people.alice.actor, fields=fields, now=now).profile
    profile = change_profile(
        actor=people.alice.actor,
        profile=profile,
        fields={"account_number": None},
        now=now,
    ).profile
    assert banking_data(actor=people.alice.actor, profile=profile)["iban"] == IBAN
    assert banking_data(actor=people.bob.actor, profile=profile) == {
        "account_number": None,
        "routing_number": None,
        "iban": "••••3000",
        "swift_bic": "••••DEFF",
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT secure_data FROM billing_billingprofile")
        assert "0532" not in cursor.fetchone()[0]
    assert "0532" not in str([entry.changes for entry in AuditEntry.objects.all()])


def test_doubtful_bank_details_are_saved_with_a_warning(people: People, now: datetime) -> None:
    fields = {"nickname": "Main", "iban": "DE00", "routing_number": "123456789", "swift_bic": "X"}
    saved = add_profile(actor=people.alice.actor, fields=fields, now=now)
    assert [issue.code for issue in saved.warnings] == [
        "doubtful_routing_number",
        "doubtful_iban",
        "doubtful_swift_bic",
    ]
    assert banking_data(actor=people.alice.actor, profile=saved.profile)["iban"] == "DE00"


def test_a_profile_in_use_stays(people: People, now: datetime) -> None:
    profile = add_profile(actor=people.alice.actor, fields={"nickname": "Main"}, now=now).profile
    account = make_managed_account(management_account=people.msp, billing_profile=profile)
    with pytest.raises(Refused, match="used by 1 managed account "):
        delete_profile(actor=people.alice.actor, profile=profile, now=now)
    account.billing_profile = None
    account.save()
    delete_profile(actor=people.alice.actor, profile=profile, now=now)
    assert not BillingProfile.objects.exists()


def test_one_logo_can_be_set_for_all_profiles(people: People, now: datetime) -> None:
    png = io.BytesIO()
    Image.new("RGB", (2400, 100), "navy").save(png, "PNG")
    one = add_profile(actor=people.alice.actor, fields={"nickname": "One"}, now=now).profile
    add_profile(actor=people.alice.actor, fields={"nickname": "Two"}, now=now)
    set_logo(
        actor=people.alice.actor,
        profile=one,
        data=png.getvalue(),
        file_name="logo.png",
        for_all=True,
        now=now,
    )
    assert {(each.logo_width, each.logo_height) for each in BillingProfile.objects.all()} == {(1200, 50)}
    with pytest.raises(Refused) as refused:
        set_logo(actor=people.alice.actor, profile=one, data=b"MZ", file_name="logo.exe", now=now)
    assert refused.value.code == "logo_not_an_image"
    assert BillingProfile.objects.filter(logo_width=1200).count() == 2
    set_logo(actor=people.alice.actor, profile=one, data=None, now=now)
    assert BillingProfile.objects.filter(logo_width=1200).count() == 1
