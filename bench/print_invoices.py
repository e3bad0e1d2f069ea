"""Print invoices as PDF; the floor is Typst alone, compiling the same data with the same template."""

import argparse
import time
from decimal import Decimal
from typing import Any

import typst

from bench.measure import report
from billow.documents import pdf, press
from billow.documents.fonts import typst_fonts
from billow.invoicing.draft import draft
from billow.invoicing.invoice import BankAccount, Invoice, Party
from billow.rating.rated_costs import RatedCosts, RatedLine
from billow.terms.period import BillingPeriod

PERIOD = BillingPeriod(2026, 10)


def sample_invoice(*, number: int, lines: int) -> Invoice:
    """Return an invoice of that many lines over a few services."""
    rated = RatedCosts(
        account_token="acct_0000000000000002",
        period=PERIOD,
        lines=tuple(
            RatedLine(
                provider=("AWS", "Microsoft", "Google Cloud")[line % 3],
                billing_account_id="400000000001",
                sub_account_id=f"5100000{line:05}",
                sub_account_name=f"prod-{line}",
                service=f"Service {line % 12}",
                service_category="Compute",
                service_subcategory="Virtual Machines",
                charge_category="Usage",
                region="eu-central-1",
                currency="EUR",
                provider_cost=Decimal(number + line) + Decimal("17.123456"),
                rated_cost=Decimal(number + line) + Decimal("17.123456"),
            )
            for line in range(lines)
        ),
    )
    return draft(
        rated=rated,
        number=f"INV-2026-{number:05}",
        token="msp_inv_0000000000000000",
        seller=Party(token="acct_0000000000000001", name="Bench GmbH", city="Hamburg", country_code="DE"),
        buyer=Party(token="acct_0000000000000002", name=f"Customer {number}", city="Kiel", country_code="DE"),
        bank=BankAccount(iban="DE02120300000000202051", bank_name="Bank"),
        payment_terms_days=30,
        currency="EUR",
    )


def billow_print(invoices: list[Invoice]) -> dict[str, Any]:
    """Render every invoice through Billow."""
    pdf.render_pdf(invoice=invoices[0], logo=None)
    began = time.perf_counter()
    size = sum(len(pdf.render_pdf(invoice=invoice, logo=None)) for invoice in invoices)
    return {"seconds": time.perf_counter() - began, "documents": len(invoices), "bytes": size}


class _Recorder:
    """Stands where the press stands and keeps what it was asked to print."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def print(self, **asked: Any) -> bytes:
        """Keep the request."""
        self.asked.append(asked)
        return b""


def bare_typst(invoices: list[Invoice]) -> dict[str, Any]:
    """Compile the same inputs with one kept compiler and nothing around it."""
    recorder = _Recorder()
    setattr(pdf, "press", lambda: recorder)  # noqa: B010 - the floor needs what the press is asked, not a print
    for invoice in invoices:
        pdf.render_pdf(invoice=invoice, logo=None)
    templates = press._TEMPLATES
    compiler = typst.Compiler(root=templates, font_paths=typst_fonts(with_cjk=False), ignore_system_fonts=True)

    def compile_one(asked: dict[str, Any]) -> int:
        document = compiler.compile(
            templates / asked["template"],
            format="pdf",
            sys_inputs=dict(asked["inputs"]),
            pdf_standards=["a-3a", "ua-1"],
            timestamp=asked["dated"],
        )
        assert isinstance(document, bytes)
        return len(document)

    compile_one(recorder.asked[0])
    began = time.perf_counter()
    size = sum(compile_one(asked) for asked in recorder.asked)
    return {"seconds": time.perf_counter() - began, "documents": len(invoices), "bytes": size}


def main() -> None:
    """Measure one of the two, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["floor", "billow"])
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--lines", type=int, default=20)
    arguments = parser.parse_args()
    invoices = [sample_invoice(number=number, lines=arguments.lines) for number in range(1, arguments.documents + 1)]
    way = bare_typst if arguments.way == "floor" else billow_print
    report(lambda: way(invoices))


if __name__ == "__main__":
    main()
