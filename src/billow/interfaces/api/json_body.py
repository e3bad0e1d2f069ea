"""Read what a client sends: JSON bodies without surprises, and query strings in every form of list."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from billow.interfaces.api.errors import TOO_LARGE
from billow.interfaces.api.problem import Problem

LARGEST_BYTES = 1024 * 1024
DEEPEST = 20
LONGEST_NUMBER = 60


def read_json(data: bytes) -> Any:
    """Return the value with exact numbers; raise Problem for anything two readers could understand differently."""
    if len(data) > LARGEST_BYTES:
        raise Problem(413, f"{TOO_LARGE} At most {LARGEST_BYTES // 1024} KiB of JSON are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Problem(400, f"The body is not UTF-8 (byte {wrong.start}).") from wrong
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_float=_number,
            parse_int=_whole_number,
            parse_constant=_no_number,
        )
    except RecursionError as wrong:
        raise Problem(400, f"The body is nested more than {DEEPEST} levels deep.") from wrong
    except json.JSONDecodeError as wrong:
        raise Problem(400, f"The body is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno}).") from wrong
    _check(value, depth=1)
    return value


class StrictParser(Parser):
    """Read bodies strictly and query strings leniently."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the JSON object of the body."""
        value = read_json(request.body)
        if not isinstance(value, dict):
            raise Problem(400, "The body must be a JSON object")
        return value

    def parse_querydict(
        self,
        data: MultiValueDict[str, Any],
        list_fields: list[str],
        request: HttpRequest,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the query's values; a list may come as ``a=1,2``, ``a[]=1&a[]=2`` or ``a=1&a=2``."""
        merged: dict[str, list[Any]] = {}
        for key in data:
            merged.setdefault(key.removesuffix("[]"), []).extend(data.getlist(key))
        result: dict[str, Any] = {}
        for key, values in merged.items():
            for value in values:
                refuse_unreadable(value)
            if key in list_fields:
                result[key] = [part for value in values for part in _split(value)]
            elif values[-1] != "":
                result[key] = values[-1]
        return result


def refuse_unreadable(text: object) -> None:
    """Raise Problem for text that no database can hold."""
    if isinstance(text, str) and ("\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text)):
        raise Problem(400, "A text contains a character that cannot be stored (NUL or half of a pair).")


def _split(value: Any) -> Sequence[Any]:
    return [part for part in value.split(",") if part] if isinstance(value, str) else [value]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Problem(400, f"The key {twice[:100]!r} stands twice in one object.")
    return value


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise Problem(400, f"A number has more than {LONGEST_NUMBER} characters.")
    return Decimal(text)


def _whole_number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Problem(400, f"A number has more than {LONGEST_NUMBER} characters.")
    return int(text)


def _no_number(text: str) -> Any:
    raise Problem(400, f"{text} is not a number.")


def _check(value: Any, *, depth: int) -> None:
    if depth > DEEPEST:
        raise Problem(400, f"The body is nested more than {DEEPEST} levels deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_unreadable(key)
            _check(item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth=depth + 1)
    else:
        refuse_unreadable(value)
