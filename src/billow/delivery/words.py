"""Every word of the mail that carries an invoice, in one table per language.

A new language is one more entry of ``WORDS`` with the same keys; a test compares them.
"""

from collections.abc import Mapping
from types import MappingProxyType

FALLBACK_LANGUAGE = "en"

_ENGLISH = {
    "subject": "Invoice {number} from {company}",
    "preview": "{amount} for {period}",
    "greeting": "Hello {buyer},",
    "opening": "Your invoice for {period} is attached as a PDF.",
    "invoice": "Invoice",
    "amount_due": "Amount due",
    "amount_credit": "Credit balance",
    "amount_nothing": "Total",
    "period": "Billing period",
    "issue_date": "Issue date",
    "due_date": "Due date",
    "to_pay": "Please pay by {due_date}; the details are on the invoice.",
    "to_pay_on_receipt": "Please pay on receipt; the details are on the invoice.",
    "nothing_to_pay": "There is nothing to pay.",
    "question": "A question about this invoice? Just reply to this e-mail.",
    "question_no_reply": "A question about this invoice? Please contact {company}.",
    "automatic": "{company} sent this e-mail automatically.",
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_ENGLISH)})


def words_in(*, language: str) -> Mapping[str, str]:
    """Return the words of a language, or the English ones."""
    return WORDS.get(language, WORDS[FALLBACK_LANGUAGE])
