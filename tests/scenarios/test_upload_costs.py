"""Several people upload costs of one custom provider, one after the other and at the same time."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections

from billow.records.audit.models import AuditEntry
from billow.records.costs.models import CostImport, Integration, UserCostsUpload
from billow.terms.period import BillingPeriod
from billow.usecases.costs import cost_store, list_imports, partition_of, partitions_of
from billow.usecases.import_costs import import_costs
from billow.usecases.refused import Refused
from billow.usecases.upload_costs import delete_upload, upload_costs
from tests.factories.costs import make_integration
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
HEADER = "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n"


@pytest.fixture(autouse=True)
def own_folders(settings: LazySettings, tmp_path: Path) -> None:
    settings.COST_STORE = tmp_path / "costs"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "documents"}},
    }


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def source(people: People) -> Integration:
    return make_integration(management_account=people.msp, name="Temporal", provider="custom_provider")


def upload(people: People, source: Integration, *, name: str, cost: str, day: str = "2026-10-05") -> UserCostsUpload:
    content = f"{HEADER}{day},Usage,{cost},Backups\n".encode()
    return upload_costs(actor=people.alice.actor, integration=source, content=content, filename=name, now=NOW)


def total(people: People) -> Decimal:
    return sum((each.totals.get().billed_cost for each in list_imports(actor=people.operator)), Decimal(0))


def test_what_was_superseded_stays_readable_and_who_did_it_is_written_down(people: People, source: Integration) -> None:
    upload(people, source, name="a.csv", cost="1")
    first = CostImport.objects.get()
    delete_upload(actor=people.alice.actor, upload=UserCostsUpload.objects.get(), now=NOW)
    assert total(people) == 0
    first.refresh_from_db()
    assert (first.superseded_at, first.superseded_by) == (NOW, None)
    assert all(file.is_file() for file in partition_of(first).files)
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["costs_imported", "costs_uploaded", "costs_withdrawn", "record_destroyed"]


def test_viewers_and_strangers_upload_nothing(people: People, source: Integration) -> None:
    content = f"{HEADER}2026-10-05,Usage,1,Backups\n".encode()
    with pytest.raises(Refused, match="Only an owner"):
        upload_costs(actor=people.bob.actor, integration=source, content=content, now=NOW)
    with pytest.raises(Refused, match="not found"):
        upload_costs(actor=people.charlie.actor, integration=source, content=content, now=NOW)


def test_a_file_without_a_name_is_called_by_its_content(people: People, source: Integration) -> None:
    upload(people, source, name="", cost="1")
    upload(people, source, name="", cost="2")
    upload(people, source, name="", cost="2")
    assert (UserCostsUpload.objects.count(), total(people)) == (2, Decimal(3))


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_time_all_count(people: People, source: Integration) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(3)

    def bring(place: int) -> None:
        together.wait()
        try:
            upload(people, source, name=f"{place}.csv", cost=str(10**place))
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert total(people) == Decimal(111)


def test_the_command_line_takes_the_same_files_as_a_delivery(
    people: People, source: Integration, tmp_path: Path
) -> None:
    file = tmp_path / "october.csv"
    file.write_text(f"{HEADER}2026-10-05,Credit,-7,Backups\n", encoding="utf-8")
    report = import_costs(actor=people.operator, integration=source, paths=[file], format="custom", now=NOW)
    assert [(each.format, each.rows) for each in report.imports] == [("custom", 1)]
    assert total(people) == Decimal(-7)
    (partition,) = partitions_of(management_account=people.msp, period=BillingPeriod(2026, 10))
    assert cost_store().verify(partition) == ()
