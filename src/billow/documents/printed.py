"""The invoice as the page shows it: plain words and formatted figures, nothing left to compute.

The template gets this as JSON data; no text in it is ever read as markup.
"""

from collections.abc import Mapping
from typing import TypeAlias

from billow.documents.charges import charges_by_provider
from billow.documents.figures import Figures, figures_for
from billow.documents.parties import bank_fields, party_block
from billow.documents.tables import fits_one_table, itemized_table, summary_table
from billow.documents.text import printable
from billow.documents.words import WORDS, language_of
from billow.invoicing.correction import CreditNote
from billow.invoicing.invoice import Adjustment, AdjustmentType, CalculationType, Invoice, Party

Printed: TypeAlias = Mapping[str, object]

_LETTER_COUNTRIES = frozenset({"US", "CA"})


def printed_invoice(*, invoice: Invoice, has_logo: bool) -> Printed:
    """Return everything the invoice template prints; raise UnknownLocale."""
    figures = figures_for(locale=invoice.locale, currency=invoice.currency)
    language = language_of(locale=invoice.locale)
    words = WORDS[language]
    providers = charges_by_provider(lines=invoice.lines)
    room = _room_on_page_1(invoice, has_logo=has_logo)
    has_summary = not fits_one_table(providers=providers, room=room)
    document_date = invoice.issue_date or invoice.period.last_day
    heading = words["draft_invoice"] if invoice.is_draft else words["invoice"]
    return {
        "words": dict(words),
        "language": language,
        "is_draft": invoice.is_draft,
        "paper": "us-letter" if invoice.seller.country_code.upper() in _LETTER_COUNTRIES else "a4",
        "date": [document_date.year, document_date.month, document_date.day],
        "title": f"{heading} {printable(invoice.number)}",
        "heading": heading,
        "number": printable(invoice.number),
        "seller_name": printable(invoice.seller.name),
        "buyer_name": printable(invoice.buyer.name),
        "logo_alt": words["logo_of"].format(name=printable(invoice.seller.name)),
        "seller": party_block(party=invoice.seller, figures=figures, words=words),
        "buyer": party_block(party=invoice.buyer, figures=figures, words=words),
        "facts": _facts(invoice, figures, words),
        "due": _due(invoice, figures, words),
        "currency": invoice.currency,
        "summary": summary_table(providers=providers, figures=figures, words=words, room=room) if has_summary else None,
        "itemized": itemized_table(providers=providers, figures=figures, words=words, merged=not has_summary),
        "totals": _totals(invoice, figures, words),
        "payment": _payment(invoice, words),
        "exchange": _exchange(invoice, figures, words),
    }


def printed_credit_note(*, note: CreditNote, has_logo: bool) -> Printed:
    """Return everything the template prints of a credit note: the mirrored invoice with other words above it."""
    document = note.document
    figures = figures_for(locale=document.locale, currency=document.currency)
    words = WORDS[language_of(locale=document.locale)]
    assert document.issue_date is not None
    return {
        **printed_invoice(invoice=document, has_logo=has_logo),
        "heading": words["credit_note"],
        "title": f"{words['credit_note']} {printable(document.number)}",
        "facts": [
            [words["issue_date"], figures.day(document.issue_date)],
            [words["credits_invoice"], printable(note.preceding_number)],
            [words["invoiced_on"], figures.day(note.preceding_issue_date)],
            [words["billing_period"], figures.month(document.period)],
        ],
        "due": {
            "label": words["amount_credited"],
            "amount": figures.money(document.totals.total_minor),
            "note": words["reason"].format(reason=printable(note.reason)),
        },
        "payment": [],
    }


def _room_on_page_1(invoice: Invoice, *, has_logo: bool) -> int:
    """Estimate how many half rows of a table fit page 1: a wrong guess costs white space, nothing else."""
    address_lines = max(_lines_taken(invoice.seller), _lines_taken(invoice.buyer))
    exchange_rows = 5 + 2 * len(invoice.exchange_rates) if invoice.exchange_rates else 0
    return 53 - 2 * address_lines - 2 * len(invoice.adjustments) - exchange_rows - 4 * has_logo


def _lines_taken(party: Party) -> int:
    address = (party.address_line_1, party.address_line_2, party.city or party.postal_code, party.country_code)
    return sum(1 for line in address if line) + bool(party.billing_email) + len(party.custom_fields)


def _terms(invoice: Invoice, words: Mapping[str, str]) -> str:
    if invoice.payment_terms_days == 0:
        return words["due_on_receipt"]
    return words["net_days"].format(days=invoice.payment_terms_days)


def _facts(invoice: Invoice, figures: Figures, words: Mapping[str, str]) -> list[list[str]]:
    facts = []
    if invoice.issue_date is not None:
        facts.append([words["issue_date"], figures.day(invoice.issue_date)])
    if invoice.due_date is not None and not invoice.is_draft:
        facts.append([words["due_date"], figures.day(invoice.due_date)])
    facts += [
        [words["terms"], _terms(invoice, words)],
        [words["billing_period"], figures.month(invoice.period)],
        [words["currency"], f"{figures.currency_name(invoice.currency)} ({invoice.currency})"],
    ]
    return facts


def _due(invoice: Invoice, figures: Figures, words: Mapping[str, str]) -> dict[str, str]:
    total = invoice.totals.total_minor
    if total < 0:
        label, note = words["credit_balance"], words["credit_balance_note"]
    elif invoice.is_draft:
        label, note = words["amount_in_draft"], words["after_approval"]
    elif total == 0:
        label, note = words["amount_due"], words["nothing_due_note"]
    elif invoice.due_date is None or invoice.payment_terms_days == 0:
        label, note = words["amount_due"], words["amount_due_now"]
    else:
        label, note = words["amount_due"], words["amount_due_by"].format(date=figures.day(invoice.due_date))
    return {"label": label, "amount": figures.money(abs(total) if total < 0 else total), "note": note}


def _totals(invoice: Invoice, figures: Figures, words: Mapping[str, str]) -> dict[str, object]:
    rows = [[words["subtotal"], figures.amount(invoice.totals.subtotal_minor)]] if invoice.adjustments else []
    rows += [_adjustment(adjustment, figures) for adjustment in invoice.adjustments if adjustment.amount_minor]
    return {
        "rows": rows,
        "label": words["total"],
        "amount": figures.money(invoice.totals.total_minor),
        "currency": invoice.currency,
    }


def _adjustment(adjustment: Adjustment, figures: Figures) -> list[str]:
    name = printable(adjustment.name)
    if adjustment.calculation_type is CalculationType.PERCENTAGE:
        name = f"{name} ({figures.exact(adjustment.amount)}%)"
    adds = adjustment.adjustment_type is AdjustmentType.CHARGE
    return [name, figures.amount(adjustment.amount_minor if adds else -adjustment.amount_minor)]


def _payment(invoice: Invoice, words: Mapping[str, str]) -> list[list[str]]:
    """Return how to pay, as label and value; nothing when no payment is asked for."""
    fields = bank_fields(bank=invoice.bank, words=words)
    if not fields or invoice.totals.total_minor <= 0:
        return []
    return [*fields, [words["reference"], printable(invoice.number)]]


def _exchange(invoice: Invoice, figures: Figures, words: Mapping[str, str]) -> dict[str, object] | None:
    rates = [rate for rate in invoice.exchange_rates if rate.base_currency != rate.currency]
    if not rates:
        return None
    bases = ", ".join(dict.fromkeys(rate.base_currency for rate in rates))
    return {
        "note": words["exchange_note"].format(bases=bases, currency=invoice.currency),
        "rates": [
            [
                words["exchange_rate"].format(
                    base=rate.base_currency, rate=figures.exact(rate.rate), currency=rate.currency
                ),
                words["rate_of"].format(date=figures.day(rate.effective_date)),
            ]
            for rate in rates
        ],
    }
