"""Credit an approved invoice: choose, look at what the note will say, and issue it once."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.credit.shown import foreseen_shown, invoice_shown
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key
from billow.interfaces.web.invoices.download import file_response
from billow.interfaces.web.shown.fields import Field
from billow.usecases.credit_invoices import LONGEST_REASON, credit_invoice
from billow.usecases.foresee_credit import ForeseenCredit, creditable, foresee_credit
from billow.usecases.read_credit_notes import download_credit_note
from billow.usecases.refused import Refused

_INVALID = 422
_OWN_PAGE = frozenset({"not_permitted", "not_found", "not_approved", "credited_already", "version_unreadable"})
_LINES, _WHOLE = "lines", "whole"


@require_http_methods(["GET", "POST"])
def credit_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask what to credit and why; say what the credit note will say; issue it when that is confirmed."""
    problem: Refused | None = None
    foreseen: ForeseenCredit | None = None
    if request.method == "POST":
        try:
            if request.POST.get("step") == "issue":
                return _issue(request, token)
            foreseen = foresee_credit(actor=actor_of(request), token=token, line_numbers=_numbers(request))
            _must_say_why(request)
        except Refused as refused:
            if refused.code in _OWN_PAGE:
                raise
            problem, foreseen = refused, None
    invoice = creditable(actor=actor_of(request), token=token)
    values = {
        "section": "invoices",
        "page": invoice_shown(invoice, chosen=_chosen(request)),
        **_asked(request, problem),
    }
    if foreseen is None:
        return render(request, "credit/page.html", values, status=_INVALID if problem else 200)
    shown = foreseen_shown(foreseen, currency=invoice.currency)
    values |= {"foreseen": shown, "once": form_key(), "numbers": _chosen(request)}
    return render(request, "credit/question.html", values)


@require_GET
def note_document(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Answer with a stored document of a credit note."""
    file = download_credit_note(actor=actor_of(request), token=token, kind=kind, now=clock())
    return file_response(file, as_attachment=kind == "csv")


def _issue(request: HttpRequest, token: str) -> HttpResponse:
    expected = _expected(request)

    def work() -> str:
        credit_invoice(
            actor=actor_of(request),
            invoice_token=token,
            line_numbers=_numbers(request),
            reason=request.POST.get("reason", ""),
            now=clock(),
            expected=expected,
        )
        return f"/invoices/{token}#credit-notes"

    return done_once(request, work=work, said=_("The credit note was issued"))


def _expected(request: HttpRequest) -> Decimal:
    """Return the total that was shown."""
    try:
        value = Decimal(request.POST.get("expected", "")[:40])
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Refused("not_looked_at", _("Look at what the credit note will say before you issue it"))
    return value


def _must_say_why(request: HttpRequest) -> None:
    if not request.POST.get("reason", "").strip():
        raise Refused("no_reason", _("Say why: the reason is printed on the credit note"))


def _chosen(request: HttpRequest) -> tuple[str, ...]:
    return tuple(dict.fromkeys(request.POST.getlist("line")))


def _numbers(request: HttpRequest) -> Sequence[int] | None:
    """Return the chosen lines; None for everything that is left."""
    if request.POST.get("what") != _LINES:
        return None
    given = _chosen(request)
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in given):
        raise Refused("unknown_line", _("Choose lines of this invoice"))
    return [int(text) for text in given]


def _asked(request: HttpRequest, refused: Refused | None = None) -> dict[str, object]:
    reason = Field(
        name="reason",
        label=_("Reason"),
        value=request.POST.get("reason", ""),
        hint=_("Printed on the credit note, at most %(number)s characters.") % {"number": LONGEST_REASON},
        problem=refused.message if refused and refused.code == "no_reason" else "",
    )
    return {
        "what": _LINES if request.POST.get("what") == _LINES else _WHOLE,
        "reason": reason,
        "problem": refused.message if refused else "",
    }
