"""Invoices to print, with valid defaults that a test changes where it matters."""

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pypdfium2

from billow.invoicing.invoice import (
    Adjustment,
    AdjustmentType,
    BankAccount,
    CalculationType,
    CustomField,
    Invoice,
    InvoiceLine,
    LineDelta,
    Party,
    Totals,
)
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule

SELLER = Party(
    token="acct_0000000000000001",
    name="Northwind Cloud Partners GmbH",
    country_code="DE",
    address_line_1="Torstraße 140",
    city="Berlin",
    postal_code="10119",
    billing_email=("billing@northwind.example",),
    custom_fields=(CustomField(name="VAT ID", value="DE 298 765 432"),),
)
BUYER = Party(
    token="acct_0000000000000002",
    name="Halcyon Robotics Ltd",
    country_code="GB",
    address_line_1="7 Mill Lane",
    city="Cambridge",
    postal_code="CB2 1RX",
    billing_email=("accounts@halcyon.example", "cfo@halcyon.example"),
    custom_fields=(CustomField(name="Purchase order", value="PO-2026-0417"),),
)
BANK = BankAccount(
    bank_name="Kreditbank Berlin",
    beneficiary_name="Northwind Cloud Partners GmbH",
    iban="DE89370400440532013000",
    swift_bic="BYLADEM1001",
)


def line(service: str, amount_minor: int, **changes: Any) -> InvoiceLine:
    cost = Decimal("777.123456789")  # what the provider charged: must never be printed
    defaults = InvoiceLine(
        line_number=1,
        provider="AWS",
        billing_account_id="111122223333",
        sub_account_id="444455556666",
        sub_account_name="production",
        service=service,
        service_category="Compute",
        service_subcategory="Virtual Machines",
        charge_category="Usage",
        region="eu-central-1",
        description="",
        source_currency="EUR",
        provider_cost=cost,
        rated_cost=cost,
        deltas=(LineDelta(rule_token="bllng_rule_00000000000000aa", title="Secret markup", amount=Decimal("66.6")),),
        exact_amount=Decimal(amount_minor) / 100,
        amount_minor=amount_minor,
    )
    return replace(defaults, **changes)


def adjustment(name: str, kind: AdjustmentType, amount_minor: int, *, percentage: str | None = None) -> Adjustment:
    return Adjustment(
        name=name,
        adjustment_type=kind,
        calculation_type=CalculationType.PERCENTAGE if percentage else CalculationType.FIXED,
        amount=Decimal(percentage) if percentage else Decimal(amount_minor) / 100,
        amount_minor=amount_minor,
    )


def invoice(lines: Iterable[InvoiceLine], adjustments: Iterable[Adjustment] = (), **changes: Any) -> Invoice:
    lines = tuple(replace(line, line_number=number) for number, line in enumerate(lines, start=1))
    adjustments = tuple(adjustments)
    sums = {kind: sum(a.amount_minor for a in adjustments if a.adjustment_type is kind) for kind in AdjustmentType}
    subtotal = sum(line.amount_minor for line in lines)
    discounts, charges, credits = (sums[AdjustmentType(kind)] for kind in ("discount", "charge", "credit"))
    defaults = Invoice(
        number="INV-2026-00042",
        token="msp_inv_0123456789abcdef",
        period=BillingPeriod(2026, 3),
        currency="EUR",
        seller=SELLER,
        buyer=BUYER,
        bank=BANK,
        payment_terms_days=10,
        lines=lines,
        adjustments=adjustments,
        totals=Totals(
            subtotal_minor=subtotal,
            discounts_minor=discounts,
            charges_minor=charges,
            credits_minor=credits,
            total_minor=subtotal - discounts + charges - credits,
        ),
        exchange_rates=(),
        cost_basis=CostBasis.BILLED_COST,
        rounding_rule=RoundingRule.EXACT_TOTAL,
        locale="en-GB",
        issue_date=date(2026, 4, 4),
        due_date=date(2026, 4, 14),
    )
    return replace(defaults, **changes)


def short_invoice(**changes: Any) -> Invoice:
    """Eight lines, a credit and three adjustments: fits one page."""
    lines = (
        line("Amazon Elastic Compute Cloud", 124512, usage_amount=Decimal(744), usage_unit="Hrs"),
        line("Amazon Elastic Compute Cloud", 31200, charge_category="Purchase", description="Savings plan, 1 year"),
        line("Amazon Simple Storage Service", 18230, usage_amount=Decimal("812.50"), usage_unit="GB-Mo"),
        line("Amazon Simple Storage Service", 7, region="us-east-1"),
        line("Amazon Simple Storage Service", 3, region="us-west-2"),
        line("Amazon Simple Storage Service", -41, region="eu-west-1"),
        line("Azure Virtual Machines", 45210, provider="Microsoft", region="westeurope", sub_account_name="staging"),
        line("Support", -2500, provider="Northwind", charge_category="Credit", description="Service credit, 12 March",
             region="", sub_account_id="", sub_account_name="", inserted_by="bllng_rule_00000000000000bb"),
        line("Amazon Route 53", 0),
    )  # fmt: skip
    adjustments = (
        adjustment("Volume discount", AdjustmentType.DISCOUNT, 10831, percentage="5"),
        adjustment("Support plan", AdjustmentType.CHARGE, 25000),
        adjustment("VAT", AdjustmentType.CHARGE, 43895, percentage="19.00"),
        adjustment("Welcome credit", AdjustmentType.CREDIT, 5000),
    )
    return invoice(lines, adjustments, **changes)


def long_invoice(*, lines: int, **changes: Any) -> Invoice:
    """As many lines, each of its own account, over two providers and nine services."""
    draw = random.Random(lines)
    services = [("AWS", f"AWS service {n}") for n in range(5)] + [
        ("Google Cloud", f"GCP service {n}") for n in range(4)
    ]
    made = []
    for number in range(lines):
        provider, service = draw.choice(services)
        account = f"team-{number:04}"
        made.append(line(service, draw.randrange(150, 900_000), provider=provider, sub_account_name=account))
    return invoice(made, **changes)


def pages_of(pdf: bytes) -> list[str]:
    """Read the text of every page, lines parted by a newline."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [document[n].get_textpage().get_text_range().replace("\r\n", "\n") for n in range(len(document))]
    finally:
        document.close()


def text_of(pdf: bytes) -> str:
    return "\n".join(pages_of(pdf))


def words_of(text: str) -> str:
    """Return the text without the breaks of lines and long words, to look for names in it."""
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))
