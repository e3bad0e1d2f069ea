"""Hostile values in every place of every endpoint: a clear 4xx or a harmless answer, never a failure."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction

from billow.interfaces.api.server import make_api
from billow.records.billing.models import BillingRule, Invoice, ManagedAccount
from tests.api.endpoints import ENDPOINTS, Endpoint
from tests.api.objects import shown_objects
from tests.api.served import Served, serving
from tests.api.world import Msp

SQL = "'; DROP TABLE billing_invoice; --"
HOSTILE_TEXTS = (
    SQL,
    "../../../../etc/passwd",
    "{{7*7}}<script>alert(1)</script>",
    "x" * 5_000,
    "\u202e\u0301é𝔘",
    "1e400",
    " ",
)
HOSTILE_VALUES: tuple[Any, ...] = (
    *HOSTILE_TEXTS,
    -1,
    10**30,
    1.5,
    True,
    {},
    [None],
    [{}],
    [SQL, SQL],
    ["x"] * 2_000,
)
HOSTILE_QUERIES = (SQL, "-1", "9999-12-31", "9" * 40)
OPENAPI = make_api().get_openapi_schema(path_prefix="/v2/")
WITH_BODY = [
    each
    for each in ENDPOINTS
    if "application/json" in OPENAPI["paths"][each.path][each.method.lower()].get("requestBody", {}).get("content", {})
]
WITH_PATH = [each for each in ENDPOINTS if "{" in each.path]


def properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Find the path of every property, inside nested objects too."""
    for found in (schema, *schema.get("anyOf", ())):
        if "$ref" in found:
            yield from properties(OPENAPI["components"]["schemas"][found["$ref"].rpartition("/")[2]])
        for name, inner in found.get("properties", {}).items():
            yield (name,)
            yield from ((name, *rest) for rest in properties(inner))


def body_with(place: tuple[str, ...], value: Any) -> dict[str, Any]:
    for name in reversed(place[1:]):
        value = {name: value}
    return {place[0]: value}


def example(endpoint: Endpoint) -> dict[str, Any]:
    """Return a body that comes far: what is needed, so that the hostile value is what is wrong."""
    if endpoint.path == "/v2/billing_rules":
        return {"type": "adjustment", "title": "A", "percentage": 100}
    if endpoint.path == "/v2/managed_accounts":
        return {"name": "A", "contact_email": "a@nimbus.example"}
    if endpoint.path == "/v2/invoices":
        days = {"billing_period_start": "2026-09-01", "billing_period_end": "2026-09-30"}
        return {"account_token": "acct_0000000000000000", **days}
    if endpoint.path == "/v2/billing_profiles":
        return {"nickname": "A"}
    return {}


def ask(msp: Msp, method: str, path: str, body: Any) -> int:
    """Ask as the owner and take it back; the answer must be in order whatever it is."""
    with transaction.atomic():
        answer = msp.client("owner").ask(method, path, body)
        transaction.set_rollback(True)
    assert answer.status_code < 500, (path, body)
    if answer.status_code >= 400:
        assert answer.json()["errors"]
        assert "Traceback" not in answer.content.decode()
    return int(answer.status_code)


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda each: each.name)
def test_hostile_values_in_every_key_of_every_body(endpoint: Endpoint, ours: Msp) -> None:
    path = endpoint.path.format(**shown_objects(ours))
    content = OPENAPI["paths"][endpoint.path][endpoint.method.lower()]["requestBody"]["content"]
    before = (Invoice.objects.count(), ManagedAccount.objects.count(), BillingRule.objects.count())
    for place in properties(content["application/json"]["schema"]):
        for value in HOSTILE_VALUES:
            ask(ours, endpoint.method, path, {**example(endpoint), **body_with(place, value)})
    assert (Invoice.objects.count(), ManagedAccount.objects.count(), BillingRule.objects.count()) == before


@pytest.mark.parametrize("endpoint", WITH_PATH, ids=lambda each: each.name)
def test_hostile_texts_in_every_path_find_nothing(endpoint: Endpoint, ours: Msp) -> None:
    objects = shown_objects(ours)
    for name in re.findall(r"{(\w+)}", endpoint.path):
        for text in HOSTILE_TEXTS:
            path = endpoint.path.format(**{**objects, name: quote(text, safe="")})
            assert ask(ours, endpoint.method, path, dict(endpoint.body)) in {400, 404}


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.method == "GET"], ids=lambda each: each.name)
def test_hostile_texts_in_every_query(endpoint: Endpoint, ours: Msp) -> None:
    path = endpoint.path.format(**shown_objects(ours))
    parameters = OPENAPI["paths"][endpoint.path]["get"].get("parameters", [])
    for name in [each["name"] for each in parameters if each["in"] == "query"]:
        for text in HOSTILE_QUERIES:
            ask(ours, "GET", f"{path}?{urlencode({name: text})}", None)
        ask(ours, "GET", f"{path}?{urlencode({f'{name}[]': SQL})}", None)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server


def put(served: Served, path: str, body: Mapping[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{served.address}{path}", data=data, headers=headers, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_conflicting_changes_at_once_leave_one_of_them_whole(served: Served) -> None:
    account = served.billow("accounts", "add", "Thessaly Olives", "--email", "olives@nimbus.example")
    rules = [
        served.billow("rules", "add", f"Rule {number}", "--type", "adjustment", "--percentage", "100")["token"]
        for number in range(4)
    ]
    path = f"/v2/managed_accounts/{account['token']}"
    wishes = [
        {
            "billing_rule_tokens": rules[number % 4 :] + rules[: number % 4],
            "billing_information_attributes": {"city": f"City {number % 4}", "state": f"State {number % 4}"},
        }
        for number in range(24)
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(lambda wish: put(served, path, wish), wishes))
    assert statuses == [200] * len(wishes)
    headers = {"Authorization": f"Bearer {served.token}"}
    with urllib.request.urlopen(urllib.request.Request(served.address + path, headers=headers), timeout=60) as answer:
        seen = json.load(answer)
    number = int(seen["billing_information_attributes"]["city"].removeprefix("City "))
    assert seen["billing_information_attributes"]["state"] == f"State {number}"
    assert seen["billing_rule_tokens"] == rules[number:] + rules[:number]
