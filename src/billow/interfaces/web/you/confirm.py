"""Show who you are before the way in is changed: the password once more."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers
from billow.interfaces.web.frame.sessions import note_proof
from billow.interfaces.web.frame.theme import is_own_path
from billow.interfaces.web.shown.fields import Field, complaints_of
from billow.usecases.own_account import prove_password
from billow.usecases.refused import Refused


@open_to_customers
@sensitive_post_parameters("current")
@require_http_methods(["GET", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    """Ask for the password, and go on to the page that wanted it."""
    wished = request.POST.get("next") or request.GET.get("next", "")
    target = wished if is_own_path(wished, request=request) else "/you"
    actor, problem, status = actor_of(request), None, 200
    if request.method == "POST":
        try:
            prove_password(actor=actor, password=request.POST.get("current", "")[:1024], now=clock())
        except Refused as refused:
            problem, status = refused, 429 if refused.code == "too_many_attempts" else 422
        else:
            note_proof(request)
            return HttpResponseRedirect(target)
    complaints = complaints_of(problem, columns=("current",))
    field = Field(
        name="current",
        label=_("Password"),
        kind="password",
        autocomplete="current-password",
        problem=complaints.about("current") or ("" if problem is None else problem.message),
    )
    person = actor.user
    page = {"field": field, "target": target, "has_password": person is not None and person.has_usable_password()}
    return render(request, "you/confirm.html", {**page, "email": person and person.email}, status=status)
