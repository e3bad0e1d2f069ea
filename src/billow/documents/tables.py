"""The two tables of an invoice: the summary on page 1 and the itemized charges."""

from collections.abc import Mapping

from billow.documents.charges import ChargeRow, ProviderCharges, ServiceCharges
from billow.documents.figures import Figures
from billow.documents.text import printable
from billow.terms.focus import ChargeCategory

SUMMARY_SERVICES = 12
"""So many services fit the summary; the smallest of the others are summed up per provider."""


def summary_table(
    *, providers: tuple[ProviderCharges, ...], figures: Figures, words: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return providers and services with their sums and their share (0 to 100) of the largest service."""
    largest = max((abs(s.amount_minor) for p in providers for s in p.services), default=0) or 1
    shown = _largest_services(providers)
    return [
        {
            "name": _provider_name(provider, words),
            "amount": figures.amount(provider.amount_minor),
            "services": _summary_services(provider, shown, largest, figures, words),
        }
        for provider in providers
    ]


def itemized_table(
    *, providers: tuple[ProviderCharges, ...], figures: Figures, words: Mapping[str, str]
) -> dict[str, object]:
    """Return every printed row below its provider and service, and which columns are filled."""
    rows = [row for provider in providers for service in provider.services for row in service.rows]
    return {
        "has_region": any(row.region for row in rows),
        "has_account": any(row.account for row in rows),
        "has_quantity": any(row.usage_amount for row in rows),
        "providers": [
            {
                "name": _provider_name(provider, words),
                "amount": figures.amount(provider.amount_minor),
                "services": [_service(service, figures, words) for service in provider.services],
            }
            for provider in providers
        ],
    }


def _largest_services(providers: tuple[ProviderCharges, ...]) -> set[tuple[str, str]]:
    """Pick the services that the summary names: all if they fit, else the largest of the invoice."""
    ranked = sorted(
        ((abs(s.amount_minor), p.provider, s.service) for p in providers for s in p.services),
        key=lambda service: (-service[0], service[1:]),
    )
    return {service[1:] for service in ranked[:SUMMARY_SERVICES]}


def _summary_services(
    provider: ProviderCharges, shown: set[tuple[str, str]], largest: int, figures: Figures, words: Mapping[str, str]
) -> list[list[object]]:
    named = [s for s in provider.services if (provider.provider, s.service) in shown]
    rest = [s for s in provider.services if (provider.provider, s.service) not in shown]
    if len(rest) == 1:
        named, rest = [*named, *rest], []
    rows = [_summary_row(_service_name(s, words), s.amount_minor, largest, figures) for s in named]
    if rest:
        label = words["more_services"].format(count=len(rest))
        rows.append(_summary_row(label, sum(s.amount_minor for s in rest), largest, figures))
    return rows


def _summary_row(name: str, amount_minor: int, largest: int, figures: Figures) -> list[object]:
    return [name, figures.amount(amount_minor), max(0, min(100, 100 * amount_minor // largest))]


def _service(service: ServiceCharges, figures: Figures, words: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": _service_name(service, words),
        "amount": figures.amount(service.amount_minor),
        "rows": [_row(row, figures, words) for row in service.rows],
    }


def _row(row: ChargeRow, figures: Figures, words: Mapping[str, str]) -> list[str]:
    """Return description, quantity, region, account, amount."""
    if row.grouped:
        return [words["smaller_items"].format(count=row.grouped), "", "", "", figures.amount(row.amount_minor)]
    return [
        _what(row, words),
        _quantity(row, figures),
        printable(row.region),
        printable(row.account),
        figures.amount(row.amount_minor),
    ]


def _what(row: ChargeRow, words: Mapping[str, str]) -> str:
    kind = words.get(f"charge_{row.charge_category.lower()}", printable(row.charge_category))
    description = printable(row.description)
    if not description:
        return kind
    is_plain = row.charge_category in {ChargeCategory.USAGE, ""} or kind.lower() in description.lower()
    return description if is_plain else f"{kind}: {description}"


def _quantity(row: ChargeRow, figures: Figures) -> str:
    if not row.usage_amount:
        return ""
    return f"{figures.quantity(row.usage_amount)} {printable(row.usage_unit)}".strip()


def _provider_name(provider: ProviderCharges, words: Mapping[str, str]) -> str:
    return printable(provider.provider) or words["no_provider"]


def _service_name(service: ServiceCharges, words: Mapping[str, str]) -> str:
    return printable(service.service) or words["no_service"]
