"""The OpenAPI document, and what is made of it for people."""

import json
import re

from django.conf import LazySettings

from billow.interfaces.api.document import openapi
from billow.interfaces.api.reference import markdown
from billow.interfaces.api.reference_page import page
from billow.interfaces.api.server import make_api
from tests.api.world import ApiClient, Msp
from tests.conftest import PROJECT_ROOT


def test_the_document_needs_no_token_and_names_each_operation_once(db: None) -> None:
    answer = ApiClient(None).get("/v2/oas_v3.json")
    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    names = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))
    assert all("_" not in name for name in names)
    assert ApiClient(None).get("/v2/swagger.json").json() == document


def test_every_body_and_answer_has_examples_or_says_what_it_is(db: None) -> None:
    schemas = ApiClient(None).get("/v2/oas_v3.json").json()["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    assert json.dumps(schemas).count('"examples"') > 60


def test_people_read_the_same_as_a_page(db: None) -> None:
    answer = ApiClient(None).get("/v2/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    page = answer.content.decode()
    assert '<span class="method post">POST</span> <code>/v2<wbr>/invoices</code>' in page
    assert "<script" not in page
    assert "style=" not in page


def test_an_example_stands_with_what_it_shows() -> None:
    article = page(openapi(api=make_api())).partition('<article id="createInvoice">')[2].partition("</article>")[0]
    places = [article.index(text) for text in ("<h4>Body", "Example: A month", "<h4>Answer 201", "Example answer")]
    assert places == sorted(places)
    assert article.count("<details open>") == 2
    assert "&quot;status&quot;: &quot;generating_invoice&quot;" in article


def test_the_fields_of_objects_inside_are_told_too() -> None:
    article = page(openapi(api=make_api())).partition('<article id="getBillingProfile">')[2].partition("</article>")[0]
    assert (
        "<code>banking_information_attributes.<wbr>secure_data.<wbr>iban</code> <span>string or null</span>" in article
    )


def test_the_reference_in_the_documents_is_the_one_of_this_version() -> None:
    document = openapi(api=make_api())
    kept = (PROJECT_ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert kept == markdown(document), "write it anew: python -m billow.interfaces.api > docs/api.md"
    assert all(each["operationId"] in page(document) for path in document["paths"].values() for each in path.values())


def test_whatever_names_a_thing_in_its_address_is_led_to_by_an_answer(db: None) -> None:
    paths = ApiClient(None).get("/v2/oas_v3.json").json()["paths"]
    operations = {each["operationId"]: path for path, methods in paths.items() for each in methods.values()}
    answers = [
        answer for methods in paths.values() for each in methods.values() for answer in each["responses"].values()
    ]
    links = [link for answer in answers for link in answer.get("links", {}).values()]
    assert {link["operationId"] for link in links} == {name for name, path in operations.items() if "{" in path}
    for link in links:
        assert set(link["parameters"]) == set(re.findall(r"\{(\w+)\}", operations[link["operationId"]]))


def test_the_headers_that_answers_carry_are_described(ours: Msp, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    document = openapi(api=make_api())
    asked = ours.client("owner")
    exported = asked.post("/v2/costs/data_exports", {})
    responses = document["paths"]["/v2/costs/data_exports"]["post"]["responses"]
    assert set(responses[202]["headers"]) <= set(exported.headers)
    assert "Location" in responses[202]["headers"]
    refused = [asked.get("/v2/me") for _ in range(3)][-1]
    assert set(document["paths"]["/v2/me"]["get"]["responses"][429]["headers"]) <= set(refused.headers)
    used = {
        name
        for methods in document["paths"].values()
        for each in methods.values()
        for answer in each["responses"].values()
        for name in answer.get("headers", {})
    }
    assert used == set(document["components"]["headers"])
    assert "headers" not in document["paths"]["/v2/ping"]["get"]["responses"][200]
