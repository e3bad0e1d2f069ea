"""Exchange rates: the list, and a file of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import uploaded, went_well
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.times import day, month_short
from billow.records.accounts.models import Permission
from billow.records.billing.models import ExchangeRate
from billow.terms.period import BillingPeriod
from billow.usecases.rates import RatesImported, import_rates, page_of_rates
from billow.usecases.refused import Refused

PATH = "/settings/exchange-rates"
SHOWN_PROBLEMS = 200


@require_http_methods(["GET", "POST"])
def rates_page(request: HttpRequest) -> HttpResponse:
    """Show the rates, newest first; store the rates of an uploaded file, or say what is wrong with each row."""
    actor = actor_of(request)
    problem = None
    if request.method == "POST":
        actor.must_write_invoices()
        try:
            data, _name = uploaded(request, wanted=_("a CSV file"))
            result = import_rates(actor=actor, data=data, now=clock())
        except Refused as refused:
            if refused.code in {"not_permitted", "not_available"}:
                raise
            problem = refused
        else:
            return went_well(request, address=PATH, said=_said(result))
    page = page_of_rates(actor=actor, wanted=page_wanted(request.GET.dict()))
    values = {
        "section": "settings",
        "place": "rates",
        "rows": [_row(rate) for rate in page.items],
        "turning": turning(page, path=PATH, fields={}),
        "problem": problem.message if problem else "",
        "problems": [issue.message for issue in problem.issues[:SHOWN_PROBLEMS]] if problem else [],
        "more_problems": max(len(problem.issues) - SHOWN_PROBLEMS, 0) if problem else 0,
        "may_change": actor.may(Permission.WRITE_INVOICES),
    }
    return render(request, "rates/page.html", values, status=422 if problem else 200)


def _said(result: RatesImported) -> str:
    parts = (
        (_("%(number)s new"), result.created),
        (_("%(number)s changed"), result.changed),
        (_("%(number)s unchanged"), result.unchanged),
    )
    stored = ", ".join(words % {"number": number} for words, number in parts if number)
    return _("Rates stored: %(numbers)s") % {"numbers": stored}


def _row(rate: ExchangeRate) -> dict[str, str]:
    return {
        "pair": _("%(base)s to %(currency)s") % {"base": rate.base_currency, "currency": rate.currency},
        "rate": f"{rate.rate.normalize():f}",
        "sentence": f"1 {rate.base_currency} = {rate.rate.normalize():f} {rate.currency}",
        "month": month_short(BillingPeriod.of(rate.effective_date)),
        "day": day(rate.effective_date),
    }
