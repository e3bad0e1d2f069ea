"""What rings, what answers, and what no failure may end."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django_tasks_db.models import DBTaskResult

from billow.interfaces.jobs import tasks, worker
from billow.interfaces.jobs.calendar import OpenMonths
from billow.interfaces.jobs.sweep import prune_bells
from billow.interfaces.jobs.worker import Lane, answer_bell, run_once
from billow.records.billing.models import Delivery
from billow.usecases import bell
from billow.usecases.bell import Work
from tests.factories.invoices import make_approved
from tests.factories.parties import make_managed_account, make_profile
from tests.people import make_people

TOKEN = "msp_inv_0123456789abcdef"


@pytest.fixture
def outbox(tmp_path: Path, settings: Any) -> Path:
    settings.OUTBOX = tmp_path
    settings.SMTP_URL = settings.SMTP_CA_FILE = ""
    return tmp_path


def ready() -> int:
    return DBTaskResult.objects.ready().count()


@pytest.mark.django_db
def test_many_rings_of_one_kind_are_one_bell() -> None:
    for _ in range(500):
        bell.ring(work=Work.DELIVER, token=TOKEN)
    assert ready() == 1
    bell.ring(work=Work.GENERATE, token=TOKEN)
    assert ready() == 2


@pytest.mark.django_db
def test_a_ring_after_the_last_bell_was_taken_is_a_new_one() -> None:
    bell.ring(work=Work.DELIVER, token=TOKEN)

    def somebody_rings_meanwhile() -> int:
        bell.ring(work=Work.DELIVER, token=TOKEN)
        return 7

    assert answer_bell(work=Work.DELIVER, worker="test", do=somebody_rings_meanwhile)
    assert ready() == 1
    assert DBTaskResult.objects.successful().get().return_value == 7


@pytest.mark.django_db
def test_a_ring_is_undone_with_the_wish_that_rang() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        bell.ring(work=Work.DELIVER, token=TOKEN)
        raise RuntimeError("the wish failed")
    assert ready() == 0


@pytest.mark.django_db
def test_a_bell_whose_work_failed_is_kept_with_the_reason() -> None:
    bell.ring(work=Work.DELIVER, token=TOKEN)
    with pytest.raises(ZeroDivisionError):
        answer_bell(work=Work.DELIVER, worker="test", do=lambda: 1 // 0)
    assert DBTaskResult.objects.failed().get().exception_class_path == "builtins.ZeroDivisionError"
    assert not answer_bell(work=Work.DELIVER, worker="test", do=lambda: 0)


@pytest.mark.django_db
def test_approval_rings_and_one_round_delivers(outbox: Path) -> None:
    people = make_people()
    account = make_managed_account(management_account=people.msp)
    profile = make_profile(management_account=people.msp)
    make_approved(account=account, profile=profile, by=people.alice, now=datetime.now(UTC), send=True)
    assert ready() == 1
    assert run_once(name="test") == 1
    assert ready() == 0
    assert Delivery.objects.get().status == "accepted"
    assert len(list(outbox.glob("*.eml"))) == 1


@pytest.mark.django_db
def test_another_worker_of_the_queue_can_answer_too(outbox: Path) -> None:
    assert tasks.deliver.call(token=TOKEN) == 0
    assert tasks.generate.call(token=TOKEN) == 0


@pytest.mark.django_db
def test_old_bells_are_removed_answered_or_not() -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=8)
    for status, started_at, finished_at in [
        ("SUCCESSFUL", old, old),
        ("FAILED", old, old),
        ("RUNNING", old, None),
        ("SUCCESSFUL", now, now),
        ("READY", None, None),
    ]:
        tasks.deliver.enqueue(token=TOKEN)
        DBTaskResult.objects.filter(pk=DBTaskResult.objects.latest("enqueued_at").pk).update(
            status=status, started_at=started_at, finished_at=finished_at, enqueued_at=old
        )
    assert prune_bells(now=now) == 3
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["READY", "SUCCESSFUL"]


@pytest.mark.django_db
def test_an_opened_month_is_announced_once(caplog: pytest.LogCaptureFixture) -> None:
    people = make_people()
    make_profile(management_account=people.msp)
    make_managed_account(management_account=people.msp)
    caplog.set_level(logging.INFO)
    months = OpenMonths()
    assert months.announce(now=datetime(2026, 10, 31, 23, tzinfo=UTC)) == 1
    assert months.announce(now=datetime(2026, 10, 31, 23, 30, tzinfo=UTC)) == 0
    assert months.announce(now=datetime(2026, 11, 1, 0, tzinfo=UTC)) == 1
    assert "Nimbus Partners: 1 accounts can be invoiced for 2026-10" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_no_failure_ends_a_lane(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LONGEST_PAUSE_S", 0.01)
    stop = threading.Event()
    failures: list[Exception] = [OperationalError("server closed the connection"), ValueError("a bug"), KeyError("x")]

    def do(*, worker: str, carry_on: Callable[[], bool]) -> int:
        if failures:
            raise failures.pop(0)
        stop.set()
        return 0

    lane = Lane(name="delivery", do=do, every_s=0.0, work=Work.DELIVER)
    thread = threading.Thread(target=worker._run_lane, args=(lane, "test", stop, 0.01))
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert failures == []
    assert "the database is away" in caplog.text
    assert "ValueError: a bug" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_work_that_hangs_in_one_lane_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, generated, released = threading.Event(), threading.Event(), threading.Event()

    def hang(*, worker: str, carry_on: Callable[[], bool]) -> int:
        released.wait(20)
        return 0

    def generate(*, worker: str, carry_on: Callable[[], bool]) -> int:
        generated.set()
        return 0

    lanes = (Lane(name="delivery", do=hang, every_s=0.0), Lane(name="generation", do=generate, every_s=0.0))
    monkeypatch.setattr(worker, "_lanes", lambda: lanes)
    running = threading.Thread(target=worker.run_worker, kwargs={"name": "test", "stop": stop, "poll_s": 0.01})
    running.start()
    assert generated.wait(10)
    generated.clear()
    assert generated.wait(10)
    stop.set()
    released.set()
    running.join(timeout=20)
    assert not running.is_alive()
