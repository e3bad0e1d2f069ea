"""How the console says no: a page, or a message in the dialog when a fragment was asked for."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from billow.usecases.refused import Refused

_STATUS_BY_CODE = {"not_permitted": 403, "not_found": 404}
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What refused.html shows."""

    status: int
    title: str
    message: str
    details: tuple[str, ...] = ()


def refused_page(request: HttpRequest, *, refused: Refused) -> HttpResponse:
    """Answer a use case's refusal with its own words."""
    status = _STATUS_BY_CODE.get(refused.code, _CONFLICT)
    titles = {403: _("You may not do this"), 404: _("Not found"), _CONFLICT: _("This was not done")}
    return _answer(
        request,
        Refusal(
            status=status,
            title=titles[status],
            message=refused.message if status != 404 else _("This page does not exist, or it is not yours to see."),
            details=tuple(issue.message for issue in refused.issues),
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 403."""
    message = _("Your role does not allow this. An owner of the management account can change roles.")
    return _answer(request, Refusal(status=403, title=_("You may not do this"), message=message))


@login_not_required
def too_much(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 400: the request is not one that a form of ours sends, or far too large."""
    message = _(
        "The request was too large or could not be read. Nothing was done; large bills are imported on the server."
    )
    return _answer(request, Refusal(status=400, title=_("That could not be taken"), message=message))


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 404."""
    message = _("This page does not exist, or it is not yours to see.")
    return _answer(request, Refusal(status=404, title=_("Not found"), message=message))


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500, with nothing that could fail again."""
    message = _("Something went wrong on our side. The server's log says what; nothing was half done.")
    return _answer(request, Refusal(status=500, title=_("That did not work"), message=message))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer a form whose page was opened before the last sign-in."""
    message = _("This page was opened before you last signed in. Reload it and try again; nothing was done.")
    return _answer(request, Refusal(status=403, title=_("Please reload the page"), message=message))


def _answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    if request.headers.get("HX-Request"):
        answer = render(request, "frame/_refused.html", {"refusal": refusal}, status=refusal.status)
        answer.headers["HX-Retarget"] = "#dialog"
        answer.headers["HX-Reswap"] = "innerHTML"
        return answer
    return render(request, "frame/refused.html", {"refusal": refusal}, status=refusal.status)
