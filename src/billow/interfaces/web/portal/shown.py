"""A customer's invoices and the MSP's address as plain values for the portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import NARROW_SPACE, Amount, amount_of_minor, grouped
from billow.interfaces.web.shown.fields import country_name
from billow.interfaces.web.shown.times import day, month_name
from billow.terms.unit import unit_after_quantity
from billow.usecases.read_own_invoices import Contact, OwnCreditNote, OwnInvoice, OwnInvoicePage, OwnLine

_LABELS = {"pdf": "PDF", "csv": "CSV", "xml": "E-invoice (XML)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentShown:
    """A document to take away."""

    label: str
    url: str
    is_pdf: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShown:
    """An invoice, or a credit note (without a month and a due date)."""

    url: str
    number: str
    month: str
    issued: str
    due: str
    total: Amount
    is_credited: bool
    documents: tuple[DocumentShown, ...]
    costs_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """One line: what it is, how much was used, what it costs."""

    title: str
    detail: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceShown:
    """The lines of one service of a provider."""

    key: str
    name: str
    lines: tuple[LineShown, ...]
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderShown:
    """The services of one provider."""

    name: str
    services: tuple[ServiceShown, ...]
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SumShown:
    """A tax, fee, credit or discount, with its sign."""

    name: str
    how: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShown:
    """Everything the page of an invoice shows."""

    row: RowShown
    seller: str
    buyer: str
    providers: tuple[ProviderShown, ...]
    number_of_lines: int
    subtotal: Amount
    adjustments: tuple[SumShown, ...]
    rates: tuple[str, ...]
    credit_notes: tuple[RowShown, ...]
    preview_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactShown:
    """Whom to write to."""

    name: str
    lines: tuple[str, ...]
    emails: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    has_logo: bool


def row_shown(row: OwnInvoice) -> RowShown:
    """Return an invoice as the list shows it."""
    url = f"/portal/invoices/{row.token}"
    return RowShown(
        url=url,
        number=row.number,
        month=month_name(row.period),
        issued=day(row.issue_date),
        due=day(row.due_date),
        total=amount_of_minor(row.total_minor, currency=row.currency),
        is_credited=row.is_credited,
        documents=_documents(row.documents, url),
        costs_url=f"/invoices/{row.token}/cost-report",
    )


def page_shown(page: OwnInvoicePage) -> PageShown:
    """Return an invoice as its page shows it."""
    row, currency = page.row, page.row.currency
    shown = row_shown(row)
    return PageShown(
        row=shown,
        seller=page.seller,
        buyer=page.buyer,
        providers=_providers(page.lines, currency),
        number_of_lines=len(page.lines),
        subtotal=amount_of_minor(row.subtotal_minor, currency=currency),
        adjustments=_adjustments(page),
        rates=tuple(
            f"1 {rate.base_currency} = {rate.rate.normalize():f} {rate.currency} ({day(rate.effective_date)})"
            for rate in page.rates
        ),
        credit_notes=tuple(_note(note) for note in page.credit_notes),
        preview_url=f"{shown.url}/pdf?v=1" if "pdf" in row.documents else "",
    )


def contact_shown(contact: Contact) -> ContactShown:
    """Return the address as it is written on a letter; empty lines are left out."""
    party = contact.party
    city = " ".join(part for part in (party.postal_code, party.city) if part)
    place = ", ".join(part for part in (city, party.state) if part)
    country = country_name(party.country_code)
    lines = (party.address_line_1, party.address_line_2, place, country)
    return ContactShown(
        name=party.name,
        lines=tuple(line for line in lines if line),
        emails=party.billing_email,
        fields=tuple((field.name, field.value) for field in party.custom_fields if field.value),
        has_logo=contact.logo is not None,
    )


def _documents(kinds: Sequence[str], url: str) -> tuple[DocumentShown, ...]:
    return tuple(
        DocumentShown(label=_LABELS.get(kind, kind.upper()), url=f"{url}/{kind}", is_pdf=kind == "pdf")
        for kind in kinds
    )


def _note(note: OwnCreditNote) -> RowShown:
    return RowShown(
        url="",
        number=note.number,
        month="",
        issued=day(note.issue_date),
        due="",
        total=amount_of_minor(-note.total_minor, currency=note.currency),
        is_credited=False,
        documents=_documents(note.documents, f"/portal/credit-notes/{note.token}"),
    )


def _providers(lines: Sequence[OwnLine], currency: str) -> tuple[ProviderShown, ...]:
    """Return the lines by provider and service, dearest first; what no provider charged comes last."""
    by_provider: dict[str, dict[str, list[OwnLine]]] = {}
    for line in lines:
        by_provider.setdefault(line.provider, {}).setdefault(line.service, []).append(line)
    sums = {name: sum(map(_sum, services.values())) for name, services in by_provider.items()}
    order = sorted(sums, key=lambda name: (not name, -sums[name], name))
    return tuple(
        ProviderShown(
            name=name or _("Services and credits"),
            services=_services(by_provider[name], currency, place),
            amount=amount_of_minor(sums[name], currency=currency),
        )
        for place, name in enumerate(order, start=1)
    )


def _services(services: dict[str, list[OwnLine]], currency: str, place: int) -> tuple[ServiceShown, ...]:
    order = sorted(services, key=lambda name: (-_sum(services[name]), name))
    return tuple(
        ServiceShown(
            key=f"service-{place}-{at}",
            name=name,
            lines=tuple(_line(line, currency) for line in services[name]),
            amount=amount_of_minor(_sum(services[name]), currency=currency),
        )
        for at, name in enumerate(order, start=1)
    )


def _sum(lines: Sequence[OwnLine]) -> int:
    return sum(line.amount_minor for line in lines)


def _line(line: OwnLine, currency: str) -> LineShown:
    usage = "" if line.usage is None else f"{_quantity(line.usage)} {unit_after_quantity(unit=line.unit)}".strip()
    kind = "" if line.kind == line.title else line.kind
    return LineShown(
        title=line.title,
        detail=" · ".join(part for part in (line.account, line.region, kind, usage) if part),
        amount=amount_of_minor(line.amount_minor, currency=currency),
    )


def _quantity(used: Decimal) -> str:
    text = grouped(used)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _adjustments(page: OwnInvoicePage) -> tuple[SumShown, ...]:
    shown = []
    for item in page.adjustments:
        value = amount_of_minor(item.signed_minor, currency=page.row.currency)
        how = f"{item.amount.normalize():f}{NARROW_SPACE}%" if item.calculation_type == "percentage" else ""
        shown.append(SumShown(name=item.name, how=how, value=value.text if value.is_negative else f"+{value.text}"))
    return tuple(shown)
