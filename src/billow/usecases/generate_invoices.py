"""Ask for invoices: give each its row and number, and ring for the work; or ask for a new version of a draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from billow.invoicing.lifecycle import InvoiceStatus, InvoiceVerb
from billow.invoicing.numbering import UnableToNumber, format_number
from billow.records.billing.models import BillingProfile, Invoice, InvoiceSeries, InvoiceTransition, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases import bell
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.change_invoice import change_status, do_each, lock_invoice
from billow.usecases.closed_months import today
from billow.usecases.generate_due import generate_due
from billow.usecases.invoiced_months import month_of
from billow.usecases.management_account import invoice_series
from billow.usecases.ready_to_invoice import ready_list, reason_against
from billow.usecases.refused import BulkResult, ItemResult, Refused

__all__ = ["generate_due", "request_generation", "request_regeneration"]


def request_generation(
    *, actor: Actor, account_tokens: Sequence[str] | None, period: BillingPeriod, now: datetime
) -> BulkResult:
    """Create an invoice with its number for each account (None: all that are ready) and ring for its generation.

    A done item carries the invoice's token and, as label, its number; a refused one the account's token and name.
    Each invoice is a transaction of its own.
    """
    actor.must_write_invoices()
    if account_tokens is None:
        ready = ready_list(actor=actor, now=now, period=period, with_costs=False).ready
        account_tokens = [row.account_token for row in ready]
    wish = _Wish(
        actor=actor,
        period=period,
        profiles=tuple(BillingProfile.objects.visible_to(actor.management_account)[:2]),
        series=invoice_series(management_account=actor.management_account),
        now=now,
    )
    return BulkResult(items=tuple(_request(wish, token) for token in account_tokens))


def request_regeneration(*, actor: Actor, invoice_tokens: Sequence[str], now: datetime) -> BulkResult:
    """Ask for a new version of drafts and failed invoices; number and token stay."""
    actor.must_write_invoices()

    def regenerate(invoice: Invoice) -> None:
        with transaction.atomic():
            row = lock_invoice(invoice=invoice)
            change_status(
                invoice=row,
                verb=InvoiceVerb.REGENERATE,
                actor=actor,
                now=now,
                failure_code="",
                failure_message="",
                is_stale=False,
                generation_requested_at=now,
                generation_requested_by=actor.user,
                generation_attempts=0,
                claimed_by="",
                claimed_until=None,
            )
            bell.ring(work=bell.Work.GENERATE, token=row.token)

    return do_each(actor=actor, tokens=invoice_tokens, act=regenerate)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is asked for all the accounts of one request."""

    actor: Actor
    period: BillingPeriod
    profiles: Sequence[BillingProfile]
    series: InvoiceSeries
    now: datetime


def _request(wish: _Wish, account_token: str) -> ItemResult:
    accounts = ManagedAccount.objects.visible_to(wish.actor).live()
    account = accounts.select_related("management_account", "billing_profile").filter(token=account_token).first()
    if account is None:
        return ItemResult(
            token=account_token, label=account_token, done=False, code="not_found", message="Resource not found"
        )
    try:
        _refuse_unless_ready(wish, account)
        invoice = _create(wish, account)
    except Refused as refused:
        return ItemResult(
            token=account.token, label=str(account), done=False, code=refused.code, message=refused.message
        )
    return ItemResult(token=invoice.token, label=invoice.number, done=True)


def _refuse_unless_ready(wish: _Wish, account: ManagedAccount) -> None:
    existing = month_of(account=account, period=wish.period).live
    reason = reason_against(
        account=account, period=wish.period, profiles=wish.profiles, existing=existing, now=wish.now
    )
    if reason is not None:
        raise Refused(reason.code, reason.message)


def _create(wish: _Wish, account: ManagedAccount) -> Invoice:
    """Take the next number and create the row; whoever comes second for the same account and month is refused."""
    try:
        with transaction.atomic():
            return _create_locked(wish, account)
    except IntegrityError as clash:
        # The database's own guards: one live invoice per account and month, one invoice per number.
        existing = month_of(account=account, period=wish.period).live
        if existing is not None:
            raise _exists(existing) from clash
        raise Refused(
            "number_taken",
            "The number pattern makes a number that another invoice has already; add {year} or a prefix to it.",
        ) from clash


def _create_locked(wish: _Wish, account: ManagedAccount) -> Invoice:
    # The account is locked first, so that it is not deleted meanwhile and a second click waits for the first; from
    # the lock of the series to the commit all numbers wait, so nothing slow may come in between.
    if not ManagedAccount.objects.live().select_for_update().filter(pk=account.pk):
        raise Refused("not_found", "Resource not found")
    series = InvoiceSeries.objects.select_for_update().get(pk=wish.series.pk)
    month = month_of(account=account, period=wish.period)
    if month.live is not None:
        raise _exists(month.live)
    invoice = Invoice.objects.create(
        management_account=account.management_account,
        managed_account=account,
        period_start=wish.period.start,
        replaces=month.credited,
        series=series,
        sequence=series.next_sequence,
        number=_number(series, account, wish.now),
        status=InvoiceStatus.GENERATING,
        generation_requested_at=wish.now,
        generation_requested_by=wish.actor.user,
        created_at=wish.now,
        updated_at=wish.now,
    )
    InvoiceSeries.objects.filter(pk=series.pk).update(next_sequence=series.next_sequence + 1)
    _tell(wish, invoice)
    return invoice


def _number(series: InvoiceSeries, account: ManagedAccount, now: datetime) -> str:
    """Return the number with year and month of the day it is taken, so that numbers and years grow together."""
    day = today(management_account=account.management_account, now=now)
    try:
        return format_number(pattern=series.pattern, year=day.year, month=day.month, sequence=series.next_sequence)
    except UnableToNumber as unable:
        raise Refused("wrong_number_pattern", str(unable)) from unable


def _tell(wish: _Wish, invoice: Invoice) -> None:
    InvoiceTransition.objects.create(
        invoice=invoice,
        verb=InvoiceVerb.GENERATE,
        to_status=invoice.status,
        user=wish.actor.user,
        created_at=wish.now,
    )
    record(
        actor=wish.actor,
        action=f"invoice.{InvoiceVerb.GENERATE}",
        object_type="invoice",
        object_token=invoice.token,
        object_name=invoice.number,
        now=wish.now,
    )
    bell.ring(work=bell.Work.GENERATE, token=invoice.token)


def _exists(existing: Invoice) -> Refused:
    return Refused("invoice_exists", f"An invoice already exists for this account and period: {existing.number}.")
