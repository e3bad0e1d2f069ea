"""The list of billing profiles, and their logos."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile
from billow.usecases.profiles import page_of_profiles, profile_with

PATH = "/settings/billing-profiles"


@require_GET
def profiles_page(request: HttpRequest) -> HttpResponse:
    """Show the profiles with how many customers use each."""
    actor = actor_of(request)
    page = page_of_profiles(actor=actor, wanted=page_wanted(request.GET.dict()))
    values = {
        "section": "settings",
        "place": "profiles",
        "rows": [
            {
                "token": profile.token,
                "nickname": profile.nickname,
                "company": ", ".join(part for part in (profile.company_name, profile.city) if part),
                "bank": profile.bank_name or "",
                "items": ", ".join(item["name"] for item in profile.adjustment_items),
                "users": profile.users_count,  # type: ignore[attr-defined]  # annotated by the use case
                "logo_url": logo_url(profile),
            }
            for profile in page.items
        ],
        "turning": turning(page, path=PATH, fields={}),
        "may_change": actor.may(Permission.WRITE_INVOICES),
    }
    return render(request, "profiles/page.html", values)


@require_GET
def logo(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the profile's logo."""
    profile = profile_with(actor=actor_of(request), token=token)
    if profile.logo_png is None:
        raise Http404
    return HttpResponse(bytes(profile.logo_png), content_type="image/png")


def logo_url(profile: BillingProfile) -> str:
    """Return where the profile's logo is, another address after each change; empty without one."""
    if profile.logo_png is None:
        return ""
    return f"{PATH}/{profile.token}/logo?v={int(profile.updated_at.timestamp())}"
