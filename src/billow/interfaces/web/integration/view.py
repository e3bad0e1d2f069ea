"""An integration's bills: what has arrived, and a new one from the browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import in_dialog, uploaded, went_well
from billow.interfaces.web.integration.files import MOST_BYTES, uploaded_bills
from billow.interfaces.web.integration.head import PATH, head_of
from billow.interfaces.web.shown.amounts import Amount, amount
from billow.interfaces.web.shown.fields import choices_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.pills import Pill
from billow.interfaces.web.shown.times import Moment, day, moment, month_name, month_short, zone_of
from billow.records.costs.models import Integration, UserCostsUpload
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.deliveries_of_costs import CostDelivery, page_of_deliveries
from billow.usecases.import_costs import ImportReport, ImportSummary, import_costs
from billow.usecases.integrations import delete_integration, integration_with
from billow.usecases.page import PageWanted
from billow.usecases.refused import Refused
from billow.usecases.upload_costs import CUSTOM_PROVIDER, delete_upload, page_of_uploads, upload_costs, upload_with

SHOWN_PROBLEMS = 200
SHOWN_FILES = 3
_UPLOADS = PageWanted(limit=200)
_INVALID = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One delivery as a line of the table."""

    month: str
    files: tuple[str, ...]
    more_files: int
    rows: str
    costs: tuple[Amount | None, ...]
    arrived: Moment
    who: str
    pill: Pill


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an upload did, or would do: a sentence for each month, and what a person should look at."""

    is_dry: bool
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


@require_http_methods(["GET", "POST"])
def one_integration(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the integration delivered; take a bill that is uploaded, or say everything that is wrong with it."""
    actor = actor_of(request)
    integration = integration_with(actor=actor, token=token)
    problem, outcome = None, None
    if request.method == "POST":
        actor.must_write_rules()
        try:
            if integration.provider == CUSTOM_PROVIDER:
                return _took_costs(request, actor, integration)
            outcome = _took_bill(request, actor, integration)
        except Refused as refused:
            if refused.code in {"not_permitted", "not_found", "not_available"}:
                raise
            problem = refused
    return _page(request, actor, integration, problem=problem, outcome=outcome)


@require_http_methods(["GET", "POST"])
def remove_upload(request: HttpRequest, token: str, upload: str) -> HttpResponse:
    """Ask before a file of a custom provider's costs is taken away, and take it away."""
    actor = actor_of(request)
    actor.must_write_rules()
    integration = integration_with(actor=actor, token=token)
    row = upload_with(integration=integration, token=upload)
    if request.method == "POST":
        delete_upload(actor=actor, upload=row, now=clock())
        return went_well(request, address=f"{PATH}/{token}", said=_("%(name)s was removed") % {"name": row.filename})
    values = {"name": row.filename, "url": f"{PATH}/{token}/uploads/{upload}/delete", "section": "settings"}
    return in_dialog(
        request, "integration/_remove_upload.html", values, back=f"{PATH}/{token}", title=_("Remove a file")
    )


@require_http_methods(["GET", "POST"])
def remove_integration(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before an integration without costs is deleted, and delete it."""
    actor = actor_of(request)
    actor.must_write_rules()
    integration = integration_with(actor=actor, token=token)
    problem = ""
    if request.method == "POST":
        try:
            delete_integration(actor=actor, integration=integration, now=clock())
        except Refused as refused:
            if refused.code != "has_costs":
                raise
            problem = refused.message
        else:
            return went_well(request, address=PATH, said=_("%(name)s was deleted") % {"name": integration.name})
    values = {"name": integration.name, "url": f"{PATH}/{token}/delete", "problem": problem, "section": "settings"}
    return in_dialog(request, "integration/_delete.html", values, back=f"{PATH}/{token}", title=_("Delete"))


def _took_costs(request: HttpRequest, actor: Actor, integration: Integration) -> HttpResponse:
    data, name = uploaded(request, wanted=_("a CSV file"))
    made = upload_costs(actor=actor, integration=integration, content=data, filename=name, now=clock())
    said = ngettext("%(name)s was imported: %(rows)s row", "%(name)s was imported: %(rows)s rows", made.rows)
    said %= {"name": made.filename, "rows": f"{made.rows:,}"}
    return went_well(request, address=f"{PATH}/{integration.token}", said=said)


def _took_bill(request: HttpRequest, actor: Actor, integration: Integration) -> Outcome:
    is_dry = "check" in request.POST
    with uploaded_bills(request) as paths:
        report = import_costs(
            actor=actor,
            integration=integration,
            paths=paths,
            format=request.POST.get("format", "auto"),
            dry_run=is_dry,
            now=clock(),
        )
    return _outcome(report, is_dry=is_dry)


def _outcome(report: ImportReport, *, is_dry: bool) -> Outcome:
    return Outcome(
        is_dry=is_dry,
        sentences=tuple(_sentence(each) for each in report.imports),
        warnings=tuple(_placed(issue) for issue in report.issues),
    )


def _sentence(each: ImportSummary) -> str:
    costs = ", ".join(
        f"{shown.text} {shown.currency}"
        for totals in each.costs
        if (shown := amount(totals.billed_cost, currency=totals.currency))
    )
    values = {"month": month_name(BillingPeriod.parse(each.billing_period)), "rows": f"{each.rows:,}", "costs": costs}
    text = ngettext("%(month)s: %(rows)s row, %(costs)s", "%(month)s: %(rows)s rows, %(costs)s", each.rows) % values
    if each.rows_rounded:
        rounded = _("%(what)s; %(number)s of them finer than 18 decimals and rounded, together by %(difference)s")
        text = rounded % {
            "what": text,
            "number": f"{each.rows_rounded:,}",
            "difference": f"{each.rounding_difference:f}",
        }
    if each.unchanged:
        return _("%(what)s. The same bytes are there already; nothing changed.") % {"what": text}
    if each.superseded:
        return _("%(what)s. It takes the place of the older delivery.") % {"what": text}
    return text


def _placed(issue: Issue) -> str:
    place = issue.path or ""
    return f"{place}: {issue.message}" if place and place not in issue.message else issue.message


def _page(
    request: HttpRequest, actor: Actor, integration: Integration, *, problem: Refused | None, outcome: Outcome | None
) -> HttpResponse:
    now = clock()
    page = page_of_deliveries(actor=actor, integration=integration, wanted=page_wanted(request.GET.dict()))
    head = head_of(integration, tab="bills", actor=actor)
    uploads = page_of_uploads(integration=integration, wanted=_UPLOADS).items if head.is_custom else ()
    issues: Sequence[Issue] = problem.issues if problem else ()
    values = {
        "section": "settings",
        "head": head,
        "bills": [_bill(each, actor=actor, now=now) for each in page.items],
        "uploads": [_upload(each, actor=actor, now=now) for each in uploads],
        "turning": turning(page, path=f"{PATH}/{integration.token}", fields={}),
        "outcome": outcome,
        "problem": problem.message if problem else "",
        "problems": [_placed(issue) for issue in issues[:SHOWN_PROBLEMS]],
        "more_problems": max(len(issues) - SHOWN_PROBLEMS, 0),
        "formats": choices_of(
            [
                ("auto", _("Found by itself")),
                ("focus", _("FOCUS 1.0 to 1.2")),
                ("cur2", _("AWS CUR 2.0")),
                ("cur", _("AWS Cost and Usage Report, legacy")),
                ("custom", _("Custom costs")),
            ]
        ),
        "format": request.POST.get("format", "auto"),
        "most_mb": MOST_BYTES // 2**20,
    }
    return render(request, "integration/bills.html", values, status=_INVALID if problem else 200)


def _bill(each: CostDelivery, *, actor: Actor, now: datetime) -> Bill:
    live, old = Pill(label=_("In force"), tone="good"), Pill(label=_("Superseded"), tone="quiet")
    return Bill(
        month=month_short(each.period),
        files=each.files[:SHOWN_FILES],
        more_files=max(len(each.files) - SHOWN_FILES, 0),
        rows=f"{each.rows:,}",
        costs=tuple(amount(cost, currency=currency) for currency, cost in each.costs.items()),
        arrived=moment(each.arrived_at, zone=zone_of(actor.management_account.time_zone), now=now),
        who=each.who,
        pill=live if each.is_live else old,
    )


def _upload(each: UserCostsUpload, *, actor: Actor, now: datetime) -> dict[str, object]:
    return {
        "name": each.filename,
        "days": " – ".join(dict.fromkeys((day(each.start_date), day(each.end_date)))),
        "rows": f"{each.rows:,}",
        "costs": [amount(Decimal(text), currency=currency) for currency, text in each.amounts.items()],
        "arrived": moment(each.created_at, zone=zone_of(actor.management_account.time_zone), now=now),
        "who": "" if each.created_by is None else str(each.created_by),
        "delete_url": f"{PATH}/{each.integration.token}/uploads/{each.token}/delete",
    }
