"""An authenticator app: set it up, take it away, and make new recovery codes."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.frame.sessions import recently_proved, renew_session
from billow.interfaces.web.shown.fields import Field
from billow.usecases.one_time_codes import new_secret, renew_recovery_codes, switch_codes_off, switch_codes_on
from billow.usecases.refused import Refused

PATH = "/you"


@open_to_customers
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@recently_proved
def set_up_codes(request: HttpRequest) -> HttpResponse:
    """Show the secret for the app; with a first right code ask for codes from now on, and show the recovery codes."""
    actor, problem, status = actor_of(request), "", 200
    if request.method == "POST":
        try:
            codes = switch_codes_on(actor=actor, code=request.POST.get("code", "")[:100], now=clock())
        except Refused as refused:
            if refused.code in {"codes_on", "no_secret"}:
                return HttpResponseRedirect(f"{PATH}#codes")
            problem, status = refused.message, 429 if refused.code == "too_many_attempts" else 422
        else:
            renew_session(request)
            return _recovery_codes(request, codes)
    try:
        secret = new_secret(actor=actor, now=clock())
    except Refused:
        return HttpResponseRedirect(f"{PATH}#codes")
    field = Field(
        name="code",
        label=_("Code"),
        hint=_("The six digits that the app shows now."),
        problem=problem,
        autocomplete="one-time-code",
    )
    return render(request, "you/set_up_codes.html", {"secret": secret, "field": field}, status=status)


@open_to_customers
@require_POST
@recently_proved
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them, this once."""
    return _recovery_codes(request, renew_recovery_codes(actor=actor_of(request), now=clock()))


@open_to_customers
@require_POST
@recently_proved
def end_codes(request: HttpRequest) -> HttpResponse:
    """Ask for no code any more."""
    switch_codes_off(actor=actor_of(request), now=clock())
    renew_session(request)
    return went_well(request, address=f"{PATH}#codes", said=_("The authenticator app was removed"))


def _recovery_codes(request: HttpRequest, codes: tuple[str, ...]) -> HttpResponse:
    return render(request, "you/recovery_codes.html", {"codes": codes})
