"""Webhooks through the API: the secret once, everything else as often as one likes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from billow.delivery.channels.webhook.settings import WebhookSettings
from billow.records.webhooks.models import WebhookEndpoint
from billow.usecases.call_webhooks import call_due
from tests.api.world import ApiClient, Msp
from tests.webhook_server import Receiver, webhook_receiver


@pytest.fixture(autouse=True)
def this_machine_may_be_called(settings: Any) -> None:
    settings.WEBHOOKS = WebhookSettings(allowed_networks=(ip_network("127.0.0.0/8"),), timeout_s=2)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def owner(ours: Msp) -> ApiClient:
    WebhookEndpoint.objects.all().delete()
    return ours.client("owner")


def work() -> int:
    return call_due(worker="test", now=lambda: datetime.now(UTC))


def test_a_webhook_from_its_registration_to_its_end(owner: ApiClient, receiver: Receiver) -> None:
    created = owner.post("/v2/webhooks", {"url": receiver.url, "event_types": ["invoice.approved"]})
    assert created.status_code == 201
    secret, token = created.json()["secret"], created.json()["token"]
    path = f"/v2/webhooks/{token}"
    assert "secret" not in owner.get(path).json()
    assert [each["token"] for each in owner.get("/v2/webhooks").json()["webhooks"]] == [token]

    queued = owner.post(f"{path}/test").json()
    assert (queued["type"], queued["status"], queued["attempts"]) == ("webhook.test", "queued", [])
    receiver.will_answer(500, body=b"oops")
    assert work() == 1
    (call,) = owner.get(f"{path}/calls?status=deferred").json()["calls"]
    assert call["next_attempt_at"]
    assert [(each["response_status"], each["excerpt"]) for each in call["attempts"]] == [(500, "oops")]

    rotated = owner.post(f"{path}/rotate_secret", {"overlap_hours": 1}).json()
    assert rotated["secret"] != secret
    assert rotated["old_secret_until"]
    assert owner.post(f"{path}/rotate_secret", {"overlap_hours": None}).json()["old_secret_until"]
    assert owner.post(f"{path}/rotate_secret", {"overlap_hours": None}).json()["old_secret_until"]
    assert owner.put(path, {"active": False}).json()["off_reason"] == "Switched off by a person."
    assert owner.post(f"{path}/replay", {"failed_since": "2026-01-01T00:00:00+14:00"}).status_code == 400
    assert owner.put(path, {"active": True}).json()["off_reason"] is None
    assert owner.post(f"{path}/replay", {"failed_since": "0001-01-01T00:00:00+14:00"}).json() == {"replayed": 1}
    assert work() == 1
    assert receiver.received[-1].is_signed_with(secret)
    assert receiver.received[-1].is_signed_with(rotated["secret"])
    assert owner.post(f"{path}/replay", {"event_token": queued["event_token"]}).json() == {"replayed": 1}

    assert owner.delete(path, {}).status_code == 204
    assert owner.get(path).status_code == 404


def test_null_says_nothing_and_a_time_is_asked_for_in_words(ours: Msp) -> None:
    path = f"/v2/webhooks/{ours.webhook.token}/replay"
    since = {"event_token": None, "failed_since": "2026-11-01T00:00:00Z"}
    assert ours.client("owner").post(path, since).json() == {"replayed": 0}
    refused = ours.client("owner").post(path, {"failed_since": "yesterday"})
    assert refused.json()["errors"] == ["Failed since must be a time such as 2026-03-31T12:00:00Z"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "url:"),
        ({"url": 5}, "url: must be text"),
        ({"url": "http://example.com/"}, "begin with https://"),
        ({"url": "https://192.168.0.1/"}, "not an address of the public internet"),
        ({"url": "https://example.com/", "event_types": "invoice.approved"}, "event_types: must be a list"),
        ({"url": "https://example.com/", "event_types": [None]}, "there is no 'None'"),
        ({"url": "https://example.com/", "description": ["x"]}, "description: must be text"),
    ],
)
def test_what_makes_no_sense_is_400_and_nothing_is_registered(
    owner: ApiClient, body: dict[str, Any], complaint: str
) -> None:
    answer = owner.post("/v2/webhooks", body)
    assert answer.status_code == 400
    assert complaint in answer.json()["errors"][0]
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("body", [{"failed_since": "soon"}, {}, {"failed_since": 1}, {"event_token": "whk_evt_x"}])
def test_a_replay_of_nothing_is_refused(ours: Msp, body: dict[str, Any]) -> None:
    answer = ours.client("owner").post(f"/v2/webhooks/{ours.webhook.token}/replay", body)
    assert answer.status_code in {400, 404} or answer.json() == {"replayed": 0}
