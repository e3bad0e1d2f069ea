"""Customers come, change and go; drafts notice, issued invoices do not."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billow.records.accounts.models import Role
from billow.records.billing.models import Delegation, Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.accounts import add_account, change_account, delete_account, import_accounts
from billow.usecases.agreements import agreement_of, agreements_of, delegations_of
from billow.usecases.cancel_invoices import cancel
from billow.usecases.integrations import add_integration, delegate, undelegate
from billow.usecases.management_account import change_settings
from billow.usecases.refused import Refused
from billow.usecases.report_costs import report_costs
from billow.usecases.rule_assignments import assign_rules, rules_of
from billow.usecases.rules import add_rule, change_rule, delete_rule
from tests.factories.accounts import make_user
from tests.factories.agreements import make_adjustment, make_charge, make_exclusion
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import make_approved, make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, Person, make_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
MARCH = BillingPeriod(2026, 3)


@pytest.fixture
def people() -> People:
    return make_people()


def titles(account: ManagedAccount) -> list[str]:
    return [rule.title for rule in rules_of(account=account)]


def add(people: People, name: str, **fields: object) -> ManagedAccount:
    email = f"{name.lower()}@nimbus.example"
    return add_account(actor=people.alice.actor, fields={"name": name, "contact_email": email, **fields}, now=NOW)


def test_defaults_are_those_of_the_agreement(people: People) -> None:
    ada = add(people, "Ada")
    assert (ada.currency, ada.payment_terms_days, ada.include_managed_account_integrations) == ("USD", 10, False)
    assert (ada.billing_profile, ada.data_ingestion_delay, ada.billing_email, ada.custom_fields) == (None, None, [], [])
    ada = change_account(
        actor=people.alice.actor, account=ada, fields={"payment_terms_days": 0, "data_ingestion_delay": True}, now=NOW
    )
    ada = change_account(
        actor=people.alice.actor,
        account=ada,
        fields={"payment_terms_days": None, "data_ingestion_delay": None},
        now=NOW,
    )
    assert (ada.payment_terms_days, ada.data_ingestion_delay) == (10, None)


def test_a_contact_is_nobody_elses_in_any_case_but_may_come_back(people: People) -> None:
    ada = add(people, "Ada")
    with pytest.raises(Refused, match="belongs to Ada already"):
        add_account(actor=people.alice.actor, fields={"name": "Eve", "contact_email": "ADA@Nimbus.example"}, now=NOW)
    add_account(actor=people.charlie.actor, fields={"name": "Ada", "contact_email": "ada@nimbus.example"}, now=NOW)
    delete_account(actor=people.alice.actor, account=ada, now=NOW)
    assert add(people, "Ada").pk != ada.pk


def test_viewers_change_nothing(people: People) -> None:
    ada = add(people, "Ada")
    rule = make_adjustment(management_account=people.msp, percentage="110")
    integration = make_integration(management_account=people.msp)
    bob = people.bob.actor
    for act in (
        lambda: add_account(actor=bob, fields={"name": "Eve", "contact_email": "eve@x.example"}, now=NOW),
        lambda: change_account(actor=bob, account=ada, fields={"name": "Eve"}, now=NOW),
        lambda: delete_account(actor=bob, account=ada, now=NOW),
        lambda: import_accounts(actor=bob, data=b"name,contact_email\nEve,eve@x.example\n", now=NOW),
        lambda: assign_rules(actor=bob, account=ada, rules=[rule], now=NOW),
        lambda: change_rule(actor=bob, rule=rule, fields={"percentage": "120"}, now=NOW),
        lambda: delete_rule(actor=bob, rule=rule, now=NOW),
        lambda: add_integration(actor=bob, name="New", provider="aws", now=NOW),
        lambda: delegate(actor=bob, integration=integration, account=ada, now=NOW),
        lambda: undelegate(actor=bob, integration=integration, account=ada, now=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_permitted"
    assert titles(ada) == []


def test_a_file_of_customers_is_stored_whole_or_not_at_all(people: People) -> None:
    make_profile(management_account=people.msp, nickname="Main")
    add_rule(
        actor=people.alice.actor,
        fields={"title": "Markup", "type": "adjustment", "percentage": "110", "apply_to_all": True},
        now=NOW,
    )
    good = (
        "name,contact_email,currency,billing_profile,payment_terms_days,billing_email,custom:VAT ID,first_period\n"
        "Ada,ada@x.example,EUR,Main,14,a@ada.example; b@ada.example,DE1,2026-03\n"
        "Bob,bob@x.example,,,,,,\n"
    )
    ada, bob = import_accounts(actor=people.alice.actor, data=good.encode(), now=NOW)
    assert (ada.currency, ada.billing_profile and ada.billing_profile.nickname) == ("EUR", "Main")
    assert (ada.billing_email, ada.first_period_start) == (["a@ada.example", "b@ada.example"], date(2026, 3, 1))
    assert ada.custom_fields == [{"name": "VAT ID", "value": "DE1"}]
    assert (bob.currency, bob.payment_terms_days, bob.custom_fields) == ("USD", 10, [])
    assert bob.billing_email == ["bob@x.example"]
    assert titles(ada) == titles(bob) == ["Markup"]

    bad = "name,contact_email,currency\nCora,cora@x.example,USD\nDora,ADA@x.example,USD\n,x,EURO\n"
    with pytest.raises(Refused) as refused:
        import_accounts(actor=people.alice.actor, data=bad.encode(), now=NOW)
    assert [(issue.row, issue.column) for issue in refused.value.issues] == [
        (2, "contact_email"),
        (3, "name"),
        (3, "contact_email"),
        (3, "currency"),
    ]
    assert all(issue.message.startswith(f"Row {issue.row}: ") for issue in refused.value.issues)
    assert ManagedAccount.objects.count() == 2


def test_rules_for_all_join_the_end_of_their_group(people: People) -> None:
    fee = make_charge(management_account=people.msp, amount="10", title="Fee")
    markup = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    ada = add_account(
        actor=people.alice.actor,
        fields={"name": "Ada", "contact_email": "ada@x.example"},
        rules=[fee, markup],
        now=NOW,
    )
    support = {
        **{"title": "Support", "type": "Charge", "service": "S", "category": "C", "sub_category": "M"},
        **{"amount": "99.5", "start_date": "2026-01-01", "apply_to_all": True},
    }
    rule = add_rule(actor=people.alice.actor, fields=support, now=NOW).rule
    assert titles(ada) == ["Fee", "Support", "Markup"]
    assert titles(add(people, "Bob")) == ["Support"]

    change_rule(actor=people.alice.actor, rule=rule, fields={"apply_to_all": False}, now=NOW)
    assert titles(ada) == ["Fee", "Support", "Markup"], "a rule that ceases to be for all stays where it is"
    assert titles(add(people, "Cora")) == []
    assign_rules(actor=people.alice.actor, account=ada, rules=[], now=NOW)
    assert titles(ada) == []
    change_rule(actor=people.alice.actor, rule=rule, fields={"apply_to_all": True}, now=NOW)
    assert titles(ada) == ["Support"]
    assert delete_rule(actor=people.alice.actor, rule=rule, now=NOW) == 3


def test_an_order_across_groups_is_refused_and_repeats_count_once(people: People) -> None:
    fee = make_charge(management_account=people.msp, amount="10", title="Fee")
    markup = make_adjustment(management_account=people.msp, percentage="110", title="Markup")
    tax = make_exclusion(management_account=people.msp, charge_type="Tax")
    ada = add(people, "Ada")
    with pytest.raises(Refused, match="not in execution group order"):
        assign_rules(actor=people.alice.actor, account=ada, rules=[markup, fee], now=NOW)
    assert titles(ada) == []
    assign_rules(actor=people.alice.actor, account=ada, rules=[fee, markup, tax, fee, markup], now=NOW)
    assert titles(ada) == ["Fee", "Markup", "Leave out Tax"]
    assert [rule.title for rule in agreement_of(ada).rules] == titles(ada)
    assert agreements_of([ada]) == (agreement_of(ada),)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"type": "exclusion"}, ["title", "charge_type"]),
        ({"type": "adjustment", "title": "A"}, ["percentage"]),
        ({"type": "adjustment", "title": "A", "percentage": "-1"}, ["percentage"]),
        ({"type": "charge", "title": "A", "service": "S"}, ["category", "sub_category", "amount", "start_date"]),
        ({"type": "sql", "title": "A"}, ["type"]),
        ({"type": "custom", "title": "A"}, ["sql_query"]),
        ({"type": "adjustment", "title": "A", "percentage": "1", "start_date": "2026-02-30"}, ["start_date"]),
        (
            {
                "type": "adjustment",
                "title": "A",
                "percentage": "1",
                "start_date": "2026-03-02",
                "end_date": "2026-03-01",
            },
            ["end_date"],
        ),
    ],
)
def test_a_rule_without_what_its_type_needs_is_refused(
    people: People, fields: dict[str, object], wrong: list[str]
) -> None:
    named: set[str | None] = set()
    for attempt in (fields, {**fields, "title": "Repaired"}):
        with pytest.raises(Refused) as refused:
            add_rule(actor=people.alice.actor, fields=attempt, now=NOW)
        named |= {issue.column for issue in refused.value.issues}
    assert named >= set(wrong) - {"title"}
    assert not people.msp.billing_rules.exists()


def test_what_changes_money_marks_drafts_and_never_what_is_issued(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    ada, bob = (make_managed_account(management_account=people.msp, name=name) for name in ("Ada", "Bob"))
    draft = make_draft(account=ada, profile=profile)
    issued = make_approved(account=bob, profile=profile, by=people.alice)

    def is_stale() -> bool:
        stale = set(Invoice.objects.filter(is_stale=True).values_list("number", flat=True))
        Invoice.objects.filter(pk=draft.pk).update(is_stale=False)
        assert issued.number not in stale
        return stale == {draft.number}

    alice = people.alice.actor
    rule = add_rule(actor=alice, fields={"title": "M", "type": "adjustment", "percentage": "110"}, now=NOW).rule
    assert not is_stale(), "a rule does nothing until it is assigned"
    assign_rules(actor=alice, account=ada, rules=[rule], now=NOW)
    assert is_stale()
    assign_rules(actor=alice, account=ada, rules=[rule], now=NOW)
    assert not is_stale(), "the same order again changes nothing"
    assign_rules(actor=alice, account=bob, rules=[rule], now=NOW)
    assert not is_stale()
    change_rule(actor=alice, rule=rule, fields={"percentage": "120"}, now=NOW)
    assert is_stale()
    change_account(actor=alice, account=ada, fields={"city": "Larissa"}, now=NOW)
    assert is_stale()
    delete_rule(actor=alice, rule=rule, now=NOW)
    assert is_stale()
    integration = make_integration(management_account=people.msp)
    delegate(actor=alice, integration=integration, account=ada, now=NOW)
    assert is_stale()
    undelegate(actor=alice, integration=integration, account=ada, now=NOW)
    assert is_stale()


def test_deleting_an_account_cancels_its_drafts_and_keeps_its_invoices(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    ada = make_managed_account(management_account=people.msp, name="Ada")
    integration = make_integration(management_account=people.msp)
    delegate(actor=people.alice.actor, integration=integration, account=ada, now=NOW)
    draft = make_draft(account=ada, profile=profile)
    assert delete_account(actor=people.alice.actor, account=ada, now=NOW) == 1
    draft.refresh_from_db()
    assert (draft.status, draft.cancel_reason) == ("cancelled", "Ada was deleted")
    assert not Delegation.objects.exists()
    delegate(
        actor=people.alice.actor,
        integration=integration,
        account=make_managed_account(management_account=people.msp, name="Bob"),
        now=NOW,
    )


def test_an_integration_owner_may_delete_an_account_with_drafts_though_he_writes_no_invoices(people: People) -> None:
    ada = make_managed_account(management_account=people.msp, name="Ada")
    draft = make_draft(account=ada, profile=make_profile(management_account=people.msp))
    user = make_user(management_account=people.msp, email="io@nimbus.example", role=Role.INTEGRATION_OWNER)
    dora = Person(user=user).actor
    with pytest.raises(Refused, match="Only an owner"):
        cancel(actor=dora, invoice_tokens=[draft.token], reason="Because", now=NOW)
    assert delete_account(actor=dora, account=ada, now=NOW) == 1
    draft.refresh_from_db()
    assert draft.status == "cancelled"


def test_what_falls_back_to_a_wider_owner_makes_his_draft_stale(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    ada, bob, eve = (make_managed_account(management_account=people.msp, name=name) for name in ("Ada", "Bob", "Eve"))
    give = {"actor": people.alice.actor, "integration": make_integration(management_account=people.msp), "now": NOW}
    delegate(**give, account=ada)  # type: ignore[arg-type]
    delegate(**give, account=bob, sub_account_ids=["1"])  # type: ignore[arg-type]
    delegate(**give, account=eve, sub_account_ids=["2"], connected_by_customer=True)  # type: ignore[arg-type]

    def is_stale(act: Callable[[], object]) -> bool:
        Invoice.objects.filter(pk=draft.pk).update(is_stale=False)
        act()
        draft.refresh_from_db()
        return draft.is_stale

    draft = make_draft(account=ada, profile=profile)
    wanted, other = {"include_managed_account_integrations": True}, {"city": "Volos"}
    assert is_stale(lambda: change_account(actor=people.alice.actor, account=eve, fields=wanted, now=NOW))
    assert not is_stale(lambda: change_account(actor=people.alice.actor, account=bob, fields=other, now=NOW))
    assert is_stale(lambda: delete_account(actor=people.alice.actor, account=bob, now=NOW))
    assert is_stale(lambda: change_settings(actor=people.alice.actor, fields={"name": "Stratus"}, now=NOW))


def test_nothing_is_given_to_two_accounts_at_once(people: People) -> None:
    ada, bob = (make_managed_account(management_account=people.msp, name=name) for name in ("Ada", "Bob"))
    integration = make_integration(management_account=people.msp)
    give = {"actor": people.alice.actor, "integration": integration, "billing_account_id": "b", "now": NOW}
    delegate(**give, account=ada, sub_account_ids=["1", "2"], end_date=date(2026, 3, 31))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="given to both Ada") as refused:
        delegate(**give, account=bob, sub_account_ids=["2", "3"], start_date=date(2026, 3, 1))  # type: ignore[arg-type]
    assert [issue.code for issue in refused.value.issues] == ["delegated_twice"]
    assert Delegation.objects.count() == 2, "all of a delegation or nothing"
    delegate(**give, account=bob, sub_account_ids=["2"], start_date=date(2026, 4, 1))  # type: ignore[arg-type]
    delegate(**give, account=bob)  # type: ignore[arg-type]
    assert len(delegations_of(people.msp, MARCH)) == 3
    assert len(delegations_of(people.msp, MARCH.next)) == 2
    assert delegations_of(people.other_msp) == ()


def test_giving_again_changes_the_last_day(people: People) -> None:
    ada = make_managed_account(management_account=people.msp, name="Ada")
    integration = make_integration(management_account=people.msp)
    delegate(actor=people.alice.actor, integration=integration, account=ada, now=NOW)
    (row,) = delegate(
        actor=people.alice.actor, integration=integration, account=ada, end_date=date(2026, 3, 31), now=NOW
    )
    assert (row.start_date, row.end_date, Delegation.objects.count()) == (None, date(2026, 3, 31), 1)


def test_what_a_customer_connected_himself_counts_only_if_agreed(people: People) -> None:
    ada = make_managed_account(management_account=people.msp, name="Ada")
    integration = make_integration(management_account=people.msp)
    delegate(actor=people.alice.actor, integration=integration, account=ada, connected_by_customer=True, now=NOW)
    assert delegations_of(people.msp) == ()
    change_account(
        actor=people.alice.actor, account=ada, fields={"include_managed_account_integrations": "yes"}, now=NOW
    )
    assert len(delegations_of(people.msp)) == 1


def test_a_sub_account_given_before_its_first_bill_is_owned_wherever_it_is_billed_then(
    people: People, tmp_path: Path
) -> None:
    ada, bob = (make_managed_account(management_account=people.msp, name=name) for name in ("Ada", "Bob"))
    integration = make_integration(management_account=people.msp)
    give = {"actor": people.alice.actor, "integration": integration, "now": NOW}
    delegate(**give, account=ada, sub_account_ids=["111"])  # type: ignore[arg-type]
    for place in ("", "billing-1"):
        with pytest.raises(Refused, match="given to both"):
            delegate(**give, account=bob, sub_account_ids=["111"], billing_account_id=place)  # type: ignore[arg-type]
    delegate(**give, account=bob)  # type: ignore[arg-type]
    charges = [Charge(sub_account="111", cost="1"), Charge(sub_account="111", cost="2", billing_account="billing-2")]
    charges += [Charge(sub_account="222", cost="4"), Charge(sub_account="", cost="8")]
    deliver(actor=people.alice.actor, integration=integration, period=MARCH, charges=charges, folder=tmp_path)
    report = report_costs(actor=people.alice.actor, period=MARCH, group_by=["account", "billing_account_id"])
    assert [(*row.group.values(), row.provider_cost) for row in report.rows] == [
        ("Ada", "billing-1", Decimal(1)),
        ("Ada", "billing-2", Decimal(2)),
        ("Bob", "billing-1", Decimal(12)),
    ]
    assert report.unallocated == ()
