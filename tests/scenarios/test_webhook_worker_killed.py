"""Workers that are killed while they call webhooks: no event is lost, and a second call carries the same id."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from billow.delivery.channels.webhook.settings import WebhookSettings
from billow.records.webhooks.models import WebhookAttempt, WebhookCall, WebhookEndpoint
from billow.usecases.webhooks import add_endpoint, send_test
from tests.people import make_people
from tests.webhook_server import Receiver, webhook_receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

EVENTS = 5


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def start_worker(
    process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Give a function that starts a worker as its own process; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {**process_environment, "BILLOW_WEBHOOK_NETWORKS": "127.0.0.0/8"}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "billow.interfaces.jobs", "--name", f"worker-{len(started)}"]
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=20)


@pytest.fixture
def endpoint(receiver: Receiver, settings: Any) -> WebhookEndpoint:
    """A webhook with some events that wait for it."""
    settings.WEBHOOKS = WebhookSettings(allowed_networks=(ip_network("127.0.0.0/8"),))
    people = make_people()
    now = datetime.now(UTC)
    endpoint = add_endpoint(actor=people.alice.actor, url=receiver.url, now=now).endpoint
    for _ in range(EVENTS):
        send_test(actor=people.alice.actor, endpoint=endpoint, now=now)
    return endpoint


def wait_for(condition: Callable[[], bool], *, seconds: int = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, Counter(WebhookCall.objects.values_list("status", "outcome_code"))
        time.sleep(0.05)


def all_accepted() -> bool:
    return WebhookCall.objects.filter(status="accepted").count() == EVENTS


def test_a_worker_killed_while_the_receiver_works_is_replaced_and_no_event_is_lost(
    receiver: Receiver, endpoint: WebhookEndpoint, start_worker: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    released = threading.Event()

    def hold() -> None:
        if len(receiver.received) == 2:
            released.wait(30)

    receiver.before_answer = hold
    victim = start_worker()
    wait_for(lambda: len(receiver.received) == 2)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait(timeout=10) == -signal.SIGKILL
    receiver.before_answer = lambda: None
    released.set()
    # Instead of waiting for minutes.
    WebhookCall.objects.filter(status="calling").update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))

    start_worker()
    wait_for(all_accepted)

    times = Counter(each.headers["webhook-id"] for each in receiver.received)
    assert len(times) == EVENTS
    assert sorted(times.values()) == [1, 1, 1, 1, 2]
    assert times[receiver.received[1].headers["webhook-id"]] == 2
    assert Counter(WebhookAttempt.objects.values_list("code", flat=True)) == {"accepted": EVENTS, "interrupted": 1}


def test_several_workers_share_the_calls_and_make_each_once(
    receiver: Receiver, endpoint: WebhookEndpoint, start_worker: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    for _ in range(2):
        start_worker()
    wait_for(all_accepted)
    assert len(receiver.received) == len({each.headers["webhook-id"] for each in receiver.received}) == EVENTS
