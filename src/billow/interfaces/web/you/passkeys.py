"""One's own passkeys: add one, take one away."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.frame.sessions import recently_proved, renew_session
from billow.interfaces.web.shown.browser import browser_words
from billow.interfaces.web.shown.fields import Field, complaints_of
from billow.usecases.passkeys import add_passkey, ask_for_new_passkey, remove_passkey
from billow.usecases.refused import Refused

PATH = "/you#passkeys"
ASKED = "new_passkey_asked"
"""Where the session keeps the question until its one answer comes."""


@open_to_customers
@require_POST
@recently_proved
def new_passkey_question(request: HttpRequest) -> HttpResponse:
    """Answer with what the browser is to ask the device."""
    question = ask_for_new_passkey(actor=actor_of(request))
    request.session[ASKED] = question.state
    return JsonResponse(question.options)


@open_to_customers
@sensitive_post_parameters("answer")
@require_http_methods(["GET", "POST"])
@recently_proved
def new_passkey(request: HttpRequest) -> HttpResponse:
    """Show the form, or keep the key that the device has made."""
    problem = None
    name = request.POST.get("name", browser_words(request.headers.get("User-Agent", "")))
    if request.method == "POST":
        try:
            made = add_passkey(
                actor=actor_of(request),
                name=name,
                answer=request.POST.get("answer", ""),
                state=request.session.pop(ASKED, None),
                now=clock(),
            )
        except Refused as refused:
            problem = refused
        else:
            renew_session(request)
            return went_well(request, address=PATH, said=_("%(name)s was added") % {"name": made.name})
    complaints = complaints_of(problem, columns=("name",))
    field = Field(
        name="name",
        label=_("Name"),
        value=name,
        hint=_("By which you know the device again."),
        problem=complaints.about("name"),
    )
    page = {"field": field, "complaints": complaints}
    return render(request, "you/new_passkey.html", page, status=422 if problem else 200)


@open_to_customers
@require_POST
@recently_proved
def end_passkey(request: HttpRequest, token: str) -> HttpResponse:
    """Take a passkey away."""
    name = remove_passkey(actor=actor_of(request), token=token, now=clock())
    renew_session(request)
    return went_well(request, address=PATH, said=_("%(name)s was removed") % {"name": name})
