"""Idempotency-Key: whatever is sent twice with one key is done once."""

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from billow.interfaces.api import once_per_key
from billow.interfaces.api.once_per_key import HEADER, REPLAYED, _fingerprint
from billow.interfaces.api.server import make_api
from billow.interfaces.api.v2 import teams
from billow.records.accounts.models import Team
from billow.records.answers.models import KeptAnswer
from tests.api.world import ApiClient, Msp, make_msp
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account

COMMITS = True

READING = {"downloadInvoice", "downloadCreditNote", "previewBillingRule"}
"""POSTs that change nothing."""

FINANCE = {"name": "Finance"}


def post(client: ApiClient, body: Any = FINANCE, *, key: str = "k-1", path: str = "/v2/teams") -> Any:
    return client.ask("POST", path, body, headers={HEADER: key})


def count() -> int:
    return Team.objects.filter(name__startswith="Finance").count()


def test_the_same_request_twice_makes_one_team_and_gives_one_answer(ours: Msp) -> None:
    first, second = (post(ours.client("owner")) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["Content-Type"] == second.headers["Content-Type"]
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert count() == 1


def test_without_a_key_nothing_is_kept(ours: Msp) -> None:
    ours.client("owner").post("/v2/teams", FINANCE)
    assert not KeptAnswer.objects.exists()


def test_the_key_with_another_body_or_address_is_refused_and_does_nothing(ours: Msp) -> None:
    owner = ours.client("owner")
    post(owner)
    for other in (post(owner, {"name": "Finance 2"}), post(owner, path=f"/v2/teams/{ours.team.token}/members")):
        assert other.status_code == 400
        assert "was used for another request" in other.json()["errors"][0]
    assert count() == 1
    assert post(owner, {"name": "Finance 2"}, key="k-2").status_code == 201


def test_a_key_is_its_tokens_own(ours: Msp, theirs: Msp) -> None:
    tokens = [post(msp.client("owner")).json()["token"] for msp in (ours, theirs)]
    assert len(set(tokens)) == 2


def test_a_refused_request_frees_its_key(ours: Msp) -> None:
    owner = ours.client("owner")
    assert post(owner, {"name": ""}).status_code == 400
    assert not KeptAnswer.objects.exists()
    assert post(owner).status_code == 201
    # Refused by who may do it: the answer that another got is not shown.
    assert post(ours.client("viewer")).status_code == 403
    assert KeptAnswer.objects.count() == 1


def test_a_bad_token_gets_no_kept_answer(ours: Msp) -> None:
    post(ours.client("owner"))
    assert post(ApiClient("vntg_tkn_" + "0" * 40)).status_code == 401
    assert post(ApiClient(None)).status_code == 401
    assert post(ours.client("read_only")).status_code == 403


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é"])
def test_what_is_no_key_is_400(ours: Msp, key: str) -> None:
    answer = post(ours.client("owner"), key=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"][0]
    assert count() == 0


def test_a_secret_that_is_shown_once_is_shown_again_to_who_lost_the_answer(ours: Msp) -> None:
    body = {"url": "https://hooks.example.com/2"}
    first, second = (post(ours.client("owner"), body, path="/v2/webhooks").json() for _ in range(2))
    assert first == second
    assert first["secret"].startswith("whsec_")


def test_other_methods_pass_the_key_over(ours: Msp) -> None:
    owner = ours.client("owner")
    path = f"/v2/teams/{ours.team.token}"
    for name in ("A", "B"):
        assert owner.ask("PUT", path, {"name": name}, headers={HEADER: "k"}).json()["name"] == name
    assert owner.ask("GET", path, headers={HEADER: "k"}).status_code == 200
    assert not KeptAnswer.objects.exists()


def test_a_failure_nobody_foresaw_undoes_the_work_and_frees_the_key(ours: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(team: Team, workspace_tokens: list[str]) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(teams, "_shown", shown)
        post(ours.client("owner"))
    assert count() == 0
    assert post(ours.client("owner")).status_code == 201


@pytest.mark.parametrize(("in_steps", "teams_left"), [(False, 0), (True, 1)])
def test_work_in_steps_stays_done_when_it_fails_later_and_its_key_is_freed(
    ours: Msp, in_steps: bool, teams_left: int
) -> None:
    def half_done(request: Any) -> None:
        with transaction.atomic():
            Team.objects.create(management_account=ours.account, name="Finance")
        raise ZeroDivisionError

    view = once_per_key.in_steps(half_done) if in_steps else half_done
    work = once_per_key._around_the_work(view)
    request = RequestFactory().post("/v2/teams", data=b"{}", content_type="application/json", headers={HEADER: "k"})
    request.auth = SimpleNamespace(token="api_tkn_a")  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError):
        once_per_key._around_the_answer(work)(request)
    assert count() == teams_left
    assert not KeptAnswer.objects.exists()


def test_what_only_reads_answers_anew_each_time(ours: Msp) -> None:
    view = once_per_key.reads_only(lambda request: None)
    assert once_per_key._around_the_work(view) is view


def test_somebody_who_asks_while_the_work_is_done_in_steps_is_told_to_wait(ours: Msp) -> None:
    owner = ours.client("owner")
    post(owner)
    KeptAnswer.objects.update(status=None, claimed_until=timezone.now() + timedelta(minutes=1))
    waiting = post(owner)
    assert waiting.status_code == 409
    assert "being done" in waiting.json()["errors"][0]
    # Its process died: the request is done, and refused for its own reason.
    KeptAnswer.objects.update(claimed_until=timezone.now())
    assert "already a team" in post(owner).json()["errors"][0]


def test_the_document_describes_the_header_on_every_post_and_on_nothing_else() -> None:
    paths = make_api().get_openapi_schema(path_prefix="/v2/")["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            names = [each["name"] for each in operation["parameters"]]
            heeds = method == "post" and operation["operationId"] not in READING
            assert (HEADER in names) == heeds, f"{method} {path}"
            assert (409 in operation["responses"]) == heeds, f"{method} {path}"
            assert names.count(HEADER) <= 1


def form(boundary: str, *, content: bytes = b"a,b\n1,2\n", name: str = "one") -> Any:
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="csv"; filename="x.csv"\r\n\r\n'
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return RequestFactory().post("/v2/x", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_form_is_the_same_whatever_its_boundary_and_another_with_another_file() -> None:
    same = {_fingerprint(form(boundary)) for boundary in ("aaaa", "bbbb")}
    assert len(same) == 1
    assert len(same | {_fingerprint(form("a", content=b"c")), _fingerprint(form("a", name="two"))}) == 3
    request = form("cccc")
    _fingerprint(request)
    assert request.FILES["csv"].read() == b"a,b\n1,2\n"


def test_a_form_that_cannot_be_read_is_400(ours: Msp) -> None:
    answer = ours.client("owner").ask(
        "POST",
        "/v2/exchange_rates/csv",
        headers={HEADER: "k"},
        data=b"torn",
        content_type="multipart/form-data; boundary=" + "\x7f",
    )
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_an_upload_sent_twice_is_stored_once(ours: Msp) -> None:
    csv = b"base_currency_code,currency_code,rate,date\nEUR,USD,1.1,2026-10-01\n"
    for content_type, data in (
        ("application/x-www-form-urlencoded", b"csv=" + quote(csv.decode()).encode()),
        ("multipart/form-data; boundary=a", form("a", content=csv).body),
    ):
        answers = [
            ours.client("owner").ask(
                "POST", "/v2/exchange_rates/csv", headers={HEADER: content_type}, data=data, content_type=content_type
            )
            for _ in range(2)
        ]
        assert [(each.status_code, each.content) for each in answers] == [(201, b"")] * 2
        assert answers[1].headers[REPLAYED] == "true"


def test_a_form_without_boundary_is_compared_as_it_came() -> None:
    requests = [
        RequestFactory().post("/v2/x", data=data, content_type="multipart/form-data") for data in (b"a", b"a", b"b")
    ]
    assert len({_fingerprint(request) for request in requests}) == 2


@pytest.mark.django_db(transaction=True)
def test_many_who_send_one_key_at_once_make_one_team() -> None:
    ours = make_msp(name="Nimbus Partners")
    answers: list[tuple[int, str]] = []
    start = threading.Barrier(4)

    def ask() -> None:
        try:
            start.wait(10)
            answer = post(ours.client("owner"))
            answers.append((answer.status_code, answer.content.decode()))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count() == 1
    assert len({content for status, content in answers if status == 201}) == 1
    assert {status for status, _ in answers} <= {201, 409}


def test_a_bulk_act_sent_twice_is_done_once_and_gives_one_answer(ours: Msp) -> None:
    figs = make_managed_account(management_account=ours.account, name="Figs")
    draft = make_draft(account=figs, profile=ours.profile)
    body = {"action": "cancel", "invoice_tokens": [draft.token], "reason": "Left us"}
    first, second = (post(ours.client("owner"), body, path="/v2/invoices/bulk") for _ in range(2))
    assert first.json() == second.json()
    assert first.json()["results"][0]["done"]
    assert second.headers[REPLAYED] == "true"
