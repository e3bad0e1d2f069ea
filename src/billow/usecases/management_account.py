"""Show and change the settings of the management account itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from billow.invoicing.numbering import DEFAULT_PATTERN
from billow.records.accounts.models import ManagementAccount, validate_time_zone
from billow.records.billing.models import InvoiceSeries
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.change_numbers import change_numbers
from billow.usecases.field_checks import Findings
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account

CREDIT_NOTES = "credit_note"
"""The name of the series of credit notes."""
CREDIT_NOTE_PATTERN = "CN-{year}-{sequence:05}"

SETTINGS = (
    "name",
    "time_zone",
    "data_ingestion_delay",
    "currency",
    "number_pattern",
    "credit_note_pattern",
    "first_number",
    "first_credit_note_number",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementSettings:
    """What holds for all invoices of a management account."""

    token: str
    name: str
    time_zone: str
    data_ingestion_delay: bool
    currency: str
    number_pattern: str
    credit_note_pattern: str


def invoice_series(*, management_account: ManagementAccount) -> InvoiceSeries:
    """Return the series that invoice numbers are taken from, creating it when it is first asked for."""
    series, _ = InvoiceSeries.objects.get_or_create(
        management_account=management_account, name="invoice", defaults={"pattern": DEFAULT_PATTERN}
    )
    return series


def credit_note_series(*, management_account: ManagementAccount) -> InvoiceSeries:
    """Return the series that credit note numbers are taken from, creating it when it is first asked for."""
    series, _ = InvoiceSeries.objects.get_or_create(
        management_account=management_account, name=CREDIT_NOTES, defaults={"pattern": CREDIT_NOTE_PATTERN}
    )
    return series


def show_settings(*, actor: Actor) -> ManagementSettings:
    """Return the settings."""
    account = ManagementAccount.objects.get(pk=actor.management_account.pk)
    return ManagementSettings(
        token=account.token,
        name=account.name,
        time_zone=account.time_zone,
        data_ingestion_delay=account.data_ingestion_delay,
        currency=account.currency,
        number_pattern=invoice_series(management_account=account).pattern,
        credit_note_pattern=credit_note_series(management_account=account).pattern,
    )


def change_settings(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> ManagementSettings:
    """Change the settings that are given; numbers already taken stay as they are."""
    actor.must_write_invoices()
    clean = _read(fields)
    with transaction.atomic():
        account = lock_management_account(management_account=actor.management_account)
        for name, value in clean.items():
            setattr(account, name, value)
        account.save()
        if "name" in clean:
            mark_stale(management_account=account)  # a profile without a company name prints this one
        change_numbers(account=account, series=_series_of(account), fields=fields, now=now)
        record(
            actor=actor,
            action="record_updated",
            object_type="ManagementAccount",
            object_token=account.token,
            object_name=account.name,
            changes={name: str(value) for name, value in fields.items()},
            now=now,
        )
    return show_settings(actor=actor)


def _series_of(account: ManagementAccount) -> tuple[InvoiceSeries, InvoiceSeries]:
    return invoice_series(management_account=account), credit_note_series(management_account=account)


def _read(fields: Mapping[str, object]) -> dict[str, object]:
    findings = Findings()
    findings.read_known(fields, known=SETTINGS)
    clean: dict[str, object] = {}
    if "name" in fields:
        clean["name"] = findings.read_text(fields["name"], column="name", required=True)
    if "time_zone" in fields:
        clean["time_zone"] = str(fields["time_zone"])
        try:
            validate_time_zone(str(fields["time_zone"]))
        except ValidationError as wrong:
            findings.error("unknown_time_zone", "time_zone", "; ".join(wrong.messages), fields["time_zone"])
    if "data_ingestion_delay" in fields:
        clean["data_ingestion_delay"] = findings.read_flag(
            fields["data_ingestion_delay"], column="data_ingestion_delay"
        )
    if "currency" in fields:
        clean["currency"] = findings.read_currency(fields["currency"], column="currency")
    findings.refuse_if_any()
    return clean
