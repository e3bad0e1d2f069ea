"""Show how invoices and credit notes are numbered, and which numbers come next."""

from dataclasses import dataclass
from datetime import datetime

from billow.invoicing.numbering import UnableToNumber
from billow.records.accounts.models import Permission
from billow.records.billing.models import InvoiceSeries
from billow.usecases.actor import Actor
from billow.usecases.change_numbers import has_numbers, numbers_after
from billow.usecases.management_account import credit_note_series, invoice_series
from billow.usecases.refused import Refused

SHOWN = 3
KINDS = ("invoice", "credit_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: its pattern, the place of its next number, whether it has begun, and the next numbers."""

    kind: str
    pattern: str
    next_sequence: int
    has_begun: bool
    next_numbers: tuple[str, ...]


def show_numbers(*, actor: Actor, now: datetime) -> tuple[Series, ...]:
    """Return the series of invoices and of credit notes; everybody of the MSP may see them."""
    actor.must(Permission.SEE_MANAGEMENT)
    return tuple(_shown(actor, kind, _series(actor, kind), now) for kind in KINDS)


def try_pattern(*, actor: Actor, kind: str, pattern: str, first: str, now: datetime) -> tuple[str, ...]:
    """Return the next numbers that another pattern would make; raise Refused for one that makes none.

    ``first`` counts only while the series has not begun.
    """
    actor.must(Permission.SEE_MANAGEMENT)
    series = _series(actor, kind)
    begins = first.strip()
    is_number = begins.isascii() and begins.isdigit() and len(begins) < 8 and int(begins) > 0
    sequence = int(begins) if is_number and not has_numbers(series) else series.next_sequence
    return _numbers(actor, pattern.strip(), sequence, now)


def _series(actor: Actor, kind: str) -> InvoiceSeries:
    find = credit_note_series if kind == "credit_note" else invoice_series
    return find(management_account=actor.management_account)


def _shown(actor: Actor, kind: str, row: InvoiceSeries, now: datetime) -> Series:
    return Series(
        kind=kind,
        pattern=row.pattern,
        next_sequence=row.next_sequence,
        has_begun=has_numbers(row),
        next_numbers=_numbers(actor, row.pattern, row.next_sequence, now),
    )


def _numbers(actor: Actor, pattern: str, sequence: int, now: datetime) -> tuple[str, ...]:
    try:
        return numbers_after(
            account=actor.management_account, pattern=pattern[:200], sequence=sequence, count=SHOWN, now=now
        )
    except UnableToNumber as unable:
        raise Refused("wrong_pattern", str(unable)) from unable
