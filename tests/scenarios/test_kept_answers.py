"""A request with a key is done once, whatever is clicked twice, killed or late."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from billow.records.answers.models import KeptAnswer
from billow.usecases.kept_answers import KEPT, LEASE, Answer, Begun, begin, give_back, keep, prune_answers
from billow.usecases.refused import Refused

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CREATED = Answer(status=201, content_type="application/json", location="/there", body='{"secret": "whsec_ä"}')


def ask(*, key: str = "k-1", caller: str = "api_tkn_a", fingerprint: str = "f" * 64, at: datetime = NOON) -> Any:
    return begin(caller=caller, key=key, fingerprint=fingerprint, now=at)


def refusal(**request: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask(**request)
    return refused.value.code


def test_the_second_request_gets_the_answer_of_the_first() -> None:
    keep(ask(), answer=CREATED)
    assert ask() == CREATED
    assert ask(at=NOON + KEPT - timedelta(seconds=1)) == CREATED


def test_a_key_belongs_to_its_caller() -> None:
    keep(ask(), answer=CREATED)
    assert isinstance(ask(caller="api_tkn_b"), Begun)


def test_the_key_of_another_request_is_refused_before_and_after_its_answer() -> None:
    begun = ask()
    assert refusal(fingerprint="0" * 64) == "key_reused"
    keep(begun, answer=CREATED)
    assert refusal(fingerprint="0" * 64) == "key_reused"
    assert ask() == CREATED


def test_who_asks_meanwhile_is_refused_and_served_when_the_work_is_done() -> None:
    begun = ask()
    assert refusal() == "key_in_use"
    keep(begun, answer=CREATED)
    assert ask() == CREATED


def test_a_key_whose_request_was_refused_is_free_again_even_for_another_body() -> None:
    give_back(ask())
    assert isinstance(ask(fingerprint="0" * 64), Begun)


def test_what_a_dead_process_left_behind_can_be_done_again_and_its_late_answer_counts_for_nothing() -> None:
    dead = ask()
    assert refusal(at=NOON + LEASE - timedelta(seconds=1)) == "key_in_use"
    alive = ask(at=NOON + LEASE)
    assert refusal(at=NOON + LEASE) == "key_in_use"
    keep(dead, answer=Answer(status=500, content_type="", location="", body=""))
    give_back(dead)
    keep(alive, answer=CREATED)
    assert ask(at=NOON + LEASE) == CREATED


def test_after_a_day_the_key_is_new_and_the_answer_is_forgotten() -> None:
    keep(ask(), answer=CREATED)
    keep(ask(key="k-2", at=NOON + timedelta(hours=1)), answer=CREATED)
    assert isinstance(ask(fingerprint="0" * 64, at=NOON + KEPT), Begun)
    assert prune_answers(now=NOON + KEPT + timedelta(minutes=59)) == 0
    assert prune_answers(now=NOON + KEPT + timedelta(hours=1)) == 1
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["k-1"]


def test_a_crash_in_one_transaction_leaves_no_trace() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask()
        _ = 1 // 0
    assert isinstance(ask(fingerprint="0" * 64), Begun)


def test_the_body_is_encrypted_where_it_lies() -> None:
    keep(ask(), answer=CREATED)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT body FROM {KeptAnswer._meta.db_table}")
        assert "whsec" not in cursor.fetchone()[0]


@pytest.mark.parametrize("key", ["", " ", " x", "x ", "ä", "a\nb", "x" * 256])
def test_what_is_no_key_is_refused(key: str) -> None:
    assert refusal(key=key) == "wrong_key"
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("key", ["x", "two words", "x" * 255, "'; DROP TABLE answers; --"])
def test_any_printable_text_is_a_key(key: str) -> None:
    keep(ask(key=key), answer=CREATED)
    assert ask(key=key) == CREATED


@pytest.mark.django_db(transaction=True)
def test_who_asks_while_the_first_ones_transaction_is_open_waits_for_its_answer() -> None:
    inside, results = threading.Event(), []

    def first() -> None:
        try:
            with transaction.atomic():
                begun = ask()
                inside.set()
                # Time enough for the second to arrive.
                threading.Event().wait(0.5)
                keep(begun, answer=CREATED)
        finally:
            connection.close()

    def second() -> None:
        try:
            inside.wait(10)
            with transaction.atomic():
                results.append(ask())
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [CREATED]


KILLED_AT_WORK = """
import os, signal, sys
import django
django.setup()
from contextlib import nullcontext
from datetime import UTC, datetime
from django.db import transaction
from billow.usecases.kept_answers import begin
with transaction.atomic() if sys.argv[1] == "one-transaction" else nullcontext():
    begin(caller="api_tkn_a", key="k-1", fingerprint="f" * 64, now=datetime(2026, 11, 2, 12, tzinfo=UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["one-transaction", "in-steps"])
def test_a_key_whose_process_was_killed_can_be_tried_again(process_environment: dict[str, str], how: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_WORK, how], env=process_environment, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    if how == "in-steps":
        assert refusal() == "key_in_use"
    later = NOON if how == "one-transaction" else NOON + LEASE
    begun = ask(at=later)
    assert isinstance(begun, Begun)
    keep(begun, answer=CREATED)
    assert ask(at=later) == CREATED
