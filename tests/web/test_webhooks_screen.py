"""Webhooks at the console, without script: made, tested, watched, replayed, paused, given a new secret, deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.delivery.channels.webhook.settings import WebhookSettings
from billow.records.webhooks.models import CallStatus, WebhookCall, WebhookEndpoint
from billow.usecases.call_webhooks import call_due
from billow.usecases.webhooks import add_endpoint, send_test
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page
from tests.webhook_server import Receiver, webhook_receiver

LIST = "/settings/webhooks"
MOST_QUERIES = 14


@pytest.fixture(autouse=True)
def this_machine_may_be_called(settings: Any) -> None:
    settings.WEBHOOKS = WebhookSettings(allowed_networks=(ip_network("127.0.0.0/8"),), timeout_s=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as server:
        yield server


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


@pytest.fixture
def hook(people: People, receiver: Receiver) -> WebhookEndpoint:
    return add_endpoint(
        actor=people.alice.actor, url=receiver.url, description="Ledger", now=datetime.now(UTC)
    ).endpoint


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def once_of(text: str) -> str:
    return text.partition('name="once" value="')[2].partition('"')[0]


def secret_in(text: str) -> str:
    return text.partition('id="secret" value="')[2].partition('"')[0]


def work() -> int:
    return call_due(worker="w", now=lambda: datetime.now(UTC))


def test_a_webhook_is_made_once_and_a_test_reaches_the_receiver_signed(client: Client, receiver: Receiver) -> None:
    assert "No webhook yet" in text_of(client, LIST)
    fields = {
        "url": receiver.url,
        "description": "Ledger",
        "which": "some",
        "event": ["invoice.approved", "delivery.failed"],
        "once": once_of(text_of(client, f"{LIST}/new")),
    }
    first, second = (client.post(f"{LIST}/new", fields) for _ in range(2))
    secret = secret_in(first.content.decode())
    assert secret.startswith("whsec_")
    assert (second.status_code, second.headers["Location"]) == (303, LIST)
    made = WebhookEndpoint.objects.get()
    assert made.event_types == ["invoice.approved", "delivery.failed"]
    page = text_of(client, f"{LIST}/{made.token}")
    assert "Nothing was delivered yet" in page
    for _ in range(2):
        client.post(f"{LIST}/{made.token}/test", {"once": once_of(page)})
    assert "Queued" in text_of(client, f"{LIST}/{made.token}")
    assert work() == 1
    assert receiver.received[0].is_signed_with(secret)
    listed = text_of(client, LIST)
    for shown in ("Ledger", "Active", "Invoice approved, Mail failed", "Accepted"):
        assert shown in listed
    for page in (LIST, f"{LIST}/{made.token}", f"{LIST}/{made.token}/settings"):
        assert secret not in text_of(client, page)
    assert "key=1" not in listed


def test_a_failure_is_seen_with_its_answer_and_replayed(
    client: Client, people: People, receiver: Receiver, hook: WebhookEndpoint
) -> None:
    receiver.will_answer(500, body=f"Out of olives {EVIL}".encode())
    call = send_test(actor=people.alice.actor, endpoint=hook, now=datetime.now(UTC))
    work()
    page = text_of(client, f"{LIST}/{hook.token}")
    for shown in ("Retrying", "500", "Every call since"):
        assert shown in page
    one = text_of(client, f"{LIST}/{hook.token}/calls/{call.token}")
    for shown in ("Out of olives", "The receiver answered 500", "&quot;type&quot;: &quot;webhook.test&quot;"):
        assert shown in one
    assert (Page(one).inline, Page(one).images) == ([], [])
    replay = f"{LIST}/{hook.token}/replay/{call.event.token}"
    refused = client.post(replay)
    assert refused.status_code == 409
    assert "on its way already" in refused.content.decode()
    WebhookCall.objects.update(status=CallStatus.FAILED)
    assert (
        "1 event is on its way again"
        in client.post(f"{LIST}/{hook.token}/replay-failed", {"days": "7"}, follow=True).content.decode()
    )
    work()
    assert text_of(client, f"{LIST}/{hook.token}?status=accepted").count("<tr id=") == 1
    assert "No delivery has this status" in text_of(client, f"{LIST}/{hook.token}?status=failed")
    assert client.post(replay).status_code == 303
    assert len(receiver.received) == 2
    assert client.get(f"{LIST}/{hook.token}/calls/unknown").status_code == 404


def test_a_paused_webhook_is_not_called_and_says_so_until_it_is_resumed(
    client: Client, people: People, receiver: Receiver, hook: WebhookEndpoint
) -> None:
    send_test(actor=people.alice.actor, endpoint=hook, now=datetime.now(UTC))
    assert "are kept as failed" in text_of(client, f"{LIST}/{hook.token}/pause")
    client.post(f"{LIST}/{hook.token}/pause")
    assert work() == 0
    page = text_of(client, f"{LIST}/{hook.token}")
    assert "nothing is called" in page
    assert "Send a test" not in page
    assert client.post(f"{LIST}/{hook.token}/test").status_code == 409
    assert "switched off" in client.post(f"{LIST}/{hook.token}/replay-failed").content.decode()
    client.post(f"{LIST}/{hook.token}/resume")
    client.post(f"{LIST}/{hook.token}/replay-failed", {"days": "1"})
    work()
    assert receiver.types == ["webhook.test"]


@pytest.mark.parametrize(
    ("fields", "column", "message"),
    [
        ({"url": ""}, "url", "The URL must have at most 2000 characters"),
        ({"url": "http://hooks.example"}, "url", "must begin with https://"),
        ({"url": "https://10.0.0.1/x"}, "url", "10.0.0.1 is"),
        ({"description": "x" * 256}, "description", "at most 255 characters"),
        ({"which": "some"}, "event_types", "Tick at least one event"),
        ({"which": "some", "event": "invoice.eaten"}, "event_types", "there is no"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    fields: dict[str, str], column: str, message: str, client: Client, hook: WebhookEndpoint
) -> None:
    sent = {"url": "https://hooks.example/x", "description": "", "which": "all", **fields}
    for address in (f"{LIST}/new", f"{LIST}/{hook.token}/settings"):
        answer = client.post(address, sent)
        text = answer.content.decode()
        assert (answer.status_code, text.count(message)) == (422, 2)
        assert f'href="#field-{column}"' in text
    hook.refresh_from_db()
    assert (hook.description, WebhookEndpoint.objects.count()) == ("Ledger", 1)


def test_settings_are_saved_and_a_new_secret_is_shown_once(
    client: Client, people: People, receiver: Receiver, hook: WebhookEndpoint
) -> None:
    address = f"{LIST}/{hook.token}"
    fields = {"url": receiver.url, "description": "Books", "which": "some", "event": "invoice.cancelled"}
    assert client.post(f"{address}/settings", fields).status_code == 303
    hook.refresh_from_db()
    assert (hook.description, hook.event_types) == ("Books", ["invoice.cancelled"])
    once = once_of(text_of(client, f"{address}/secret"))
    first, second = (client.post(f"{address}/secret", {"once": once, "overlap": "none"}) for _ in range(2))
    secret = secret_in(first.content.decode())
    assert (second.status_code, hook.secrets.filter(expires_at=None).count()) == (303, 1)
    send_test(actor=people.alice.actor, endpoint=hook, now=datetime.now(UTC))
    work()
    assert receiver.received[0].is_signed_with(secret)


def test_a_deleted_webhook_is_gone(client: Client, hook: WebhookEndpoint) -> None:
    assert "The record of its deliveries goes with it" in text_of(client, f"{LIST}/{hook.token}/delete")
    assert client.post(f"{LIST}/{hook.token}/delete").headers["Location"] == LIST
    assert client.post(f"{LIST}/{hook.token}/delete").status_code == 404


def test_hostile_texts_stay_text(client: Client, people: People, receiver: Receiver) -> None:
    evil = add_endpoint(actor=people.alice.actor, url=receiver.url, description=EVIL, now=datetime.now(UTC)).endpoint
    bad = client.post(f"{LIST}/new", {"url": EVIL, "description": EVIL, "which": "some", "event": EVIL})
    parts = ("", "/settings", "/pause", "/delete", "/secret", "/replay-failed")
    for text in (
        bad.content.decode(),
        text_of(client, LIST),
        *(text_of(client, f"{LIST}/{evil.token}{p}") for p in parts),
    ):
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_as_many_queries_for_many_as_for_few(client: Client, people: People, hook: WebhookEndpoint) -> None:
    def used() -> list[int]:
        counts = []
        for address in (LIST, f"{LIST}/{hook.token}"):
            with CaptureQueriesContext(connection) as queries:
                text_of(client, address)
            counts.append(len(queries))
        return counts

    send_test(actor=people.alice.actor, endpoint=hook, now=datetime.now(UTC))
    used()
    few = used()
    for number in range(10):
        other = add_endpoint(
            actor=people.alice.actor, url=f"https://hooks.example/{number}", now=datetime.now(UTC)
        ).endpoint
        for endpoint in (hook, other):
            send_test(actor=people.alice.actor, endpoint=endpoint, now=datetime.now(UTC))
    assert used() == few
    assert max(few) <= MOST_QUERIES
