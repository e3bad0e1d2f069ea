"""Every endpoint, asked by everybody, about what is theirs, what is hidden from them, and what is another MSP's."""

import re

import pytest
from django.db import transaction

from billow.interfaces.api.server import make_api
from tests.api.endpoints import ASKERS, ENDPOINTS, OPEN, Endpoint
from tests.api.objects import Objects, hidden_objects, shown_objects
from tests.api.world import ApiClient, Msp


def placeholders(endpoint: Endpoint) -> list[str]:
    return re.findall(r"{(\w+)}", endpoint.path)


def status_of(client: ApiClient, endpoint: Endpoint, objects: Objects) -> int:
    """Ask, and take back whatever it did."""
    with transaction.atomic():
        answer = client.ask(endpoint.method, endpoint.path.format(**objects), dict(endpoint.body))
        transaction.set_rollback(True)
    if answer.status_code >= 400:
        assert all(isinstance(text, str) for text in answer.json()["errors"])
    assert answer.status_code < 500
    return int(answer.status_code)


def test_every_endpoint_is_in_the_table_once() -> None:
    paths = make_api().get_openapi_schema(path_prefix="/v2/")["paths"]
    served = sorted((method.upper(), path) for path, methods in paths.items() for method in methods)
    assert served == sorted((each.method, each.path) for each in (*OPEN, *ENDPOINTS))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_roles(endpoint: Endpoint, ours: Msp) -> None:
    objects = shown_objects(ours)
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, objects)
        if who in endpoint.may:
            assert status not in {401, 403, 404, 405}, f"{who} is refused with {status}"
        else:
            assert status == 403, f"{who} is answered {status}"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_without_a_token_or_its_scope_nothing_is_answered(endpoint: Endpoint, ours: Msp) -> None:
    objects = shown_objects(ours)
    assert status_of(ApiClient(None), endpoint, objects) == 401
    assert status_of(ApiClient("vntg_tkn_" + "0" * 40), endpoint, objects) == 401
    read_only = status_of(ours.client("read_only"), endpoint, objects)
    assert (read_only == 403) == (endpoint.scope == "write")


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if placeholders(each)], ids=lambda each: each.name)
def test_what_is_another_msps_does_not_exist(endpoint: Endpoint, ours: Msp, theirs: Msp) -> None:
    foreign = shown_objects(theirs)
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, foreign)
        assert status == 404 if who in endpoint.may else status in {403, 404}, f"{who} is answered {status}"


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if placeholders(each)], ids=lambda each: each.name)
def test_what_a_team_may_not_see_does_not_exist(endpoint: Endpoint, ours: Msp) -> None:
    hidden = hidden_objects(ours)
    if not set(placeholders(endpoint)) & set(hidden):
        return
    objects = {**shown_objects(ours), **hidden}
    for who in ASKERS:
        status = status_of(ours.client(who), endpoint, objects)
        assert status == 404 if who in endpoint.may else status in {403, 404}, f"{who} is answered {status}"
