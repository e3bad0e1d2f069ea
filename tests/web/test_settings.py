"""Partner settings at the console, without script: billing profiles with their logos, and exchange rates."""

import io
import json
from collections.abc import Mapping
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile, ExchangeRate, ManagedAccount
from tests.factories.accounts import make_user
from tests.factories.agreements import make_rate
from tests.factories.invoices import make_draft, make_line
from tests.factories.parties import IBAN, make_managed_account, make_profile
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

MOST_QUERIES = 14
PROFILES = "/settings/billing-profiles"
RATES = "/settings/exchange-rates"
GIVEN: dict[str, object] = {
    "nickname": "Second",
    "cost_basis": "effective_cost",
    "rounding_rule": "per_line",
    "company_name": "Nimbus Zwei GmbH",
    "country_code": "DE",
    "billing_email": "a@nimbus.example, b@nimbus.example",
    "bank_name": "Bank",
    "iban": IBAN,
    "pair_name": ["VAT ID", ""],
    "pair_value": ["DE1", ""],
    "item_name": ["VAT", "Discount", ""],
    "item_adjustment_type": ["charge", "discount", "charge"],
    "item_calculation_type": ["percentage", "fixed", "percentage"],
    "item_amount": ["19", "5.50", ""],
}


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def picture(form: str = "PNG") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(data, form)
    return SimpleUploadedFile(f"logo.{form.lower()}", data.getvalue())


def csv_file(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(
        "rates.csv", "\n".join(("base_currency_code,currency_code,rate,date", *rows)).encode(), "text/csv"
    )


def test_a_profile_is_made_once_with_every_field(client: Client) -> None:
    text = text_of(client, f"{PROFILES}/new")
    once = text.partition('name="once" value="')[2].partition('"')[0]
    answers = [client.post(f"{PROFILES}/new", {**GIVEN, "once": once}) for _ in range(2)]
    profile = BillingProfile.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {f"{PROFILES}/{profile.token}"}
    assert profile.adjustment_items == [
        {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "19"},
        {"name": "Discount", "adjustment_type": "discount", "calculation_type": "fixed", "amount": "5.50"},
    ]
    assert (profile.cost_basis, profile.rounding_rule) == ("effective_cost", "per_line")
    assert json.loads(profile.secure_data)["iban"] == IBAN
    assert "Second was added" in text_of(client, f"{PROFILES}/{profile.token}")
    assert "Nimbus Zwei GmbH" in text_of(client, PROFILES)


def test_saving_a_profile_as_it_was_shown_changes_nothing(client: Client, people: People) -> None:
    profile = make_profile(
        management_account=people.msp,
        adjustment_items=[
            {"name": "VAT", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "8.25"}
        ],
    )
    form = client.get(f"{PROFILES}/{profile.token}").context["form"]
    fields: dict[str, object] = {each.name: each.value for each in (*form.working, *form.address, *form.bank)}
    fields |= {"pair_name": [each.name for each in form.pairs], "pair_value": [each.value for each in form.pairs]}
    fields |= {"item_name": [each.name for each in form.items], "item_amount": [each.amount for each in form.items]}
    fields |= {"item_adjustment_type": [each.kind for each in form.items]}
    fields |= {"item_calculation_type": [each.calculation for each in form.items]}
    before = everything(profile)
    assert client.post(f"{PROFILES}/{profile.token}", fields).status_code == 303
    assert everything(profile) == before


def everything(profile: BillingProfile) -> dict[str, object]:
    """Return what is kept of the profile; an empty number and none are the same."""
    kept: dict[str, object] = {**BillingProfile.objects.filter(pk=profile.pk).values().get(), "updated_at": None}
    secure = json.loads(str(kept["secure_data"]))
    return {**kept, "secure_data": {name: text for name, text in secure.items() if text}}


def test_a_profile_that_somebody_else_changed_is_not_overwritten_unseen(
    client: Client, profile: BillingProfile
) -> None:
    address = f"{PROFILES}/{profile.token}"
    seen = text_of(client, address).partition('name="seen" value="')[2].partition('"')[0]
    assert client.post(address, {**GIVEN, "seen": seen}).status_code == 303
    late = client.post(address, {**GIVEN, "nickname": "Third", "seen": seen})
    assert late.status_code == 422
    assert "Second was changed by somebody else" in late.content.decode()
    profile.refresh_from_db()
    assert profile.nickname == "Second"


def test_what_is_wrong_with_a_profile_stands_beside_it(client: Client, profile: BillingProfile) -> None:
    wrong = {
        **GIVEN,
        "nickname": "",
        "billing_email": "nobody",
        "item_amount": ["-1", "much", ""],
        "pair_name": ["", ""],
    }
    answer = client.post(f"{PROFILES}/{profile.token}", wrong)
    text = answer.content.decode()
    assert answer.status_code == 422
    for message in ("Nickname can&#x27;t be blank", "is not an e-mail address", "must be a number such as 12.5"):
        assert text.count(message) == 2, message  # in the summary, and beside the field
    assert 'value="much"' in text
    assert "Custom fields 1 name can&#x27;t be blank" in text
    profile.refresh_from_db()
    assert profile.nickname == "Main"


def test_a_doubtful_bank_account_is_saved_and_said(client: Client, profile: BillingProfile) -> None:
    answer = client.post(f"{PROFILES}/{profile.token}", {**GIVEN, "iban": "DE00"}, follow=True)
    assert "The iban is not a correct IBAN" in answer.content.decode()
    profile.refresh_from_db()
    assert json.loads(profile.secure_data)["iban"] == "DE00"


def test_only_an_owner_sees_the_bank_account_in_full(
    people: People, profile: BillingProfile, signed_in: SignedIn
) -> None:
    assert IBAN in text_of(signed_in(people.alice), f"{PROFILES}/{profile.token}")
    ian = make_user(management_account=people.msp, email="ian@nimbus.example", role=Role.INTEGRATION_OWNER)
    for person in (people.bob, Person(user=ian)):
        text = text_of(signed_in(person), f"{PROFILES}/{profile.token}")
        assert IBAN not in text
        assert IBAN[-4:] in text
        assert ">Save<" not in text
        assert "Save logo" not in text


def test_a_logo_is_shown_after_it_was_stored_and_taken_away(client: Client, people: People) -> None:
    profile, other = (make_profile(management_account=people.msp, nickname=name) for name in ("One", "Two"))
    address = f"{PROFILES}/{profile.token}"
    assert client.get(f"{address}/logo").status_code == 404
    assert client.post(f"{address}/change-logo", {"file": picture()}).status_code == 303
    logo = client.get(f"{address}/logo")
    assert (logo.headers["Content-Type"], logo.content[:4]) == ("image/png", b"\x89PNG")
    assert f'src="{address}/logo?v=' in text_of(client, address)
    other.refresh_from_db()
    assert other.logo_png is None
    client.post(f"{address}/change-logo", {"file": picture("JPEG"), "for_all": "yes"})
    other.refresh_from_db()
    assert other.logo_width == 40
    client.post(f"{address}/change-logo", {"remove": "yes"})
    assert client.get(f"{address}/logo").status_code == 404


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (None, "Choose a PNG, JPEG or SVG file first"),
        (SimpleUploadedFile("logo.png", b"<script>alert(1)</script>"), "logo"),
        (SimpleUploadedFile("big.png", b"x" * (5 * 2**20 + 1)), "at most 5,242,880 fit"),
    ],
)
def test_what_is_no_logo_is_refused_in_words(
    file: SimpleUploadedFile | None, why: str, client: Client, profile: BillingProfile
) -> None:
    answer = client.post(f"{PROFILES}/{profile.token}/change-logo", {"file": file} if file else {})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    profile.refresh_from_db()
    assert profile.logo_png is None


def test_a_profile_in_use_stays_and_an_unused_one_goes(client: Client, people: People, profile: BillingProfile) -> None:
    account = make_managed_account(management_account=people.msp, billing_profile=profile)
    address = f"{PROFILES}/{profile.token}/delete"
    assert "1 customer uses this profile" in text_of(client, address)
    assert "Thessaly Olives" in client.post(address).content.decode()
    assert BillingProfile.objects.exists()
    ManagedAccount.objects.filter(pk=account.pk).update(billing_profile=None)
    assert client.post(address).headers["Location"] == PROFILES
    assert not BillingProfile.objects.exists()


def test_rates_are_uploaded_listed_and_make_drafts_stale(client: Client, people: People) -> None:
    account = make_managed_account(management_account=people.msp, currency="EUR")
    line = make_line(cost="10", currency="EUR")
    draft = make_draft(account=account, profile=make_profile(management_account=people.msp), lines=[line])
    answer = client.post(RATES, {"file": csv_file("USD,EUR,0.9,2026-10-01", "USD,GBP,0.78,2026-10-01")}, follow=True)
    text = answer.content.decode()
    assert "Rates stored: 2 new" in text
    assert "1 USD = 0.9 EUR" in text
    draft.refresh_from_db()
    assert draft.is_stale
    again = client.post(RATES, {"file": csv_file("USD,EUR,0.91,2026-10-01", "USD,GBP,0.78,2026-10-01")}, follow=True)
    assert "1 changed, 1 unchanged" in again.content.decode()


def test_every_bad_row_of_a_file_is_listed_and_nothing_is_stored(client: Client) -> None:
    file = csv_file("USD,EUR,0.9,2026-10-01", "USD,EUX,0.9,2026-10-01", "USD,EUR,-1,2026-10-02", f"USD,GBP,{EVIL},soon")
    answer = client.post(RATES, {"file": file})
    text = answer.content.decode()
    assert answer.status_code == 422
    for row in ("Row 2: ", "Row 3: ", "Row 4: "):
        assert row in text
    assert Page(text).inline == []
    assert not ExchangeRate.objects.exists()
    assert "Choose a CSV file first" in client.post(RATES).content.decode()
    many = csv_file(*(f"USD,EUX,1,2026-10-{day:02}" for day in range(1, 29) for _ in range(10)))
    assert "and 80 more" in client.post(RATES, {"file": many}).content.decode()


WRITES: tuple[tuple[str, Mapping[str, object]], ...] = (
    (f"{PROFILES}/new", GIVEN),
    (f"{PROFILES}/{{token}}", GIVEN),
    (f"{PROFILES}/{{token}}/change-logo", {"remove": "yes"}),
    (f"{PROFILES}/{{token}}/delete", {}),
    (RATES, {}),
)


@pytest.mark.parametrize(("address", "fields"), WRITES)
def test_only_owners_write_profiles_and_rates(
    address: str, fields: Mapping[str, object], people: People, profile: BillingProfile, signed_in: SignedIn
) -> None:
    target = address.format(token=profile.token)
    for role in (Role.INTEGRATION_OWNER, Role.EDITOR, Role.VIEWER):
        user = make_user(management_account=people.msp, email=f"{role}@nimbus.example", role=role)
        assert signed_in(Person(user=user)).post(target, fields).status_code == 403
    assert Client().post(target, fields).status_code == 302
    if "{token}" in address:
        assert signed_in(people.charlie).post(target, fields).status_code == 404
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(people.alice.user)
    assert careful.post(target, fields).status_code == 403
    assert AuditEntry.objects.count() == 0


def test_everybody_of_the_msp_looks_and_nobody_else(
    people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    make_rate(management_account=people.msp, pair="USD/EUR", rate="0.9", effective_date=date(2026, 10, 1))
    pages = (PROFILES, f"{PROFILES}/{profile.token}", RATES)
    for page in pages:
        assert text_of(signed_in(people.bob), page)
        assert Client().get(page).status_code == 302
    assert signed_in(people.charlie).get(pages[1]).status_code == 404
    assert signed_in(people.charlie).get(f"{pages[1]}/logo").status_code == 404
    assert "Nimbus Partners AE" not in text_of(signed_in(people.charlie), PROFILES)
    assert "1 USD = 0.9 EUR" not in text_of(signed_in(people.charlie), RATES)
    user = make_user(management_account=people.msp, email="nikos@olives.example")
    user.managed_account = olives
    user.save()
    for page in pages:
        assert signed_in(Person(user=user)).get(page).status_code in {403, 409}


def test_hostile_texts_of_a_profile_stay_text(client: Client, people: People) -> None:
    names = ("company_name", "address_line_1", "city", "state", "bank_name", "beneficiary_name", "bank_tax_id")
    profile = make_profile(
        management_account=people.msp,
        nickname=EVIL,
        **dict.fromkeys(names, EVIL),
        custom_fields=[{"name": EVIL, "value": EVIL}],
        secure_data=json.dumps({"iban": EVIL}),
        adjustment_items=[
            {"name": EVIL, "adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"}
        ],
    )
    hostile = {name: EVIL if isinstance(value, str) else [EVIL] for name, value in GIVEN.items()}
    answers = [
        client.get(page) for page in (PROFILES, f"{PROFILES}/{profile.token}", f"{PROFILES}/{profile.token}/delete")
    ]
    answers += [client.post(f"{PROFILES}/{profile.token}", hostile), client.post(f"{PROFILES}/new", hostile)]
    for answer in answers:
        text = answer.content.decode()
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_the_lists_ask_the_database_a_constant_number_of_questions(client: Client, people: People) -> None:
    for number in range(60):
        make_profile(management_account=people.msp, nickname=f"Profile {number}")
        make_rate(
            management_account=people.msp,
            pair="USD/EUR",
            rate="0.9",
            effective_date=date(2026, 1 + number // 28, 1 + number % 28),
        )
    for page in (PROFILES, RATES, f"{PROFILES}?page=2", f"{RATES}?page=2"):
        with CaptureQueriesContext(connection) as queries:
            text_of(client, page)
        assert (page, len(queries) <= MOST_QUERIES) == (page, True)


def test_the_head_of_the_invoice_follows_what_is_typed_and_stores_nothing(
    client: Client, profile: BillingProfile
) -> None:
    text = text_of(client, f"{PROFILES}/{profile.token}")
    head = text.partition('id="head-preview"')[2]
    for shown in ("Invoice", "INV-", "Nimbus Partners AE", "Bill to", "Amount due"):
        assert shown in head
    typed = client.post(f"{PROFILES}/preview", {**GIVEN, "nickname": "", "country_code": "XX", "iban": "gr16 0110"})
    shown = typed.content.decode()
    for part in ("Nimbus Zwei GmbH", "a@nimbus.example and 1 more", "VAT ID", "DE1", "GR16 0110"):
        assert part.lower() in shown.lower()
    assert "Nimbus Partners" in client.post(f"{PROFILES}/preview", {}).content.decode()
    hostile = dict.fromkeys(("company_name", "city", "country_code", "iban", "billing_email"), EVIL * 20)
    page = client.post(f"{PROFILES}/preview", {**hostile, "pair_name": [EVIL] * 200, "pair_value": [EVIL] * 200})
    assert (Page(page.content.decode()).inline, Page(page.content.decode()).images) == ([], [])
    assert AuditEntry.objects.count() == 0
    assert BillingProfile.objects.get() == profile


def test_the_preview_shows_the_logo_of_ones_own_profile_only(
    client: Client, people: People, profile: BillingProfile, signed_in: SignedIn
) -> None:
    client.post(f"{PROFILES}/{profile.token}/change-logo", {"file": picture()})
    fields = {**GIVEN, "preview_of": profile.token}
    assert f'<img src="{PROFILES}/{profile.token}/logo' in client.post(f"{PROFILES}/preview", fields).content.decode()
    assert signed_in(people.charlie).post(f"{PROFILES}/preview", fields).status_code == 404
