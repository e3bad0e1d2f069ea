"""Numbering: the patterns of invoice and credit note numbers, with the next numbers while one types."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.shown.fields import Complaints, Field, complaints_of
from billow.records.accounts.models import Permission
from billow.usecases.management_account import change_settings
from billow.usecases.refused import Refused
from billow.usecases.show_numbers import KINDS, Series, show_numbers, try_pattern

PATH = "/settings/numbering"
_NAMES = {
    "invoice": ("number_pattern", "first_number"),
    "credit_note": ("credit_note_pattern", "first_credit_note_number"),
}
_COLUMNS = tuple(name for names in _NAMES.values() for name in names)
_INVALID = 422


@require_http_methods(["GET", "POST"])
def numbering_page(request: HttpRequest) -> HttpResponse:
    """Show how invoices and credit notes are numbered, or save it."""
    actor, now, problem = actor_of(request), clock(), None
    if request.method == "POST":
        try:
            change_settings(actor=actor, fields=_typed(request), now=now)
        except Refused as refused:
            problem = refused
        else:
            return went_well(request, address=PATH, said=_("The numbering was saved"))
    complaints = complaints_of(problem, columns=_COLUMNS)
    typed = _typed(request)
    values = {
        "section": "settings",
        "place": "numbering",
        "series": [_shown(each, typed, complaints) for each in show_numbers(actor=actor, now=now)],
        "complaints": complaints,
        "may_change": actor.may(Permission.WRITE_INVOICES),
    }
    return render(request, "numbering/page.html", values, status=_INVALID if problem else 200)


@require_GET
def next_numbers(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer with the next numbers of the pattern that is being typed, or with what is wrong with it."""
    kind = kind if kind in KINDS else KINDS[0]
    pattern, first = (request.GET.get(name, "") for name in _NAMES[kind])
    values: dict[str, object] = {"kind": kind}
    try:
        values["numbers"] = try_pattern(actor=actor_of(request), kind=kind, pattern=pattern, first=first, now=clock())
    except Refused as refused:
        if refused.code != "wrong_pattern":
            raise
        values["problem"] = refused.message
    return render(request, "numbering/_next.html", values)


def _typed(request: HttpRequest) -> dict[str, object]:
    return {name: request.POST[name].strip() for name in _COLUMNS if name in request.POST}


def _shown(series: Series, typed: Mapping[str, object], complaints: Complaints) -> dict[str, object]:
    pattern, first = _NAMES[series.kind]
    titles = {"invoice": _("Invoices"), "credit_note": _("Credit notes")}
    return {
        "kind": series.kind,
        "title": titles[series.kind],
        "has_begun": series.has_begun,
        "numbers": series.next_numbers,
        "pattern": Field(
            name=pattern,
            label=_("Pattern"),
            value=str(typed.get(pattern, series.pattern)),
            problem=complaints.about(pattern),
        ),
        "first": Field(
            name=first,
            label=_("First number"),
            value=str(typed.get(first, series.next_sequence)),
            problem=complaints.about(first),
            hint=_("Go on where your older invoices end. It can be chosen until the first number is taken."),
        ),
    }
