"""Rules live in a folder under version control: exported, edited, planned, applied, all or nothing."""

import string
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billow.records.audit.models import AuditEntry
from billow.records.billing.models import BillingRule, BillingRuleAssignment, ManagedAccount
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.plan_rules import RulesPlan
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import rules_of
from billow.usecases.rules import add_rule, change_rule, delete_rule
from billow.usecases.rules_as_code import apply_rules, export_rules, plan_rules
from tests.factories.agreements import assign, make_adjustment, make_charge
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
NEW = 'title = "Spring discount"\ntype = "adjustment"\npercentage = "95"\n'


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def support(people: People) -> BillingRule:
    return make_charge(management_account=people.msp, amount="50")


@pytest.fixture
def markup(people: People) -> BillingRule:
    return make_adjustment(management_account=people.msp, percentage="110", title="Markup 10 %")


@pytest.fixture
def olives(people: People, support: BillingRule, markup: BillingRule) -> ManagedAccount:
    account = make_managed_account(management_account=people.msp, name="Thessaly Olives")
    assign(account=account, rule=support)
    assign(account=account, rule=markup)
    return account


@pytest.fixture
def boats(people: People) -> ManagedAccount:
    return make_managed_account(management_account=people.msp, name="Magnesia Boats")


@pytest.fixture
def folder(people: People, olives: ManagedAccount, boats: ManagedAccount, tmp_path: Path) -> Path:
    """Everything, exported."""
    folder = tmp_path / "rules"
    export_rules(actor=people.alice.actor, folder=folder)
    return folder


def file_of(folder: Path, rule: BillingRule) -> Path:
    (file,) = folder.glob(f"*{rule.token.rpartition('_')[2]}.toml")
    return file


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def plan(people: People, folder: Path) -> RulesPlan:
    return plan_rules(actor=people.alice.actor, folder=folder, now=NOW)


def apply(people: People, folder: Path) -> RulesPlan:
    fingerprint = plan(people, folder).fingerprint
    return apply_rules(actor=people.alice.actor, folder=folder, fingerprint=fingerprint, now=NOW)


def problems(people: People, folder: Path) -> list[Issue]:
    """Plan, which must be refused, and return why; nothing may have changed."""
    before = everything()
    with pytest.raises(Refused) as refused:
        plan(people, folder)
    assert everything() == before
    return list(refused.value.issues)


def everything() -> list[object]:
    rules = BillingRule.objects.order_by("pk").values()
    assignments = BillingRuleAssignment.objects.order_by("managed_account", "position")
    return [*rules, *assignments.values_list("managed_account", "billing_rule", "position")]


def titles(account: ManagedAccount) -> list[str]:
    return [rule.title for rule in rules_of(account=account)]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_files_can_be_read_by_a_person(folder: Path, support: BillingRule, markup: BillingRule) -> None:
    names = (f"markup-10-{markup.token[-16:]}", f"support-{support.token[-16:]}")
    assert {file.name for file in folder.iterdir()} == {
        *(f"{name}.toml" for name in names),
        "assignments.toml",
        "exported.toml",
    }
    assert file_of(folder, support).read_text(encoding="utf-8") == (
        f'token = "{support.token}"\ntitle = "Support"\ntype = "charge"\nservice = "Support"\ncategory = "Other"\n'
        'sub_category = "Other"\namount = "50"\nstart_date = 2025-01-01\nrecurrence = "monthly"\napply_to_all = false\n'
    )
    assert (folder / "assignments.toml").read_text(encoding="utf-8").splitlines()[1:] == [
        '"Magnesia Boats" = []',
        '"Thessaly Olives" = [',
        f'  "{names[1]}",',
        f'  "{names[0]}",',
        "]",
    ]


def test_what_was_exported_changes_nothing_when_applied(people: People, folder: Path) -> None:
    before, files = everything(), bytes_of(folder)
    assert apply(people, folder).is_empty
    assert everything() == before
    assert bytes_of(folder) == files
    assert AuditEntry.objects.count() == 0
    assert export_rules(actor=people.alice.actor, folder=folder).written == ()


def test_an_edit_a_new_rule_and_a_removal_are_planned_then_applied_once(
    people: People,
    folder: Path,
    olives: ManagedAccount,
    boats: ManagedAccount,
    support: BillingRule,
    markup: BillingRule,
) -> None:
    replace(file_of(folder, markup), 'percentage = "110"', '# agreed in March\npercentage = "107.5"')
    file_of(folder, support).unlink()
    (folder / "spring.toml").write_text(NEW, encoding="utf-8")
    (folder / "assignments.toml").write_text(
        f'"Thessaly Olives" = ["Markup 10 %", "spring"]\n{boats.token} = ["spring"]\n', encoding="utf-8"
    )

    planned = plan(people, folder)
    assert [change.title for change in planned.added] == ["Spring discount"]
    assert [change.title for change in planned.removed] == ["Support"]
    ((change,),) = [each.fields for each in planned.changed]
    assert (change.name, change.old, change.new) == ("percentage", "110", "107.5")
    assert [[planned.titles[token] for token in each.after] for each in planned.assignments] == [
        ["Spring discount"],
        ["Markup 10 %", "Spring discount"],
    ]
    assert BillingRule.objects.count() == 2, "a plan writes nothing"

    apply(people, folder)
    assert titles(olives) == ["Markup 10 %", "Spring discount"]
    assert titles(boats) == ["Spring discount"]
    markup.refresh_from_db()
    assert markup.percentage == Decimal("107.5")
    assert not BillingRule.objects.filter(pk=support.pk).exists()
    spring = BillingRule.objects.get(title="Spring discount")
    assert (folder / "spring.toml").read_text(encoding="utf-8") == f'token = "{spring.token}"\n{NEW}'
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.action, entry.user) for entry in entries] == [
        ("record_destroyed", people.alice.user),
        ("record_updated", people.alice.user),
        ("record_created", people.alice.user),
        ("rules_assigned", people.alice.user),
        ("rules_assigned", people.alice.user),
    ]
    assert entries[1].changes == {"percentage": "107.5"}

    before, files = everything(), bytes_of(folder)
    assert apply(people, folder).is_empty
    assert (everything(), bytes_of(folder)) == (before, files)
    assert entries.count() == 5
    assert "# agreed in March" in file_of(folder, markup).read_text(encoding="utf-8")
    assert export_rules(actor=people.alice.actor, folder=folder).files.count("spring.toml") == 1
    assert "# agreed in March" in file_of(folder, markup).read_text(encoding="utf-8"), "comments outlive an export"


def test_a_rule_that_comes_to_apply_to_all_is_placed_everywhere_and_written_into_the_lists(
    people: People, folder: Path, olives: ManagedAccount, boats: ManagedAccount
) -> None:
    fee = 'title = "Fee"\ntype = "charge"\nservice = "Fee"\ncategory = "Fee"\nsub_category = "Fee"\namount = "9.90"\n'
    (folder / "fee.toml").write_text(f"{fee}start_date = 2026-01-01\napply_to_all = true\n", encoding="utf-8")
    apply(people, folder)
    assert titles(olives) == ["Support", "Fee", "Markup 10 %"]
    assert titles(boats) == ["Fee"]
    assert '"Magnesia Boats" = [\n  "fee",\n]' in (folder / "assignments.toml").read_text(encoding="utf-8")
    assert apply(people, folder).is_empty


def test_an_account_that_is_not_named_keeps_its_rules(people: People, folder: Path, olives: ManagedAccount) -> None:
    (folder / "assignments.toml").write_text("", encoding="utf-8")
    assert plan(people, folder).is_empty
    (folder / "assignments.toml").unlink()
    assert apply(people, folder).is_empty
    assert titles(olives) == ["Support", "Markup 10 %"]


def test_what_a_file_leaves_out_becomes_empty(people: People, folder: Path, support: BillingRule) -> None:
    replace(file_of(folder, support), 'recurrence = "monthly"\n', "")
    ((change,),) = [each.fields for each in apply(people, folder).changed]
    assert (change.name, change.old, change.new) == ("recurrence", "monthly", None)
    support.refresh_from_db()
    assert support.recurrence is None
    assert apply(people, folder).is_empty


def test_a_plan_tells_the_effect_in_money_and_warns(
    people: People, folder: Path, olives: ManagedAccount, markup: BillingRule, tmp_path: Path
) -> None:
    make_profile(management_account=people.msp)
    integration = make_integration(management_account=people.msp)
    delegate(account=olives, integration=integration, sub_account_id="1001")
    bill = tmp_path / "bill"
    bill.mkdir()
    charges = [Charge(sub_account="1001", cost="1000")]
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=bill)
    replace(file_of(folder, markup), '"110"', '"9.5"')

    planned = plan(people, folder)
    assert planned.effect is not None
    assert planned.effect.period == OCTOBER
    (effect,) = planned.effect.customers
    assert (effect.account_name, effect.before, effect.after) == (
        "Thessaly Olives",
        Decimal("1155.00"),
        Decimal("99.75"),
    )
    assert [issue.code for issue in planned.warnings] == ["unusual_factor", "fixed_amount_adjusted"]


def test_a_plan_warns_of_rules_that_are_only_given_to_somebody(
    people: People, folder: Path, boats: ManagedAccount, support: BillingRule, markup: BillingRule, tmp_path: Path
) -> None:
    make_profile(management_account=people.msp)
    integration = make_integration(management_account=people.msp)
    delegate(account=boats, integration=integration, sub_account_id="1002")
    bill = tmp_path / "bill"
    bill.mkdir()
    charges = [Charge(sub_account="1002", cost="1000")]
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=bill)
    names = [file_of(folder, rule).stem for rule in (support, markup)]
    replace(folder / "assignments.toml", '"Magnesia Boats" = []', f'"Magnesia Boats" = ["{names[0]}", "{names[1]}"]')

    planned = plan(people, folder)
    assert [(change.account_name, len(change.after)) for change in planned.assignments] == [("Magnesia Boats", 2)]
    assert {issue.code for issue in planned.warnings} == {"fixed_amount_adjusted"}
    assert "Support is changed by Markup 10 %" in planned.warnings[0].message


def test_a_plan_warns_only_of_what_it_would_change(people: People, folder: Path, markup: BillingRule) -> None:
    doubtful = 'title = "Tenth"\ntype = "custom"\nsql_query = "UPDATE costs SET costs.amount = costs.amount * 0.1"\n'
    (folder / "tenth.toml").write_text(doubtful, encoding="utf-8")
    assert [(issue.code, issue.path) for issue in apply(people, folder).warnings] == [("unusual_factor", "tenth.toml")]

    replace(file_of(folder, markup), '"110"', '"112"')
    planned = plan(people, folder)
    assert [change.title for change in planned.changed] == [markup.title]
    assert planned.warnings == ()


@pytest.mark.parametrize(
    ("text", "code", "column", "row"),
    [
        ('title = "A"\ntype = adjustment\n', "not_toml", None, 2),
        (f"{NEW}colour = 3\n", "unknown_field", "colour", None),
        ('title = 5\ntype = "adjustment"\npercentage = "95"\n', "not_text", "title", None),
        ('title = "A"\ntype = "adjustment"\npercentage = "much"\n', "not_a_number", "percentage", None),
        ('title = "A"\ntype = "adjustment"\npercentage = true\n', "not_a_number", "percentage", None),
        ('title = "A"\ntype = "adjustment"\n', "blank", "percentage", None),
        ('title = "A"\ntype = "sql"\n', "not_a_choice", "type", None),
        ('title = "A"\ntype = "custom"\n', "blank", "sql_query", None),
        (f'{NEW}start_date = "soon"\n', "not_a_date", "start_date", None),
        (f"{NEW}apply_to_all = 1\n", "not_a_flag", "apply_to_all", None),
        (f"{NEW}start_date = 2026-02-01\nend_date = 2026-01-01\n", "end_before_start", "end_date", None),
        (f'token = "bllng_rule_0123456789abcdef"\n{NEW}', "unknown_token", "token", None),
        (f"token = 7\n{NEW}", "not_text", "token", None),
        ('title = "Support"\ntype = "adjustment"\npercentage = "95"\n', "duplicate_title", "title", None),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(
    people: People, folder: Path, text: str, code: str, column: str | None, row: int | None
) -> None:
    (folder / "new.toml").write_text(text, encoding="utf-8")
    (issue,) = problems(people, folder)
    assert (issue.code, issue.path, issue.column, issue.row) == (code, "new.toml", column, row)


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ('"Nobody" = []\n', "unknown_account"),
        ('"Thessaly Olives" = ["Support", "Discount"]\n', "unknown_rule"),
        ('"Thessaly Olives" = ["Support", "Support"]\n', "rule_twice"),
        ('"Thessaly Olives" = ["Markup 10 %", "Support"]\n', "rules_out_of_order"),
        ('"Thessaly Olives" = "Support"\n', "not_a_list"),
        ("Thessaly.Olives = []\n", "not_a_list"),
    ],
)
def test_a_wrong_list_is_refused_with_its_account(people: People, folder: Path, lists: str, code: str) -> None:
    (folder / "assignments.toml").write_text(lists, encoding="utf-8")
    (issue,) = problems(people, folder)
    assert (issue.code, issue.path) == (code, "assignments.toml")
    assert (issue.column or "?") in lists


def test_an_account_named_twice_is_refused(people: People, folder: Path, boats: ManagedAccount) -> None:
    (folder / "assignments.toml").write_text(f'"Magnesia Boats" = []\n{boats.token} = []\n', encoding="utf-8")
    assert [issue.code for issue in problems(people, folder)] == ["account_twice"]


def test_every_problem_is_told_at_once(people: People, folder: Path, support: BillingRule, markup: BillingRule) -> None:
    (folder / "a.toml").write_text("nonsense", encoding="utf-8")
    (folder / "b.toml").write_bytes(b'title = "\xff"')
    copied = file_of(folder, support).read_text(encoding="utf-8")
    (folder / "z.toml").write_text(copied, encoding="utf-8")
    replace(file_of(folder, markup), '"adjustment"', '"exclusion"')
    (folder / "assignments.toml").write_text('"Nobody" = []\n"Thessaly Olives" = ["a"]\n', encoding="utf-8")
    assert [(issue.path, issue.code) for issue in problems(people, folder)] == [
        ("a.toml", "not_toml"),
        ("b.toml", "not_utf8"),
        (file_of(folder, markup).name, "type_fixed"),
        ("z.toml", "token_twice"),
        ("assignments.toml", "unknown_account"),
    ]


def test_a_change_in_billow_since_the_export_is_not_overwritten(
    people: People, folder: Path, support: BillingRule, markup: BillingRule
) -> None:
    actor = people.alice.actor
    change_rule(actor=actor, rule=markup, fields={"percentage": "120"}, now=NOW)
    add_rule(actor=actor, fields={"title": "Late", "type": "adjustment", "percentage": "99"}, now=NOW)
    found = problems(people, folder)
    assert [(issue.code, issue.path) for issue in found] == [
        ("changed_since_export", file_of(folder, markup).name),
        ("changed_since_export", ""),
    ]
    assert "'Late' was added in Billow" in found[1].message

    export_rules(actor=actor, folder=folder)
    assert plan(people, folder).is_empty
    delete_rule(actor=actor, rule=support, now=NOW)
    codes = [issue.code for issue in problems(people, folder)]
    assert "unknown_token" in codes


def test_the_same_change_on_both_sides_is_no_conflict(people: People, folder: Path, markup: BillingRule) -> None:
    change_rule(actor=people.alice.actor, rule=markup, fields={"percentage": "120"}, now=NOW)
    replace(file_of(folder, markup), '"110"', '"120.0"')
    assert apply(people, folder).is_empty
    replace(file_of(folder, markup), '"120.0"', '"121"')
    assert len(apply(people, folder).changed) == 1


def test_a_list_changed_in_billow_since_the_export_is_not_overwritten(
    people: People, folder: Path, boats: ManagedAccount, markup: BillingRule
) -> None:
    assign(account=boats, rule=markup)
    (issue,) = problems(people, folder)
    assert (issue.code, issue.column) == ("changed_since_export", "Magnesia Boats")


def test_a_plan_that_is_no_longer_true_is_not_applied(people: People, folder: Path, markup: BillingRule) -> None:
    replace(file_of(folder, markup), '"110"', '"111"')
    fingerprint = plan(people, folder).fingerprint
    replace(file_of(folder, markup), '"111"', '"911"')
    before = everything()
    with pytest.raises(Refused) as refused:
        apply_rules(actor=people.alice.actor, folder=folder, fingerprint=fingerprint, now=NOW)
    assert refused.value.code == "changed_since_plan"
    assert everything() == before


def test_a_failure_half_way_leaves_database_and_folder_as_they_were(
    people: People, folder: Path, markup: BillingRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(file_of(folder, markup), '"110"', '"111"')
    (folder / "spring.toml").write_text(NEW, encoding="utf-8")
    before, files = everything(), bytes_of(folder)

    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "spring" in path.name:
            return write(path, content)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(Refused, match="No space left on device"):
            apply(people, folder)
    assert (everything(), bytes_of(folder)) == (before, files)
    assert AuditEntry.objects.count() == 0


def test_an_export_does_not_pass_over_files_that_were_never_applied(people: People, folder: Path) -> None:
    (folder / "spring.toml").write_text(NEW, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        export_rules(actor=people.alice.actor, folder=folder)
    assert [(issue.code, issue.path) for issue in refused.value.issues] == [("not_exported", "spring.toml")]


def test_a_viewer_and_another_provider_cannot_apply(people: People, folder: Path) -> None:
    for person, code in ((people.bob, "not_permitted"), (people.charlie, "invalid_rules")):
        with pytest.raises(Refused) as refused:
            apply_rules(actor=person.actor, folder=folder, fingerprint="", now=NOW)
        assert refused.value.code == code


def test_there_must_be_a_folder(people: People, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no folder"):
        plan(people, tmp_path / "nowhere")


TITLES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).filter(str.strip)
NAMES = st.one_of(st.none(), TITLES)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
PERCENTAGES = st.decimals("0", "999", places=10)


class WhateverTheRulesAre(TestCase):
    """Export, then apply: a property of all rules, each example in a transaction of its own."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        adjustments=st.lists(st.tuples(TITLES, PERCENTAGES, NAMES, NAMES), max_size=4),
        charges=st.lists(st.tuples(TITLES, st.decimals("0.01", "9999", places=2), DAYS, st.booleans()), max_size=3),
        exclusions=st.lists(st.tuples(TITLES, TITLES), max_size=2),
        customer=st.text(string.printable.strip() + " äöΩ日", min_size=1, max_size=30).filter(str.strip),
    )
    def test_an_export_changes_nothing_when_applied(
        self,
        adjustments: list[tuple[str, Decimal, str | None, str | None]],
        charges: list[tuple[str, Decimal, date, bool]],
        exclusions: list[tuple[str, str]],
        customer: str,
    ) -> None:
        people = make_people()
        actor = people.alice.actor
        account = make_managed_account(management_account=people.msp, name=customer.strip())
        wishes: list[dict[str, object]] = [
            {"title": title, "type": "charge", "amount": amount, "start_date": day, "apply_to_all": everywhere}
            | dict.fromkeys(("service", "category", "sub_category"), title)
            for title, amount, day, everywhere in charges
        ]
        wishes += [
            {"title": title, "type": "adjustment", "percentage": each, "service": service, "category": category}
            for title, each, service, category in adjustments
        ]
        wishes += [{"title": title, "type": "exclusion", "charge_type": kind} for title, kind in exclusions]
        for wish in wishes:
            add_rule(actor=actor, fields=wish, now=NOW)
        for rule in BillingRule.objects.exclude(type="charge").order_by("pk"):
            assign(account=account, rule=rule)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            export_rules(actor=actor, folder=folder)
            before, files = everything(), bytes_of(folder)
            assert apply(people, folder).is_empty
            assert (everything(), bytes_of(folder)) == (before, files)
