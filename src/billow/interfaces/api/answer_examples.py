"""A whole answer of every operation; the tests hold them against real answers.

Lists, and what is made of small things only, are put together from the things and from the examples at single fields.
"""

import re
from collections.abc import Mapping
from typing import Any

from billow.interfaces.api import answer_things
from billow.interfaces.api.answer_things import BASE, GENERATING, Answer
from billow.interfaces.api.cost_things import COST_THINGS

THINGS: Mapping[str, Answer] = {**answer_things.THINGS, **COST_THINGS}
"""By the name of its schema."""

_PARAMETER = re.compile(r"\{(\w+)\}")

BY_OPERATION: Mapping[str, Answer] = {
    "createInvoice": {
        **GENERATING,
        "billing_period_start": "2026-08-01",
        "billing_period_end": "2026-08-31",
    },
    "regenerateInvoice": GENERATING,
    "createCustomProviderIntegration": {
        **THINGS["IntegrationShown"],
        "status": "connected",
        "last_updated": None,
        "managed_account_tokens": [],
    },
    "testWebhook": {
        **THINGS["CallShown"],
        "type": "webhook.test",
        "object_token": THINGS["WebhookShown"]["token"],
        "status": "queued",
        "outcome_code": "",
        "next_attempt_at": "2026-11-03T09:02:11Z",
        "attempts": [],
    },
    "rotateWebhookSecret": {**THINGS["WebhookWithSecret"], "old_secret_until": "2026-11-05T09:00:00Z"},
    "createCostExport": {
        **THINGS["DataExportShown"],
        "status": "pending",
        "manifest": {"files": [], "completed_at": None, "valid_until": None},
    },
}
"""Where an operation answers otherwise than with the thing as it mostly is."""


def answer_example(document: Mapping[str, Any], *, operation_id: str, path: str, schema: Mapping[str, Any]) -> Any:
    """Return a whole answer of the operation."""
    if operation_id in BY_OPERATION:
        return BY_OPERATION[operation_id]
    return _whole(document, schema, path=path)


def _whole(document: Mapping[str, Any], schema: Mapping[str, Any], *, path: str) -> Any:
    """Return an example of the schema: the thing's own, or one put together from its parts."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name == "Links":
        return _links(path)
    if name in THINGS:
        thing = THINGS[name]
        return {**thing, "links": _links(path)} if "links" in thing else thing
    if name:
        fields = document["components"]["schemas"][name]["properties"]
        return {field: _whole(document, each, path=path) for field, each in fields.items()}
    if schema.get("type") == "array":
        return [_whole(document, schema["items"], path=path)]
    told = schema.get("examples") or [schema.get("default")]
    return told[0]


def _links(path: str) -> dict[str, str | None]:
    """Return the links of a list's only page."""
    page = f"{BASE}{_PARAMETER.sub(lambda found: _token(found[1]), path)}?page=1&limit=1000"
    return {"self": page, "first": page, "next": None, "last": page, "prev": None}


def _token(parameter: str) -> str:
    """Return the token that stands in an address for the thing of this name."""
    named = {"invoice_token": "InvoiceShown", "team_token": "TeamShown", "webhook_token": "WebhookShown"}
    return str(THINGS[named.get(parameter, "IntegrationShown")]["token"])
