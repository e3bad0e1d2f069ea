"""Find an invoice by its number, or a customer by name or address, from anywhere."""

from dataclasses import dataclass

from django.db.models import QuerySet

from billow.records.accounts.models import Permission
from billow.records.billing.models import Invoice, ManagedAccount
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor

MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """A customer whose name or address has the text in it."""

    token: str
    name: str
    contact_email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInvoice:
    """An invoice whose number has the text in it, or one of the newest of the first customer that was found."""

    token: str
    number: str
    account: str
    period: BillingPeriod
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, best first; ``has_more`` says that there is more than is listed."""

    accounts: tuple[FoundAccount, ...] = ()
    invoices: tuple[FoundInvoice, ...] = ()
    has_more: bool = False


def search(*, actor: Actor, text: str, most: int) -> Found:
    """Return at most so many customers and invoices; nothing for an empty text. Three queries at most."""
    actor.must(Permission.SEE_MANAGEMENT)
    wanted = text.replace("\0", "").strip()[:MOST_CHARACTERS]
    if not wanted:
        return Found()
    accounts = _accounts(actor, wanted.casefold())
    invoices = _numbered(actor, wanted, most)
    if not invoices and accounts:
        invoices = _newest_of(actor, accounts[0], most)
    return Found(
        accounts=accounts[:most],
        invoices=invoices[:most],
        has_more=len(accounts) > most or len(invoices) > most,
    )


def _accounts(actor: Actor, wanted: str) -> tuple[FoundAccount, ...]:
    # SQLite folds the case of ASCII letters only; names are in any script.
    rows = ManagedAccount.objects.visible_to(actor).live().values_list("token", "name", "contact_email")
    found = [row for row in rows if any(wanted in text.casefold() for text in row[1:])]
    found.sort(key=lambda row: (not row[1].casefold().startswith(wanted), row[1].casefold(), row[0]))
    return tuple(FoundAccount(token=token, name=name, contact_email=email) for token, name, email in found)


def _numbered(actor: Actor, wanted: str, most: int) -> tuple[FoundInvoice, ...]:
    return _rows(Invoice.objects.visible_to(actor).filter(number__icontains=wanted), most)


def _newest_of(actor: Actor, account: FoundAccount, most: int) -> tuple[FoundInvoice, ...]:
    return _rows(Invoice.objects.visible_to(actor).filter(managed_account__token=account.token), most)


def _rows(invoices: "QuerySet[Invoice]", most: int) -> tuple[FoundInvoice, ...]:
    rows = invoices.select_related("managed_account").order_by("-period_start", "-sequence")[: most + 1]
    return tuple(
        FoundInvoice(
            token=row.token,
            number=row.number,
            account=row.managed_account.name,
            period=row.period,
            status=row.status,
        )
        for row in rows
    )
