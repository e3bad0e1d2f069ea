"""Change how invoices and credit notes are numbered, so that no number can ever come twice or be left out."""

from collections.abc import Mapping
from datetime import datetime

from billow.invoicing.numbering import UnableToNumber, check_pattern, format_number
from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import CreditNote, Invoice, InvoiceSeries
from billow.usecases.closed_months import today
from billow.usecases.field_checks import Findings

LOOKED_AHEAD = 1000
"""Of so many next numbers none may have been taken."""
_MOST_FIRST = 9_999_999


def change_numbers(
    *,
    account: ManagementAccount,
    series: tuple[InvoiceSeries, InvoiceSeries],
    fields: Mapping[str, object],
    now: datetime,
) -> None:
    """Change the series of invoices and of credit notes, in the caller's transaction; raise Refused for what is wrong.

    A pattern is changed at any time. The first number is chosen only while none was taken, so that there is no gap.
    """
    if not {"number_pattern", "credit_note_pattern", "first_number", "first_credit_note_number"} & set(fields):
        return
    findings = Findings()
    keys = [each.pk for each in series]
    locked = {row.pk: row for row in InvoiceSeries.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    invoices, notes = (locked[key] for key in keys)
    for row, pattern, first in (
        (invoices, "number_pattern", "first_number"),
        (notes, "credit_note_pattern", "first_credit_note_number"),
    ):
        if pattern in fields:
            row.pattern = _pattern(findings, fields[pattern], pattern) or row.pattern
        if first in fields:
            row.next_sequence = _first(findings, fields[first], first, row)
    if not findings.failed and invoices.pattern == notes.pattern:
        column = "credit_note_pattern" if "credit_note_pattern" in fields else "number_pattern"
        findings.error("same_pattern", column, "Invoices and credit notes must be numbered differently", notes.pattern)
    if not findings.failed:
        _refuse_taken(findings, invoices, "number_pattern", account, now)
        _refuse_taken(findings, notes, "credit_note_pattern", account, now)
    findings.refuse_if_any()
    for row in (invoices, notes):
        row.save(update_fields=["pattern", "next_sequence"])


def numbers_after(
    *, account: ManagementAccount, pattern: str, sequence: int, count: int, now: datetime
) -> tuple[str, ...]:
    """Return the numbers that a pattern would make from this place on, if they were taken today."""
    day = today(management_account=account, now=now)
    return tuple(
        format_number(pattern=pattern, year=day.year, month=day.month, sequence=place)
        for place in range(sequence, sequence + count)
    )


def _pattern(findings: Findings, value: object, column: str) -> str | None:
    pattern = findings.read_text(value, column=column, most=80, required=True)
    if pattern is not None and not findings.failed:
        try:
            check_pattern(pattern=pattern)
        except UnableToNumber as unable:
            findings.error("wrong_pattern", column, str(unable), pattern)
    return pattern


def _first(findings: Findings, value: object, column: str, row: InvoiceSeries) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= _MOST_FIRST and len(text) < 12):
        findings.error("not_a_number", column, f"Write the first number as digits, from 1 to {_MOST_FIRST}", value)
        return row.next_sequence
    if int(text) < row.next_sequence:
        findings.error("backwards", column, f"The series stands at {row.next_sequence} and only counts forwards", value)
    elif int(text) != row.next_sequence and has_numbers(row):
        findings.error("already_begun", column, "The series has begun; another first number would leave a gap", value)
    return int(text)


def has_numbers(row: InvoiceSeries) -> bool:
    """Tell whether a number of the series was taken."""
    return Invoice.objects.filter(series=row).exists() or CreditNote.objects.filter(series=row).exists()


def _refuse_taken(
    findings: Findings, row: InvoiceSeries, column: str, account: ManagementAccount, now: datetime
) -> None:
    """Note a number that the pattern would make soon and that is taken: generating would stop at it."""
    soon = numbers_after(account=account, pattern=row.pattern, sequence=row.next_sequence, count=LOOKED_AHEAD, now=now)
    of = {"management_account": account, "number__in": soon}
    taken = (
        Invoice.objects.filter(**of).first() if column == "number_pattern" else CreditNote.objects.filter(**of).first()
    )
    if taken is not None:
        message = f"The pattern would make {taken.number} again, which is taken; change more of it"
        findings.error("number_taken", column, message, row.pattern)
