"""The API's reference as a page of the server itself: without script, and with each example beside what it shows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from django.templatetags.static import static

from billow.interfaces.api.reference import (
    Operation,
    Row,
    answer_of,
    body_of,
    by_tag,
    example_of_answer,
    examples_of_body,
    fields_of,
    parameters_of,
)

_TITLE = "The v2 API"
_STYLES = ("web/tokens.css", "web/reference.css")
_INTRODUCTION = (
    "Send `Authorization: Bearer` with an API token. Reading needs the scope `read`, everything else `write`.",
    "Money and percentages are text in answers; requests take numbers or text. Times are UTC.",
    'Refusals are `{"errors": ["…"]}` with 400, 401, 403, 404, 413, 429 or 503.',
    "What one may not see does not exist (404); 503 is worth another try.",
    "Lists have `links` to their pages: `page` counts from 1, `limit` is at most 1000.",
    "A POST with an `Idempotency-Key` is done once within 24 hours; asked again, it gets the same answer.",
    "Every answer tells in `x-rate-limit-remaining` how many requests are left in this minute.",
)
_CODE = re.compile(r"``?([^`]+)``?")
_EMPHASIS = re.compile(r"\*([^*\s][^*]*)\*")

Example = tuple[str, str]


def page(document: Mapping[str, Any]) -> str:
    """Return every operation by its tag, each block of fields with its own examples."""
    found = by_tag(document)
    lines = [*_head(), *_contents(found), '<main id="main"><section class="introduction">']
    lines += [f"<p>{_text(each)}</p>" for each in _INTRODUCTION]
    lines.append('<p>The same for programs: <a href="/v2/oas_v3.json">OpenAPI document</a>.</p></section>')
    for tag, operations in found.items():
        lines.append(f'<section class="tag" aria-labelledby="{_anchor(tag)}">')
        lines.append(f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>')
        for operation in operations:
            lines += _operation(document, operation)
        lines.append("</section>")
    return "\n".join([*lines, "</main></div></body></html>"])


def _head() -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_TITLE} · Billow</title>'
    yield f'<link rel="icon" href="{static("web/icon.svg")}" type="image/svg+xml">'
    yield from (f'<link rel="stylesheet" href="{static(each)}">' for each in _STYLES)
    yield '</head><body><a class="skip" href="#main">Skip to the reference</a>'
    yield f'<header><p class="brand">Billow</p><h1>{_TITLE}</h1></header><div class="columns">'


def _contents(found: Mapping[str, Iterable[Operation]]) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for tag, operations in found.items():
        yield f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a><ul>'
        for _, _, operation in operations:
            yield f'<li><a href="#{escape(operation["operationId"])}">{escape(operation["summary"])}</a></li>'
        yield "</ul></li>"
    yield "</ul></nav>"


def _operation(document: Mapping[str, Any], shown: Operation) -> Iterator[str]:
    method, path, operation = shown
    name = escape(operation["operationId"])
    badge = f'<span class="method {method.lower()}">{method}</span>'
    yield f'<article id="{name}"><h3>{badge} <code>{_path(path)}</code></h3>'
    yield f"<p><strong>{_text(operation['summary'])}.</strong> {_text(operation.get('description', ''))}</p>"
    status, answer = answer_of(operation)
    yield from _block("Parameters", parameters_of(operation), ())
    yield from _block("Body", fields_of(document, body_of(operation)), examples_of_body(operation))
    told = example_of_answer(operation)
    shown_answer = [] if told is None else [("The answer", told)]
    yield from _block(f"Answer {status}", fields_of(document, answer), shown_answer)
    yield "</article>"


def _block(name: str, rows: Iterable[Row], examples: Iterable[Example]) -> Iterator[str]:
    """Give the fields, and at their side the examples, the first of them open."""
    fields, shown = list(rows), list(examples)
    if not fields and not shown:
        return
    both = "" if shown else " alone"
    yield f'<div class="block{both}"><div class="fields"><h4>{escape(name)}</h4>'
    if fields:
        yield "<dl>"
        for field, kind, text in fields:
            yield f"<div><dt><code>{_name(field)}</code> <span>{escape(kind)}</span></dt><dd>{_text(text)}</dd></div>"
        yield "</dl>"
    yield "</div>"
    if shown:
        yield from _side(shown)
    yield "</div>"


def _side(shown: Iterable[Example]) -> Iterator[str]:
    yield '<div class="examples">'
    for number, (title, text) in enumerate(shown):
        what = "Example answer" if title == "The answer" else f"Example: {title}"
        yield f"<details{'' if number else ' open'}><summary>{escape(what)}</summary>"
        yield f'<pre tabindex="0" aria-label="{escape(what)}"><code>{escape(text)}</code></pre></details>'
    yield "</div>"


def _text(text: str) -> str:
    """Return a description's text with its code and emphasis."""
    return _EMPHASIS.sub(r"<em>\1</em>", _CODE.sub(r"<code>\1</code>", escape(text, quote=False)))


def _name(field: str) -> str:
    """Return the field's name, which may break after each object it stands in."""
    return escape(field).replace(".", ".<wbr>")


def _path(path: str) -> str:
    """Return the address, which may break before each part."""
    return escape(path).replace("/", "<wbr>/").removeprefix("<wbr>")


def _anchor(tag: str) -> str:
    return f"tag-{tag.lower().replace(' ', '-')}"
