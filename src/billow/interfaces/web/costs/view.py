"""The pages of cost reports: one's own, a customer's, and saved ones."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from billow.interfaces.web.costs.asked import Asked, read_address
from billow.interfaces.web.costs.shown import shown_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.customers import open_to_customers
from billow.interfaces.web.shown.times import zone_of
from billow.usecases.cost_reports import invoice_costs
from billow.usecases.look_at_costs import CostLook, csv_of_look, look_at_costs
from billow.usecases.refused import Refused
from billow.usecases.report_words import CUSTOM_INTERVAL

PATH = "/costs"


@open_to_customers
@require_GET
def costs_page(request: HttpRequest, token: str = "") -> HttpResponse:
    """Show a report; a question that cannot be answered is said above the controls, which keep what was chosen."""
    asked = _asked(request, token)
    problem = ""
    try:
        look = _look(request, asked, token)
    except Refused as refused:
        if refused.code == "not_found":
            raise
        problem = refused.message
        asked = replace(read_address(QueryDict(), path=asked.path, is_own_report=bool(token)), account=asked.account)
        look = _look(request, asked, token)
    values = {
        "section": "costs",
        "page": shown_of(look, asked=asked, is_customer=actor_of(request).is_customer),
        "problem": problem,
    }
    return render(request, "costs/page.html", values, status=400 if problem else 200)


@open_to_customers
@require_GET
def costs_csv(request: HttpRequest, token: str = "") -> HttpResponse:
    """Answer with what the page shows as CSV."""
    look = _look(request, _asked(request, token), token)
    answer = HttpResponse(csv_of_look(look), content_type="text/csv")
    named = slugify(look.account.name) if look.account else ""
    days = f"{look.question.first_day}-{look.question.last_day}"
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{"-".join(filter(None, ["costs", named, days]))}.csv"'
    )
    return answer


@open_to_customers
@require_GET
def invoice_report(request: HttpRequest, token: str) -> HttpResponse:
    """Go to the report that the invoice came from: its customer, its days, and everything that it counts."""
    costs = invoice_costs(actor=actor_of(request), token=token, now=clock())
    account = costs.report.workspace.managed_account
    asked = Asked(
        path=PATH,
        account=account.token if account else "",
        invoice=token,
        interval=CUSTOM_INTERVAL,
        start_date=costs.start_date,
        end_date=costs.end_date,
        settings={name: str(value).lower() for name, value in costs.settings.items()},
    )
    return redirect(asked.url())


def _asked(request: HttpRequest, token: str) -> Asked:
    path = f"/cost-reports/{token}" if token else PATH
    return read_address(request.GET, path=path, is_own_report=bool(token))


def _look(request: HttpRequest, asked: Asked, token: str) -> CostLook:
    actor, now = actor_of(request), clock()
    today = now.astimezone(zone_of(actor.management_account.time_zone)).date()
    return look_at_costs(
        actor=actor,
        fields=asked.fields(today=today),
        narrowed_to=[(pick.field, pick.value) for pick in asked.picks],
        report_token=token,
        account_token=asked.account,
        invoice_token=asked.invoice,
        is_compared=asked.is_compared,
        now=now,
    )
