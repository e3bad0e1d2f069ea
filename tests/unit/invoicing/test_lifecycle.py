"""What may follow what."""

import pytest

from billow.invoicing.lifecycle import (
    FINAL_STATUSES,
    InvoiceStatus,
    InvoiceVerb,
    UnableToChangeInvoice,
    allowed_verbs,
    next_status,
)


def test_an_invoice_goes_from_nothing_to_approved() -> None:
    status: InvoiceStatus | None = None
    for verb in ("generate", "fail", "regenerate", "complete", "regenerate", "complete", "approve"):
        status = next_status(status=status, verb=InvoiceVerb(verb))
    assert status is InvoiceStatus.APPROVED


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
def test_nothing_leads_out_of_approved_and_cancelled(status: InvoiceStatus) -> None:
    assert allowed_verbs(status=status) == ()


@pytest.mark.parametrize(
    ("status", "verb", "message"),
    [
        ("approved", "approve", "Invoice is not awaiting approval: it is approved"),
        ("generating", "approve", "Invoice is not awaiting approval: it is generating"),
        ("failed", "generate", "An invoice already exists for this account and period"),
        ("cancelled", "complete", "Invoice is not being generated: it is cancelled"),
        (
            None,
            "cancel",
            "Invoice can only be cancelled while it awaits approval or after it failed: there is no invoice yet",
        ),
    ],
)
def test_a_refusal_says_what_the_invoice_is(status: str | None, verb: str, message: str) -> None:
    given = None if status is None else InvoiceStatus(status)
    with pytest.raises(UnableToChangeInvoice) as caught:
        next_status(status=given, verb=InvoiceVerb(verb))
    assert str(caught.value) == message
