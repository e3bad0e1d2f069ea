"""The invoice as CSV."""

import csv
import io
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.documents.csv import COLUMNS, render_csv
from tests.unit.documents.samples import BUYER, invoice, line, long_invoice, short_invoice

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "invoice.csv"


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def test_the_csv_of_an_invoice_is_the_golden_csv() -> None:
    data = render_csv(invoice=short_invoice())
    if os.environ.get("BILLOW_UPDATE_GOLDEN") == "1":
        GOLDEN.write_bytes(data)
    assert data == GOLDEN.read_bytes()


def test_the_columns_are_the_published_ones_and_lines_end_as_rfc_4180_says() -> None:
    data = render_csv(invoice=short_invoice())
    assert data.startswith(",".join(COLUMNS).encode() + b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert COLUMNS == (
        "invoice_number", "invoice_token", "billing_period_start", "billing_period_end", "account_token",
        "account_name", "line_type", "provider", "billing_account_id", "account_id", "service", "cost_category",
        "cost_sub_category", "charge_type", "region", "description", "usage_amount", "usage_unit", "amount", "currency",
    )  # fmt: skip


@given(amounts=st.lists(st.integers(-(10**12), 10**12), max_size=8), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_all_rows_but_the_total_add_up_to_the_total(amounts: list[int], currency: str) -> None:
    adjustments = short_invoice().adjustments
    made = invoice([line(f"S{n}", amount) for n, amount in enumerate(amounts)], adjustments, currency=currency)
    *rows, total = rows_of(render_csv(invoice=made))
    assert total["line_type"] == "total"
    assert sum((Decimal(row["amount"]) for row in rows), Decimal(0)) == Decimal(total["amount"])
    assert len(rows) == sum(1 for amount in amounts if amount) + len(adjustments)
    costs = [Decimal(row["amount"]) for row in rows if row["line_type"] == "cost"]
    places = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    assert sum(costs, Decimal(0)) == Decimal(sum(amounts)).scaleb(-places)


def test_the_period_ends_on_the_last_day_and_lines_of_no_amount_are_left_out() -> None:
    rows = rows_of(render_csv(invoice=short_invoice()))
    assert {(row["billing_period_start"], row["billing_period_end"]) for row in rows} == {("2026-03-01", "2026-03-31")}
    assert "Amazon Route 53" not in {row["service"] for row in rows}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_can_be_taken_for_a_formula(start: str) -> None:
    evil = f'{start}HYPERLINK("http://x","y")'
    made = invoice(
        [line(evil, -500, provider=evil, region=evil, description=evil, billing_account_id=evil, usage_unit=evil,
              usage_amount=Decimal("-1.50"))],
        buyer=replace(BUYER, name=evil),
        number=evil,
    )  # fmt: skip
    row = rows_of(render_csv(invoice=made))[0]
    for column in ("service", "provider", "region", "description", "account_name", "invoice_number", "usage_unit"):
        assert row[column] == f"'{evil}", column
    assert row["amount"] == "-5.00"
    assert row["usage_amount"] == "-1.5"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_any_text_comes_back_as_it_went_in(text: str) -> None:
    row = rows_of(render_csv(invoice=invoice([line("S", 100, description=text)])))[0]
    assert row["description"] in {text, f"'{text}"}


def test_nothing_of_the_provider_or_the_rules_is_written() -> None:
    data = render_csv(invoice=long_invoice(lines=20)).decode()
    for secret in ("777", "66.6", "Secret markup", "bllng_rule"):
        assert secret not in data
