"""The list of managed accounts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from billow.interfaces.web.frame.actor import actor_of, clock
from billow.interfaces.web.shown.amounts import Amount, amount
from billow.interfaces.web.shown.fields import choices_of
from billow.interfaces.web.shown.listing import page_wanted, turning
from billow.interfaces.web.shown.pills import Pill, status_pill
from billow.interfaces.web.shown.times import day, month_short, zone_of
from billow.records.accounts.models import Permission
from billow.usecases.account_list import AccountRow, Lack, costs_of_page, newest_month, search_accounts

PATH = "/accounts"
LACKS = {
    Lack.PROFILE: gettext_noop("No billing profile"),
    Lack.RECIPIENTS: gettext_noop("No recipients"),
    Lack.DELEGATION: gettext_noop("No costs delegated"),
}
_THOSE_WITH = {
    Lack.PROFILE: gettext_noop("Those with no billing profile"),
    Lack.RECIPIENTS: gettext_noop("Those with no recipients"),
    Lack.DELEGATION: gettext_noop("Those with no costs delegated"),
}
_MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; ``cost`` is filled in after the page has come."""

    token: str
    name: str
    contact_email: str
    currency: str
    profile: str
    lacks: tuple[str, ...]
    created: str
    invoice_pill: Pill | None = None
    invoice_url: str = ""
    cost: Amount | None = None


@require_GET
def accounts_page(request: HttpRequest) -> HttpResponse:
    """Show the customers, fifty at a time; their costs follow by themselves."""
    actor, now = actor_of(request), clock()
    fields = _fields(request)
    page = search_accounts(
        actor=actor, text=fields["q"], lack=_lack(fields["lacks"]), wanted=page_wanted(request.GET.dict()), now=now
    )
    zone = actor.management_account.time_zone
    values = {
        "section": "accounts",
        "rows": [_row(row, zone=zone) for row in page.items],
        "turning": turning(page, path=PATH, fields=fields),
        "text": fields["q"],
        "lack": fields["lacks"],
        "lacks": choices_of(
            [
                ("", _("All accounts")),
                *((lack.value, _(words)) for lack, words in _THOSE_WITH.items()),
            ]
        ),
        "is_filtered": bool(fields["q"] or fields["lacks"]),
        "costs_url": f"{PATH}/costs?{urlencode(fields | {'page': str(page.wanted.number)})}" if page.items else "",
        "may_change": actor.may(Permission.WRITE_RULES),
        "invoiced_month": month_short(newest_month(actor=actor, now=now)),
    }
    return render(request, "accounts/page.html", values)


@require_GET
def page_costs(request: HttpRequest) -> HttpResponse:
    """Answer with the provider cost of each customer on a page, to be put into its row."""
    actor, fields = actor_of(request), _fields(request)
    wanted, lack = page_wanted(request.GET.dict()), _lack(fields["lacks"])
    page = search_accounts(actor=actor, text=fields["q"], lack=lack, wanted=wanted, now=clock())
    costs = costs_of_page(actor=actor, text=fields["q"], lack=lack, wanted=wanted, now=clock())
    values = {
        "month": month_short(costs.period) if costs.period else "",
        "cells": [(row.token, _cost(row, costs.provider_cost.get(row.token))) for row in page.items],
    }
    return render(request, "accounts/_costs.html", values)


def _fields(request: HttpRequest) -> dict[str, str]:
    lack = request.GET.get("lacks", "")
    return {
        "q": request.GET.get("q", "").strip()[:_MOST_CHARACTERS],
        "lacks": lack if lack in list(Lack) else "",
    }


def _lack(text: str) -> Lack | None:
    return Lack(text) if text else None


def _cost(row: AccountRow, cost: Decimal | None) -> Amount | None:
    return amount(cost, currency=row.currency)


def _row(row: AccountRow, *, zone: str) -> Row:
    return Row(
        token=row.token,
        name=row.name,
        contact_email=row.contact_email,
        currency=row.currency,
        profile=row.profile,
        lacks=tuple(_(LACKS[lack]) for lack in row.lacks),
        created=_day(row.created_at, zone),
        invoice_pill=status_pill(row.invoice_status) if row.invoice_status else None,
        invoice_url=f"/invoices/{row.invoice_token}",
    )


def _day(at: datetime, zone: str) -> str:
    return day(at.astimezone(zone_of(zone)).date())
