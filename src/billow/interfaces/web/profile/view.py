"""A billing profile: a new one, one to look at or to change, its logo, and its end."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, in_dialog, seen_at, uploaded, went_well
from billow.interfaces.web.profile.form import profile_form, typed_fields, typed_items, typed_values, values_of
from billow.interfaces.web.profiles.view import PATH, logo_url
from billow.interfaces.web.shown.pairs import typed_pairs
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.preview_invoice_head import preview_invoice_head
from billow.usecases.profiles import (
    SECURE_FIELDS,
    add_profile,
    banking_data,
    change_profile,
    delete_profile,
    profile_with,
    set_logo,
)
from billow.usecases.refused import Refused

_INVALID = 422


@sensitive_post_parameters(*SECURE_FIELDS)
@require_http_methods(["GET", "POST"])
def new_profile(request: HttpRequest) -> HttpResponse:
    """Show the form for a new profile, or make it."""
    actor = actor_of(request)
    actor.must_write_invoices()
    problem = None
    if request.method == "POST":
        name = request.POST.get("nickname", "").strip()
        try:
            return done_once(
                request, work=lambda: _made(request, actor), said=_("%(name)s was added; now its logo") % {"name": name}
            )
        except Refused as refused:
            problem = refused
    values = typed_values(request.POST) if problem else {"cost_basis": "billed_cost", "rounding_rule": "exact_total"}
    form = profile_form(
        values=values,
        pairs=typed_pairs(request.POST),
        items=typed_items(request.POST),
        refused=problem,
    )
    page = {"form": form, "complaints": form.complaints, "once": request.POST.get("once") or form_key()}
    page["head"] = preview_invoice_head(actor=actor, texts=values, pairs=typed_pairs(request.POST), now=clock())
    return _page(request, actor, page, status=_INVALID if problem else 200)


@sensitive_post_parameters(*SECURE_FIELDS)
@require_http_methods(["GET", "POST"])
def one_profile(request: HttpRequest, token: str) -> HttpResponse:
    """Show a profile, or save it."""
    actor = actor_of(request)
    profile = profile_with(actor=actor, token=token)
    problem = None
    if request.method == "POST":
        try:
            saved = change_profile(
                actor=actor, profile=profile, fields=typed_fields(request.POST), seen=seen_at(request), now=clock()
            )
        except Refused as refused:
            problem = refused
        else:
            said = _("%(name)s was saved") % {"name": saved.profile} + _doubts(saved.warnings)
            return went_well(request, address=f"{PATH}/{token}", said=said)
    return _shown(request, actor, profile, problem)


@sensitive_post_parameters(*SECURE_FIELDS)
@require_POST
def preview_head(request: HttpRequest) -> HttpResponse:
    """Answer with the head of an invoice as the form stands."""
    actor, token = actor_of(request), request.POST.get("preview_of", "")
    values = {
        "head": preview_invoice_head(
            actor=actor, texts=typed_values(request.POST), pairs=typed_pairs(request.POST), now=clock()
        ),
        "logo_url": logo_url(profile_with(actor=actor, token=token)) if token else "",
    }
    return render(request, "profile/_head.html", values)


@require_POST
def change_logo(request: HttpRequest, token: str) -> HttpResponse:
    """Store the uploaded logo, or take it away."""
    actor = actor_of(request)
    actor.must_write_invoices()
    profile = profile_with(actor=actor, token=token)
    for_all = request.POST.get("for_all") == "yes"
    try:
        if "remove" in request.POST:
            set_logo(actor=actor, profile=profile, data=None, now=clock())
            return went_well(request, address=f"{PATH}/{token}", said=_("The logo was taken away"))
        data, name = uploaded(request, wanted=_("a PNG, JPEG or SVG file"))
        set_logo(actor=actor, profile=profile, data=data, file_name=name, for_all=for_all, now=clock())
    except Refused as refused:
        if refused.code in {"not_permitted", "not_found"}:
            raise
        return _shown(request, actor, profile, None, logo_problem=refused.message)
    said = _("The logo was saved for all profiles") if for_all else _("The logo was saved")
    return went_well(request, address=f"{PATH}/{token}", said=said)


@require_http_methods(["GET", "POST"])
def remove_profile(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to delete the profile, and do it."""
    actor = actor_of(request)
    actor.must_write_invoices()
    profile = profile_with(actor=actor, token=token)
    problem = ""
    if request.method == "POST":
        try:
            delete_profile(actor=actor, profile=profile, now=clock())
        except Refused as refused:
            problem = refused.message
        else:
            return went_well(request, address=PATH, said=_("%(name)s was deleted") % {"name": profile})
    values = {
        "nickname": profile.nickname,
        "users": profile.users_count,  # type: ignore[attr-defined]  # annotated by the use case
        "url": f"{PATH}/{token}/delete",
        "problem": problem,
        "section": "settings",
    }
    title = _("Delete %(name)s") % {"name": profile}
    return in_dialog(request, "profile/_delete.html", values, back=f"{PATH}/{token}", title=title)


def _made(request: HttpRequest, actor: Actor) -> str:
    saved = add_profile(actor=actor, fields=typed_fields(request.POST), now=clock())
    return f"{PATH}/{saved.profile.token}"


def _doubts(warnings: tuple[Issue, ...]) -> str:
    return "".join(f". {issue.message}" for issue in warnings)


def _shown(
    request: HttpRequest, actor: Actor, profile: BillingProfile, problem: Refused | None, *, logo_problem: str = ""
) -> HttpResponse:
    typed = problem is not None
    banking = banking_data(actor=actor, profile=profile)
    values = typed_values(request.POST) if typed else values_of(profile, banking=banking)
    pairs = typed_pairs(request.POST) if typed else profile.custom_fields
    form = profile_form(
        values=values,
        pairs=pairs,
        items=typed_items(request.POST) if typed else profile.adjustment_items,
        refused=problem,
    )
    page = {
        "form": form,
        "complaints": form.complaints,
        "head": preview_invoice_head(actor=actor, texts=values, pairs=pairs, now=clock()),
        "logo_url": logo_url(profile),
        "profile": {
            "token": profile.token,
            "seen": profile.updated_at.isoformat(),
            "nickname": profile.nickname,
            "users": profile.users_count,  # type: ignore[attr-defined]  # annotated by the use case
            "logo_url": logo_url(profile),
            "logo_size": f"{profile.logo_width} × {profile.logo_height}",
        },
        "logo_problem": logo_problem,
    }
    return _page(request, actor, page, status=_INVALID if problem or logo_problem else 200)


def _page(request: HttpRequest, actor: Actor, page: dict[str, object], *, status: int) -> HttpResponse:
    may_change = actor.may(Permission.WRITE_INVOICES)
    common = {"section": "settings", "place": "profiles", "may_change": may_change}
    return render(request, "profile/page.html", {**page, **common}, status=status)
