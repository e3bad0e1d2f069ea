"""Sign in with a passkey."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from billow.interfaces.web.frame.actor import clock
from billow.interfaces.web.frame.sessions import start_session
from billow.interfaces.web.frame.theme import is_own_path
from billow.interfaces.web.sign_in.view import sign_in_again
from billow.usecases.passkeys import ask_for_passkey, sign_in_with_passkey
from billow.usecases.refused import Refused

ASKED = "passkey_asked"
"""Where the session keeps the question until its one answer comes."""


@login_not_required
@require_POST
def passkey_question(request: HttpRequest) -> HttpResponse:
    """Answer with what the browser is to ask the device."""
    question = ask_for_passkey()
    request.session[ASKED] = question.state
    return JsonResponse(question.options)


@login_not_required
@sensitive_post_parameters("answer")
@require_POST
def passkey_answer(request: HttpRequest) -> HttpResponse:
    """Sign in whoever the device has recognised."""
    wished = request.POST.get("next", "")
    target = wished if is_own_path(wished, request=request) else settings.LOGIN_REDIRECT_URL
    try:
        user = sign_in_with_passkey(
            answer=request.POST.get("answer", ""),
            state=request.session.pop(ASKED, None),
            address=request.META.get("REMOTE_ADDR", ""),
            now=clock(),
        )
    except Refused as refused:
        return sign_in_again(request, refused=refused, target=target)
    start_session(request, user=user, method="passkey")
    return HttpResponseRedirect(target)
