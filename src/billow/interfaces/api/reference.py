"""The API's reference for people as Markdown, made of its OpenAPI document; ``reference_page`` makes a page of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_INTRODUCTION = """\
# The v2 API

Generated from the OpenAPI document (`/v2/oas_v3.json`) by `python -m billow.interfaces.api > docs/api.md`; not by hand.

Authenticate with `Authorization: Bearer` and an API token (`billow tokens create`). Reading needs the scope `read`,
everything else `write`. Money and percentages are text in answers; requests take numbers or text. Lists have `links`
to their pages. Refusals are `{"errors": ["…"]}` with 400, 401, 403, 404, 413, 429 or 503; what one may not see does not
exist (404).
"""


def markdown(document: Mapping[str, Any]) -> str:
    """Return every operation by its tag, with what it takes and what it answers."""
    parts = [_INTRODUCTION]
    shown: dict[str, str] = {}
    for tag, operations in by_tag(document).items():
        parts.append(f"## {tag}\n")
        for method, path, operation in operations:
            parts.append(f"### `{method} {path}`\n")
            about = _one_line(operation.get("description", ""))
            parts.append(f"{operation['summary']} (`{operation['operationId']}`). {about}\n")
            parts += _table("Parameter", parameters_of(operation))
            parts += _table("Body", fields_of(document, body_of(operation)))
            parts += [f"Example: {name}\n\n```json\n{body}\n```\n" for name, body in examples_of_body(operation)]
            status, answer = answer_of(operation)
            parts += _table(f"Answer {status}", fields_of(document, answer))
            parts += _answer_once(operation, shown)
    return "\n".join(parts)


Operation = tuple[str, str, Mapping[str, Any]]
Row = tuple[str, str, str]


def by_tag(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations by their first tag, in order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return found


def parameters_of(operation: Mapping[str, Any]) -> Iterator[Row]:
    """Return what the address and the headers take."""
    for each in operation.get("parameters", ()):
        text = each.get("description") or each["schema"].get("description", "")
        yield each["name"], f"{each['in']}, {_type(each['schema'])}", text


def body_of(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the body, or nothing."""
    return _schema(operation.get("requestBody", {}))


def examples_of_body(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what each example of the body is, and the body as text."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for example in content.get("examples", {}).values():
            yield example["summary"], json.dumps(example["value"], indent=2)


def example_of_answer(operation: Mapping[str, Any]) -> str | None:
    """Return the whole answer as text, where the operation answers JSON."""
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values() if 200 <= int(status) < 300 else ():
            if "example" in content:
                return json.dumps(content["example"], indent=2, ensure_ascii=False)
    return None


def answer_of(operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return status and schema of the good answer."""
    for status, answer in operation["responses"].items():
        if 200 <= int(status) < 300:
            return str(status), _schema(answer)
    return "", {}


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the first kind of content, or nothing."""
    for content in holder.get("content", {}).values():
        found: Mapping[str, Any] = content.get("schema", {})
        return found
    return {}


def fields_of(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Row]:
    """Return each field of the schema, and of the objects in it: name, type, and what it says."""
    for name, field in _resolved(document, schema).get("properties", {}).items():
        examples = ", ".join(
            each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
            for each in field.get("examples", ())
        )
        text = " ".join(part for part in (field.get("description", ""), f"e.g. {examples}" if examples else "") if part)
        yield name, _type(field), text
        if _name(field) != "Links":
            for inner, kind, said in fields_of(document, field):
                yield f"{name}.{inner}", kind, said


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object that the schema is or, beside null, may be."""
    for each in (schema, *schema.get("anyOf", ())):
        if "$ref" in each:
            found: Mapping[str, Any] = document["components"]["schemas"][each["$ref"].rpartition("/")[2]]
            return found
    return schema


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return "object"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        items = schema.get("items", {})
        return f"list of {_name(items).removesuffix('Shown') or _type(items)}"
    return kind if isinstance(kind, str) else " or ".join(kind)


def _answer_once(operation: Mapping[str, Any], shown: dict[str, str]) -> list[str]:
    """Return the whole answer, or where the same stands already."""
    told = example_of_answer(operation)
    if told is None:
        return []
    first = shown.setdefault(told, operation["operationId"])
    if first != operation["operationId"]:
        return [f"Example answer: as of `{first}`.\n"]
    return [f"Example answer:\n\n```json\n{told}\n```\n"]


def _table(name: str, rows: Iterator[Row]) -> list[str]:
    lines = [
        f"| `{field}` | {kind} | {' '.join(text.split()).replace('|', chr(92) + '|')} |" for field, kind, text in rows
    ]
    return [f"| {name} | Type | |\n|---|---|---|\n" + "\n".join(lines) + "\n"] if lines else []


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
