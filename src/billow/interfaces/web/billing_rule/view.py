"""A billing rule: which kind, its form, what it would change, and only then saved."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billow.interfaces.web.billing_rule.form import (
    fingerprint,
    rule_form,
    typed_values,
    use_case_fields,
    values_of,
    without_same_dates,
)
from billow.interfaces.web.billing_rule.kinds import KINDS, RuleKind, in_words
from billow.interfaces.web.billing_rule.preview import Preview, preview_shown
from billow.interfaces.web.billing_rules.view import PATH
from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, in_dialog, seen_at, went_well
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingRule
from billow.usecases.account_rules import customers_of
from billow.usecases.accounts import list_accounts
from billow.usecases.actor import Actor
from billow.usecases.check_rule_sql import check_rule_sql
from billow.usecases.cost_words import cost_words
from billow.usecases.preview_rules import newest_month_with_costs, preview_rule
from billow.usecases.refused import Refused
from billow.usecases.rule_fields import kind_of, read_changed_rule, read_new_rule
from billow.usecases.rule_reference import columns_of_rules
from billow.usecases.rules import add_rule, change_rule, delete_rule, rule_with

_INVALID = 422
_STARTS = {"include_free_tier": "yes", "fee_provider": "aws"}


@require_GET
def choose_kind(request: HttpRequest) -> HttpResponse:
    """Show the kinds of rules there are."""
    actor_of(request).must_write_rules()
    page = {"kinds": [in_words(kind) for kind in KINDS.values()], "section": "settings", "place": "rules"}
    return render(request, "billing_rule/kinds.html", page)


@require_http_methods(["GET", "POST"])
def new_rule(request: HttpRequest, name: str) -> HttpResponse:
    """Show the form of a kind, preview what was typed, or make the rule."""
    actor = actor_of(request)
    actor.must_write_rules()
    if name not in KINDS:
        raise Http404
    kind = KINDS[name]
    if request.method == "GET":
        return _page(request, actor, kind=kind, values=_STARTS)
    return _previewed_or_saved(request, actor, kind=kind, rule=None)


@require_http_methods(["GET", "POST"])
def one_rule(request: HttpRequest, token: str) -> HttpResponse:
    """Show a rule, preview a change of it, or save that."""
    actor = actor_of(request)
    rule = rule_with(actor=actor, token=token)
    kind = KINDS[kind_of(rule=rule)]
    if request.method == "GET":
        return _page(request, actor, kind=kind, values=values_of(rule, kind=kind), rule=rule)
    actor.must_write_rules()
    return _previewed_or_saved(request, actor, kind=kind, rule=rule)


@require_http_methods(["GET", "POST"])
def remove_rule(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to delete the rule, and do it."""
    actor = actor_of(request)
    actor.must_write_rules()
    rule = rule_with(actor=actor, token=token)
    if request.method == "POST":
        title = rule.title
        number = delete_rule(actor=actor, rule=rule, now=clock())
        return went_well(request, address=PATH, said=_deleted(title, number))
    values = {
        "title": rule.title,
        "users": customers_of(actor=actor, rules=[rule])[token],
        "url": f"{PATH}/{token}/delete",
        "section": "settings",
    }
    title = _("Delete %(title)s") % {"title": rule}
    return in_dialog(request, "billing_rule/_delete.html", values, back=f"{PATH}/{token}", title=title)


@require_POST
def check_sql(request: HttpRequest) -> HttpResponse:
    """Say what is wrong with the SQL as it stands, with lines and columns."""
    sql = request.POST.get("sql_query", "").replace("\r\n", "\n")
    issues = check_rule_sql(actor=actor_of(request), sql=sql)
    return render(request, "billing_rule/_sql_check.html", {"issues": issues, "is_empty": not sql.strip()})


def _previewed_or_saved(
    request: HttpRequest, actor: Actor, *, kind: RuleKind, rule: BillingRule | None
) -> HttpResponse:
    values = typed_values(request.POST, kind=kind)
    fields = {**kind.fixed, **use_case_fields(values)}
    if rule is not None:
        fields = without_same_dates(fields, rule=rule)
        fields.pop("type")
    wants_all = request.POST.get("customers", "") == "all"
    was_seen = request.POST.get("previewed") == fingerprint({**values, "customers": str(wants_all)})
    try:
        if request.POST.get("act") == "save" and was_seen:
            return _saved(request, actor, rule, fields)
        preview = _preview(actor, rule, fields, wants_all=wants_all)
    except Refused as refused:
        return _page(request, actor, kind=kind, values=values, rule=rule, refused=refused)
    return _page(
        request,
        actor,
        kind=kind,
        values=values,
        rule=rule,
        preview=preview,
        previewed=fingerprint({**values, "customers": str(wants_all)}),
        has_changed=request.POST.get("act") == "save",
    )


def _preview(
    actor: Actor, rule: BillingRule | None, fields: Mapping[str, object], *, wants_all: bool
) -> Preview | None:
    """Return what the rule would change, or None where no month has costs to try it on."""
    try:
        period = newest_month_with_costs(actor=actor, now=clock())
    except Refused as refused:
        if refused.code != "no_costs":
            raise
        # The fields are checked all the same: with nobody to try them on.
        _check(actor, rule, fields)
        return None
    accounts = list_accounts(actor=actor) if wants_all else ()
    return preview_shown(preview_rule(actor=actor, period=period, rule=rule, fields=fields, accounts=accounts))


def _check(actor: Actor, rule: BillingRule | None, fields: Mapping[str, object]) -> None:
    """Raise Refused where the fields make no rule."""
    if rule is None:
        read_new_rule(actor=actor, fields=fields)
    else:
        read_changed_rule(rule=rule, fields=fields)


def _saved(request: HttpRequest, actor: Actor, rule: BillingRule | None, fields: Mapping[str, object]) -> HttpResponse:
    if rule is not None:
        saved = change_rule(actor=actor, rule=rule, fields=fields, seen=seen_at(request), now=clock())
        return went_well(request, address=f"{PATH}/{rule.token}", said=_("%(title)s was saved") % {"title": saved.rule})
    return done_once(
        request,
        work=lambda: f"{PATH}/{add_rule(actor=actor, fields=fields, now=clock()).rule.token}",
        said=_("%(title)s was added. Assign it to customers on their pages")
        % {"title": request.POST.get("title", "").strip()},
    )


def _deleted(title: str, number: int) -> str:
    """Say that the rule is gone, and how many customers had it."""
    if not number:
        return _("%(title)s was deleted") % {"title": title}
    words = ngettext(
        "%(title)s was deleted, and taken from %(number)s customer",
        "%(title)s was deleted, and taken from %(number)s customers",
        number,
    )
    return words % {"title": title, "number": number}


def _seen(request: HttpRequest, rule: BillingRule | None, refused: Refused | None) -> str:
    """Return when the rule was last changed as this page knows it: through previews, as it was first opened."""
    if rule is None:
        return ""
    is_told = refused is not None and refused.code == "changed_meanwhile"
    return rule.updated_at.isoformat() if is_told else request.POST.get("seen") or rule.updated_at.isoformat()


def _page(
    request: HttpRequest,
    actor: Actor,
    *,
    kind: RuleKind,
    values: Mapping[str, str],
    rule: BillingRule | None = None,
    refused: Refused | None = None,
    preview: Preview | None = None,
    previewed: str = "",
    has_changed: bool = False,
) -> HttpResponse:
    form = rule_form(kind=kind, values=values, words=cost_words(actor=actor), refused=refused)
    users = customers_of(actor=actor, rules=[rule])[rule.token] if rule is not None else 0
    page = {
        "form": form,
        "complaints": form.complaints,
        "kind": in_words(kind),
        "rule": {"token": rule.token, "title": rule.title, "users": users} if rule else None,
        "seen": _seen(request, rule, refused),
        "url": f"{PATH}/{rule.token}" if rule else f"{PATH}/new/{kind.name}",
        "customers": request.POST.get("customers") or ("all" if not users else ""),
        "preview": preview,
        "previewed": previewed,
        "has_changed": has_changed,
        "columns": columns_of_rules() if kind.name == "custom" else (),
        "once": request.POST.get("once") or form_key(),
        "may_change": actor.may(Permission.WRITE_RULES),
        "section": "settings",
        "place": "rules",
    }
    return render(request, "billing_rule/page.html", page, status=_INVALID if refused else 200)
