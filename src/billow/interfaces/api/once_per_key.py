"""The one place where ``Idempotency-Key`` is heeded: a POST with a key is done once, and its answer is kept for a day.

Most operations are done in one transaction with their answer. An operation whose work commits as it goes is marked
``@in_steps``; one that only reads is marked ``@reads_only`` and simply answers again.
"""

import functools
import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from ninja import NinjaAPI
from ninja.operation import Operation

from billow.interfaces.api.auth import bearer, clock
from billow.interfaces.api.problem import Problem
from billow.usecases.kept_answers import Answer, Begun, begin, give_back, keep

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"

_DESCRIBED: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            "description": "The same key with the same request is done once within 24 hours; asked again, it gets the "
            f"same answer, with the header `{REPLAYED}: true`. With another request it is refused.",
        }
    ],
    "responses": {
        409: {
            "description": "A request with the same Idempotency-Key is being done",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}},
        }
    },
}

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def in_steps(view: ViewT) -> ViewT:
    """Mark an operation whose use case opens transactions of its own, such as one for each of many invoices."""
    view.in_steps = True  # type: ignore[attr-defined]
    return view


def reads_only(view: ViewT) -> ViewT:
    """Mark an operation that changes nothing although it is a POST."""
    view.reads_only = True  # type: ignore[attr-defined]
    return view


def heed_keys(api: NinjaAPI) -> None:
    """Let every POST operation of the API heed the header."""
    api.add_decorator(_around_the_answer, mode="view")
    api.add_decorator(_around_the_work, mode="operation")


@dataclass(slots=True)
class _Keyed:
    """A request with a key on its way: the transaction it is done in, and the right to do it."""

    key: str
    stack: ExitStack
    begun: Begun | None = None
    is_atomic: bool = field(default=False)


def _around_the_answer(run: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the answer once it is written, or free the key when it is a refusal."""
    operation = getattr(run, "__self__", None)
    if isinstance(operation, Operation):
        if "POST" not in operation.methods or getattr(operation.view_func, "reads_only", False):
            return run
        operation.openapi_extra = {**(operation.openapi_extra or {}), **_DESCRIBED}

    @functools.wraps(run)
    def keyed_run(request: HttpRequest, **path: Any) -> Any:
        key = request.headers.get(HEADER)
        if request.method != "POST" or key is None:
            return run(request, **path)
        with ExitStack() as stack:
            keyed = _Keyed(key=key, stack=stack)
            request.keyed = keyed  # type: ignore[attr-defined]
            try:
                response = run(request, **path)
            except BaseException:
                _free(keyed)
                raise
            if keyed.begun is not None:
                if 200 <= response.status_code < 300:
                    keep(keyed.begun, answer=_answer(response))
                else:
                    _free(keyed)
        return response

    return keyed_run


def _around_the_work(view: Callable[..., Any]) -> Callable[..., Any]:
    """Begin once the caller is known and the request understood; answer instead where it was done before."""
    if getattr(view, "reads_only", False):
        return view

    @functools.wraps(view)
    def keyed_view(request: HttpRequest, *args: Any, **values: Any) -> Any:
        keyed: _Keyed | None = getattr(request, "keyed", None)
        if keyed is None:
            return view(request, *args, **values)
        if not getattr(view, "in_steps", False):
            keyed.stack.enter_context(transaction.atomic())
            keyed.is_atomic = True
        begun = begin(caller=bearer(request).token, key=keyed.key, fingerprint=_fingerprint(request), now=clock())
        if isinstance(begun, Answer):
            return _replayed(begun)
        keyed.begun = begun
        return view(request, *args, **values)

    return keyed_view


def _free(keyed: _Keyed) -> None:
    """Undo what was done in the one transaction, or give the key back."""
    if keyed.is_atomic:
        transaction.set_rollback(True)
    elif keyed.begun is not None:
        give_back(keyed.begun)


def _answer(response: HttpResponse) -> Answer:
    return Answer(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        location=response.headers.get("Location", ""),
        body=response.content.decode("utf-8"),
    )


def _replayed(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type or None)
    if answer.location:
        response.headers["Location"] = answer.location
    response.headers[REPLAYED] = "true"
    return response


def _fingerprint(request: HttpRequest) -> str:
    """Return a hash of what is asked: the address and the body, or the fields and files of a form."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not _is_form_with_files(request):
        try:
            digest.update(request.body)
            return digest.hexdigest()
        except RawPostDataException:
            pass  # somebody has read it as a form
    # The same form sent twice differs in its boundary, so its parts are compared.
    try:
        names = sorted(request.POST)
    except MultiPartParserError as wrong:
        raise Problem(400, f"The form cannot be read: {wrong}") from wrong
    for name in names:
        for value in request.POST.getlist(name):
            digest.update(_part(name, hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()))
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            digest.update(_part(name, file.name or "", content.hexdigest()))
    return digest.hexdigest()


def _part(*texts: str) -> bytes:
    return "".join(f"{len(text)}:{text}" for text in texts).encode("utf-8", "surrogatepass")


def _is_form_with_files(request: HttpRequest) -> bool:
    return request.content_type == "multipart/form-data" and "boundary" in (request.content_params or {})
