"""Managed accounts at the console, without script: the list, a new one, and every tab of one."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingProfile, Delegation, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from tests.factories.accounts import make_user
from tests.factories.agreements import assign, make_adjustment, make_charge, make_exclusion
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_generating
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

MOST_QUERIES = 18
HTMX = {"hx-request": "true"}
NEW = {
    "name": "Volos Shipping",
    "contact_email": "volos@nimbus.example",
    "currency": "EUR",
    "payment_terms_days": "30",
    "locale": "en",
    "first_period": "2026-01",
    "billing_email": "a@volos.example, b@volos.example",
    "country_code": "GR",
    "pair_name": ["VAT ID", ""],
    "pair_value": ["EL99", ""],
}


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def ian(people: People) -> Person:
    return Person(
        user=make_user(management_account=people.msp, email="ian@nimbus.example", role=Role.INTEGRATION_OWNER)
    )


@pytest.fixture
def eve(people: People) -> Person:
    return Person(user=make_user(management_account=people.msp, email="eve@nimbus.example", role=Role.EDITOR))


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def once_of(text: str) -> str:
    return text.partition('name="once" value="')[2].partition('"')[0]


def test_the_list_says_what_is_missing_and_finds_by_name_in_any_script(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    make_managed_account(management_account=people.msp, name="ΑΙΓΑΊΟ Ναυτιλιακή", contact_email="x@y.example")
    make_managed_account(management_account=people.msp, name="No Mail", billing_email=[])
    text = text_of(client, "/accounts")
    assert "3 accounts" in text
    assert text.count("No recipients") == 1
    assert text.count("No billing profile") == 3
    assert text.count("No costs delegated") == 3
    assert "1 account<" in text_of(client, "/accounts?q=αιγαίο")
    assert "Thessaly" in text_of(client, "/accounts?q=OLIVES@")
    assert "No account matches" in text_of(client, "/accounts?q=nowhere")
    without = text_of(client, "/accounts?lacks=recipients")
    assert "No Mail" in without
    assert "Thessaly" not in without


def test_the_only_profile_counts_as_everybodys(client: Client, olives: ManagedAccount, profile: BillingProfile) -> None:
    text = text_of(client, "/accounts")
    assert "Main" in text
    assert "▲</span> No billing profile" not in text


def test_two_thousand_accounts_are_shown_fifty_at_a_time(client: Client, people: People) -> None:
    ManagedAccount.objects.bulk_create(
        ManagedAccount(
            management_account=people.msp,
            name=f"Customer {number:04}",
            contact_email=f"c{number}@nimbus.example",
            first_period_start=date(2026, 1, 1),
        )
        for number in range(2_000)
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        text = text_of(client, "/accounts?page=2")
    assert len(queries) <= MOST_QUERIES
    assert "Customer 0050" in text
    assert "Customer 0100" not in text
    assert "51–100 of 2000" in text
    assert "Customer 1999" in text_of(client, "/accounts?page=40")
    assert text_of(client, "/accounts?page=999999")


def test_costs_follow_the_list(client: Client, people: People, olives: ManagedAccount, tmp_path: Path) -> None:
    integration = make_integration(management_account=people.msp)
    delegate(account=olives, integration=integration, sub_account_id="1")
    charge = Charge(sub_account="1", cost="1234.5")
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=[charge], folder=tmp_path)
    text = text_of(client, "/accounts/costs")
    assert f'id="cost-{olives.token}"' in text
    assert "1,234.50" in text
    offered = text_of(client, f"/accounts/{olives.token}/integrations")
    assert '<option value="billing-1">' in offered
    assert '<option value="1">' in offered
    assert "Oct 2026" in text


def test_a_new_account_is_made_once_however_often_the_form_is_sent(client: Client) -> None:
    once = once_of(text_of(client, "/accounts/new"))
    answers = [client.post("/accounts/new", {**NEW, "once": once}) for _ in range(2)]
    account = ManagedAccount.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {f"/accounts/{account.token}/integrations"}
    assert account.billing_email == ["a@volos.example", "b@volos.example"]
    assert account.custom_fields == [{"name": "VAT ID", "value": "EL99"}]
    assert (account.currency, account.payment_terms_days, account.first_period_start) == ("EUR", 30, date(2026, 1, 1))
    assert "Volos Shipping was added" in text_of(client, f"/accounts/{account.token}/integrations")


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(client: Client, olives: ManagedAccount) -> None:
    wrong = {
        **NEW,
        "name": " ",
        "contact_email": olives.contact_email,
        "payment_terms_days": "soon",
        "billing_email": "not an address",
        "pair_name": [""],
        "pair_value": ["orphan"],
        "once": "key",
    }
    answer = client.post("/accounts/new", wrong)
    text = answer.content.decode()
    assert answer.status_code == 422
    for message in (
        "Name can&#x27;t be blank",
        "belongs to Thessaly Olives already",
        "Payment terms days must be a whole number, 0 to 365",
        "&#x27;not an address&#x27; is not an e-mail address",
        "Custom fields 1 name can&#x27;t be blank",
    ):
        assert message in text
    for typed in ("soon", "not an address", "orphan"):
        assert typed in text
    for key in ("field-name-problem", "field-contact_email-problem", "field-payment_terms_days-problem"):
        assert f'id="{key}"' in text
    assert ManagedAccount.objects.count() == 1
    assert client.post("/accounts/new", {**NEW, "once": "key"}).status_code == 303


def test_general_saves_every_field_and_marks_drafts(client: Client, people: People, olives: ManagedAccount) -> None:
    make_profile(management_account=people.msp)
    second = make_profile(management_account=people.msp, nickname="Second")
    draft = make_draft(account=olives, profile=second)
    text = text_of(client, f"/accounts/{olives.token}")
    assert 'value="Thessaly Olives"' in text
    answer = client.post(
        f"/accounts/{olives.token}",
        {**NEW, "billing_profile": second.token, "data_ingestion_delay": "true", "city": "Volos"},
    )
    assert answer.status_code == 303
    olives.refresh_from_db()
    draft.refresh_from_db()
    assert (olives.name, olives.billing_profile, olives.city) == ("Volos Shipping", second, "Volos")
    assert olives.data_ingestion_delay is True
    assert draft.is_stale
    assert not olives.include_managed_account_integrations


def test_who_saves_after_somebody_else_is_told_and_saves_again_knowingly(
    client: Client, olives: ManagedAccount
) -> None:
    address = f"/accounts/{olives.token}"
    seen = text_of(client, address).partition('name="seen" value="')[2].partition('"')[0]
    assert client.post(address, {**NEW, "city": "Larissa", "seen": seen}).status_code == 303
    late = client.post(address, {**NEW, "city": "Volos", "seen": seen})
    assert late.status_code == 422
    assert "was changed by somebody else" in late.content.decode()
    olives.refresh_from_db()
    assert olives.city == "Larissa"
    seen = late.content.decode().partition('name="seen" value="')[2].partition('"')[0]
    assert client.post(address, {**NEW, "city": "Volos", "seen": seen}).status_code == 303
    olives.refresh_from_db()
    assert olives.city == "Volos"


def test_saving_a_form_as_it_was_shown_changes_nothing(client: Client, people: People) -> None:
    account = make_managed_account(
        management_account=people.msp, country_code="gr", city="Λάρισα", custom_fields=[{"name": "PO", "value": "1"}]
    )
    page = client.get(f"/accounts/{account.token}")
    form = page.context["form"]
    fields: dict[str, object] = {
        field.name: field.value for field in (*form.details, *form.address) if field.kind != "tick"
    }
    fields["pair_name"] = [pair.name for pair in form.pairs]
    fields["pair_value"] = [pair.value for pair in form.pairs]
    before = ManagedAccount.objects.filter(pk=account.pk).values().get()
    assert client.post(f"/accounts/{account.token}", fields).status_code == 303
    after = ManagedAccount.objects.filter(pk=account.pk).values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


def test_costs_are_delegated_and_a_conflict_names_both_customers(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    integration = make_integration(management_account=people.msp)
    volos = make_managed_account(management_account=people.msp, name="Volos Shipping")
    fields = {"integration": integration.token, "billing_account_id": "payer", "sub_account_ids": "1, 2"}
    assert client.post(f"/accounts/{olives.token}/integrations", fields).status_code == 303
    assert Delegation.objects.count() == 2
    assert "Account 2 of payer" in text_of(client, f"/accounts/{olives.token}/integrations")
    answer = client.post(f"/accounts/{volos.token}/integrations", {**fields, "start_date": "2026-01-01"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Thessaly Olives" in text
    assert "Volos Shipping" in text
    assert 'value="2026-01-01"' in text
    assert Delegation.objects.count() == 2
    wrong = client.post(f"/accounts/{volos.token}/integrations", {"integration": "", "start_date": "yesterday"})
    assert "Choose the integration" in wrong.content.decode()
    assert "Start date must be a date" in wrong.content.decode()


def test_a_delegation_ends_on_a_day_or_is_taken_back(client: Client, people: People, olives: ManagedAccount) -> None:
    integration = make_integration(management_account=people.msp)
    delegate(account=olives, integration=integration, sub_account_id="1", connected_by_customer=True)
    other = delegate(account=olives, integration=integration, sub_account_id="2")
    address = (
        f"/accounts/{olives.token}/integrations/end?integration={integration.token}&billing=billing-1&sub=1&start="
    )
    assert "End this delegation?" in client.get(address, headers=HTMX).content.decode()
    assert client.post(address, {"end_date": "2026-10-31"}).status_code == 303
    ended = Delegation.objects.get(sub_account_id="1")
    assert (ended.end_date, ended.connected_by_customer) == (date(2026, 10, 31), True)
    assert "must be a date" in client.post(address, {"end_date": "soon"}).content.decode()
    answer = client.post(address, {"all": "yes"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/accounts/{olives.token}/integrations")
    assert list(Delegation.objects.all()) == [other]
    assert client.post(address, {"all": "yes"}).status_code == 404


def test_rules_are_assigned_moved_and_taken_away_group_by_group(
    client: Client, people: People, olives: ManagedAccount
) -> None:
    markup = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    tax = make_exclusion(management_account=people.msp, charge_type="Tax", title="No tax")
    fee = make_charge(management_account=people.msp, amount="50", title="Fee")
    path = f"/accounts/{olives.token}/rules"

    def act(name: str, **fields: object) -> int:
        return client.post(f"{path}/{name}", fields).status_code

    def order() -> list[str]:
        rows = olives.rule_assignments.select_related("billing_rule").order_by("position")
        return [row.billing_rule.title for row in rows]

    for rule in (markup, fee, tax):
        assert act("assign", rule=rule.token) == 303
    assert order() == ["Fee", "Markup", "No tax"]
    assert act("up", rule=tax.token) == 303
    assert order() == ["Fee", "No tax", "Markup"]
    assert act("up", rule=tax.token) == 303  # no further than its group
    assert order() == ["Fee", "No tax", "Markup"]
    assert act("down", rule=tax.token) == 303
    assert act("order", order=[fee.token, tax.token, markup.token]) == 303
    assert order() == ["Fee", "No tax", "Markup"]
    assert act("order", order=[tax.token, fee.token, markup.token]) == 409  # groups stay whole
    assert act("order", order=[tax.token, markup.token]) == 409  # another list than the one that is there
    assert order() == ["Fee", "No tax", "Markup"]
    text = text_of(client, path)
    assert text.index("Fee") < text.index("No tax") < text.index("Markup")
    assert "2. Added charges and credits" in text
    assert act("unassign", rule=tax.token) == 303
    assert act("unassign", rule=tax.token) == 303
    assert order() == ["Fee", "Markup"]
    assert act("explode", rule=tax.token) == 404


def test_the_invoices_of_the_account_and_no_others(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    mine = make_draft(account=olives, profile=profile)
    others = make_draft(account=make_managed_account(management_account=people.msp, name="Other"), profile=profile)
    text = text_of(client, f"/accounts/{olives.token}/invoices")
    assert mine.number in text
    assert others.number not in text


def test_deleting_says_what_it_does_and_wants_the_name(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    approved = make_approved(account=olives, profile=profile, by=people.alice)
    draft = make_draft(account=olives, profile=profile, period=OCTOBER.previous)
    assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110"))
    address = f"/accounts/{olives.token}/delete"
    text = client.get(address, headers=HTMX).content.decode()
    assert "1 draft will be cancelled" in text
    assert draft.number in text
    assert "1 approved invoice stays" in text
    assert "1 billing rule is unassigned" in text
    assert "not the account&#x27;s name" in client.post(address, {"name": "olives"}).content.decode()
    assert ManagedAccount.objects.live().exists()
    assert client.post(address, {"name": "Thessaly Olives"}).headers["Location"] == "/accounts"
    assert not ManagedAccount.objects.live().exists()
    assert Invoice.objects.get(pk=approved.pk).status == "approved"
    assert Invoice.objects.get(pk=draft.pk).status == "cancelled"
    assert client.post(address, {"name": "Thessaly Olives"}).status_code == 404


def test_an_account_is_not_deleted_under_an_invoice_that_is_being_made(client: Client, olives: ManagedAccount) -> None:
    invoice = make_generating(account=olives)
    text = client.get(f"/accounts/{olives.token}/delete", headers=HTMX).content.decode()
    assert invoice.number in text
    assert "Delete the account" not in text
    assert client.post(f"/accounts/{olives.token}/delete", {"name": olives.name}).status_code == 409


def test_every_page_asks_the_database_a_constant_number_of_questions(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    integration = make_integration(management_account=people.msp)
    for number in range(12):
        delegate(account=olives, integration=integration, sub_account_id=str(number))
        assign(account=olives, rule=make_adjustment(management_account=people.msp, percentage="110"))
        make_draft(account=olives, profile=profile, period=_month(number))
    for tab in ("", "/integrations", "/rules", "/invoices", "/delete"):
        with CaptureQueriesContext(connection) as queries:
            text_of(client, f"/accounts/{olives.token}{tab}")
        assert (tab, len(queries) <= MOST_QUERIES) == (tab, True)


def _month(back: int) -> BillingPeriod:
    period = OCTOBER
    for _ in range(back):
        period = period.previous
    return period


WRITES = (
    ("/accounts/new", NEW),
    ("/accounts/{token}", NEW),
    ("/accounts/{token}/integrations", {"integration": "{integration}"}),
    ("/accounts/{token}/integrations/end?integration={integration}&billing=billing-1&sub=1&start=", {"all": "yes"}),
    ("/accounts/{token}/rules/assign", {"rule": "{rule}"}),
    ("/accounts/{token}/rules/unassign", {"rule": "{rule}"}),
    ("/accounts/{token}/rules/up", {"rule": "{rule}"}),
    ("/accounts/{token}/rules/order", {"order": "{rule}"}),
    ("/accounts/{token}/delete", {"name": "Thessaly Olives"}),
)


@pytest.mark.parametrize(("address", "fields"), WRITES)
def test_editors_viewers_strangers_and_nobody_write_nothing(
    address: str,
    fields: dict[str, object],
    people: People,
    eve: Person,
    olives: ManagedAccount,
    signed_in: SignedIn,
) -> None:
    integration = make_integration(management_account=people.msp)
    delegate(account=olives, integration=integration, sub_account_id="1")
    rule = make_adjustment(management_account=people.msp, percentage="110")
    names = {"token": olives.token, "integration": integration.token, "rule": rule.token}
    target = address.format(**names)
    given = {name: text.format(**names) if isinstance(text, str) else text for name, text in fields.items()}
    assert signed_in(people.bob).post(target, given).status_code == 403
    assert signed_in(eve).post(target, given).status_code == 403
    assert Client().post(target, given).status_code == 302
    if "{token}" in address:
        assert signed_in(people.charlie).post(target, given).status_code == 404
    assert AuditEntry.objects.count() == 0
    assert ManagedAccount.objects.live().count() == 1


def test_an_integration_owner_may_and_everybody_else_looks(
    people: People, ian: Person, eve: Person, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    assert signed_in(ian).post("/accounts/new", {**NEW, "once": "x"}).status_code == 303
    for tab in ("", "/integrations", "/rules", "/invoices"):
        address = f"/accounts/{olives.token}{tab}"
        assert "Delete…" in text_of(signed_in(ian), address)
        for person in (people.bob, eve):
            text = text_of(signed_in(person), address)
            assert "Delete…" not in text
            assert "New managed account" not in text_of(signed_in(person), "/accounts")
            assert ">Save<" not in text
        assert signed_in(people.charlie).get(address).status_code == 404
    assert "Thessaly" not in text_of(signed_in(people.charlie), "/accounts")


def test_a_customers_own_person_sees_no_managed_account(
    people: People, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    user = make_user(management_account=people.msp, email="nikos@olives.example")
    user.managed_account = olives
    user.save()
    client = signed_in(Person(user=user))
    for address in ("/accounts", "/accounts/new", f"/accounts/{olives.token}", "/accounts/costs"):
        assert client.get(address).status_code == 403
    assert "Managed accounts" not in client.get("/invoices").content.decode()


def test_hostile_names_stay_text_in_every_field_of_an_account(client: Client, people: People) -> None:
    account = make_managed_account(
        management_account=people.msp,
        name=EVIL,
        contact_email="x@y.example",
        **dict.fromkeys(("company_name", "address_line_1", "address_line_2", "city", "state"), EVIL),
        custom_fields=[{"name": EVIL, "value": EVIL}],
    )
    integration = make_integration(management_account=people.msp, name=EVIL)
    delegate(account=account, integration=integration, sub_account_id=EVIL, billing_account_id=EVIL)
    for rule in (
        make_adjustment(management_account=people.msp, percentage="110", title=EVIL, service=EVIL),
        make_exclusion(management_account=people.msp, title=EVIL, charge_type=EVIL),
    ):
        assign(account=account, rule=rule)
    make_profile(management_account=people.msp, nickname=EVIL)
    answers = [client.get(f"/accounts/{account.token}{tab}") for tab in ("", "/integrations", "/rules", "/delete")]
    answers += [client.get("/accounts", {"q": EVIL, "lacks": EVIL, "page": EVIL}), client.get("/accounts/new")]
    hostile = dict.fromkeys(NEW, EVIL) | {"once": EVIL[:40]}
    answers += [client.post("/accounts/new", hostile), client.post(f"/accounts/{account.token}", hostile)]
    answers.append(client.post(f"/accounts/{account.token}/integrations", {"integration": EVIL, "start_date": EVIL}))
    for answer in answers:
        text = answer.content.decode()
        found = Page(text)
        assert (found.inline, found.images) == ([], [])
        assert "<script>alert" not in text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_form_from_elsewhere_is_refused(people: People, olives: ManagedAccount) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.alice.user)
    for address in ("/accounts/new", f"/accounts/{olives.token}", f"/accounts/{olives.token}/delete"):
        assert client.post(address, NEW).status_code == 403
    assert datetime.now(UTC) > ManagedAccount.objects.get().created_at


def test_the_list_tells_how_far_the_newest_month_is(
    people: People, signed_in: SignedIn, profile: BillingProfile
) -> None:
    month = BillingPeriod.of(datetime.now(UTC).date()).previous
    accounts = {
        name: make_managed_account(management_account=people.msp, name=name) for name in ("Approved", "Drafted", "Idle")
    }
    made = make_approved(account=accounts["Approved"], profile=profile, by=people.alice, period=month)
    make_draft(account=accounts["Drafted"], profile=profile, period=month)
    make_draft(account=accounts["Idle"], profile=profile, period=month.previous)
    text = signed_in(people.bob).get("/accounts").content.decode()
    rows = {name: text.partition(f"<bdi>{name}</bdi>")[2].partition("</tr>")[0] for name in accounts}
    assert f'href="/invoices/{made.token}" aria-label="Invoice of Approved: Approved"' in rows["Approved"]
    assert "Awaiting approval" in rows["Drafted"]
    assert "pill" not in rows["Idle"]
