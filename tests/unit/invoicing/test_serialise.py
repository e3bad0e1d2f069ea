"""The snapshot that the database keeps."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType, ExchangeRate
from billow.invoicing.serialise import (
    UnableToReadSnapshot,
    canonical_json,
    fingerprint,
    invoice_from_dict,
    invoice_to_dict,
)
from tests.unit.invoicing.samples import a_draft, a_line

FEE = AdjustmentItem(
    name="Gebühr",
    adjustment_type=AdjustmentType.CHARGE,
    calculation_type=CalculationType.PERCENTAGE,
    amount=Decimal("8.25"),
)
RATE = ExchangeRate(base_currency="USD", currency="EUR", rate=Decimal("0.9251"), effective_date=date(2026, 3, 2))
INVOICE = replace(
    a_draft(
        a_line("0.000000000000000001", provider="3.1", usage_amount=Decimal("2.50"), usage_unit="GB", region="eu"),
        a_line("-12345678901234567890.123456789012345678", service="S3"),
        currency="EUR",
        adjustment_items=[FEE],
        exchange_rates=[RATE],
    ),
    issue_date=date(2026, 4, 1),
    due_date=date(2026, 4, 11),
)


def test_an_invoice_survives_the_way_through_json_unchanged() -> None:
    snapshot = json.loads(json.dumps(invoice_to_dict(invoice=INVOICE)))
    assert invoice_from_dict(snapshot=snapshot) == INVOICE
    assert invoice_to_dict(invoice=invoice_from_dict(snapshot=snapshot)) == snapshot


def test_a_draft_without_dates_survives_too() -> None:
    draft = a_draft()
    assert invoice_from_dict(snapshot=invoice_to_dict(invoice=draft)) == draft


def test_money_is_text_without_exponent_or_padding() -> None:
    (first, _) = invoice_to_dict(invoice=INVOICE)["lines"]
    assert (first["rated_cost"], first["usage_amount"]) == ("0.000000000000000001", "2.5")


def test_the_fingerprint_depends_on_the_content_not_on_the_order_of_keys() -> None:
    snapshot = invoice_to_dict(invoice=INVOICE)
    shuffled = dict(reversed(snapshot.items()))
    assert fingerprint(snapshot=shuffled) == fingerprint(snapshot=snapshot)
    assert fingerprint(snapshot={**snapshot, "number": "INV-2026-00002"}) != fingerprint(snapshot=snapshot)
    assert "Gebühr".encode() in canonical_json(snapshot=snapshot)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"period": "2026"}, "damaged"),
        ({"lines": [{}]}, "damaged"),
        ({"surprise": 1}, "damaged"),
        ({"rounding_rule": "down"}, "damaged"),
    ],
)
def test_a_snapshot_that_is_not_ours_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(UnableToReadSnapshot, match=words):
        invoice_from_dict(snapshot={**invoice_to_dict(invoice=INVOICE), **change})
