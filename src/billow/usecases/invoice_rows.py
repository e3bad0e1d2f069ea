"""What people see of invoices, as plain values: rows of lists, and the parts of one invoice's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from billow.invoicing.invoice import Invoice
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """One invoice as lists show it; amounts are in ``currency``, with its decimals, None until there is a version.

    ``provider_cost`` is what the provider charged, converted with the invoice's own exchange rates and rounded to the
    minor unit; ``margin`` is ``subtotal - provider_cost``: what the billing rules earned before adjustments (taxes
    and fees are no margin), at the invoice's rates, so a difference between the rate agreed with the customer and the
    one the MSP bought currency at is not in it. ``delivery_status`` is the worst outcome of the newest wish to send,
    or empty. ``is_credited``: credit notes left nothing of it. ``pdf`` and ``csv`` say where the stored bytes of an
    approved invoice lie.
    """

    token: str
    number: str
    account_token: str
    account_name: str
    period: BillingPeriod
    currency: str
    status: str
    delivery_status: str
    provider_cost: Decimal | None
    subtotal: Decimal | None
    total: Decimal | None
    margin: Decimal | None
    exact_provider_cost: Decimal | None
    failure_code: str
    failure_message: str
    is_stale: bool
    warnings: tuple[Issue, ...]
    issue_date: date | None
    due_date: date | None
    created_at: datetime
    updated_at: datetime
    pdf: Path | None
    csv: Path | None
    is_credited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffect:
    """What one rule changed on the whole invoice, exact, per source currency."""

    rule_token: str
    title: str
    amounts: Mapping[str, Decimal]
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRow:
    """One change of state: who (empty: the system), when, and why."""

    verb: str
    from_status: str
    to_status: str
    reason: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One message to one recipient and what became of it."""

    token: str
    recipient: str
    status: str
    attempts: int
    outcome_code: str
    outcome_message: str
    next_attempt_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of the invoice's content."""

    version_number: int
    is_current: bool
    total: Decimal
    line_count: int
    fingerprint: str
    software_version: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteRow:
    """A credit note that was issued for the invoice, in the invoice's currency."""

    token: str
    number: str
    issue_date: date
    total: Decimal
    lines: int
    reason: str
    completes: bool
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthBefore:
    """The account's invoice of the month before; the total is in its own currency."""

    token: str
    number: str
    period: BillingPeriod
    total: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """Everything a person sees about one invoice; ``invoice`` is None until it was generated.

    ``findings`` are the warnings of the generation and whatever the invariant checks find; ``allowed_verbs`` what may
    be done to it in its status.
    """

    row: InvoiceRow
    invoice: Invoice | None
    rule_effects: tuple[RuleEffect, ...]
    transitions: tuple[TransitionRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    versions: tuple[VersionRow, ...]
    findings: tuple[Issue, ...]
    allowed_verbs: tuple[str, ...]
    month_before: MonthBefore | None = None
    credit_notes: tuple[CreditNoteRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Bytes to hand out under a name; a draft's are a preview, which nobody should keep."""

    name: str
    content_type: str
    content: bytes
    is_draft: bool = False
