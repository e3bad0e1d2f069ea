"""Check a number series: no gap, no number beyond the counter, and an unbroken chain of seals."""

from collections.abc import Sequence

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.billing.models import Invoice, InvoiceSeries
from billow.usecases.seal import seal_of
from billow.usecases.verification import Findings

_CONTENT = ("snapshot", "bank_details", "provider_cost", "exact_subtotal", "warnings")
"""Columns of a version that the chain needs not: garbage in them is found with the invoice."""


def check_series(*, series: InvoiceSeries, findings: Findings) -> None:
    """Note every gap in the numbers and every broken link of the chain."""
    invoices = list(
        Invoice.objects.filter(series=series)
        .select_related("current_version")
        .defer(*(f"current_version__{column}" for column in _CONTENT))
        .prefetch_related("documents")
        .order_by("sequence")
    )
    findings.count("number series")
    findings.count("numbers", len(invoices))
    _check_numbers(series, invoices, findings)
    _check_chain(series, invoices, findings)


def _check_numbers(series: InvoiceSeries, invoices: Sequence[Invoice], findings: Findings) -> None:
    by_sequence = {invoice.sequence: invoice for invoice in invoices}
    for sequence in range(1, series.next_sequence):
        if sequence not in by_sequence:
            findings.add(
                "number_missing", _gap(series, by_sequence, sequence), "This number was taken, its invoice is gone."
            )
    for invoice in invoices:
        if invoice.sequence >= series.next_sequence:
            findings.add("number_beyond_counter", invoice.number, "This number was never taken from its series.")


def _gap(series: InvoiceSeries, by_sequence: dict[int, Invoice], sequence: int) -> str:
    """Name a missing number by its neighbours, because the pattern may have been another when it was taken."""
    before, after = by_sequence.get(sequence - 1), by_sequence.get(sequence + 1)
    neighbours = [f"after {before.number}"] if before else []
    neighbours += [f"before {after.number}"] if after else []
    return f"place {sequence} of series {series.name} ({', '.join(neighbours) or series.pattern})"


def _check_chain(series: InvoiceSeries, invoices: Sequence[Invoice], findings: Findings) -> None:
    approved = _by_place(invoices, findings)
    previous = ""
    for position in range(1, max([series.chain_length, *approved]) + 1):
        link = approved.get(position)
        if link is None:
            where = f"place {position} of the chain of series {series.name}"
            findings.add(
                "seal_missing",
                where,
                f"An approved invoice is gone: the one sealed after {_name(approved, position - 1)}.",
            )
            following = approved.get(position + 1)
            previous = following.previous_seal if following else series.chain_hash
            continue
        findings.count("seals")
        _check_link(link, previous, findings)
        previous = link.seal
    if previous != series.chain_hash:
        findings.add(
            "chain_end_differs", f"series {series.name}", "The last seal is not the one that the series recorded."
        )
    for place, invoice in approved.items():
        if place > series.chain_length:
            findings.add("seal_beyond_chain", invoice.number, "This invoice was sealed outside of the chain.")


def _by_place(invoices: Sequence[Invoice], findings: Findings) -> dict[int, Invoice]:
    """Return the approved invoices by their place in the chain; note those that have none of their own."""
    approved: dict[int, Invoice] = {}
    for invoice in invoices:
        if invoice.status == InvoiceStatus.APPROVED:
            place = invoice.chain_position
            if place is None or place < 1 or place in approved:
                findings.add("seal_beyond_chain", invoice.number, "This invoice has no place of its own in the chain.")
            else:
                approved[place] = invoice
    return approved


def _check_link(invoice: Invoice, previous: str, findings: Findings) -> None:
    if invoice.previous_seal != previous:
        findings.add("chain_broken", invoice.number, "Its seal does not follow the seal of the invoice before it.")
    version = invoice.current_version
    if version is None or invoice.issue_date is None or invoice.due_date is None or invoice.chain_position is None:
        findings.add("seal_differs", invoice.number, "It is approved without content, dates or a place in the chain.")
        return
    seal = seal_of(
        previous_seal=invoice.previous_seal,
        chain_position=invoice.chain_position,
        number=invoice.number,
        token=invoice.token,
        version_number=version.version_number,
        version_fingerprint=version.fingerprint,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        documents={document.kind: document.sha256 for document in invoice.documents.all()},
    )
    if seal != invoice.seal:
        findings.add(
            "seal_differs", invoice.number, "Number, dates, content or documents are not those that were sealed."
        )


def _name(approved: dict[int, Invoice], position: int) -> str:
    return approved[position].number if position in approved else "the beginning"
