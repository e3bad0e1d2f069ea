"""The API's reference for people, made of its OpenAPI document: as Markdown, and as a page of the server itself."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_INTRODUCTION = """\
# The v2 API

Generated from the OpenAPI document (`/v2/oas_v3.json`) by `python -m billow.interfaces.api > docs/api.md`; not by hand.

Authenticate with `Authorization: Bearer` and an API token (`billow tokens create`). Reading needs the scope `read`,
everything else `write`. Money and percentages are text in answers; requests take numbers or text. Lists have `links`
to their pages. Refusals are `{"errors": ["…"]}` with 400, 401, 403, 404, 413 or 429; what one may not see does not
exist (404).
"""


def markdown(document: Mapping[str, Any]) -> str:
    """Return every operation by its tag, with what it takes and what it answers."""
    parts = [_INTRODUCTION]
    for tag, operations in _by_tag(document).items():
        parts.append(f"## {tag}\n")
        for method, path, operation in operations:
            parts.append(f"### `{method} {path}`\n")
            about = _one_line(operation.get("description", ""))
            parts.append(f"{operation['summary']} (`{operation['operationId']}`). {about}\n")
            parts += _table("Parameter", _parameters(operation))
            parts += _table("Body", _fields(document, _body(operation)))
            parts += [f"Example: {name}\n\n```json\n{body}\n```\n" for name, body in _examples(operation)]
            status, answer = _answer(operation)
            parts += _table(f"Answer {status}", _fields(document, answer))
    return "\n".join(parts)


def page(document: Mapping[str, Any]) -> str:
    """Return the same as one page of HTML without script or style of its own."""
    lines = ["<!doctype html>", '<html lang="en"><meta charset="utf-8"><title>The v2 API</title><body>']
    lines.append("<h1>The v2 API</h1><p>The same for programs: <a href='/v2/oas_v3.json'>OpenAPI document</a>.</p>")
    for tag, operations in _by_tag(document).items():
        lines.append(f"<h2>{escape(tag)}</h2>")
        for method, path, operation in operations:
            lines.append(f"<h3 id='{escape(operation['operationId'])}'><code>{method} {escape(path)}</code></h3>")
            lines.append(f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>")
            for name, rows in (
                ("Parameters", _parameters(operation)),
                ("Body", _fields(document, _body(operation))),
                (f"Answer {_answer(operation)[0]}", _fields(document, _answer(operation)[1])),
            ):
                lines += _html_table(name, list(rows))
            lines += [
                f"<details><summary>Example: {escape(name)}</summary><pre>{escape(body)}</pre></details>"
                for name, body in _examples(operation)
            ]
    return "\n".join([*lines, "</body></html>"])


Operation = tuple[str, str, Mapping[str, Any]]
Row = tuple[str, str, str]


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return found


def _parameters(operation: Mapping[str, Any]) -> Iterator[Row]:
    for each in operation.get("parameters", ()):
        text = each.get("description") or each["schema"].get("description", "")
        yield each["name"], f"{each['in']}, {_type(each['schema'])}", text


def _body(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    return _schema(operation.get("requestBody", {}))


def _examples(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what each example of the body is, and the body as text."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for example in content.get("examples", {}).values():
            yield example["summary"], json.dumps(example["value"], indent=2)


def _answer(operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
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


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Row]:
    resolved = _resolved(document, schema)
    for name, field in resolved.get("properties", {}).items():
        examples = ", ".join(str(each) for each in field.get("examples", ()))
        text = " ".join(part for part in (field.get("description", ""), f"e.g. {examples}" if examples else "") if part)
        yield name, _type(field), text


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return kind if isinstance(kind, str) else " or ".join(kind)


def _table(name: str, rows: Iterator[Row]) -> list[str]:
    lines = [
        f"| `{field}` | {kind} | {' '.join(text.split()).replace('|', chr(92) + '|')} |" for field, kind, text in rows
    ]
    return [f"| {name} | Type | |\n|---|---|---|\n" + "\n".join(lines) + "\n"] if lines else []


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _html_table(name: str, rows: list[Row]) -> list[str]:
    if not rows:
        return []
    cells = [
        f"<tr><td><code>{escape(field)}</code><td>{escape(kind)}<td>{escape(text)}</tr>" for field, kind, text in rows
    ]
    return [f"<table><caption>{escape(name)}</caption>", *cells, "</table>"]
