"""What holds for every request, whatever it asks for."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from billow.interfaces.api.json_body import LARGEST_BYTES
from billow.interfaces.api.text import decimal_text
from billow.records.accounts.models import ApiToken, Team
from billow.usecases.api_tokens import bearer_of, list_tokens, revoke_token
from billow.usecases.teams import everyone_team
from tests.api.world import ApiClient, Msp, make_token


def test_ping_needs_no_token(db: None) -> None:
    assert ApiClient(None).get("/v2/ping").json() == {"ping": "pong"}


def test_a_wrong_token_is_401_with_the_envelope(ours: Msp) -> None:
    answer = ApiClient("bad").get("/v2/me")
    assert answer.status_code == 401
    assert answer.json()["errors"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_me_tells_the_scopes_and_never_the_secret(ours: Msp) -> None:
    answer = ours.client("viewer").get("/v2/me")
    assert answer.json()["bearer_token"]["scope"] == ["read", "write"]
    assert ours.secrets["viewer"] not in answer.content.decode()


def test_a_token_is_kept_as_a_hash_and_counts_its_last_use(ours: Msp) -> None:
    secret = ours.secrets["owner"]
    ours.client("owner").get("/v2/me")
    row = next(each for each in ApiToken.objects.all() if each.last_used_at is not None)
    assert secret.removeprefix("vntg_tkn_") not in json.dumps(list(ApiToken.objects.values()), default=str)
    assert row.user == ours.people["owner"]


def test_revoked_and_expired_tokens_and_those_of_inactive_users_are_401(ours: Msp) -> None:
    owner = ours.people["owner"]
    expiring = make_token(user=owner, expires_at=timezone.now() + timedelta(days=1))
    assert ApiClient(expiring).get("/v2/me").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ApiClient(expiring).get("/v2/me").status_code == 401
    ApiToken.objects.update(expires_at=None)
    revoke_token(actor=ours.operator, token=expiring, now=timezone.now())
    assert ApiClient(expiring).get("/v2/me").status_code == 401
    assert ours.client("viewer").get("/v2/me").status_code == 200
    ours.people["viewer"].is_active = False
    ours.people["viewer"].save()
    assert ours.client("viewer").get("/v2/me").status_code == 401


def test_tokens_of_a_deleted_customer_end_with_it(ours: Msp) -> None:
    assert ours.client("customer").get("/v2/me").status_code == 200
    ours.shown.deleted_at = timezone.now()
    ours.shown.save()
    assert ours.client("customer").get("/v2/me").status_code == 401


def test_head_answers_as_get_without_the_body(ours: Msp) -> None:
    client = ours.client("viewer")
    for address in ("/v2/me", "/v2/billing_rules", "/v2/invoices?page=1&limit=5", "/v2/oas_v3.json"):
        whole, head = client.get(address), client.ask("HEAD", address)
        assert (head.status_code, head.content) == (200, b""), address
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]
        assert head.headers["Content-Length"] == str(len(whole.content))
    assert client.ask("HEAD", "/v2/invoices/invc_0000000000000000").status_code == 404
    assert Client().head("/v2/me").status_code == 401


def test_unknown_addresses_methods_and_hosts_answer_with_the_envelope(ours: Msp) -> None:
    client = ours.client("owner")
    assert client.get("/v2/nowhere").status_code == 404
    assert client.ask("PATCH", "/v2/teams").status_code == 405
    assert client.ask("PATCH", "/v2/teams").headers["Allow"]
    for answer in (
        client.get("/v2/nowhere"),
        client.ask("PATCH", "/v2/teams"),
        client.ask("GET", "/v2/me", headers={"Host": "evil.example"}),
    ):
        assert answer.json()["errors"]


BAD_BODIES: dict[str, tuple[bytes, int, str]] = {
    "not JSON": (b"{", 400, "not JSON"),
    "not UTF-8": (b'{"name": "\xff\xfe"}', 400, "UTF-8"),
    "a key twice": (b'{"name": "a", "name": "b"}', 400, "twice"),
    "nested deeply": (b'{"name":' + b"[" * 50 + b"]" * 50 + b"}", 400, "levels deep"),
    "nested beyond all": (b"[" * 200_000, 400, "levels deep"),
    "no number": (b'{"name": NaN}', 400, "not a number"),
    "a number without end": (b'{"name": ' + b"9" * 10_000 + b"}", 400, "number"),
    "a NUL": (b'{"name": "a\\u0000b"}', 400, "cannot be stored"),
    "half a pair": (b'{"name": "\\ud800"}', 400, "cannot be stored"),
    "a list": (b"[1]", 400, "JSON object"),
    "nothing": (b"", 400, "JSON object"),
    "another type": (b'{"name": 5}', 400, "must be text"),
    "over the limit": (b'{"name": "' + b"x" * LARGEST_BYTES + b'"}', 413, "too large"),
    "ten megabytes": (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, "too large"),
}


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_bad_bodies_are_refused_in_words_and_change_nothing(kind: str, ours: Msp) -> None:
    body, status, words = BAD_BODIES[kind]
    before = Team.objects.count()
    answer = ours.client("owner").post("/v2/teams", body)
    assert answer.status_code == status, answer.content
    assert words in " ".join(answer.json()["errors"])
    assert "Traceback" not in answer.content.decode()
    assert Team.objects.count() == before


def test_unknown_keys_are_ignored_and_bodies_of_deletes_too(ours: Msp) -> None:
    client = ours.client("owner")
    made = client.post("/v2/teams", {"name": "Wine", "colour": "red"})
    assert made.status_code == 201, made.content
    assert client.delete(f"/v2/teams/{made.json()['token']}", {}).status_code == 204
    assert client.get(f"/v2/teams/{made.json()['token']}").status_code == 404


@pytest.mark.parametrize("query", ["page=0", "page=x", "limit=0", "page=99999999999999999999", "q=%00"])
def test_bad_queries_are_refused(query: str, ours: Msp) -> None:
    answer = ours.client("owner").get(f"/v2/teams?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_a_token_with_a_nul_in_the_path_is_no_failure(ours: Msp) -> None:
    assert ours.client("owner").get("/v2/teams/%00").status_code == 400


def test_lists_are_linked_page_by_page_with_absolute_addresses(ours: Msp) -> None:
    client = ours.client("owner")
    for name in ("A", "B", "C"):
        client.post("/v2/teams", {"name": name})
    everyone_team(actor=ours.operator)
    seen: list[str] = []
    path: str | None = "/v2/teams?limit=2&q="
    links: dict[str, Any] = {}
    while path:
        answer = client.get(path).json()
        seen += [team["name"] for team in answer["teams"]]
        links = answer["links"]
        path = links["next"] and links["next"].removeprefix("http://testserver")
    assert seen == ["Everyone", "A", "B", "C", "Olive growers"]
    assert links["prev"] == "http://testserver/v2/teams?q=&page=2&limit=2"
    assert links["first"] == "http://testserver/v2/teams?q=&page=1&limit=2"
    assert client.get("/v2/teams").json()["links"]["self"].endswith("page=1&limit=1000")
    assert client.get("/v2/teams?limit=5000").json()["links"]["self"].endswith("limit=1000")


def test_too_many_requests_are_429_and_say_when_to_come_back(ours: Msp, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    client = ours.client("owner")
    answers = [client.get("/v2/me") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert answers[0].headers["x-rate-limit-limit"] == "2"
    assert answers[0].headers["x-rate-limit-remaining"] == "1"
    assert int(refused[0].headers["x-rate-limit-reset"]) > timezone.now().timestamp()
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60
    assert "Retry-After" not in answers[0].headers
    assert ours.client("viewer").get("/v2/me").status_code == 200


def test_questions_about_costs_have_a_limit_of_their_own(ours: Msp, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE, settings.API_COST_REQUESTS_PER_MINUTE = 1000, 2
    client = ours.client("owner")
    answers = [client.get("/v2/costs") for _ in range(4)]
    assert answers[0].headers["x-rate-limit-limit"] == "2"
    assert answers[-1].status_code == 429
    assert answers[-1].json()["errors"] == ["More than 2 questions about costs in a minute. Wait, then go on."]
    assert client.post("/v2/costs/data_exports", {}).status_code == 429
    assert client.get("/v2/cost_reports").headers["x-rate-limit-limit"] == "1000"
    settings.API_COST_REQUESTS_PER_MINUTE = 0
    assert client.get("/v2/costs").headers["x-rate-limit-limit"] == "1000"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("page=0", "Page must be at least 1"),
        ("limit=-1", "Limit must be at least 1"),
        ("page=9999999999", "Page must be at most 1000000000"),
        ("page=a", "Page must be a whole number"),
    ],
)
def test_a_page_that_cannot_be_is_refused_in_words(query: str, words: str, ours: Msp) -> None:
    assert ours.client("owner").get(f"/v2/invoices?{query}").json()["errors"] == [words]


def test_the_audit_log_is_asked_for_one_entry(ours: Msp) -> None:
    client = ours.client("owner")
    token = client.get("/v2/audit_logs?limit=1").json()["audit_logs"][0]["token"]
    found = client.get(f"/v2/audit_logs?token={token}").json()["audit_logs"]
    assert [each["token"] for each in found] == [token]
    assert client.get("/v2/audit_logs?token=adt_lg_0000000000000000").json()["audit_logs"] == []
    assert client.get("/v2/audit_logs?token=x").json()["audit_logs"] == []


def test_the_console_still_sends_strangers_to_its_sign_in_page(db: None) -> None:
    assert Client().get("/invoices").status_code == 302


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("75", "75.0"),
        ("8.25", "8.25"),
        ("8.250", "8.25"),
        ("0", "0.0"),
        ("1E+3", "1000.0"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_decimals_are_plain_text(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text


def test_an_owner_sees_all_tokens_and_others_their_own(ours: Msp) -> None:
    assert len(list_tokens(actor=ours.operator)) == len(ours.secrets)
    viewer = bearer_of(secret=ours.secrets["viewer"], now=timezone.now()).actor
    assert [row.user for row in list_tokens(actor=viewer)] == [ours.people["viewer"]]
