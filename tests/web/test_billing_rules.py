"""Billing rules at the console, without script: every kind's form, what it would change, and only then saved."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.interfaces.web.billing_rule.kinds import KINDS
from billow.records.accounts.models import Role
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.usecases.rules import add_rule
from tests.factories.accounts import make_user
from tests.factories.agreements import assign, make_adjustment, make_charge, make_exclusion
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import OCTOBER
from tests.factories.parties import delegate, make_managed_account
from tests.people import People, Person
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

MOST_QUERIES = 20
RULES = "/settings/billing-rules"
SQL = "UPDATE costs\nSET costs.amount = costs.amount * 1.1\nWHERE costs.provider = 'aws'"
BOOKED = {"service": "Support", "category": "Support", "sub_category": "Monthly"}
COMPLETE: dict[str, dict[str, str]] = {
    "exclusion": {"charge_type": "Tax"},
    "per_service": {"percentage": "110", "service": "Amazon EC2"},
    "public_price": {},
    "remove_commitment_discounts": {},
    "retier": {"include_free_tier": "yes"},
    "fixed": {**BOOKED, "amount": "99.50", "recurrence": "monthly", "start_date": "2026-10-01"},
    "credit": {**BOOKED, "amount": "10", "start_date": "2026-10-01"},
    "support_fee": {**BOOKED, "fee_tiers": "10000:10, 5", "fee_minimum": "100", "fee_provider": "aws"},
    "custom": {"sql_query": SQL},
}


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def costs(people: People, olives: ManagedAccount, tmp_path: Path) -> ManagedAccount:
    """A hundred dollars of computing and ten of tax for Thessaly Olives in October."""
    integration = make_integration(management_account=people.msp)
    delegate(account=olives, integration=integration, sub_account_id="1")
    charges = [
        Charge(sub_account="1", cost="100"),
        Charge(sub_account="1", cost="10", charge_category="Tax", service="Tax service"),
    ]
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=tmp_path)
    return olives


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def hidden(text: str, name: str) -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


def save(client: Client, address: str, fields: dict[str, str]) -> str:
    """Preview the rule, save it, and return where that leads."""
    given = {"customers": "all", **fields}
    shown = client.post(address, {**given, "act": "preview"})
    assert shown.status_code == 200, shown.content.decode()
    previewed = hidden(shown.content.decode(), "previewed")
    once = hidden(shown.content.decode(), "once")
    answer = client.post(address, {**given, "act": "save", "previewed": previewed, "once": once})
    assert answer.status_code == 303, answer.content.decode()
    again = client.post(address, {**given, "act": "save", "previewed": previewed, "once": once})
    assert again.headers["Location"] == answer.headers["Location"]
    return str(answer.headers["Location"])


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_rule_of_each_kind_is_previewed_saved_once_and_kept_by_saving_it_again(
    kind: str, client: Client, costs: ManagedAccount
) -> None:
    fields = {"title": f"A rule: {kind}", **COMPLETE[kind]}
    assert KINDS[kind].title in text_of(client, f"{RULES}/new")
    assert "Preview" in text_of(client, f"{RULES}/new/{kind}")
    address = save(client, f"{RULES}/new/{kind}", fields)
    rule = BillingRule.objects.get()
    assert address == f"{RULES}/{rule.token}"
    assert fields["title"] in text_of(client, RULES)
    before = BillingRule.objects.values().get()
    form = client.get(address).context["form"]
    save(client, address, {field.name: field.value for field in (*form.fields, *form.when) if field.value})
    after = BillingRule.objects.values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


def test_the_preview_says_the_difference_for_each_customer_and_stores_nothing(
    client: Client, people: People, costs: ManagedAccount
) -> None:
    make_managed_account(management_account=people.msp, name="Volos Shipping")
    fields = {"title": "Markup", "percentage": "110", "service": "Amazon EC2", "customers": "all", "act": "preview"}
    text = client.post(f"{RULES}/new/per_service", fields).content.decode()
    for words in ("October 2026", "Thessaly Olives", "110.00", "120.00", "+10.00", "All in USD"):
        assert words in text
    assert "1 customer would be billed as before" in text
    assert not BillingRule.objects.exists()
    nobody = client.post(f"{RULES}/new/per_service", {**fields, "customers": "assigned"}).content.decode()
    assert "The rule runs for nobody yet" in nobody
    doubtful = client.post(f"{RULES}/new/per_service", {**fields, "percentage": "10", "service": ""})
    assert "Look twice" in doubtful.content.decode()


def test_nothing_is_saved_that_was_not_previewed_as_it_stands(client: Client, costs: ManagedAccount) -> None:
    fields = {"title": "Markup", "percentage": "110", "customers": "all"}
    unseen = client.post(f"{RULES}/new/per_service", {**fields, "act": "save"}).content.decode()
    assert "The rule changed since it was previewed" in unseen
    previewed = hidden(unseen, "previewed")
    other = client.post(
        f"{RULES}/new/per_service", {**fields, "percentage": "1.10", "act": "save", "previewed": previewed}
    )
    assert "The rule changed since it was previewed" in other.content.decode()
    assert not BillingRule.objects.exists()
    assert (
        client.post(f"{RULES}/new/per_service", {**fields, "act": "save", "previewed": previewed, "once": "k"})
        .headers["Location"]
        .startswith(RULES)
    )


def test_without_any_costs_a_complete_rule_can_be_saved(client: Client, people: People) -> None:
    address = save(client, f"{RULES}/new/exclusion", {"title": "No tax", "charge_type": "Tax", "apply_to_all": "yes"})
    assert BillingRule.objects.get().apply_to_all
    assert "No tax" in text_of(client, address)
    wrong = client.post(f"{RULES}/new/exclusion", {"title": "No tax", "act": "preview"})
    assert wrong.status_code == 422
    assert "Charge type is required for exclusion rules" in wrong.content.decode()


def test_charge_types_services_and_categories_are_offered_from_the_costs(client: Client, costs: ManagedAccount) -> None:
    text = text_of(client, f"{RULES}/new/exclusion")
    assert '<option value="Tax">' in text
    assert '<option value="Usage">' in text
    assert '<option value="Amazon EC2">' in text_of(client, f"{RULES}/new/per_service")


@pytest.mark.parametrize(
    ("kind", "fields", "messages"),
    [
        ("per_service", {"title": "", "percentage": "ten"}, ["Title can&#x27;t be blank", "such as 12.5"]),
        ("fixed", {"title": "Fee", "amount": "-5"}, ["are required for charge and credit rules"]),
        ("credit", {"title": "x", **BOOKED, "amount": "-5", "start_date": "2026-01-01"}, ["Amount"]),
        ("exclusion", {"title": "x", "charge_type": "Tax", "start_date": "soon"}, ["must be a date"]),
        ("support_fee", {"title": "x", **BOOKED, "fee_tiers": "many"}, ["Fee tiers 1 percentage must be a number"]),
        ("custom", {"title": "x", "sql_query": "UPDATE costs\nSET costs.cots = 1"}, ["Line 2, column"]),
    ],
)
def test_what_is_wrong_stands_on_the_page_and_nothing_typed_is_lost(
    kind: str, fields: dict[str, str], messages: list[str], client: Client, costs: ManagedAccount
) -> None:
    answer = client.post(f"{RULES}/new/{kind}", {**fields, "act": "preview"})
    text = answer.content.decode()
    assert answer.status_code == 422
    for message in messages:
        assert message in text
    for typed in fields.values():
        assert typed in text
    assert not BillingRule.objects.exists()


def test_sql_is_checked_while_it_is_written_and_kept_to_the_letter(client: Client, costs: ManagedAccount) -> None:
    def checked(sql: str) -> str:
        return client.post(f"{RULES}/check-sql", {"sql_query": sql}).content.decode()

    assert "understood" in checked(SQL)
    assert "Line 1, column" in checked("DROP TABLE costs")
    assert "Such as" in checked("  ")
    assert Page(checked(f"UPDATE costs SET costs.amount = '{EVIL}'")).images == []
    text = text_of(client, f"{RULES}/new/custom")
    assert "costs.amount" in text
    assert "aws.lineItem/UnblendedCost" in text
    save(client, f"{RULES}/new/custom", {"title": "SQL", "sql_query": f"\n{SQL}\n".replace("\n", "\r\n")})
    assert BillingRule.objects.get().sql_query == f"\n{SQL}\n"


def test_a_rule_in_use_is_changed_and_deleted_with_what_that_means(
    client: Client, people: People, costs: ManagedAccount
) -> None:
    rule = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    assign(account=costs, rule=rule)
    address = f"{RULES}/{rule.token}"
    assert "1 customer<" in text_of(client, address)
    save(client, address, {"title": "Markup", "percentage": "120", "customers": "assigned"})
    rule.refresh_from_db()
    assert rule.percentage == Decimal(120)
    assert "It is taken from 1 customer" in text_of(client, f"{address}/delete")
    assert client.post(f"{address}/delete").headers["Location"] == RULES
    assert not BillingRule.objects.exists()
    assert client.get(address).status_code == 404
    assert client.get(f"{RULES}/new/nonsense").status_code == 404


def test_a_rule_that_somebody_else_changed_is_not_overwritten_unseen(
    client: Client, people: People, costs: ManagedAccount
) -> None:
    rule = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    address = f"{RULES}/{rule.token}"
    fields = {"title": "Markup", "percentage": "130", "customers": "all"}
    seen = hidden(text_of(client, address), "seen")
    shown = client.post(address, {**fields, "seen": seen, "act": "preview"}).content.decode()
    rule.title = "Markup of somebody else"
    rule.save()
    assert hidden(shown, "seen") == seen
    given = {**fields, "seen": seen, "previewed": hidden(shown, "previewed"), "act": "save"}
    late = client.post(address, given)
    assert late.status_code == 422
    assert "Markup of somebody else was changed by somebody else" in late.content.decode()
    rule.refresh_from_db()
    assert rule.percentage == Decimal(110)
    assert hidden(late.content.decode(), "seen") != seen


def test_a_date_that_was_written_with_a_time_survives_a_change_of_something_else(
    client: Client, people: People, costs: ManagedAccount
) -> None:
    written = "2026-10-01T00:00:00Z"
    fields = {"title": "No tax", "type": "exclusion", "charge_type": "Tax", "start_date": written}
    rule = add_rule(actor=people.alice.actor, fields=fields, now=datetime(2026, 11, 1, tzinfo=UTC)).rule
    address = f"{RULES}/{rule.token}"
    save(client, address, {"title": "No taxes", "charge_type": "Tax", "start_date": "2026-10-01"})
    rule.refresh_from_db()
    assert (rule.title, rule.dates_as_given) == ("No taxes", {"start_date": written})
    save(client, address, {"title": "No taxes", "charge_type": "Tax", "start_date": "2026-10-02"})
    rule.refresh_from_db()
    assert rule.dates_as_given == {"start_date": "2026-10-02"}


WRITES: tuple[tuple[str, dict[str, str]], ...] = (
    (f"{RULES}/new/exclusion", {"title": "x", "charge_type": "Tax", "act": "save"}),
    (f"{RULES}/{{token}}", {"title": "x", "percentage": "1", "act": "save"}),
    (f"{RULES}/{{token}}/delete", {}),
)


@pytest.mark.parametrize(("address", "fields"), WRITES)
def test_editors_viewers_strangers_and_nobody_write_no_rules(
    address: str, fields: dict[str, str], people: People, signed_in: SignedIn
) -> None:
    rule = make_adjustment(management_account=people.msp, percentage="110")
    target = address.format(token=rule.token)
    for role in (Role.EDITOR, Role.VIEWER):
        user = make_user(management_account=people.msp, email=f"{role}@nimbus.example", role=role)
        assert signed_in(Person(user=user)).post(target, fields).status_code == 403
    assert Client().post(target, fields).status_code == 302
    if "{token}" in address:
        assert signed_in(people.charlie).post(target, fields).status_code == 404
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(people.alice.user)
    assert careful.post(target, fields).status_code == 403
    assert AuditEntry.objects.count() == 0


def test_everybody_of_the_msp_looks_at_rules_and_nobody_else(
    people: People, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    rule = make_adjustment(management_account=people.msp, percentage="110", title="Secret markup")
    text = text_of(signed_in(people.bob), f"{RULES}/{rule.token}")
    assert "Secret markup" in text
    assert 'value="preview"' not in text
    assert "New billing rule" not in text_of(signed_in(people.bob), RULES)
    assert signed_in(people.charlie).get(f"{RULES}/{rule.token}").status_code == 404
    assert "Secret markup" not in text_of(signed_in(people.charlie), RULES)
    user = make_user(management_account=people.msp, email="nikos@olives.example")
    user.managed_account = olives
    user.save()
    nikos = signed_in(Person(user=user))
    for page in (RULES, f"{RULES}/{rule.token}", f"{RULES}/new"):
        assert nikos.get(page).status_code == 403
    assert nikos.post(f"{RULES}/check-sql", {"sql_query": SQL}).status_code == 403


def test_hostile_texts_of_a_rule_stay_text(client: Client, people: People, costs: ManagedAccount) -> None:
    rules = [
        make_adjustment(management_account=people.msp, percentage="110", title=EVIL, service=EVIL, category=EVIL),
        make_exclusion(management_account=people.msp, title=EVIL, charge_type=EVIL),
        make_charge(management_account=people.msp, title=EVIL, amount="1", service=EVIL, sub_category=EVIL),
    ]
    pages = [RULES, *(f"{RULES}/{rule.token}{end}" for rule in rules for end in ("", "/delete"))]
    answers = [client.get(page) for page in pages]
    for kind, fields in COMPLETE.items():
        hostile = {"title": EVIL, **dict.fromkeys(fields, EVIL), "once": "x", "previewed": EVIL, "customers": EVIL}
        answers.append(client.post(f"{RULES}/new/{kind}", {**hostile, "act": "preview"}))
    for answer in answers:
        text = answer.content.decode()
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_the_pages_ask_the_database_a_constant_number_of_questions(
    client: Client, people: People, costs: ManagedAccount
) -> None:
    for _ in range(60):
        rule = make_adjustment(management_account=people.msp, percentage="110")
        assign(account=costs, rule=rule)
    for page in (RULES, f"{RULES}?page=2", f"{RULES}/{rule.token}", f"{RULES}/new/custom"):
        with CaptureQueriesContext(connection) as queries:
            text_of(client, page)
        assert (page, len(queries) <= MOST_QUERIES) == (page, True)
