"""The guard finds each way an invoice can be wrong."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from billow.invoicing.checks import check_invoice
from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType, Invoice, InvoiceLine
from tests.unit.invoicing.samples import a_draft, a_line

VAT = AdjustmentItem(
    name="VAT",
    adjustment_type=AdjustmentType.CHARGE,
    calculation_type=CalculationType.PERCENTAGE,
    amount=Decimal(19),
)
SOUND = a_draft(a_line("1.005", provider="1"), a_line("2", service="S3"), adjustment_items=[VAT])


def with_first_line(**changes: object) -> Invoice:
    first: InvoiceLine = replace(SOUND.lines[0], **changes)  # type: ignore[arg-type]
    return replace(SOUND, lines=(first, *SOUND.lines[1:]))


def test_a_sound_invoice_passes() -> None:
    assert check_invoice(invoice=SOUND) == ()


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (lambda: with_first_line(amount_minor=100), {"lines_do_not_add_up"}),
        (lambda: with_first_line(amount_minor=102), {"lines_do_not_add_up", "line_off_by_a_unit"}),
        (lambda: with_first_line(rated_cost=Decimal("1.006")), {"deltas_do_not_add_up", "wrong_conversion"}),
        (lambda: with_first_line(deltas=()), {"deltas_do_not_add_up"}),
        (lambda: with_first_line(source_currency="EUR"), {"wrong_conversion"}),
        (lambda: with_first_line(line_number=2), {"line_numbers"}),
        (lambda: with_first_line(service="S3"), {"duplicate_line"}),
        (lambda: replace(SOUND, totals=replace(SOUND.totals, total_minor=1)), {"total_does_not_add_up"}),
        (lambda: replace(SOUND, adjustments=()), {"adjustments_do_not_add_up"}),
        (
            lambda: replace(SOUND, adjustments=(replace(SOUND.adjustments[0], amount_minor=-1),)),
            {"adjustments_do_not_add_up", "negative_adjustment"},
        ),
    ],
)
def test_each_fault_is_found(spoil: Callable[[], Invoice], codes: set[str]) -> None:
    assert {issue.code for issue in check_invoice(invoice=spoil())} == codes
