"""Show how a billing profile will stand at the head of invoices while somebody still types it; nothing is stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billow.documents.figures import figures_for
from billow.documents.parties import bank_fields, party_block
from billow.documents.words import WORDS
from billow.invoicing.numbering import UnableToNumber, due_date
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile
from billow.usecases.account_fields import DEFAULT_PAYMENT_TERMS_DAYS
from billow.usecases.actor import Actor
from billow.usecases.change_numbers import numbers_after
from billow.usecases.closed_months import newest_ended_month, today
from billow.usecases.invoice_parties import bank_of, seller_of
from billow.usecases.management_account import invoice_series
from billow.usecases.profiles import BANK_FIELDS, SECURE_FIELDS

_ADDRESS = ("company_name", "country_code", "address_line_1", "address_line_2", "city", "state", "postal_code")
_LONGEST = 255
_MOST_PAIRS = 25
_SAMPLE_MINOR = 123_456
_LOCALE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A party as it is printed: its name, its lines, and its named fields."""

    name: str
    lines: Sequence[str]
    fields: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHead:
    """Everything above the charges, in the words of the document; number, days and amount are samples."""

    words: Mapping[str, str]
    number: str
    facts: Sequence[tuple[str, str]]
    seller: Block
    amount: str
    due: str
    bank: Sequence[Sequence[str]]


def preview_invoice_head(
    *, actor: Actor, texts: Mapping[str, str], pairs: Sequence[Mapping[str, str | None]], now: datetime
) -> InvoiceHead:
    """Return the head that these texts would print, whether or not they could be saved yet."""
    actor.must(Permission.SEE_MANAGEMENT)
    account = actor.management_account
    profile = _profile(actor, texts, pairs)
    figures, words = figures_for(locale=_LOCALE, currency=account.currency), WORDS[_LOCALE]
    day = today(management_account=account, now=now)
    due = figures.day(due_date(issue_date=day, payment_terms_days=DEFAULT_PAYMENT_TERMS_DAYS))
    seller = party_block(party=seller_of(profile=profile), figures=figures, words=words)
    return InvoiceHead(
        words=words,
        number=_number(actor, now),
        facts=(
            (words["issue_date"], figures.day(day)),
            (words["due_date"], due),
            (words["billing_period"], figures.month(newest_ended_month(management_account=account, now=now))),
            (words["currency"], account.currency),
        ),
        seller=Block(**seller),  # type: ignore[arg-type]  # its three parts, as the document's template takes them
        amount=figures.money(_SAMPLE_MINOR),
        due=due,
        bank=bank_fields(bank=bank_of(profile=profile), words=words),
    )


def _profile(actor: Actor, texts: Mapping[str, str], pairs: Sequence[Mapping[str, str | None]]) -> BillingProfile:
    """Return a profile that is in no database."""

    def text(name: str) -> str:
        return texts.get(name, "").strip()[:_LONGEST]

    country = text("country_code").upper()
    return BillingProfile(
        management_account=actor.management_account,
        **{name: text(name) for name in (*_ADDRESS, *BANK_FIELDS) if name != "country_code"},
        country_code=country if len(country) == 2 and country.isascii() and country.isalpha() else "",
        billing_email=[part.strip() for part in text("billing_email").split(",") if part.strip()],
        custom_fields=[
            {part: (pair.get(part) or "").strip()[:_LONGEST] for part in ("name", "value")}
            for pair in pairs[:_MOST_PAIRS]
        ],
        secure_data=json.dumps({name: text(name) for name in SECURE_FIELDS}),
    )


def _number(actor: Actor, now: datetime) -> str:
    series = invoice_series(management_account=actor.management_account)
    try:
        return numbers_after(
            account=actor.management_account, pattern=series.pattern, sequence=series.next_sequence, count=1, now=now
        )[0]
    except UnableToNumber:
        return ""
