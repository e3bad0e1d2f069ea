"""The invoice as the page shows it: plain words and formatted figures, nothing left to compute.

The template gets this as JSON data; no text in it is ever read as markup.
"""

from collections.abc import Mapping
from typing import TypeAlias

from billow.documents.charges import ProviderCharges, charges_by_provider, row_count
from billow.documents.figures import Figures, figures_for
from billow.documents.parties import bank_fields, party_block
from billow.documents.tables import itemized_table, summary_table
from billow.documents.text import printable
from billow.documents.words import WORDS, language_of
from billow.invoicing.invoice import Adjustment, AdjustmentType, CalculationType, Invoice

Printed: TypeAlias = Mapping[str, object]

ROWS_ON_ONE_PAGE = 14
"""An invoice of more rows gets a summary on page 1 and the itemized charges after it."""


def printed_invoice(*, invoice: Invoice) -> Printed:
    """Return everything the invoice template prints; raise UnknownLocale."""
    figures = figures_for(locale=invoice.locale, currency=invoice.currency)
    language = language_of(locale=invoice.locale)
    words = WORDS[language]
    providers = charges_by_provider(lines=invoice.lines)
    is_long = row_count(providers) > ROWS_ON_ONE_PAGE
    document_date = invoice.issue_date or invoice.period.last_day
    title = words["draft_invoice"] if invoice.is_draft else words["invoice"]
    return {
        "words": dict(words),
        "language": language,
        "is_draft": invoice.is_draft,
        "is_long": is_long,
        "date": [document_date.year, document_date.month, document_date.day],
        "title": f"{title} {printable(invoice.number)}",
        "number": printable(invoice.number),
        "seller_name": printable(invoice.seller.name),
        "buyer_name": printable(invoice.buyer.name),
        "logo_alt": words["logo_of"].format(name=printable(invoice.seller.name)),
        "seller": party_block(party=invoice.seller, figures=figures, words=words),
        "buyer": party_block(party=invoice.buyer, figures=figures, words=words),
        "facts": _facts(invoice, figures, words),
        "due": _due(invoice, figures, words),
        "currency": invoice.currency,
        **_tables(providers, is_long, figures, words),
        "totals": _totals(invoice, figures, words),
        "payment": _payment(invoice, words),
        "exchange": _exchange(invoice, figures, words),
    }


def _tables(
    providers: tuple[ProviderCharges, ...], is_long: bool, figures: Figures, words: Mapping[str, str]
) -> dict[str, object]:
    return {
        "summary": summary_table(providers=providers, figures=figures, words=words) if is_long else None,
        "itemized": itemized_table(providers=providers, figures=figures, words=words),
    }


def _terms(invoice: Invoice, words: Mapping[str, str]) -> str:
    if invoice.payment_terms_days == 0:
        return words["due_on_receipt"]
    return words["net_days"].format(days=invoice.payment_terms_days)


def _facts(invoice: Invoice, figures: Figures, words: Mapping[str, str]) -> list[list[str]]:
    facts = [[words["number"], printable(invoice.number)]]
    if invoice.issue_date is not None:
        facts.append([words["issue_date"], figures.day(invoice.issue_date)])
    if invoice.due_date is not None and not invoice.is_draft:
        facts.append([words["due_date"], figures.day(invoice.due_date)])
    facts += [
        [words["terms"], _terms(invoice, words)],
        [words["billing_period"], figures.days(invoice.period.start, invoice.period.last_day)],
        [words["currency"], f"{invoice.currency} ({figures.currency_name(invoice.currency)})"],
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
        name = f"{name} ({figures.exact(adjustment.amount)} %)"
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
