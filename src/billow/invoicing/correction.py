"""What a credit note takes back: everything that is left of an invoice, or some of its lines with their share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billow.invoicing.invoice import Adjustment, AdjustmentType, BankAccount, CalculationType, Invoice, Totals
from billow.terms.money import amount_text
from billow.terms.rounding import round_half_away


class UnableToCredit(Exception):
    """The invoice cannot be credited so; ``code`` is stable, the message says what can be done instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What one credit note takes back, mirrored: what the invoice charges is positive here too.

    ``lines`` are amounts by line number, ``adjustments`` amounts in the invoice's order, never negative, both in minor
    units. ``completes`` says that nothing is left of the invoice afterwards.
    """

    lines: Mapping[int, int]
    adjustments: tuple[int, ...]
    totals: Totals
    completes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """A credit note as a document: ``document`` mirrors the invoice, with the note's own number and day."""

    document: Invoice
    preceding_number: str
    preceding_token: str
    preceding_issue_date: date
    reason: str


def credit(invoice: Invoice, *, before: Sequence[Credit], line_numbers: Sequence[int] | None = None) -> Credit:
    """Return the credit of everything that is left after the credits before, or of these lines; raise UnableToCredit.

    A line is credited as a whole, and only once. It takes its share of every discount, credit and percentage with it,
    so that crediting all lines one by one gives back exactly what was charged; fixed charges are left to the end.
    """
    if invoice.totals.total_minor < 0:
        raise UnableToCredit("negative_total", f"{invoice.number} is a credit balance itself.")
    done = {number for each in before for number in each.lines}
    if any(each.completes for each in before):
        raise UnableToCredit("credited_already", f"{invoice.number} is credited already: nothing is left of it.")
    open_lines = {line.line_number: line.amount_minor for line in invoice.lines if line.line_number not in done}
    if line_numbers is None:
        lines = open_lines
        taken = _taken(invoice, before)
        adjustments = tuple(entry.amount_minor - taken[place] for place, entry in enumerate(invoice.adjustments))
    else:
        lines = _chosen(invoice, open_lines, line_numbers)
        adjustments = _shares(invoice, before, lines)
    totals = _totals(invoice.adjustments, lines, adjustments)
    _refuse_too_much(invoice, before, totals)
    left = invoice.totals.total_minor - sum(each.totals.total_minor for each in before) - totals.total_minor
    completes = lines.keys() == open_lines.keys() and (line_numbers is None or left == 0)
    return Credit(lines=lines, adjustments=adjustments, totals=totals, completes=completes)


def credit_note(
    invoice: Invoice, *, credit: Credit, number: str, token: str, issue_date: date, reason: str
) -> CreditNote:
    """Return the document of a credit of an issued invoice."""
    assert invoice.issue_date is not None
    document = replace(
        invoice,
        number=number,
        token=token,
        issue_date=issue_date,
        due_date=issue_date,
        payment_terms_days=0,
        bank=BankAccount(),
        lines=tuple(line for line in invoice.lines if line.line_number in credit.lines),
        adjustments=tuple(
            replace(entry, amount_minor=amount)
            for entry, amount in zip(invoice.adjustments, credit.adjustments, strict=True)
        ),
        totals=credit.totals,
    )
    return CreditNote(
        document=document,
        preceding_number=invoice.number,
        preceding_token=invoice.token,
        preceding_issue_date=invoice.issue_date,
        reason=reason,
    )


def _chosen(invoice: Invoice, open_lines: Mapping[int, int], line_numbers: Sequence[int]) -> dict[int, int]:
    known = {line.line_number for line in invoice.lines}
    wanted = sorted(set(line_numbers))
    if not wanted:
        raise UnableToCredit("no_lines", "Name at least one line, or credit the whole invoice.")
    for number in wanted:
        if number not in known:
            raise UnableToCredit("unknown_line", f"{invoice.number} has no line {number}; it has {len(known)}.")
        if number not in open_lines:
            raise UnableToCredit("credited_already", f"Line {number} of {invoice.number} is credited already.")
    if invoice.totals.subtotal_minor <= 0:
        raise UnableToCredit("no_share", f"{invoice.number} has no positive subtotal; credit it as a whole.")
    return {number: open_lines[number] for number in wanted}


def _taken(invoice: Invoice, before: Sequence[Credit]) -> list[int]:
    return [sum(each.adjustments[place] for each in before) for place in range(len(invoice.adjustments))]


def _shares(invoice: Invoice, before: Sequence[Credit], lines: Mapping[int, int]) -> tuple[int, ...]:
    """Return each adjustment's share up to now less what was taken before, so that no roundings pile up."""
    credited = sum(each.totals.subtotal_minor for each in before) + sum(lines.values())
    shares = []
    for entry, taken in zip(invoice.adjustments, _taken(invoice, before), strict=True):
        if _is_fixed_charge(entry):
            shares.append(0)
            continue
        share = Decimal(entry.amount_minor) * credited / invoice.totals.subtotal_minor
        # Never negative, never more than there is: lines with a minus can ask for either on the way.
        up_to_now = min(max(int(round_half_away(share, places=0)), taken), entry.amount_minor)
        shares.append(up_to_now - taken)
    return tuple(shares)


def _is_fixed_charge(entry: Adjustment) -> bool:
    return entry.adjustment_type is AdjustmentType.CHARGE and entry.calculation_type is CalculationType.FIXED


def _totals(entries: Sequence[Adjustment], lines: Mapping[int, int], adjustments: Sequence[int]) -> Totals:
    sums = dict.fromkeys(AdjustmentType, 0)
    for entry, amount in zip(entries, adjustments, strict=True):
        sums[entry.adjustment_type] += amount
    subtotal = sum(lines.values())
    discounts, charges, credits_ = (
        sums[kind] for kind in (AdjustmentType.DISCOUNT, AdjustmentType.CHARGE, AdjustmentType.CREDIT)
    )
    return Totals(
        subtotal_minor=subtotal,
        discounts_minor=discounts,
        charges_minor=charges,
        credits_minor=credits_,
        total_minor=subtotal - discounts + charges - credits_,
    )


def _refuse_too_much(invoice: Invoice, before: Sequence[Credit], totals: Totals) -> None:
    left = invoice.totals.total_minor - sum(each.totals.total_minor for each in before)
    if not 0 <= totals.total_minor <= left:
        amount = amount_text(totals.total_minor, currency=invoice.currency)
        rest = amount_text(left, currency=invoice.currency)
        raise UnableToCredit(
            "not_within_the_rest",
            f"That would credit {amount} {invoice.currency}, and {rest} is left of {invoice.number}. Credit other "
            "lines with them, or the whole invoice.",
        )
