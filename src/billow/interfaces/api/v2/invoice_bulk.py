"""Many invoices at once: what can be invoiced, and one act on many."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field

from billow.interfaces.api.answers import answers
from billow.interfaces.api.auth import caller, clock
from billow.interfaces.api.given import Flag, Given, Text, Texts
from billow.interfaces.api.once_per_key import in_steps
from billow.interfaces.api.periods import read_month
from billow.interfaces.api.problem import Problem
from billow.interfaces.api.text import money_text
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.approve_invoices import approve
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import request_generation, request_regeneration
from billow.usecases.ready_to_invoice import ready_list
from billow.usecases.refused import BulkResult
from billow.usecases.send_invoices import send

router = Router(tags=["Invoices"])

ACTIONS = ("generate", "regenerate", "approve", "send", "cancel")
MOST_ITEMS = 1000


class ReadyShown(Schema):
    """A customer's month that can be invoiced now."""

    account_token: str
    account_name: str
    billing_period_start: str
    billing_period_end: str
    currency: str
    provider_cost: str | None
    status: str = "ready_to_invoice"
    warnings: list[str]


class BlockedShown(Schema):
    """A customer's month that cannot be invoiced now, and why."""

    account_token: str
    account_name: str
    billing_period_start: str
    billing_period_end: str
    code: str
    reason: str


class Ready(Schema):
    """What can be invoiced and what cannot."""

    ready: list[ReadyShown]
    blocked: list[BlockedShown]


class ReadyQuery(Schema):
    """Which months."""

    billing_period_start: str = Field("", description="Only the month with this first day; else every open month.")


class BulkGiven(Given):
    """What to do with which invoices; ``generate`` takes accounts (or all that are ready) and a month."""

    action: Text = Field(None, examples=list(ACTIONS))
    invoice_tokens: Texts = None
    account_tokens: Texts = None
    billing_period_start: Text = Field(None, examples=["2026-10-01"])
    reason: Text = Field(None, description="Why, for cancel.")
    send: Flag = Field(None, description="For approve: whether to mail too; true where missing.")


class ItemShown(Schema):
    """What became of one."""

    token: str
    label: str
    done: bool
    code: str | None
    message: str | None


class Bulk(Schema):
    """What became of each, in the order asked."""

    results: list[ItemShown]


@router.get("/ready", response=answers(Ready), operation_id="getReadyToInvoice", summary="List what can be invoiced")
def ready(request: HttpRequest, query: Query[ReadyQuery]) -> dict[str, Any]:
    """Return every customer's month that can be invoiced now, and the others with the reason."""
    found = ready_list(actor=caller(request), now=clock(), period=read_month(start=query.billing_period_start))
    return {
        "ready": [
            {
                "account_token": row.account_token,
                "account_name": row.account_name,
                **_days(row.period),
                "currency": row.currency,
                "provider_cost": None if row.provider_cost is None else money_text(row.provider_cost),
                "warnings": [issue.message for issue in row.warnings],
            }
            for row in found.ready
        ],
        "blocked": [
            {
                "account_token": row.account_token,
                "account_name": row.account_name,
                **_days(row.period),
                "code": row.code,
                "reason": row.reason,
            }
            for row in found.blocked
        ],
    }


@router.post("/bulk", response=answers(Bulk), operation_id="bulkInvoices", summary="Do one thing to many invoices")
@in_steps
def bulk(request: HttpRequest, given: Body[BulkGiven]) -> dict[str, Any]:
    """Return what became of each; one refusal stops no other."""
    actor = caller(request)
    actor.must_write_invoices()
    result = _do(actor, given)
    return {
        "results": [
            {
                "token": item.token,
                "label": item.label,
                "done": item.done,
                "code": item.code or None,
                "message": item.message or None,
            }
            for item in result.items
        ]
    }


def _do(actor: Actor, given: BulkGiven) -> BulkResult:
    if given.action not in ACTIONS:
        raise Problem(400, f"Action must be one of {', '.join(ACTIONS)}")
    now = clock()
    if given.action == "generate":
        period = read_month(start=_text(given.billing_period_start, "Billing period start"))
        assert period is not None
        accounts = None if given.account_tokens is None else _tokens(given.account_tokens, "Account tokens")
        return request_generation(actor=actor, account_tokens=accounts, period=period, now=now)
    tokens = _tokens(given.invoice_tokens, "Invoice tokens")
    if given.action == "regenerate":
        return request_regeneration(actor=actor, invoice_tokens=tokens, now=now)
    if given.action == "approve":
        return approve(actor=actor, invoice_tokens=tokens, now=now, send=_flag(given.send, "Send"))
    if given.action == "send":
        return send(actor=actor, invoice_tokens=tokens, now=now)
    return cancel(actor=actor, invoice_tokens=tokens, reason=_text(given.reason, "Reason"), now=now)


def _text(value: object, label: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Problem(400, f"{label} can't be blank")
    return value


def _flag(value: object, label: str) -> bool:
    """Return the flag, true where nothing is given; anything else could mean the opposite, so it is refused."""
    if value is None:
        return True
    if not isinstance(value, bool):
        raise Problem(400, f"{label} must be true or false")
    return value


def _tokens(value: object, label: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise Problem(400, f"{label} must be a list of tokens")
    if len(value) > MOST_ITEMS:
        raise Problem(400, f"{label} are {len(value)}; at most {MOST_ITEMS} at once")
    return list(dict.fromkeys(value))


def _days(period: BillingPeriod) -> dict[str, str]:
    return {"billing_period_start": period.start.isoformat(), "billing_period_end": period.last_day.isoformat()}
