"""Workers that are killed, stopped, or many: every mail leaves once, or a person is asked."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from billow.records.billing.models import Delivery
from tests.factories.invoices import make_approved
from tests.factories.parties import make_managed_account, make_profile
from tests.mail_server import MailServer, mail_server
from tests.people import make_people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

OPEN = ("queued", "sending", "deferred")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def start_worker(
    process_environment: dict[str, str], server: MailServer, tmp_path: Path
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Give a function that starts a worker as its own process; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **process_environment,
        "BILLOW_SMTP_URL": server.url(options="tls=none&timeout_s=20"),
        "BILLOW_MAIL_FROM": "billing@nimbus.example",
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "billow.interfaces.jobs", "--name", f"worker-{len(started)}"]
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=20)


def mails_to_send(count: int) -> None:
    people = make_people()
    addresses = [f"{number}@kunde.example" for number in range(count)]
    account = make_managed_account(management_account=people.msp, billing_email=addresses)
    profile = make_profile(management_account=people.msp)
    make_approved(account=account, profile=profile, by=people.alice, now=datetime.now(UTC), send=True)


def wait_for(condition: Callable[[], bool], *, seconds: int = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, Counter(Delivery.objects.values_list("status", "outcome_code"))
        time.sleep(0.05)


def nothing_open() -> bool:
    return not Delivery.objects.filter(status__in=OPEN).exists()


def let_leases_run_out() -> None:
    """Instead of waiting for minutes."""
    Delivery.objects.filter(status="sending").update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))


def outcomes() -> Counter[tuple[str, str]]:
    return Counter(Delivery.objects.values_list("status", "outcome_code"))


@pytest.mark.parametrize("taken_before_the_kill", [1, 3])
def test_a_worker_killed_while_the_server_has_the_message_sends_no_mail_twice(
    server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]], taken_before_the_kill: int
) -> None:
    mails_to_send(6)
    released = threading.Event()

    def hold() -> None:
        if len(server.taken) == taken_before_the_kill:
            released.wait(30)

    server.before_answer = hold
    victim = start_worker()
    wait_for(lambda: len(server.taken) == taken_before_the_kill)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait(timeout=10) == -signal.SIGKILL
    released.set()
    server.before_answer = lambda: None
    let_leases_run_out()

    start_worker()
    wait_for(nothing_open)

    assert Counter(server.recipients) == Counter({f"{number}@kunde.example": 1 for number in range(6)})
    assert outcomes() == {("accepted", "accepted"): 5, ("failed", "outcome_unknown"): 1}
    unknown = Delivery.objects.get(outcome_code="outcome_unknown")
    assert unknown.recipient == server.recipients[taken_before_the_kill - 1]


def test_a_worker_killed_before_the_message_left_is_replaced_and_every_mail_leaves_once(
    server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    mails_to_send(3)
    reached, released = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        released.wait(30)

    server.before_recipient = hold
    victim = start_worker()
    wait_for(reached.is_set)
    victim.send_signal(signal.SIGKILL)
    victim.wait(timeout=10)
    server.before_recipient = lambda: None
    released.set()
    let_leases_run_out()

    start_worker()
    wait_for(nothing_open)

    assert Counter(server.recipients) == Counter({f"{number}@kunde.example": 1 for number in range(3)})
    assert outcomes() == {("accepted", "accepted"): 3}


def test_several_workers_share_the_mails_and_none_leaves_twice(
    server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    mails_to_send(40)
    for _ in range(3):
        start_worker()
    wait_for(nothing_open)
    assert Counter(server.recipients) == Counter({f"{number}@kunde.example": 1 for number in range(40)})
    assert outcomes() == {("accepted", "accepted"): 40}


def test_a_worker_asked_to_end_finishes_the_mail_in_hand_and_takes_no_other(
    server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    mails_to_send(3)
    released = threading.Event()

    def hold() -> None:
        released.wait(30)

    server.before_answer = hold
    worker = start_worker()
    wait_for(lambda: len(server.taken) == 1)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    released.set()
    assert worker.wait(timeout=20) == 0
    assert len(server.taken) == 1
    assert outcomes() == {("accepted", "accepted"): 1, ("queued", ""): 2}


@pytest.mark.postgresql
def test_a_worker_whose_database_went_away_connects_again(
    server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is a file: it does not go away")
    released = threading.Event()

    def hold() -> None:
        released.wait(30)

    server.before_answer = hold
    mails_to_send(3)
    start_worker()
    wait_for(lambda: len(server.taken) == 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    released.set()
    wait_for(nothing_open)
    assert Counter(server.recipients) == Counter({f"{number}@kunde.example": 1 for number in range(3)})
    assert outcomes() == {("accepted", "accepted"): 3}


def test_once_does_what_is_due_and_ends(process_environment: dict[str, str], server: MailServer) -> None:
    mails_to_send(3)
    environment = {**process_environment, "BILLOW_SMTP_URL": server.url()}
    command = [sys.executable, "-m", "billow.interfaces.jobs", "--once"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(server.taken) == 3
