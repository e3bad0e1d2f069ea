"""Delete a managed account, after saying what that does."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.frame.form import in_dialog, went_well
from billow.interfaces.web.shown.fields import Field
from billow.usecases.account_end import account_end
from billow.usecases.accounts import delete_account


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, token: str) -> HttpResponse:
    """Say what deleting the account does; do it once its name was written."""
    actor = actor_of(request)
    end = account_end(actor=actor, token=token)
    problem = ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() == end.account.name.strip():
            cancelled = delete_account(actor=actor, account=end.account, now=clock())
            return went_well(request, address="/accounts", said=_said(str(end.account), cancelled))
        problem = _("This is not the account's name")
    values = {
        "end": end,
        "field": Field(
            name="name",
            label=_("Write %(name)s to delete it") % {"name": end.account},
            value=request.POST.get("name", ""),
            problem=problem,
            place="dialog",
        ),
        "section": "accounts",
    }
    title = _("Delete %(name)s") % {"name": end.account}
    return in_dialog(request, "account/_delete.html", values, back=f"/accounts/{token}", title=title)


def _said(account: str, cancelled: int) -> str:
    if not cancelled:
        return _("%(name)s was deleted") % {"name": account}
    words = ngettext(
        "%(name)s was deleted; %(number)s draft cancelled",
        "%(name)s was deleted; %(number)s drafts cancelled",
        cancelled,
    )
    return words % {"name": account, "number": cancelled}
