"""`billow demo`: a stranger's first command."""

import csv
import re
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest

from tests.cli.conftest import Program


def test_the_demo_closes_a_month_and_everything_agrees(fresh: Program) -> None:
    told = fresh.ok("demo", "--no-serve", "--rows", "6000")
    invoices = told["invoices"]
    assert len([each for each in invoices if each["status"] == "approved"]) >= 10
    assert len({each["currency"] for each in invoices}) == 3
    assert told["unallocated"]
    mailed = {file.name[: len("INV-2026-00001")] for file in (fresh.data / "outbox").glob("*.eml")}
    listed = {each["number"]: each for each in fresh.ok("invoices", "list")["invoices"]}
    for each in invoices:
        stored = listed[each["number"]]
        for name in ("subtotal", "total", "margin", "status"):
            assert each[name] == stored[name]
        if each["status"] == "approved":
            for kind in ("pdf", "csv"):
                assert Path(each[kind]).read_bytes() == Path(stored[kind]).read_bytes()
            assert Decimal(total_in(Path(each["csv"]))) == Decimal(each["total"])
            assert last_total_printed(Path(each["pdf"])) == Decimal(each["total"])
            assert total_in_database(fresh.data / "billow.sqlite3", each["number"]) == Decimal(each["total"])
            assert each["number"] in mailed
    assert fresh.ok("verify")["problems"] == []


@pytest.mark.slow
def test_the_demo_begins_anew_each_time(fresh: Program) -> None:
    first, second = (fresh.ok("demo", "--no-serve", "--rows", "6000") for _ in range(2))
    assert [each["number"] for each in first["invoices"]] == [each["number"] for each in second["invoices"]]
    assert [each["total"] for each in first["invoices"]] == [each["total"] for each in second["invoices"]]


def test_the_demo_touches_no_folder_that_is_in_use(billow: Program) -> None:
    billow.ok("accounts", "add", "Ada", "--email", "ada@nimbus.example")
    assert billow.refused("demo", "--no-serve", "--rows", "6000", "--yes") == ["not_empty"]
    assert len(billow.ok("accounts", "list")["accounts"]) == 1


def total_in(file: Path) -> str:
    with file.open(encoding="utf-8-sig", newline="") as content:
        rows = list(csv.DictReader(content))
    return next(row["amount"] for row in rows if row["line_type"] == "total")


def last_total_printed(file: Path) -> Decimal:
    document = pypdfium2.PdfDocument(file.read_bytes())
    text = "\n".join(document[number].get_textpage().get_text_bounded() for number in range(len(document)))
    return Decimal(re.findall(r"Total\s+[^\d\s−-]*([\d,]+\.\d\d)", text)[-1].replace(",", ""))


def total_in_database(file: Path, number: str) -> Decimal:
    """The total of the invoice's current version, and that of its lines and adjustments, which must be the same."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        ((total, parts),) = database.execute(_TOTALS, [number])
    assert total == parts
    return Decimal(total) / 100


_TOTALS = """
SELECT v.total_minor,
       (SELECT sum(amount_minor) FROM billing_invoiceline WHERE version_id = v.id)
       + v.charges_minor - v.discounts_minor - v.credits_minor
FROM billing_invoice i JOIN billing_invoiceversion v ON v.id = i.current_version_id
WHERE i.number = ?
"""
