"""A managed account's page: its first tab, and the form for a new one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.account.form import OWN_INTEGRATIONS, account_form, typed_fields, typed_values, values_of
from billow.interfaces.web.account.tabs import head_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, seen_at, went_well
from billow.interfaces.web.shown.pairs import typed_pairs
from billow.usecases.account_fields import DEFAULT_PAYMENT_TERMS_DAYS
from billow.usecases.accounts import account_with, add_account, change_account
from billow.usecases.actor import Actor
from billow.usecases.profiles import list_profiles
from billow.usecases.refused import Refused

_INVALID = 422


@require_http_methods(["GET", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Show the form for a new managed account, or make it."""
    actor = actor_of(request)
    actor.must_write_rules()
    if request.method == "POST":
        name = request.POST.get("name", "").strip()
        try:
            return done_once(request, work=lambda: _made(request, actor), said=_("%(name)s was added") % {"name": name})
        except Refused as refused:
            return _new_form(request, actor, refused)
    return _new_form(request, actor, None)


@require_http_methods(["GET", "POST"])
def general(request: HttpRequest, token: str) -> HttpResponse:
    """Show an account's details, address and free fields, or save them."""
    actor = actor_of(request)
    account = account_with(actor=actor, token=token)
    values, pairs, problem = values_of(account), account.custom_fields, None
    if request.method == "POST":
        try:
            changed = change_account(
                actor=actor, account=account, fields=typed_fields(request.POST), seen=seen_at(request), now=clock()
            )
        except Refused as refused:
            values, pairs, problem = typed_values(request.POST), typed_pairs(request.POST), refused
        else:
            return went_well(request, address=f"/accounts/{token}", said=_("%(name)s was saved") % {"name": changed})
    form = account_form(values=values, pairs=pairs, profiles=list_profiles(actor=actor), refused=problem)
    page = {"form": form, "complaints": form.complaints, "head": head_of(account, tab="general", actor=actor)}
    page["seen"] = account.updated_at.isoformat()
    return render(
        request, "account/general.html", {**page, "section": "accounts"}, status=_INVALID if problem else None
    )


def _made(request: HttpRequest, actor: Actor) -> str:
    made = add_account(actor=actor, fields=typed_fields(request.POST), now=clock())
    return f"/accounts/{made.token}/integrations"


def _new_form(request: HttpRequest, actor: Actor, refused: Refused | None) -> HttpResponse:
    usual = {
        "currency": actor.management_account.currency,
        "locale": "en",
        "payment_terms_days": str(DEFAULT_PAYMENT_TERMS_DAYS),
        "first_period": "2000-01",
        OWN_INTEGRATIONS: "",
    }
    form = account_form(
        values=usual if refused is None else typed_values(request.POST),
        pairs=[] if refused is None else typed_pairs(request.POST),
        profiles=list_profiles(actor=actor),
        refused=refused,
    )
    page = {"form": form, "complaints": form.complaints, "once": request.POST.get("once") or form_key()}
    return render(request, "account/new.html", {**page, "section": "accounts"}, status=_INVALID if refused else None)
