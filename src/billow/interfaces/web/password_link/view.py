"""Ask for a link by mail, open it, and choose a password."""

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import clock
from billow.interfaces.web.shown.fields import Field, complaints_of
from billow.usecases.mailed_links import ask_for_reset, hash_of, open_link, set_password_by_link
from billow.usecases.refused import Refused

LINK = "mailed_link"
"""Where the session keeps the hash of the link that was opened: the address itself goes out of sight at once."""

_INVALID, _GONE, _TOO_MANY = 422, 410, 429


class Wish(forms.Form):
    """Whose password was forgotten."""

    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": gettext_lazy("Write your e-mail address."),
            "invalid": gettext_lazy("This is not an e-mail address; write it like name@company.com."),
        },
    )


@login_not_required
@require_http_methods(["GET", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Show the form; answer every address alike, whether anybody has it or not."""
    form = Wish(request.POST if request.method == "POST" else None)
    problem, status, is_asked = "", 200, False
    if form.is_bound and form.is_valid():
        try:
            ask_for_reset(email=form.cleaned_data["email"], address=request.META.get("REMOTE_ADDR", ""), now=clock())
            is_asked = True
        except Refused as refused:
            problem, status = refused.message, _TOO_MANY
    elif form.is_bound:
        problem, status = str(form.errors["email"][0]), _INVALID
    email = request.POST.get("email", "")
    field = Field(name="email", label=_("E-mail address"), value=email, kind="email", autocomplete="username")
    page = {"field": field, "problem": problem, "is_asked": is_asked, "email": email}
    return render(request, "password_link/forgot.html", page, status=status)


@login_not_required
@sensitive_variables("secret")
@require_GET
def open_mailed_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address bar; nothing is used up by looking."""
    request.session[LINK] = hash_of(secret)
    return HttpResponseRedirect("/choose-password")


@login_not_required
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """Show the form of the link that was opened, or set the password; without a link that works say what to do."""
    secret_hash, problem = request.session.get(LINK, ""), None
    try:
        link = open_link(secret_hash=secret_hash, now=clock())
    except Refused as useless:
        return render(request, "password_link/useless.html", {"message": useless.message}, status=_GONE)
    if request.method == "POST":
        try:
            set_password_by_link(
                secret_hash=secret_hash,
                password=request.POST.get("password", ""),
                again=request.POST.get("again", ""),
                now=clock(),
            )
        except Refused as refused:
            if refused.code == "useless_link":
                return render(request, "password_link/useless.html", {"message": refused.message}, status=_GONE)
            problem = refused
        else:
            logout(request)
            return HttpResponseRedirect("/sign-in?done=password")
    complaints = complaints_of(problem, columns=("password", "again"))
    fields = tuple(
        Field(
            name=name,
            label=label,
            kind="password",
            hint=hint,
            problem=complaints.about(name),
            autocomplete="new-password",
        )
        for name, label, hint in (
            ("password", _("New password"), _("At least 10 characters; three or four words are easy to keep in mind.")),
            ("again", _("The same once more"), ""),
        )
    )
    page = {"link": link, "fields": fields, "is_invitation": link.purpose == "invitation"}
    return render(request, "password_link/choose.html", page, status=_INVALID if problem else 200)
