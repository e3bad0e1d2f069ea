"""The statuses of an invoice and the only ways from one to the next."""

from enum import StrEnum


class InvoiceStatus(StrEnum):
    """Where an invoice stands; delivery and payment are questions of their own."""

    GENERATING = "generating"
    AWAITING_APPROVAL = "awaiting_approval"
    FAILED = "failed"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class InvoiceVerb(StrEnum):
    """What can be done to an invoice."""

    GENERATE = "generate"
    COMPLETE = "complete"
    FAIL = "fail"
    REGENERATE = "regenerate"
    APPROVE = "approve"
    CANCEL = "cancel"


class UnableToChangeInvoice(Exception):
    """The invoice's status does not allow the verb."""

    def __init__(self, message: str, *, status: InvoiceStatus | None, verb: InvoiceVerb) -> None:
        super().__init__(message)
        self.status = status
        self.verb = verb


_S = InvoiceStatus
TRANSITIONS: dict[InvoiceVerb, dict[InvoiceStatus | None, InvoiceStatus]] = {
    InvoiceVerb.GENERATE: {None: _S.GENERATING},
    InvoiceVerb.COMPLETE: {_S.GENERATING: _S.AWAITING_APPROVAL},
    InvoiceVerb.FAIL: {_S.GENERATING: _S.FAILED},
    InvoiceVerb.REGENERATE: {_S.AWAITING_APPROVAL: _S.GENERATING, _S.FAILED: _S.GENERATING},
    InvoiceVerb.APPROVE: {_S.AWAITING_APPROVAL: _S.APPROVED},
    InvoiceVerb.CANCEL: {_S.AWAITING_APPROVAL: _S.CANCELLED, _S.FAILED: _S.CANCELLED},
}
"""For each verb, the statuses it may start from (None: no invoice yet) and where each leads."""

FINAL_STATUSES = frozenset({_S.APPROVED, _S.CANCELLED})
"""Statuses that nothing leads out of."""

_REFUSALS = {
    InvoiceVerb.GENERATE: "An invoice already exists for this account and period",
    InvoiceVerb.COMPLETE: "Invoice is not being generated",
    InvoiceVerb.FAIL: "Invoice is not being generated",
    InvoiceVerb.REGENERATE: "Invoice can only be regenerated while it awaits approval or after it failed",
    InvoiceVerb.APPROVE: "Invoice is not awaiting approval",
    InvoiceVerb.CANCEL: "Invoice can only be cancelled while it awaits approval or after it failed",
}


def next_status(*, status: InvoiceStatus | None, verb: InvoiceVerb) -> InvoiceStatus:
    """Return the status the verb leads to; raise UnableToChangeInvoice if it is not allowed now."""
    try:
        return TRANSITIONS[verb][status]
    except KeyError as refused:
        raise UnableToChangeInvoice(_refusal(status, verb), status=status, verb=verb) from refused


def allowed_verbs(*, status: InvoiceStatus | None) -> tuple[InvoiceVerb, ...]:
    """Return the verbs the status allows, in the order of the table."""
    return tuple(verb for verb, steps in TRANSITIONS.items() if status in steps)


def _refusal(status: InvoiceStatus | None, verb: InvoiceVerb) -> str:
    if status is None:
        return f"{_REFUSALS[verb]}: there is no invoice yet"
    if verb is InvoiceVerb.GENERATE:
        return _REFUSALS[verb]
    return f"{_REFUSALS[verb]}: it is {status.value.replace('_', ' ')}"
