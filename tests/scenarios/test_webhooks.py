"""A receiver is told of what happens to invoices: once per event if all goes well, again if not, never silently not."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import transaction

from billow.delivery.channels.webhook.settings import WebhookSettings
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import Delivery, Invoice
from billow.records.webhooks.models import WebhookAttempt, WebhookCall, WebhookEndpoint, WebhookEvent, WebhookSecret
from billow.usecases.approve_invoices import approve
from billow.usecases.call_webhooks import BACK_OFF, EVENTS_KEPT, REST, call_due, prune_events
from billow.usecases.cancel_invoices import cancel
from billow.usecases.claim_invoices import claim_due
from billow.usecases.deliver import deliver_due
from billow.usecases.refused import Refused
from billow.usecases.webhooks import (
    MOST_ENDPOINTS,
    EndpointWithSecret,
    add_endpoint,
    calls_of,
    change_endpoint,
    find_endpoint,
    list_endpoints,
    remove_endpoint,
    replay,
    rotate_secret,
    send_test,
)
from billow.usecases.write_version import Failure, write_failure
from tests.factories.invoices import make_draft, make_generating
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people
from tests.webhook_server import Receiver, webhook_receiver

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def this_machine_may_be_called(settings: Any) -> None:
    settings.WEBHOOKS = WebhookSettings(allowed_networks=(ip_network("127.0.0.0/8"),), timeout_s=1)


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


def register(people: People, receiver: Receiver, **fields: Any) -> EndpointWithSecret:
    return add_endpoint(actor=people.alice.actor, url=receiver.url, now=NOON, **fields)


def work(at: datetime = NOON, **options: Any) -> int:
    return call_due(worker="test", now=lambda: at, **options)


def draft_of(people: People, name: str = "Thessaly Olives") -> Invoice:
    account = make_managed_account(management_account=people.msp, name=name)
    profile = people.msp.billing_profiles.first() or make_profile(management_account=people.msp)
    return make_draft(account=account, profile=profile, now=NOON)


def only_call() -> WebhookCall:
    return WebhookCall.objects.select_related("event", "endpoint").get()


def attempts() -> list[tuple[int | None, str]]:
    return list(WebhookAttempt.objects.order_by("id").values_list("response_status", "code"))


def test_an_invoices_life_is_told_from_draft_to_mail(people: People, receiver: Receiver) -> None:
    registered = register(people, receiver)
    invoice = draft_of(people)
    assert approve(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON).all_done
    deliver_due(worker="test", now=lambda: NOON)
    assert work() == 3
    assert receiver.types == ["invoice.generated", "invoice.approved", "delivery.accepted"]
    assert all(each.is_signed_with(registered.secret) for each in receiver.received)
    generated, approved, delivered = (each.event for each in receiver.received)
    assert generated["data"]["invoice"] | {"status": "", "updated_at": ""} == {
        "token": invoice.token,
        "invoice_number": invoice.number,
        "status": "",
        "total": "13.00",
        "currency": "USD",
        "billing_period_start": "2026-10-01",
        "billing_period_end": "2026-10-31",
        "failure_code": None,
        "failure_message": None,
        "account_token": invoice.managed_account.token,
        "account_name": "Thessaly Olives",
        "msp_account_token": people.msp.token,
        "created_at": "2026-11-02T12:00:00Z",
        "updated_at": "",
    }
    assert generated["timestamp"] == "2026-11-02T12:00:00Z"
    assert generated["data"]["invoice"]["status"] == "awaiting_approval"
    assert approved["data"]["invoice"]["status"] == "approved_and_sent"
    delivery = Delivery.objects.get()
    assert delivered["data"]["delivery"] == {
        "token": delivery.token,
        "recipient": delivery.recipient,
        "status": "accepted",
        "outcome_code": "accepted",
        "outcome_message": delivery.outcome_message,
        "attempts": 1,
    }
    assert delivered["data"]["invoice"]["token"] == invoice.token
    assert work(NOON + timedelta(days=1)) == 0


def test_failures_and_cancellations_are_told(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    make_profile(management_account=people.msp)
    invoice = make_generating(account=make_managed_account(management_account=people.msp), now=NOON)
    claim = claim_due(worker="test", at=NOON, limit=1)
    assert claim is not None
    write_failure(invoice=invoice, claim=claim.token, failure=Failure(code="missing_rate", message="No rate"), now=NOON)
    assert cancel(actor=people.alice.actor, invoice_tokens=[invoice.token], reason="Left us", now=NOON).all_done
    work()
    assert receiver.types == ["invoice.generation_failed", "invoice.cancelled"]
    assert receiver.received[0].event["data"]["invoice"]["failure_code"] == "missing_rate"
    assert receiver.received[0].event["data"]["invoice"]["total"] is None


def test_an_address_no_mail_can_reach_is_told_at_once(people: People, receiver: Receiver) -> None:
    register(people, receiver, event_types=["delivery.failed"])
    account = make_managed_account(management_account=people.msp, billing_email=["not an address"])
    invoice = make_draft(account=account, profile=make_profile(management_account=people.msp), now=NOON)
    approve(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON)
    work()
    assert receiver.types == ["delivery.failed"]
    assert receiver.received[0].event["data"]["delivery"]["outcome_code"] == "invalid_address"


def test_an_endpoint_hears_only_what_it_asked_for_and_only_of_its_own_account(
    people: People, receiver: Receiver
) -> None:
    register(people, receiver, event_types=["invoice.approved"])
    add_endpoint(actor=people.charlie.actor, url=receiver.url + "&other", now=NOON)
    invoice = draft_of(people)
    approve(actor=people.alice.actor, invoice_tokens=[invoice.token], send=False, now=NOON)
    work()
    assert [(each.path, each.event["type"]) for each in receiver.received] == [("/hooks?key=1", "invoice.approved")]


def test_without_a_webhook_nothing_is_written_down(people: People) -> None:
    draft_of(people)
    assert not WebhookEvent.objects.exists()


def test_an_event_is_undone_with_what_it_tells_of(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        draft_of(people)
        assert WebhookEvent.objects.count() == 1
        _ = 1 // 0
    assert not WebhookEvent.objects.exists()
    assert work() == 0


def test_a_failing_receiver_is_called_again_with_growing_pauses_and_the_same_id(
    people: People, receiver: Receiver
) -> None:
    registered = register(people, receiver)
    draft_of(people)
    receiver.will_answer(500, times=2, body=b"database is away")
    at = NOON
    for pause in BACK_OFF[:2]:
        assert work(at) == 1
        assert only_call().next_attempt_at == at + pause
        assert work(at + pause - timedelta(seconds=1)) == 0
        at += pause
    assert work(at) == 1
    assert only_call().status == "accepted"
    assert attempts() == [(500, "http_500"), (500, "http_500"), (200, "accepted")]
    assert WebhookAttempt.objects.earliest("id").excerpt == "database is away"
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 3
    assert all(each.is_signed_with(registered.secret) for each in receiver.received)


def test_after_ten_attempts_the_call_fails_and_waits_for_a_person(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    draft_of(people)
    receiver.will_answer(500, times=20)
    at = NOON
    for pause in (*BACK_OFF, timedelta()):
        assert work(at) == 1
        at += pause
    call = only_call()
    assert (call.status, call.outcome_code) == ("failed", "http_500")
    assert call.outcome_message.startswith("Given up after 10 attempts")
    assert work(at + timedelta(days=1)) == 0


def test_a_receiver_that_asks_for_patience_gets_it(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    draft_of(people)
    receiver.will_answer(429, Retry_After="3600")
    work()
    assert only_call().next_attempt_at == NOON + timedelta(hours=1)
    assert work(NOON + timedelta(minutes=59)) == 0
    assert work(NOON + timedelta(hours=1)) == 1


def test_a_hanging_receiver_costs_one_wait_a_minute_and_the_others_get_theirs(
    people: People, receiver: Receiver
) -> None:
    with webhook_receiver() as hanging:
        hanging.before_answer = lambda: time.sleep(1.5)
        add_endpoint(actor=people.alice.actor, url=hanging.url, now=NOON)
        register(people, receiver)
        for name in ("Olives", "Grapes", "Figs"):
            draft_of(people, name)
        assert work() == 4
        assert len(hanging.received) == 1
        assert len(receiver.received) == 3
        assert work(NOON + REST - timedelta(seconds=1)) == 0
        hanging.before_answer = lambda: None
        assert work(NOON + REST) == 3
    assert not WebhookCall.objects.exclude(status="accepted").exists()


def test_who_fails_for_five_days_is_switched_off_and_the_reason_is_seen(people: People, receiver: Receiver) -> None:
    registered = register(people, receiver, description="ledger")
    receiver.will_answer(500, times=4)
    draft_of(people, "Olives")
    work()
    draft_of(people, "Grapes")
    work(NOON + timedelta(days=4))
    assert WebhookEndpoint.objects.get().active
    work(NOON + timedelta(days=6))
    row = WebhookEndpoint.objects.get()
    assert not row.active
    assert row.off_reason == "No call succeeded for 5 days. The last: The receiver answered 500."
    assert row.off_since == NOON + timedelta(days=6)
    entry = AuditEntry.objects.get(action="webhook.switch_off")
    assert (entry.object_token, entry.source) == (row.token, "job")
    assert set(WebhookCall.objects.values_list("status", "outcome_code")) == {("failed", "endpoint_off")}

    later = NOON + timedelta(days=7)
    draft_of(people, "Figs")
    assert work(later) == 0
    with pytest.raises(Refused, match="switched off"):
        replay(actor=people.alice.actor, endpoint=registered.endpoint, failed_since=NOON, now=later)
    on = change_endpoint(actor=people.alice.actor, endpoint=row, fields={"active": True}, now=later)
    assert (on.active, on.off_reason, on.failing_since) == (True, "", None)
    assert replay(actor=people.alice.actor, endpoint=on, failed_since=NOON, now=later) == 3
    assert work(later) == 3
    assert not WebhookCall.objects.exclude(status="accepted").exists()


def test_a_receiver_that_is_gone_is_switched_off_at_once(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    receiver.will_answer(410)
    draft_of(people)
    work()
    assert not WebhookEndpoint.objects.get().active
    assert "410" in WebhookEndpoint.objects.get().off_reason


def test_one_success_ends_the_count_of_the_days(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    receiver.will_answer(500)
    draft_of(people, "Olives")
    work()
    work(NOON + timedelta(minutes=1))
    assert WebhookEndpoint.objects.get().failing_since is None


def test_a_dead_workers_call_is_made_again_and_the_attempt_says_so(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    draft_of(people)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("billow.usecases.call_webhooks._post", dies)
        work()
    assert only_call().status == "calling"
    assert work(NOON + timedelta(minutes=2)) == 0
    assert work(NOON + timedelta(minutes=4)) == 1
    assert attempts() == [(None, "interrupted"), (200, "accepted")]


def test_both_secrets_count_until_the_overlap_ends(people: People, receiver: Receiver) -> None:
    old = register(people, receiver)
    new = rotate_secret(actor=people.alice.actor, endpoint=old.endpoint, overlap=timedelta(hours=2), now=NOON)
    assert new.old_until == NOON + timedelta(hours=2)
    assert new.secret != old.secret
    send_test(actor=people.alice.actor, endpoint=old.endpoint, now=NOON)
    work(NOON + timedelta(hours=1))
    send_test(actor=people.alice.actor, endpoint=old.endpoint, now=NOON)
    work(NOON + timedelta(hours=3))
    during, after = receiver.received
    assert during.is_signed_with(old.secret)
    assert during.is_signed_with(new.secret)
    assert not after.is_signed_with(old.secret)
    assert after.is_signed_with(new.secret)


def test_a_secret_is_kept_encrypted_and_stands_in_no_log(
    people: People, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import connection

    caplog.set_level("DEBUG")
    registered = register(people, receiver)
    send_test(actor=people.alice.actor, endpoint=registered.endpoint, now=NOON)
    work()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT secret FROM {WebhookSecret._meta.db_table}")
        (stored,) = cursor.fetchone()
    assert stored
    assert "whsec_" not in stored
    assert registered.secret not in caplog.text
    assert registered.secret not in str(list(AuditEntry.objects.values_list("changes", "object_name")))


def test_one_event_is_replayed_whatever_became_of_it(people: People, receiver: Receiver) -> None:
    endpoint = register(people, receiver).endpoint
    draft_of(people)
    event = WebhookEvent.objects.get()
    with pytest.raises(Refused, match="on its way already"):
        replay(actor=people.alice.actor, endpoint=endpoint, event_token=event.token, now=NOON)
    work()
    assert replay(actor=people.alice.actor, endpoint=endpoint, event_token=event.token, now=NOON) == 1
    work()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == event.token
    assert first.body == second.body
    assert attempts() == [(200, "accepted"), (200, "accepted")]
    with pytest.raises(Refused, match="has no event"):
        replay(actor=people.alice.actor, endpoint=endpoint, event_token="whk_evt_0", now=NOON)
    for both_or_none in ({}, {"event_token": event.token, "failed_since": NOON}):
        with pytest.raises(Refused, match="Name either"):
            replay(actor=people.alice.actor, endpoint=endpoint, now=NOON, **both_or_none)  # type: ignore[arg-type]


def test_only_what_failed_since_then_is_replayed(people: People, receiver: Receiver) -> None:
    endpoint = register(people, receiver).endpoint
    change_endpoint(actor=people.alice.actor, endpoint=endpoint, fields={"active": False}, now=NOON)
    draft_of(people, "Olives")
    WebhookEvent.objects.update(created_at=NOON - timedelta(days=2))
    draft_of(people, "Grapes")
    change_endpoint(actor=people.alice.actor, endpoint=endpoint, fields={"active": True}, now=NOON)
    assert work() == 0
    assert replay(actor=people.alice.actor, endpoint=endpoint, failed_since=NOON - timedelta(days=1), now=NOON) == 1
    work()
    assert [each.event["data"]["invoice"]["account_name"] for each in receiver.received] == ["Grapes"]


def test_old_events_go_unless_somebody_waits_for_them(people: People, receiver: Receiver) -> None:
    register(people, receiver)
    receiver.will_answer(500)
    draft_of(people, "Olives")
    work()
    draft_of(people, "Grapes")
    later = NOON + EVENTS_KEPT + timedelta(days=1)
    assert prune_events(now=later) == 0
    work(NOON + timedelta(hours=1))
    assert prune_events(now=later) == 2
    assert not WebhookAttempt.objects.exists()


def test_an_endpoint_is_changed_field_by_field(people: People, receiver: Receiver) -> None:
    endpoint = register(people, receiver, description="ledger").endpoint
    fields = {"description": " the  ledger ", "event_types": ["invoice.approved", "invoice.approved"]}
    changed = change_endpoint(actor=people.alice.actor, endpoint=endpoint, fields=fields, now=NOON)
    assert (changed.description, changed.event_types, changed.url) == ("the ledger", ["invoice.approved"], receiver.url)
    assert find_endpoint(actor=people.alice.actor, text="the ledger") == endpoint
    assert find_endpoint(actor=people.alice.actor, text=endpoint.token) == endpoint


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"url": "http://example.com/"}, "wrong_url"),
        ({"url": "https://10.0.0.5/"}, "wrong_url"),
        ({"description": "x" * 256}, "wrong_description"),
        ({"event_types": ["invoice.paid"]}, "unknown_event_type"),
        ({"event_types": ["webhook.test"]}, "unknown_event_type"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    people: People, receiver: Receiver, fields: dict[str, Any], code: str
) -> None:
    endpoint = register(people, receiver).endpoint
    with pytest.raises(Refused) as refused:
        change_endpoint(actor=people.alice.actor, endpoint=endpoint, fields=fields, now=NOON)
    assert refused.value.code == code
    with pytest.raises(Refused):
        add_endpoint(actor=people.alice.actor, now=NOON, **{"url": receiver.url, **fields})
    assert WebhookEndpoint.objects.get().url == receiver.url


def test_there_are_twenty_webhooks_at_most(people: People, receiver: Receiver) -> None:
    for _ in range(MOST_ENDPOINTS):
        register(people, receiver)
    with pytest.raises(Refused, match="20 webhooks already"):
        register(people, receiver)


def test_a_removed_webhook_is_forgotten_with_its_calls(people: People, receiver: Receiver) -> None:
    endpoint = register(people, receiver).endpoint
    draft_of(people)
    remove_endpoint(actor=people.alice.actor, endpoint=endpoint, now=NOON)
    assert work() == 0
    assert not WebhookSecret.objects.exists()
    assert AuditEntry.objects.filter(action="webhook.remove").count() == 1


ACTS: dict[str, Callable[[Any, WebhookEndpoint], object]] = {
    "change": lambda actor, row: change_endpoint(actor=actor, endpoint=row, fields={"active": False}, now=NOON),
    "rotate": lambda actor, row: rotate_secret(actor=actor, endpoint=row, now=NOON),
    "remove": lambda actor, row: remove_endpoint(actor=actor, endpoint=row, now=NOON),
    "test": lambda actor, row: send_test(actor=actor, endpoint=row, now=NOON),
    "replay": lambda actor, row: replay(actor=actor, endpoint=row, failed_since=NOON, now=NOON),
    "calls": lambda actor, row: calls_of(actor=actor, endpoint=row),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_only_an_owner_of_the_same_account_may_touch_a_webhook(
    people: People, receiver: Receiver, act: Callable[[Any, WebhookEndpoint], object]
) -> None:
    endpoint = register(people, receiver).endpoint
    before = WebhookEndpoint.objects.values().get()
    for actor, code in ((people.bob.actor, "not_permitted"), (people.charlie.actor, "not_found")):
        with pytest.raises(Refused) as refused:
            act(actor, endpoint)
        assert refused.value.code == code
    assert WebhookEndpoint.objects.values().get() == before
    assert not list_endpoints(actor=people.charlie.actor)
    with pytest.raises(Refused):
        list_endpoints(actor=people.bob.actor)
    with pytest.raises(Refused):
        add_endpoint(actor=people.bob.actor, url=receiver.url, now=NOON)
