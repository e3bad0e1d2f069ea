"""Managed accounts from a CSV file: upload, look at every row, and only then add them, all or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import done_once, form_key, uploaded
from billow.usecases.accounts import FILE_COLUMNS, FILE_NEEDS, FILE_TEMPLATE, FileAccount, import_accounts
from billow.usecases.accounts import check_accounts_file as check
from billow.usecases.actor import Actor
from billow.usecases.refused import Refused

PATH = "/accounts/import"
SHOWN_ROWS = 300
SHOWN_PROBLEMS = 200
_INVALID = 422
_SALT = "accounts-import"
_KEPT_S = 3600
_MOST_SIGNED = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one cell of a row."""

    column: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the file as the preview shows it."""

    number: int
    name: str
    contact_email: str
    currency: str
    profile: str
    recipients: str
    place: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the file would add. ``rows`` are the first, those with problems before all others if there are too many."""

    file_name: str
    rows: tuple[Row, ...]
    number: int
    number_of_bad: int
    more: int
    signed: str


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Ask for a file, show what it would add, and add it once that was confirmed."""
    actor = actor_of(request)
    actor.must_write_rules()
    if request.method == "GET":
        return _page(request)
    try:
        if "signed" in request.POST:
            return _import(request, actor)
        data, name = uploaded(request, wanted=_("a CSV file"))
        preview = _preview(actor, check(actor=actor, data=data), data=data, file_name=name)
    except Refused as refused:
        if refused.code in {"not_permitted", "not_found", "not_available"}:
            raise
        return _page(request, problem=refused)
    return _page(request, preview=preview)


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """Answer with a file to begin with."""
    actor_of(request).must_write_rules()
    answer = HttpResponse(FILE_TEMPLATE, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="managed-accounts.csv"'
    return answer


def _import(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add what the preview showed: the file comes back with the confirmation, signed."""
    try:
        text = signing.loads(request.POST["signed"], salt=f"{_SALT}:{_who(actor)}", max_age=_KEPT_S)
    except signing.BadSignature:
        raise Refused("expired", _("The preview is too old. Upload the file again; nothing was added.")) from None
    data = str(text).encode()
    number = len(check(actor=actor, data=data))
    said = ngettext("%(number)d account was added", "%(number)d accounts were added", number) % {"number": number}
    return done_once(request, work=lambda: _added(actor, data), said=said)


def _added(actor: Actor, data: bytes) -> str:
    import_accounts(actor=actor, data=data, now=clock())
    return "/accounts"


def _preview(actor: Actor, rows: Sequence[FileAccount], *, data: bytes, file_name: str) -> Preview:
    bad = [row for row in rows if row.issues]
    shown = rows if len(rows) <= SHOWN_ROWS else [*bad, *(row for row in rows if not row.issues)][:SHOWN_ROWS]
    signed = "" if bad else signing.dumps(data.decode("utf-8-sig"), salt=f"{_SALT}:{_who(actor)}", compress=True)
    if len(signed) > _MOST_SIGNED:
        raise Refused("too_large", _("The file is too large for one step; split it in two."))
    return Preview(
        file_name=file_name,
        rows=tuple(_row(row) for row in shown),
        number=len(rows),
        number_of_bad=len(bad),
        more=len(rows) - len(shown),
        signed=signed,
    )


def _who(actor: Actor) -> str:
    return "" if actor.user is None else actor.user.token


def _row(row: FileAccount) -> Row:
    account = row.account
    return Row(
        number=row.number,
        name=account.name,
        contact_email=account.contact_email,
        currency=account.currency,
        profile=account.billing_profile.nickname if account.billing_profile else "",
        recipients=", ".join(account.billing_email),
        place=", ".join(part for part in (account.company_name, account.city, account.country_code) if part),
        problems=tuple(Problem(column=issue.column or "", message=issue.message) for issue in row.issues),
    )


def _page(request: HttpRequest, *, preview: Preview | None = None, problem: Refused | None = None) -> HttpResponse:
    is_bad = problem is not None or (preview is not None and preview.number_of_bad > 0)
    issues = problem.issues if problem else ()
    values = {
        "section": "accounts",
        "preview": preview,
        "once": form_key(),
        "problem": problem.message if problem else "",
        "problems": [issue.message for issue in issues[:SHOWN_PROBLEMS]],
        "more_problems": max(len(issues) - SHOWN_PROBLEMS, 0),
        "columns": [(name, name in FILE_NEEDS) for name in FILE_COLUMNS],
    }
    return render(request, "accounts_import/page.html", values, status=_INVALID if is_bad else 200)
