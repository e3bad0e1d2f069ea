"""How the API says no: one envelope, ``{"errors": [...]}``, whatever went wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import Field

from billow.interfaces.api.problem import Problem
from billow.usecases.refused import Refused

_STATUS_BY_CODE = {
    "not_authenticated": 401,
    "not_permitted": 403,
    "not_available": 403,
    "not_found": 404,
    "key_in_use": 409,
    "bad_costs": 422,
    "documents_unreachable": 503,
}
"""What a use case's refusal is in HTTP; every other code is 400."""

_COMPLAINTS = {
    "missing": "can't be blank",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), "must be a whole number"),
    **dict.fromkeys(
        ("date_from_datetime_parsing", "date_parsing", "date_type", "date_from_datetime_inexact"),
        "must be a date such as 2026-03-31",
    ),
    **dict.fromkeys(
        ("datetime_from_date_parsing", "datetime_parsing", "datetime_type"),
        "must be a time such as 2026-03-31T12:00:00Z",
    ),
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    **dict.fromkeys(("bool_parsing", "bool_type"), "must be true or false"),
    "string_type": "must be text",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a JSON object"),
    "list_type": "must be a list",
}

UNAUTHORIZED = "Authenticate with the header Authorization: Bearer and an API token."
TOO_LARGE = "The body is too large."


class Errors(Schema):
    """Why a request was refused, one sentence each."""

    errors: list[str] = Field(examples=[["Title can't be blank"]])


def refuse(*messages: str, status: int) -> HttpResponse:
    """Answer with the envelope."""
    answer = JsonResponse({"errors": list(messages)}, status=status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def add_error_answers(api: NinjaAPI) -> None:
    """Let the API answer every foreseen failure with the envelope; the unforeseen go to the server's log."""
    handlers: Mapping[type[Exception], Any] = {
        Refused: _refused,
        Problem: _problem,
        ValidationError: _invalid,
        HttpError: _http_error,
        RequestDataTooBig: _too_large,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _refused(_request: HttpRequest, refused: Refused) -> HttpResponse:
    messages = [issue.message for issue in refused.issues] or [refused.message]
    return refuse(*dict.fromkeys(messages), status=_STATUS_BY_CODE.get(refused.code, 400))


def _problem(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return refuse(*problem.messages, status=problem.status)


def _invalid(_request: HttpRequest, invalid: ValidationError) -> HttpResponse:
    return refuse(*dict.fromkeys(_sentence(each) for each in invalid.errors), status=400)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # The framework wraps whatever the body's reader raises.
    if isinstance(error.__cause__, Problem):
        return _problem(request, error.__cause__)
    return refuse(UNAUTHORIZED if error.status_code == 401 else error.message, status=error.status_code)


def _too_large(_request: HttpRequest, _error: Exception) -> HttpResponse:
    return refuse(TOO_LARGE, status=413)


def _unforeseen(_request: HttpRequest, error: Exception) -> HttpResponse:
    raise error


def _sentence(error: Mapping[str, Any]) -> str:
    place: Sequence[Any] = error["loc"]
    if tuple(place) in {("body", "given"), ("body",)}:
        return "The body must be a JSON object"
    label = str(place[-1] if isinstance(place[-1], str) else ".".join(str(part) for part in place[1:]))
    label = label[:1].upper() + label[1:].replace("_", " ")
    complaint = _COMPLAINTS.get(error["type"])
    if complaint is None:
        return f"{label}: {error['msg']}"
    return f"{label} {complaint.format_map(error.get('ctx', {}))}"
