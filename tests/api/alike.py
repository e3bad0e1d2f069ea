"""The example answers of the document, and whether a real one is written alike: keys, kinds and forms of text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from billow.interfaces.api.document import openapi
from billow.interfaces.api.server import make_api

FORMS = (
    ("time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")),
    ("day", re.compile(r"\d{4}-\d\d-\d\d")),
    ("decimal", re.compile(r"-?\d+\.\d+")),
    ("token", re.compile(r"[a-z_]+_[0-9a-f]{16}")),
    ("address", re.compile(r"https?://.+")),
)
FREE = frozenset(
    {"changed_values", "unchanged_values", "attributes", "amounts", "tag_values", "object_name", "object_title"}
)
"""Objects whose keys are data, and texts that may be of any form."""


API = make_api()
DOCUMENT = openapi(api=API)


def operations() -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Find method, path, name and example of every operation that answers JSON."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json")
                if content is not None and 200 <= int(status) < 300:
                    yield method.upper(), path, operation["operationId"], content


EXAMPLES = {name: content.get("example") for _, _, name, content in operations()}
READ = [(path, name) for method, path, name, _ in operations() if method == "GET"]


def form(text: str) -> str:
    return next((name for name, pattern in FORMS if pattern.fullmatch(text)), "text")


def differences(example: Any, real: Any, *, at: str = "") -> Iterator[str]:
    """Find where the two have other keys, kinds or forms of text; null and an empty list say nothing."""
    if example is None or real is None or real == "" or example == "":
        return
    if isinstance(example, Mapping) and isinstance(real, Mapping):
        if set(example) != set(real):
            yield f"{at}: the keys {sorted(set(example) ^ set(real))} are in one of them only"
        for key in (set(example) & set(real)) - FREE:
            yield from differences(example[key], real[key], at=f"{at}.{key}")
    elif isinstance(example, list) and isinstance(real, list):
        if example and real:
            yield from differences(example[0], real[0], at=f"{at}[0]")
    elif type(example) is not type(real):
        yield f"{at}: {example!r} and {real!r} are of other kinds"
    elif isinstance(example, str) and form(example) != form(real):
        yield f"{at}: {example!r} and {real!r} are written another way"
