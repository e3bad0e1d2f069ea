"""The examples of the OpenAPI document, each sent to the API as it stands there, with tokens of things that exist."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from billow.interfaces.api.examples import PLACEHOLDER, REQUESTS
from billow.interfaces.api.server import make_api
from tests.api.alike import EXAMPLES, differences
from tests.api.objects import shown_objects
from tests.api.world import ApiClient, Msp
from tests.factories.costs import make_integration
from tests.factories.parties import make_managed_account

PREFIX = re.compile(rf"(\w+_){PLACEHOLDER}")


def operations() -> dict[str, tuple[str, str]]:
    """Return method and path of every operation that takes JSON, by its name."""
    paths = make_api().get_openapi_schema(path_prefix="/v2/")["paths"]
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }


def with_tokens_of(body: Mapping[str, Any], objects: Mapping[str, str]) -> Any:
    """Return the body with a real token of its kind wherever an example names one."""
    by_prefix = {token[: token.rindex("_") + 1]: token for token in objects.values()}
    return json.loads(PREFIX.sub(lambda found: by_prefix[found.group(1)], json.dumps(body)))


def test_every_operation_that_takes_json_has_an_example() -> None:
    assert sorted(REQUESTS) == sorted(operations())


@pytest.mark.parametrize(
    ("operation", "example"), [(name, each) for name, bodies in REQUESTS.items() for each in bodies]
)
def test_an_example_does_what_it_says(operation: str, example: str, ours: Msp) -> None:
    method, path = operations()[operation]
    source = make_integration(management_account=ours.account, name="AWS of Hooli")
    objects = {**shown_objects(ours), "integration_token": source.token}
    if operation == "createSsoConnectionForManagedAccount":
        objects["managed_account_token"] = make_managed_account(management_account=ours.account, name="Hooli").token
    if operation == "downloadCreditNote":
        credited = ours.client("owner").post(f"/v2/invoices/{ours.invoice.token}/credit_notes", {"reason": "Twice"})
        objects["credit_note_token"] = credited.json()["token"]
    if operation == "updateIntegration":  # for one of the MSP's own, not a customer's
        objects["workspace_token"] = ours.client("owner").get("/v2/me").json()["default_workspace_token"]
    if operation == "endDelegation":
        given = "Two accounts" if example == "On a day" else "A whole integration"
        made = with_tokens_of(REQUESTS["createDelegation"][given], objects)
        path_of_all = operations()["createDelegation"][1].format(**objects)
        assert ours.client("owner").post(path_of_all, made).status_code == 201
    body = with_tokens_of(REQUESTS[operation][example], objects)
    answer = ours.client("owner").ask(method, path.format(**objects), body)
    assert 200 <= answer.status_code < 300, answer.content
    assert list(differences(EXAMPLES[operation], answer.json())) == []


def test_the_document_and_its_page_show_them() -> None:
    document = ApiClient(None).get("/v2/oas_v3.json").json()
    content = document["paths"]["/v2/billing_rules"]["post"]["requestBody"]["content"]["application/json"]
    assert content["examples"]["exclusion"] == {
        "summary": "Exclusion",
        "value": {"title": "No taxes", "type": "exclusion", "charge_type": "Tax"},
    }
    page = ApiClient(None).get("/v2/docs").content.decode()
    assert "<summary>Example: Exclusion</summary>" in page
    assert "&quot;charge_type&quot;: &quot;Tax&quot;" in page
