"""Which billing rules run for a managed account, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from billow.interfaces.web.account.tabs import head_of
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import went_well
from billow.interfaces.web.shown.fields import Field, choices_of
from billow.interfaces.web.shown.rules import RuleLine, rule_line
from billow.usecases.account_rules import (
    AccountRules,
    account_rules,
    arrange_rules,
    give_rule,
    move_rule_by,
    take_rule,
)

GROUPS = {
    0: gettext_noop("Not understood: correct these rules"),
    1: gettext_noop("Changes of AWS lines"),
    2: gettext_noop("Added charges and credits"),
    3: gettext_noop("Changes of cost"),
    4: gettext_noop("Added after all changes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rules of one execution group."""

    number: int
    title: str
    rules: Sequence[RuleLine]


@require_GET
def rules(request: HttpRequest, token: str) -> HttpResponse:
    """Show the account's rules by group, and those it could be given."""
    actor = actor_of(request)
    found = account_rules(actor=actor, token=token)
    page = {
        "head": head_of(found.account, tab="rules", actor=actor),
        "groups": _groups(found),
        "field": Field(
            name="rule",
            label=_("Billing rule"),
            kind="select",
            choices=choices_of((rule.token, f"{rule} · {rule_line(rule).kind}") for rule in found.others),
        ),
        "section": "accounts",
    }
    return render(request, "account/rules.html", page)


@require_POST
def change_rules(request: HttpRequest, token: str, act: str) -> HttpResponse:
    """Assign or unassign a rule, move it, or bring all of them into an order."""
    actor, now = actor_of(request), clock()
    rule = request.POST.get("rule", "")
    if act == "assign":
        given = give_rule(actor=actor, token=token, rule_token=rule, now=now)
        said = _("%(title)s was assigned") % {"title": given.title}
    elif act == "unassign":
        taken = take_rule(actor=actor, token=token, rule_token=rule, now=now)
        said = _("%(title)s was unassigned") % {"title": taken.title}
    elif act in {"up", "down"}:
        steps = -1 if act == "up" else 1
        moved = move_rule_by(actor=actor, token=token, rule_token=rule, steps=steps, now=now)
        words = _("%(title)s was moved up") if act == "up" else _("%(title)s was moved down")
        said = words % {"title": moved}
    elif act == "order":
        arrange_rules(actor=actor, token=token, order=request.POST.getlist("order"), now=now)
        said = _("The new order was saved")
    else:
        raise Http404
    return went_well(request, address=f"/accounts/{token}/rules", said=said)


def _groups(found: AccountRules) -> tuple[Group, ...]:
    return tuple(
        Group(
            number=group.number,
            title=_(GROUPS[group.number]),
            rules=[rule_line(rule) for rule in group.rules],
        )
        for group in found.groups
    )
