"""What every form of the console needs: to be done once however often it is sent, and to say so afterwards."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.usecases.form_once import once
from billow.usecases.refused import Refused

T = TypeVar("T")
MOST_UPLOADED_BYTES = 5 * 2**20


def form_key() -> str:
    """Return a key for a form that is about to be shown."""
    return secrets.token_urlsafe(16)


def seen_at(request: HttpRequest) -> datetime | None:
    """Return when the record was last changed as the form that was sent knew it; None where it does not say."""
    try:
        return datetime.fromisoformat(request.POST.get("seen", ""))
    except ValueError:
        return None


def done_once(request: HttpRequest, *, work: Callable[[], str], said: str) -> HttpResponseRedirect:
    """Do the work of a form that makes something, once per key, and go where it leads."""
    address = once(actor=actor_of(request), key=request.POST.get("once", ""), work=work, now=clock())
    return went_well(request, address=address, said=said)


def went_well(request: HttpRequest, *, address: str, said: str) -> HttpResponseRedirect:
    """Go to the address and say there what was done."""
    messages.success(request, said)
    answer = HttpResponseRedirect(address)
    if request.headers.get("HX-Request"):
        answer.status_code = 204
        answer.headers["HX-Redirect"] = address
        del answer.headers["Location"]
    else:
        answer.status_code = 303
    return answer


def uploaded(request: HttpRequest, *, wanted: str) -> tuple[bytes, str]:
    """Return the bytes and the name of the uploaded file; raise Refused without one, or where it is far too large."""
    file = request.FILES.get("file")
    if file is None:
        raise Refused("no_file", _("Choose %(wanted)s first") % {"wanted": wanted})
    if (file.size or 0) > MOST_UPLOADED_BYTES:
        sizes = {"size": f"{file.size:,}", "most": f"{MOST_UPLOADED_BYTES:,}"}
        raise Refused("too_large", _("The file has %(size)s bytes; at most %(most)s fit") % sizes)
    return file.read(), file.name or ""


def in_dialog(
    request: HttpRequest, fragment: str, values: Mapping[str, object], *, back: str, title: str, status: int = 200
) -> HttpResponse:
    """Answer with what goes into the page's dialog, or with a page of its own where there is no script."""
    if request.headers.get("HX-Request"):
        return render(request, fragment, values, status=status)
    page = {**values, "fragment": fragment, "back": back, "dialog_title": title}
    return render(request, "frame/dialog.html", page, status=status)


def shown_once(request: HttpRequest, *, work: Callable[[], T], back: str) -> T | None:
    """Do the work of a form that makes a secret, once per key; None for a form that was sent before.

    The secret is in the answer to the first and nowhere else; ``back`` is where the others are sent.
    """
    made: list[T] = []

    def do() -> str:
        made.append(work())
        return back

    once(actor=actor_of(request), key=request.POST.get("once", ""), work=do, now=clock())
    return made[0] if made else None
