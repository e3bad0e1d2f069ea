"""Invoices in any status, made of lines written down in the test: no cost store is asked."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from billow.invoicing.draft import draft
from billow.rating.rated_costs import RatedCosts, RatedLine
from billow.records.billing.models import (
    BillingProfile,
    CreditNote,
    Invoice,
    InvoiceSeries,
    InvoiceTransition,
    ManagedAccount,
)
from billow.terms.period import BillingPeriod
from billow.usecases.approve_invoices import approve
from billow.usecases.claim_invoices import claim_due
from billow.usecases.invoice_parties import adjustment_items_of, bank_of, buyer_of, exchange_rates_of, seller_of
from billow.usecases.invoice_snapshot import Origin, content_of
from billow.usecases.management_account import credit_note_series, invoice_series
from billow.usecases.write_version import write_version
from tests.people import Person

OCTOBER = BillingPeriod(2026, 10)
FIRST_OF_NOVEMBER = datetime(2026, 11, 1, 9, tzinfo=UTC)


def make_line(*, cost: str, rated: str | None = None, service: str = "Amazon EC2", **fields: object) -> RatedLine:
    return RatedLine(
        **{  # type: ignore[arg-type]
            "provider": "AWS",
            "billing_account_id": "billing-1",
            "sub_account_id": "1001",
            "sub_account_name": "Presses",
            "service": service,
            "service_category": "Compute",
            "service_subcategory": None,
            "charge_category": "Usage",
            "region": "eu-central-1",
            "currency": "USD",
            "provider_cost": Decimal(cost),
            "rated_cost": Decimal(rated or cost),
            **fields,
        }
    )


def make_generating(
    *, account: ManagedAccount, period: BillingPeriod = OCTOBER, now: datetime = FIRST_OF_NOVEMBER
) -> Invoice:
    """Create an invoice that waits for its generation, with the next number."""
    series = invoice_series(management_account=account.management_account)
    invoice = Invoice.objects.create(
        management_account=account.management_account,
        managed_account=account,
        period_start=period.start,
        series=series,
        sequence=series.next_sequence,
        number=f"INV-{now.year}-{series.next_sequence:05}",
        generation_requested_at=now,
        created_at=now,
        updated_at=now,
    )
    InvoiceSeries.objects.filter(pk=series.pk).update(next_sequence=series.next_sequence + 1)
    InvoiceTransition.objects.create(invoice=invoice, verb="generate", to_status="generating", created_at=now)
    return invoice


def make_draft(
    *,
    account: ManagedAccount,
    profile: BillingProfile,
    period: BillingPeriod = OCTOBER,
    lines: Sequence[RatedLine] | None = None,
    rule_titles: Mapping[str, str] | None = None,
    now: datetime = FIRST_OF_NOVEMBER,
) -> Invoice:
    """Create an invoice that awaits approval."""
    invoice = make_generating(account=account, period=period, now=now)
    if lines is None:
        lines = [make_line(cost="12.345"), make_line(cost="0.655", service="Amazon S3")]
    value = draft(
        rated=RatedCosts(account_token=account.token, period=period, lines=tuple(lines)),
        number=invoice.number,
        token=invoice.token,
        seller=seller_of(profile=profile),
        buyer=buyer_of(account=account),
        bank=bank_of(profile=profile),
        payment_terms_days=account.payment_terms_days,
        currency=account.currency,
        adjustment_items=adjustment_items_of(profile=profile),
        rule_titles=rule_titles,
        exchange_rates=exchange_rates_of(management_account_id=account.management_account.pk, period=period),
    )
    origin = Origin(profile=profile, account=account, rules=(), cost_imports=(), logo=None, warnings=())
    claim = claim_due(worker="factory", at=now, limit=1, only=[invoice.token])
    assert claim is not None
    content = content_of(invoice=value, origin=origin)
    assert write_version(invoice=invoice, claim=claim.token, content=content, cost_imports=(), now=now)
    invoice.refresh_from_db()
    return invoice


def make_approved(
    *,
    account: ManagedAccount,
    profile: BillingProfile,
    by: Person,
    period: BillingPeriod = OCTOBER,
    lines: Sequence[RatedLine] | None = None,
    now: datetime = FIRST_OF_NOVEMBER,
    send: bool = False,
) -> Invoice:
    """Create an approved invoice with its stored documents."""
    invoice = make_draft(account=account, profile=profile, period=period, lines=lines, now=now)
    result = approve(actor=by.actor, invoice_tokens=[invoice.token], now=now, send=send)
    assert result.all_done, result
    invoice.refresh_from_db()
    return invoice


def make_credit_note(*, invoice: Invoice, now: datetime = FIRST_OF_NOVEMBER) -> CreditNote:
    """Create the row of a credit note, without lines and documents: quick, for tests of who may see it."""
    series = credit_note_series(management_account=invoice.management_account)
    place = series.credit_notes.count() + 1
    sums = ("subtotal_minor", "discounts_minor", "charges_minor", "credits_minor", "total_minor")
    totals = dict.fromkeys(sums, 0)
    InvoiceSeries.objects.filter(pk=series.pk).update(next_sequence=place + 1, chain_length=place)
    return CreditNote.objects.create(
        management_account=invoice.management_account,
        preceding_invoice=invoice,
        series=series,
        sequence=place,
        number=f"CN-{now.year}-{place:05}",
        currency="USD",
        reason="Wrong tags",
        completes=False,
        snapshot=json.dumps({"lines": [], "adjustments": [], "totals": totals, "completes": False}),
        fingerprint="",
        **totals,
        issue_date=now.date(),
        chain_position=place,
        seal="",
        created_at=now,
    )
