"""Bills arrive once, twice, corrected, broken, interrupted and at the same time."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, connections

from billow.coststore import write
from billow.coststore.lines import LINES_NAME
from billow.ingest import load
from billow.records.billing.models import Invoice
from billow.records.costs.models import CostImport, Integration
from billow.terms.period import BillingPeriod
from billow.usecases.costs import list_imports, partition_of, partitions_of
from billow.usecases.import_costs import ImportReport, import_costs
from billow.usecases.refused import Refused
from billow.usecases.report_costs import report_costs
from billow.usecases.teams import everyone_team, set_access
from billow.usecases.verify import verify
from tests.factories.costs import Charge, deliver, focus_csv, make_integration
from tests.factories.invoices import make_draft
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
OCTOBER = BillingPeriod(2026, 10)
FIRST = (Charge(sub_account="111", cost="10.000000000000000001"), Charge(sub_account="222", cost="5"))
SECOND = (Charge(sub_account="111", cost="12"),)


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def integration(people: People) -> Integration:
    return make_integration(management_account=people.msp)


@pytest.fixture
def bring(people: People, integration: Integration, tmp_path: Path) -> Callable[..., ImportReport]:
    """Deliver a bill of October."""

    def deliver_charges(*charges: Charge, period: BillingPeriod = OCTOBER) -> ImportReport:
        return deliver(
            actor=people.alice.actor, integration=integration, period=period, charges=charges, folder=tmp_path, now=NOW
        )

    return deliver_charges


Bring = Callable[..., ImportReport]


def test_an_import_keeps_every_digit(people: People, bring: Bring) -> None:
    (summary,) = bring(*FIRST).imports
    (stored,) = list_imports(actor=people.bob.actor, period=OCTOBER)
    (totals,) = stored.totals.all()
    assert totals.billed_cost == summary.costs[0].billed_cost == Decimal("15.000000000000000001")
    (partition,) = partitions_of(management_account=people.msp, period=OCTOBER)
    assert (partition.rows, partition.sha256, partition.totals) == (2, stored.sha256, summary.costs)
    assert all(file.is_file() for file in partition.files)
    assert list_imports(actor=people.charlie.actor) == ()
    assert [file["name"] for file in stored.files] == list(summary.files)


def test_the_same_bytes_again_change_nothing(people: People, integration: Integration, tmp_path: Path) -> None:
    file = tmp_path / "october.csv"
    file.write_bytes(focus_csv(period=OCTOBER, charges=FIRST))
    for unchanged in (False, True):
        report = import_costs(actor=people.alice.actor, integration=integration, paths=[file], now=NOW)
        assert [summary.unchanged for summary in report.imports] == [unchanged]
    assert CostImport.objects.count() == 1


def test_a_month_that_came_with_another_is_the_same_when_it_comes_alone(
    people: People, integration: Integration, tmp_path: Path
) -> None:
    september, october = tmp_path / "september.csv", tmp_path / "october.csv"
    september.write_bytes(focus_csv(period=BillingPeriod(2026, 9), charges=SECOND))
    october.write_bytes(focus_csv(period=OCTOBER, charges=FIRST))

    def bring_files(*files: Path) -> list[tuple[str, bool, tuple[str, ...]]]:
        report = import_costs(actor=people.alice.actor, integration=integration, paths=files, now=NOW)
        return [(summary.billing_period, summary.unchanged, summary.files) for summary in report.imports]

    assert bring_files(september, october) == [
        ("2026-09", False, ("september.csv",)),
        ("2026-10", False, ("october.csv",)),
    ]
    assert bring_files(october) == [("2026-10", True, ("october.csv",))]
    assert bring_files(october, september)[0][1]
    october.write_bytes(focus_csv(period=OCTOBER, charges=SECOND))
    assert [unchanged for _, unchanged, _ in bring_files(september, october)] == [True, False]
    assert CostImport.objects.count() == 3


def test_bytes_that_an_older_version_imported_are_imported_anew_once_and_the_older_import_stays_sound(
    people: People, integration: Integration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "october.csv"
    file.write_bytes(focus_csv(period=OCTOBER, charges=FIRST))
    with monkeypatch.context() as older:
        older.setattr(load, "IMPORTER_VERSION", 1)
        older.setattr(write, "number_lines", lambda **_asked: None)
        reports = [import_costs(actor=people.alice.actor, integration=integration, paths=[file], now=NOW)]
    before = report_costs(actor=people.alice.actor, period=OCTOBER)
    for _ in range(2):
        reports.append(import_costs(actor=people.alice.actor, integration=integration, paths=[file], now=NOW))
    assert [summary.unchanged for report in reports for summary in report.imports] == [False, False, True]
    assert report_costs(actor=people.alice.actor, period=OCTOBER) == before
    folders = [partition_of(each).files[0].parent for each in CostImport.objects.order_by("pk")]
    assert [(folder / LINES_NAME).exists() for folder in folders] == [False, True]
    assert verify().problems == ()


def test_a_newer_delivery_takes_the_place_of_the_older_and_both_stay_readable(people: People, bring: Bring) -> None:
    old = bring(*FIRST).imports[0]
    new = bring(*SECOND).imports[0]
    assert new.superseded == old.token
    (live,) = list_imports(actor=people.alice.actor)
    assert live.token == new.token
    superseded = CostImport.objects.get(token=old.token)
    assert (superseded.superseded_at, superseded.superseded_by) == (NOW, live)
    assert all(file.is_file() for file in partition_of(superseded).files)
    back = bring(*FIRST).imports[0]
    assert (back.unchanged, back.superseded) == (False, new.token), "the newest delivery wins, also an old one again"


def test_only_drafts_of_the_month_that_share_the_integration_become_stale(
    people: People, integration: Integration, bring: Bring
) -> None:
    profile = make_profile(management_account=people.msp)
    ada, bob = (make_managed_account(management_account=people.msp, name=name) for name in ("Ada", "Bob"))
    delegate(account=ada, integration=integration, sub_account_id="111")
    for account in (ada, bob):
        make_draft(account=account, profile=profile, period=OCTOBER)
        make_draft(account=account, profile=profile, period=OCTOBER.previous)
    report = bring(*FIRST)
    (stale,) = Invoice.objects.filter(is_stale=True)
    assert (stale.managed_account, stale.period) == (ada, OCTOBER)
    Invoice.objects.update(is_stale=False)
    assert not report.imports[0].unchanged
    assert bring(*FIRST).imports[0].unchanged
    assert not Invoice.objects.filter(is_stale=True).exists()


def test_a_folder_with_one_bad_file_is_refused_whole(people: People, integration: Integration, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(focus_csv(period=OCTOBER, charges=FIRST))
    (tmp_path / "b.csv").write_bytes(focus_csv(period=OCTOBER, charges=[Charge(sub_account="1", cost="$1")]))
    with pytest.raises(Refused) as refused:
        import_costs(actor=people.alice.actor, integration=integration, paths=[tmp_path], now=NOW)
    assert refused.value.code == "bad_bill"
    assert {(issue.path, issue.row) for issue in refused.value.issues if issue.is_error} == {("b.csv", 1)}
    assert not CostImport.objects.exists()


def test_an_interruption_leaves_nothing_half_done(
    people: People, integration: Integration, tmp_path: Path, bring: Bring
) -> None:
    before = bring(*FIRST).imports[0].token
    file = tmp_path / "newer.csv"
    file.write_bytes(focus_csv(period=OCTOBER, charges=SECOND))
    steps: list[str] = []

    def interrupt(step: str, done: int, total: int) -> None:
        steps.append(step)
        if step == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_costs(actor=people.alice.actor, integration=integration, paths=[file], now=NOW, on_progress=interrupt)
    assert {"hash", "read", "write"} == set(steps)
    assert [each.token for each in list_imports(actor=people.alice.actor)] == [before]
    assert import_costs(actor=people.alice.actor, integration=integration, paths=[file], now=NOW).imports[0].superseded


def test_viewers_import_nothing(people: People, integration: Integration, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Only an owner"):
        import_costs(actor=people.bob.actor, integration=integration, paths=[tmp_path], now=NOW)


@pytest.mark.django_db(transaction=True)
def test_imports_at_the_same_time_leave_one_live_import(
    people: People, integration: Integration, tmp_path: Path
) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def bring_own(place: int) -> None:
        file = tmp_path / f"delivery-{place}.csv"
        file.write_bytes(focus_csv(period=OCTOBER, charges=[Charge(sub_account="111", cost=str(place + 1))]))
        together.wait()
        try:
            import_costs(actor=people.operator, integration=integration, paths=[file], now=NOW)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring_own, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert CostImport.objects.count() == 4
    (live,) = CostImport.objects.filter(superseded_at__isnull=True)
    superseded = CostImport.objects.exclude(pk=live.pk)
    assert all(each.superseded_by_id is not None for each in superseded)
    assert len({each.superseded_by_id for each in superseded}) == 3, "a chain: each took the place of one"
    connection.close()


def test_the_report_splits_the_bill_to_the_last_digit(people: People, integration: Integration, bring: Bring) -> None:
    ada = make_managed_account(management_account=people.msp, name="Ada")
    delegate(account=ada, integration=integration, sub_account_id="111")
    bring(*FIRST, Charge(sub_account="333", cost="-0.5", currency="EUR", service="Credit", charge_category="Credit"))
    report = report_costs(actor=people.bob.actor, period=OCTOBER, group_by=["service", "account"])
    assert [(dict(row.group), row.currency, row.provider_cost) for row in report.rows] == [
        ({"service": "Amazon EC2", "account": "Ada"}, "USD", Decimal("10.000000000000000001"))
    ]
    assert [(total.currency, total.provider_cost, total.unallocated) for total in report.totals] == [
        ("EUR", Decimal(0), Decimal("-0.5")),
        ("USD", Decimal("10.000000000000000001"), Decimal(5)),
    ]
    (own,) = report_costs(actor=people.bob.actor, period=OCTOBER, account=ada).totals
    assert own.unallocated is None
    assert report_costs(actor=people.charlie.actor, period=OCTOBER).totals == ()
    with pytest.raises(Refused, match="cannot be grouped by colour"):
        report_costs(actor=people.bob.actor, period=OCTOBER, group_by=["colour"])


def test_a_report_over_several_cost_metrics_says_so(people: People, integration: Integration, bring: Bring) -> None:
    bring(*FIRST)
    for name, basis in (("Ada", "billed_cost"), ("Bob", "list_cost")):
        profile = make_profile(management_account=people.msp, nickname=name, cost_basis=basis)
        account = make_managed_account(management_account=people.msp, name=name, billing_profile=profile)
        assert report_costs(actor=people.bob.actor, period=OCTOBER, account=account).issues == ()
    report = report_costs(actor=people.bob.actor, period=OCTOBER)
    assert [issue.code for issue in report.issues] == ["mixed_cost_metrics"]


def test_a_report_leaves_out_whom_one_may_not_see_and_calls_his_costs_nobodys_to_no_one(
    people: People, integration: Integration, bring: Bring
) -> None:
    for name, sub_account in (("Ada", "111"), ("Grace", "222")):
        account = make_managed_account(management_account=people.msp, name=name)
        delegate(account=account, integration=integration, sub_account_id=sub_account)
    bring(*FIRST)
    whole = report_costs(actor=people.bob.actor, period=OCTOBER, group_by=["account"])
    assert [row.group["account"] for row in whole.rows] == ["Ada", "Grace"]
    everyone = everyone_team(actor=people.operator)
    set_access(actor=people.operator, team=everyone, account=account, access="cannot", now=NOW)
    report = report_costs(actor=people.bob.actor, period=OCTOBER, group_by=["account"])
    assert [row.group["account"] for row in report.rows] == ["Ada"]
    assert report.unallocated == whole.unallocated
    with pytest.raises(Refused, match="not found"):
        report_costs(actor=people.bob.actor, period=OCTOBER, account=account)
    assert report_costs(actor=people.operator, period=OCTOBER, group_by=["account"]) == whole
