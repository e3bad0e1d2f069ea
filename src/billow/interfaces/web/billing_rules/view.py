"""The list of billing rules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.rules import rule_line
from billow.records.accounts.models import Permission
from billow.usecases.account_rules import customers_of
from billow.usecases.rules import page_of_rules

PATH = "/settings/billing-rules"


@require_GET
def rules_page(request: HttpRequest) -> HttpResponse:
    """Show the rules with what each does and for how many customers it runs."""
    actor = actor_of(request)
    page = page_of_rules(actor=actor, wanted=page_wanted(request.GET.dict()))
    users = customers_of(actor=actor, rules=page.items)
    values = {
        "section": "settings",
        "place": "rules",
        "rows": [{"line": rule_line(rule), "users": users[rule.token]} for rule in page.items],
        "turning": turning(page, path=PATH, fields={}),
        "may_change": actor.may(Permission.WRITE_RULES),
    }
    return render(request, "billing_rules/page.html", values)
