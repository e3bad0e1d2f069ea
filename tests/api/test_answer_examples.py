"""The whole answers of the OpenAPI document, held against the answers that the API really gives."""

from typing import Any

import pytest

from billow.interfaces.api.answer_examples import BY_OPERATION, THINGS
from billow.usecases.webhooks import send_test
from tests.api.alike import API, DOCUMENT, EXAMPLES, READ, differences
from tests.api.objects import shown_objects
from tests.api.world import NOW, Msp


def models() -> dict[str, Any]:
    """Return what checks the good answer of each operation, by the operation's name."""
    found = {}
    for _, router in API._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                good = [model for status, model in operation.response_models.items() if status and int(status) < 300]
                found[operation.operation_id or ""] = good[0] if good else None
    return found


@pytest.fixture
def furnished(ours: Msp) -> Msp:
    """Let every list have something in it."""
    send_test(actor=ours.operator, endpoint=ours.webhook, now=NOW)
    ours.people["owner"].last_seen_at = NOW
    ours.people["owner"].save()
    return ours


def test_every_operation_that_answers_json_has_a_whole_answer() -> None:
    assert [name for name, example in EXAMPLES.items() if example is None] == []
    assert set(BY_OPERATION) <= set(EXAMPLES)
    assert set(THINGS) <= set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_whole_answer_has_every_key_and_no_other(name: str) -> None:
    model = models()[name]
    assert model.model_validate({"response": EXAMPLES[name]}).model_dump(by_alias=True)["response"] == EXAMPLES[name]


@pytest.mark.parametrize(("path", "name"), READ, ids=[name for _, name in READ])
def test_a_whole_answer_is_written_as_the_real_one(path: str, name: str, furnished: Msp) -> None:
    answer = furnished.client("owner").get(path.format(**shown_objects(furnished)))
    assert answer.status_code == 200
    assert list(differences(EXAMPLES[name], answer.json())) == []
