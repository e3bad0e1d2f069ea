"""The OpenAPI document: what the framework knows, what the web server itself refuses, and where answers lead."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ninja import NinjaAPI

from billow.interfaces.api.answer_examples import answer_example
from billow.interfaces.api.examples import add_examples

_PARAMETER = re.compile(r"\{(\w+)\}")
_METHODS = frozenset({"get", "post", "put", "delete"})
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "x-rate-limit-limit": {
        "description": "How many requests the token may make in a minute.",
        "schema": {"type": "integer"},
    },
    "x-rate-limit-remaining": {"description": "How many are left in this minute.", "schema": {"type": "integer"}},
    "x-rate-limit-reset": {
        "description": "When the next minute begins, in seconds since 1970.",
        "schema": {"type": "integer"},
    },
    "Retry-After": {"description": "After how many seconds to ask again.", "schema": {"type": "integer"}},
    "Location": {"description": "Where to look after it.", "schema": {"type": "string", "format": "uri"}},
}
_OF_THE_WEB_SERVER = {
    414: "The address is longer than the web server takes: ask for less, or for it in parts.",
    431: "The headers are larger than the web server takes.",
}


def openapi(*, api: NinjaAPI) -> dict[str, Any]:
    """Return the document, with whole bodies and answers, and links from answers to what can be done with them."""
    document: dict[str, Any] = api.get_openapi_schema(path_prefix="/v2/")
    for _, operation in _operations(document):
        for status, description in _OF_THE_WEB_SERVER.items():
            operation["responses"][status] = {"description": description, "content": {"text/html": {}}}
    for path, operation in _operations(document):
        _link(document, path, operation)
        add_examples(operation)
        _add_answer(document, path, operation)
        _add_headers(operation)
    document["components"]["headers"] = {name: dict(header) for name, header in _HEADERS.items()}
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield path, operation


def _add_answer(document: Mapping[str, Any], path: str, operation: Mapping[str, Any]) -> None:
    """Put a whole answer beside the schema of the good one, where it is JSON."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if content is not None and 200 <= int(status) < 300:
            name = operation["operationId"]
            content["example"] = answer_example(document, operation_id=name, path=path, schema=content["schema"])


def _add_headers(operation: Mapping[str, Any]) -> None:
    """Name the headers that tell what is left, when to come back, and where to look."""
    if "security" not in operation:
        return
    for status, answer in operation["responses"].items():
        names = [name for name in _HEADERS if name.startswith("x-")] if 200 <= int(status) < 300 else []
        names += {429: ["Retry-After"], 202: ["Location"]}.get(int(status), [])
        if names:
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _link(document: Mapping[str, Any], path: str, operation: Mapping[str, Any]) -> None:
    """Add links to the operation from the answers that name its last parameter: of the collection it stands in."""
    names = _PARAMETER.findall(path)
    if not names:
        return
    *outer, name = names
    collection = path[: path.index(f"/{{{name}}}")]
    known = {each: f"$request.path.{each}" for each in outer}
    for source in _sources(document, collection):
        for status, answer in source["responses"].items():
            place = _place(document, answer, name) if 200 <= status < 300 else None
            if place is not None:
                link = {"operationId": operation["operationId"], "parameters": {**known, name: place}}
                answer.setdefault("links", {})[operation["operationId"]] = link


def _sources(document: Mapping[str, Any], collection: str) -> list[dict[str, Any]]:
    """Return the operations on the collection; where it has none, those that make its things elsewhere."""
    ending = collection[collection.rindex("/") :]
    paths = [collection] if collection in document["paths"] else [p for p in document["paths"] if p.endswith(ending)]
    return [operation for path, operation in _operations(document) if path in paths]


def _place(document: Mapping[str, Any], answer: Mapping[str, Any], name: str) -> str | None:
    """Return where an answer names the thing: in itself, or in the first item of its list."""
    for content in answer.get("content", {}).values():
        fields = _fields(document, content.get("schema", {}))
        if "token" in fields:
            return "$response.body#/token"
        for key, field in fields.items():
            items = _fields(document, field.get("items", {}))
            found = next((each for each in ("token", name) if each in items), None)
            if found is not None:
                return f"$response.body#/{key}/0/{found}"
    return None


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    resolved = document["components"]["schemas"][name] if name else schema
    fields: Mapping[str, Any] = resolved.get("properties", {})
    return fields
