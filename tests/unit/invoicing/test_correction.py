"""What credit notes take back: in the end exactly what was charged, and never more on the way."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.invoicing.correction import Credit, UnableToCredit, credit, credit_note
from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType, Invoice
from tests.unit.invoicing.samples import a_draft, a_line

DAY = date(2026, 4, 3)


def item(kind: str, calculation: str, amount: str) -> AdjustmentItem:
    return AdjustmentItem(
        name=f"{kind} {amount}",
        adjustment_type=AdjustmentType(kind),
        calculation_type=CalculationType(calculation),
        amount=Decimal(amount),
    )


VAT = item("charge", "percentage", "20")
FEE = item("charge", "fixed", "5")
DISCOUNT = item("discount", "percentage", "10")


def issued(*amounts: str, items: tuple[AdjustmentItem, ...] = ()) -> Invoice:
    lines = [a_line(amount, service=f"Service {place}") for place, amount in enumerate(amounts)]
    return replace(a_draft(*lines, adjustment_items=items), issue_date=DAY, due_date=DAY)


def number_of(invoice: Invoice, amount_minor: int) -> int:
    return next(line.line_number for line in invoice.lines if line.amount_minor == amount_minor)


def refused(invoice: Invoice, **asked: object) -> str:
    with pytest.raises(UnableToCredit) as unable:
        credit(invoice, **{"before": [], **asked})  # type: ignore[arg-type]
    return unable.value.code


def test_a_whole_credit_mirrors_the_invoice() -> None:
    invoice = issued("100", "50.55", items=(DISCOUNT, VAT, FEE))
    whole = credit(invoice, before=[])
    assert whole.totals == invoice.totals
    assert whole.adjustments == tuple(entry.amount_minor for entry in invoice.adjustments)
    assert whole.completes


def test_a_line_takes_its_share_of_discount_and_tax_with_it_and_leaves_the_fee() -> None:
    invoice = issued("100", "50", items=(DISCOUNT, VAT, FEE))
    one = credit(invoice, before=[], line_numbers=[number_of(invoice, 10000)])
    assert one.adjustments == (1000, 1800, 0)
    assert one.totals.total_minor == 10000 - 1000 + 1800
    assert not one.completes
    rest = credit(invoice, before=[one])
    assert rest.adjustments == (500, 900, 500)
    assert one.totals.total_minor + rest.totals.total_minor == invoice.totals.total_minor
    assert rest.completes


def test_a_fixed_discount_is_shared_so_that_no_line_gives_back_more_than_was_paid_for_it() -> None:
    invoice = issued("100", "100", items=(item("discount", "fixed", "100"), VAT))
    one = credit(invoice, before=[], line_numbers=[1])
    assert one.totals.total_minor == 6000 == invoice.totals.total_minor // 2


def test_all_lines_one_by_one_complete_the_credit_where_nothing_else_is_left() -> None:
    invoice = issued("1", "1", "1", items=(item("charge", "percentage", "33.33"),))
    before: list[Credit] = []
    for line in invoice.lines:
        before.append(credit(invoice, before=before, line_numbers=[line.line_number]))
    assert [each.completes for each in before] == [False, False, True]
    assert sum(each.totals.total_minor for each in before) == invoice.totals.total_minor


def test_after_all_lines_the_fee_is_still_there_to_be_credited() -> None:
    invoice = issued("10", items=(FEE,))
    line = credit(invoice, before=[], line_numbers=[1])
    assert not line.completes
    rest = credit(invoice, before=[line])
    assert (rest.lines, rest.totals.total_minor, rest.completes) == ({}, 500, True)


def test_what_cannot_be_credited_is_refused_by_its_reason() -> None:
    invoice = issued("10", "20")
    first = credit(invoice, before=[], line_numbers=[1])
    assert refused(invoice, line_numbers=[]) == "no_lines"
    assert refused(invoice, line_numbers=[3]) == "unknown_line"
    assert refused(invoice, before=[first], line_numbers=[1, 2]) == "credited_already"
    assert refused(invoice, before=[credit(invoice, before=[])]) == "credited_already"
    assert refused(issued("-10")) == "negative_total"
    assert refused(issued("0"), line_numbers=[1]) == "no_share"


def test_a_line_with_a_minus_is_credited_with_others_only() -> None:
    invoice = issued("150", "-50")
    minus, plus = number_of(invoice, -5000), number_of(invoice, 15000)
    assert refused(invoice, line_numbers=[minus]) == "not_within_the_rest"
    assert refused(invoice, line_numbers=[plus]) == "not_within_the_rest"
    assert credit(invoice, before=[], line_numbers=[minus, plus]).completes


def test_the_document_has_its_own_number_and_names_the_invoice() -> None:
    invoice = issued("10", "20", items=(VAT,))
    taken = credit(invoice, before=[], line_numbers=[2])
    note = credit_note(
        invoice, credit=taken, number="CN-1", token="crdt_nt_0", issue_date=date(2026, 5, 1), reason="Wrong tag"
    )
    assert (note.document.number, note.preceding_number) == ("CN-1", invoice.number)
    assert [line.line_number for line in note.document.lines] == [2]
    assert note.document.totals == taken.totals
    assert not note.document.bank.iban


amounts = st.lists(st.integers(-5_000, 50_000), min_size=1, max_size=8)
adjustments = st.lists(
    st.builds(
        item,
        st.sampled_from(["charge", "credit", "discount"]),
        st.sampled_from(["percentage", "fixed"]),
        st.sampled_from(["0", "0.01", "5", "19", "33.333"]),
    ),
    max_size=4,
)


@given(minor=amounts, items=adjustments, order=st.randoms())
def test_credits_in_any_order_never_exceed_the_invoice_and_leave_nothing_at_the_end(
    minor: list[int], items: list[AdjustmentItem], order: object
) -> None:
    invoice = issued(*(str(Decimal(each) / 100) for each in minor), items=tuple(items))
    if invoice.totals.total_minor < 0:
        assert refused(invoice) == "negative_total"
        return
    numbers = [line.line_number for line in invoice.lines]
    order.shuffle(numbers)  # type: ignore[attr-defined]
    before: list[Credit] = []
    for number in numbers[:-1]:
        try:
            before.append(credit(invoice, before=before, line_numbers=[number]))
        except UnableToCredit:
            continue
        assert 0 <= sum(each.totals.total_minor for each in before) <= invoice.totals.total_minor
        if before[-1].completes:
            break
    if not any(each.completes for each in before):
        before.append(credit(invoice, before=before))
    assert sum(each.totals.total_minor for each in before) == invoice.totals.total_minor
    for place, entry in enumerate(invoice.adjustments):
        taken = [each.adjustments[place] for each in before]
        assert all(amount >= 0 for amount in taken)
        assert sum(taken) == entry.amount_minor
    credited = {number: amount for each in before for number, amount in each.lines.items()}
    assert credited == {line.line_number: line.amount_minor for line in invoice.lines}
