"""Integrations at the console, without script: a source of bills, its deliveries, and what nobody owns."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.interfaces.web.frame import upload_limit
from billow.interfaces.web.integration import files
from billow.records.accounts.models import Role
from billow.records.billing.models import Delegation, ManagedAccount
from billow.records.costs.models import CostImport, Integration, UserCostsUpload
from tests.factories.accounts import make_user
from tests.factories.costs import Charge, deliver, focus_csv, make_integration
from tests.factories.invoices import OCTOBER
from tests.factories.parties import delegate, make_managed_account
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

LIST = "/settings/integrations"
MOST_QUERIES = 16
CUSTOM = (
    "ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency,ServiceName\n2026-10-03,Usage,12.50,USD,Support desk\n"
)


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def payer(people: People) -> Integration:
    return make_integration(management_account=people.msp)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def once_of(text: str) -> str:
    return text.partition('name="once" value="')[2].partition('"')[0]


def bill(*charges: Charge, name: str = "october.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, focus_csv(period=OCTOBER, charges=charges), "text/csv")


def page_of(integration: Integration, part: str = "") -> str:
    return f"{LIST}/{integration.token}{part}"


def test_an_empty_list_leads_to_the_first_integration_which_is_added_once(client: Client) -> None:
    assert "No integration yet" in text_of(client, LIST)
    once = once_of(text_of(client, f"{LIST}/new"))
    fields = {"name": "AWS payer", "provider": "aws", "other": "", "once": once}
    answers = [client.post(f"{LIST}/new", fields) for _ in range(2)]
    made = Integration.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {page_of(made)}
    assert (made.name, made.provider) == ("AWS payer", "aws")
    assert "No bill has arrived yet" in text_of(client, page_of(made))
    listed = text_of(client, LIST)
    assert "AWS payer" in listed
    assert "None yet" in listed


def test_another_provider_is_named_by_its_key_and_a_bad_one_is_refused_beside_its_field(client: Client) -> None:
    bad = client.post(f"{LIST}/new", {"name": "", "provider": "", "other": "Öracle!"})
    assert bad.status_code == 422
    assert 'id="field-other-problem"' in bad.content.decode()
    assert 'id="field-name-problem"' in bad.content.decode()
    client.post(f"{LIST}/new", {"name": "Oracle", "provider": "", "other": "oracle"})
    assert Integration.objects.get().provider == "oracle"
    again = client.post(f"{LIST}/new", {"name": "Oracle", "provider": "aws"})
    assert again.status_code == 422
    assert "already an integration" in again.content.decode()


def test_a_bill_is_checked_then_imported_and_a_newer_one_takes_its_place(client: Client, payer: Integration) -> None:
    charge = Charge(sub_account="1", cost="1234.50")
    checked = client.post(page_of(payer), {"file": bill(charge), "format": "auto", "check": "yes"}).content.decode()
    assert "Checked; nothing was changed" in checked
    assert "October 2026: 1 row, 1,234.50 USD" in checked
    assert not CostImport.objects.exists()
    taken = client.post(page_of(payer), {"file": bill(charge), "format": "auto"}).content.decode()
    assert "The bill was taken" in taken
    assert "In force" in taken
    again = client.post(page_of(payer), {"file": bill(charge)}).content.decode()
    assert "The same bytes are there already" in again
    newer = client.post(page_of(payer), {"file": bill(Charge(sub_account="1", cost="2"))}).content.decode()
    assert "takes the place of the older delivery" in newer
    assert "Superseded" in newer
    assert CostImport.objects.filter(superseded_at__isnull=True).count() == 1
    assert "Oct 2026" in text_of(client, LIST)


def test_what_was_rounded_is_said(client: Client, payer: Integration) -> None:
    fine = bill(Charge(sub_account="1", cost="1.1234567890123456789"), Charge(sub_account="2", cost="2"))
    text = client.post(page_of(payer), {"file": fine}).content.decode()
    assert "1 of them finer than 18 decimals and rounded, together by" in text


def test_several_files_are_one_delivery_even_if_their_names_are_equal(client: Client, payer: Integration) -> None:
    files = [bill(Charge(sub_account=sub, cost="1")) for sub in ("1", "2")]
    assert "2 rows, 2.00 USD" in client.post(page_of(payer), {"file": files}).content.decode()


def test_a_bill_with_faults_changes_nothing_and_every_fault_is_listed(client: Client, payer: Integration) -> None:
    answer = client.post(
        page_of(payer), {"file": bill(Charge(sub_account="1", cost="x"), Charge(sub_account="2", cost="y"))}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "refused whole and nothing was changed" in text
    assert text.count("BilledCost") >= 2
    for stranger in ("bill.exe", "bill.zip", "../../etc/passwd"):
        refused = client.post(page_of(payer), {"file": bill(Charge(sub_account="1", cost="1"), name=stranger)})
        assert refused.status_code == 422
        assert "files end in .csv" in refused.content.decode()
    assert "Choose the files of the bill first" in client.post(page_of(payer)).content.decode()
    lying = SimpleUploadedFile("bill.parquet", b"not parquet", "text/csv")
    assert "is not Parquet" in client.post(page_of(payer), {"file": lying}).content.decode()
    assert (
        "is not a format"
        in client.post(
            page_of(payer), {"file": bill(Charge(sub_account="1", cost="1")), "format": "nonsense"}
        ).content.decode()
    )
    assert not CostImport.objects.exists()


def test_a_request_that_announces_more_than_any_form_takes_is_refused_unread(
    client: Client, payer: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limit, "MOST_REQUEST_BYTES", 100)
    answer = client.post(page_of(payer), {"file": bill(Charge(sub_account="1", cost="1"))})
    assert answer.status_code == 400
    assert "too large" in answer.content.decode()
    assert not CostImport.objects.exists()


@pytest.mark.parametrize(("limit", "words"), [("MOST_BYTES", "MB together"), ("MOST_FILES", "too many for one upload")])
def test_too_much_for_a_browser_is_refused_with_the_way_around(
    limit: str, words: str, client: Client, payer: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, limit, 0)
    text = client.post(page_of(payer), {"file": bill(Charge(sub_account="1", cost="1"))}).content.decode()
    assert words in text
    assert "billow costs import" in text


def test_costs_of_a_custom_provider_come_file_by_file_and_can_be_taken_away(client: Client, people: People) -> None:
    custom = make_integration(management_account=people.msp, name="Own services", provider="custom_provider")
    file = SimpleUploadedFile("support.csv", CUSTOM.encode(), "text/csv")
    answer = client.post(page_of(custom), {"file": file})
    assert answer.status_code == 303
    text = text_of(client, page_of(custom))
    for shown in ("support.csv was imported: 1 row", "3 Oct 2026", "12.50"):
        assert shown in text
    wrong = SimpleUploadedFile("wrong.csv", CUSTOM.replace("12.50", "a lot").encode(), "text/csv")
    refused = client.post(page_of(custom), {"file": wrong})
    assert refused.status_code == 422
    assert "Row 1" in refused.content.decode()
    upload = UserCostsUpload.objects.get()
    address = page_of(custom, f"/uploads/{upload.token}/delete")
    assert "Remove this file?" in text_of(client, address)
    assert client.post(address).status_code == 303
    assert not UserCostsUpload.objects.exists()
    assert not CostImport.objects.filter(superseded_at__isnull=True).exists()


def test_costs_without_an_owner_are_given_to_a_customer_by_ticking_them(
    client: Client, people: People, payer: Integration, olives: ManagedAccount, tmp_path: Path
) -> None:
    delegate(account=olives, integration=payer, sub_account_id="1")
    charges = [Charge(sub_account=sub, cost=f"{sub}00.005") for sub in ("1", "2", "3")]
    charges.append(Charge(sub_account="4", cost="0"))
    deliver(actor=people.alice.actor, integration=payer, period=OCTOBER, charges=charges, folder=tmp_path)
    address = page_of(payer, "/unallocated")
    text = text_of(client, address)
    assert "2 places without an owner" in text
    assert "500.01" in text
    assert "Account 4" not in text
    refused = client.post(address, {"period": "2026-10"})
    assert refused.status_code == 422
    assert "Choose the customer" in refused.content.decode()
    assert "Tick at least one" in refused.content.decode()
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    fields = {"place": ["billing-1|2", "billing-1|3"], "account": other.token, "start_date": "2026-10-01"}
    assert client.post(address, {**fields, "period": "2026-10"}).headers["Location"] == f"{address}?period=2026-10"
    assert set(Delegation.objects.filter(managed_account=other).values_list("sub_account_id", "start_date")) == {
        ("2", date(2026, 10, 1)),
        ("3", date(2026, 10, 1)),
    }
    after = text_of(client, f"{address}?period=2026-10")
    assert "2 accounts were delegated to Volos Shipping" in after
    assert "Every cost of October 2026 has an owner" in after
    assert "Volos Shipping" in text_of(client, page_of(payer, "/delegations"))


def test_all_or_none_of_the_ticked_places_is_given(
    client: Client, people: People, payer: Integration, olives: ManagedAccount
) -> None:
    delegate(account=olives, integration=payer, sub_account_id="2", billing_account_id="b")
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    fields = {"place": ["a|1", "b|2", "c|"], "account": other.token}
    answer = client.post(page_of(payer, "/unallocated"), fields)
    assert answer.status_code == 422
    assert "is given to both" in answer.content.decode()
    assert not Delegation.objects.filter(managed_account=other).exists()
    assert client.post(page_of(payer, "/unallocated"), {**fields, "place": ["a|1", "c|"]}).status_code == 303
    given = Delegation.objects.filter(managed_account=other).values_list("billing_account_id", "sub_account_id")
    assert set(given) == {("a", "1"), ("c", "")}


def test_everything_without_an_owner_is_given_at_once(
    client: Client, people: People, payer: Integration, olives: ManagedAccount, tmp_path: Path
) -> None:
    charges = [Charge(sub_account=str(number), cost="1") for number in range(1, 600)]
    deliver(actor=people.alice.actor, integration=payer, period=OCTOBER, charges=charges, folder=tmp_path)
    address = page_of(payer, "/unallocated")
    text = text_of(client, address)
    assert "All 599, not only those that are ticked" in text
    assert "and 99 more places" in text
    fields = {"all": "yes", "account": olives.token, "period": "2026-10"}
    assert client.post(address, fields).status_code == 303
    assert "Every cost of October 2026 has an owner" in text_of(client, address)
    assert Delegation.objects.filter(managed_account=olives).count() == 599


def test_without_a_customer_the_costs_of_nobody_lead_to_a_new_one(
    client: Client, people: People, payer: Integration, tmp_path: Path
) -> None:
    charge = Charge(sub_account="1", cost="1")
    deliver(actor=people.alice.actor, integration=payer, period=OCTOBER, charges=[charge], folder=tmp_path)
    text = text_of(client, page_of(payer, "/unallocated"))
    assert 'href="/accounts/new"' in text
    assert 'name="account"' not in text


def test_a_month_without_a_bill_says_so(client: Client, payer: Integration) -> None:
    assert "No bill of March 2026 has arrived" in text_of(client, page_of(payer, "/unallocated?period=2026-03"))
    assert "Nothing is delegated yet" in text_of(client, page_of(payer, "/delegations"))


def test_only_an_integration_without_costs_can_be_deleted(
    client: Client, people: People, payer: Integration, tmp_path: Path
) -> None:
    empty = make_integration(management_account=people.msp, name="A mistake")
    assert "Delete A mistake?" in text_of(client, page_of(empty, "/delete"))
    assert client.post(page_of(empty, "/delete")).headers["Location"] == LIST
    charge = Charge(sub_account="1", cost="1")
    deliver(actor=people.alice.actor, integration=payer, period=OCTOBER, charges=[charge], folder=tmp_path)
    assert "has imported costs" in client.post(page_of(payer, "/delete")).content.decode()
    assert Integration.objects.get() == payer


def test_as_many_queries_for_many_integrations_and_deliveries_as_for_few(
    client: Client, people: People, payer: Integration, olives: ManagedAccount
) -> None:
    def used() -> list[int]:
        counts = []
        for address in (LIST, *(page_of(payer, part) for part in ("", "/unallocated", "/delegations"))):
            with CaptureQueriesContext(connection) as queries:
                text_of(client, address)
            counts.append(len(queries))
        return counts

    make_import(payer, 0)
    delegate(account=olives, integration=payer, sub_account_id="0")
    used()
    few = used()
    for number in range(1, 12):
        other = make_integration(management_account=people.msp, name=f"Payer {number}")
        make_import(other, 0)
        make_import(payer, number)
        delegate(account=olives, integration=payer, sub_account_id=str(number))
        delegate(account=olives, integration=other, sub_account_id=str(number))
    many = used()
    assert many == few
    assert max(many) <= MOST_QUERIES


def make_import(integration: Integration, number: int) -> None:
    """Record an import that was superseded, so that nothing has to be in the cost store."""
    at = datetime(2026, 11, 2, tzinfo=UTC)
    CostImport.objects.create(
        integration=integration,
        period_start=OCTOBER.start,
        format="focus",
        sha256=f"{number:064}",
        rows=number,
        created_at=at,
        superseded_at=at,
    )


def test_hostile_names_stay_text(client: Client, people: People, olives: ManagedAccount, tmp_path: Path) -> None:
    evil = make_integration(management_account=people.msp, name=EVIL)
    olives.name = EVIL
    olives.save()
    charge = Charge(sub_account=EVIL, cost="7", billing_account=EVIL)
    deliver(actor=people.alice.actor, integration=evil, period=OCTOBER, charges=[charge], folder=tmp_path)
    delegate(account=olives, integration=evil, sub_account_id="9")
    for address in (LIST, *(page_of(evil, part) for part in ("", "/unallocated", "/delegations", "/delete"))):
        text = text_of(client, address)
        assert Page(text).inline == []
        assert "<img src=x" not in text


WRITES = ("", "/unallocated", "/delete")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_may_not_change_integrations_sees_them_and_changes_nothing(
    role: Role, people: People, payer: Integration, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    other = signed_in(Person(user=make_user(management_account=people.msp, email="o@nimbus.example", role=role)))
    for part in ("", "/unallocated", "/delegations"):
        text = text_of(other, page_of(payer, part))
        assert 'type="file"' not in text
        assert 'name="place"' not in text
    assert "New integration" not in text_of(other, LIST)
    assert other.get(f"{LIST}/new").status_code == 403
    fields = {"file": bill(Charge(sub_account="1", cost="1")), "place": "a|1", "account": olives.token}
    assert [other.post(page_of(payer, part), fields).status_code for part in WRITES] == [403, 403, 403]
    assert other.post(f"{LIST}/new", {"name": "X", "provider": "aws"}).status_code == 403
    assert not CostImport.objects.exists()
    assert not Delegation.objects.exists()
    assert Integration.objects.get() == payer


def test_a_customers_own_people_see_nothing_of_it(
    people: People, payer: Integration, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    user = make_user(management_account=people.msp, email="c@olives.example")
    user.managed_account = olives
    user.save()
    customer = signed_in(Person(user=user))
    parts = ("", "/unallocated", "/delegations", "/delete", "/uploads/x/delete")
    for address in (LIST, f"{LIST}/new", "/accounts/import", *(page_of(payer, part) for part in parts)):
        for answer in (customer.get(address), customer.post(address)):
            assert answer.status_code in {403, 404, 405}, address
            assert payer.name not in answer.content.decode()


def test_another_msp_finds_nothing_of_ours(people: People, payer: Integration, signed_in: SignedIn) -> None:
    charlie = signed_in(people.charlie)
    assert payer.name not in text_of(charlie, LIST)
    for part in ("", "/unallocated", "/delegations", "/delete", "/uploads/x/delete"):
        assert charlie.get(page_of(payer, part)).status_code == 404
    assert charlie.post(page_of(payer), {"file": bill(Charge(sub_account="1", cost="1"))}).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_sign_in(payer: Integration) -> None:
    for address in (LIST, f"{LIST}/new", page_of(payer)):
        assert Client().get(address).headers["Location"].startswith("/sign-in?next=%2Fsettings")
