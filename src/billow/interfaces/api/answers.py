"""What holds for every answer under /v2: JSON whatever happens, and the rate limit's headers."""

import http
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from billow.interfaces.api.errors import Errors, refuse

PREFIX = "/v2/"

_MESSAGES = {
    400: "The request cannot be understood.",
    404: "Resource not found",
    405: "This address does not know this method.",
    413: "The body is too large.",
    500: "Something went wrong on our side. The server's log says what; nothing was half done.",
}
_REFUSALS = (400, 401, 403, 404, 413, 429, 503)


def answers(model: Any, *, status: int = 200) -> dict[int, Any]:
    """Return the table of an operation's answers: the good one, and the envelope for every refusal."""
    return {status: model, **dict.fromkeys(_REFUSALS, Errors)}


class ApiAnswers:
    """Turn pages of errors into the envelope, and add the headers."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and look at the answer."""
        if not request.path_info.startswith(PREFIX):
            return self.respond(request)
        if request.method == "HEAD":
            return self._head(request)
        return self._answer(request)

    def _head(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as GET would, without the body: status, headers and its length (RFC 9110, 9.3.2)."""
        request.method = "GET"
        answer = self._answer(request)
        if isinstance(answer, HttpResponse):
            length = str(len(answer.content))
            answer.content = b""
            answer.headers["Content-Length"] = length
        return answer

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.respond(request)
        if answer.status_code >= 400 and not answer.headers.get("Content-Type", "").startswith("application/json"):
            answer = _as_envelope(answer)
        allowance = getattr(request, "allowance", None)
        for name, value in (allowance.headers() if allowance else {}).items():
            answer.headers[name] = value
        return answer


def _as_envelope(answer: HttpResponseBase) -> HttpResponseBase:
    status = answer.status_code
    allowed: Mapping[str, str] = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
    answer = refuse(_MESSAGES.get(status, http.HTTPStatus(status).phrase), status=status)
    for name, value in allowed.items():
        answer.headers[name] = value
    return answer
