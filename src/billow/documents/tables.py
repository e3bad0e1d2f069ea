"""The two tables of an invoice: the summary on page 1 and the itemized charges."""

from collections.abc import Mapping
from unicodedata import east_asian_width

from billow.documents.charges import ChargeRow, ProviderCharges, ServiceCharges
from billow.documents.figures import Figures
from billow.documents.text import LONGEST_WORD_IN_COLUMN, printable
from billow.terms.focus import ChargeCategory
from billow.terms.unit import unit_after_quantity

_HEADING_ROOM = 3  # a row takes 2
_ROW_ROOM = 2
_WIDE_TEXT = 20
_WIDE_QUANTITY = 30
_SHORT_DESCRIPTION = 32


def fits_one_table(*, providers: tuple[ProviderCharges, ...], room: int) -> bool:
    """Tell whether all charges fit the room on page 1, counted in half rows, so that no summary is needed."""
    rows = sum(_rows_taken(service) for provider in providers for service in provider.services)
    return _ROW_ROOM * rows + _HEADING_ROOM * len(providers) <= room


def summary_table(
    *, providers: tuple[ProviderCharges, ...], figures: Figures, words: Mapping[str, str], room: int
) -> list[dict[str, object]]:
    """Return providers and services with their sums and their share (0 to 100, or None) of the largest service.

    The largest services that fit the room are named, the others are summed up per provider.
    """
    largest = max((abs(s.amount_minor) for p in providers for s in p.services), default=0) or 1
    shown = _largest_services(providers, room - _HEADING_ROOM * len(providers))
    return [
        {
            "name": _provider_name(provider, words),
            "amount": figures.amount(provider.amount_minor),
            "services": _summary_services(provider, shown, largest, figures, words),
        }
        for provider in providers
    ]


def itemized_table(
    *, providers: tuple[ProviderCharges, ...], figures: Figures, words: Mapping[str, str], merged: bool
) -> dict[str, object]:
    """Return every printed row below its provider and service, and the columns that are filled.

    ``merged`` says that a service with one row needs no heading: the row carries its name.
    """
    printed = [
        {
            "name": _provider_name(provider, words),
            "amount": figures.amount(provider.amount_minor),
            "services": [_service(service, figures, words, merged=merged) for service in provider.services],
        }
        for provider in providers
    ]
    rows = [row for provider in providers for service in provider.services for row in service.rows]
    is_roomy = not merged and all(len(row.description) <= _SHORT_DESCRIPTION for row in rows)
    most = {"quantity": _WIDE_QUANTITY if is_roomy else _WIDE_TEXT}
    columns = (
        ("quantity", 1, [_quantity(row, figures) for row in rows]),
        ("region", 2, [row.region for row in rows]),
        ("account", 3, [row.account for row in rows]),
    )
    return {
        "columns": [
            {
                "label": words[name],
                "index": index,
                "is_number": name == "quantity",
                "is_wide": _is_wide(texts, most=most.get(name, _WIDE_TEXT)),
            }
            for name, index, texts in columns
            if any(texts)
        ],
        "providers": printed,
    }


def _rows_taken(service: ServiceCharges) -> int:
    return len(service.rows) + (len(service.rows) > 1)


def _is_wide(texts: list[str], *, most: int) -> bool:
    return max(len(text) + sum(east_asian_width(c) in "WF" for c in text) for text in texts) > most


def _largest_services(providers: tuple[ProviderCharges, ...], room: int) -> set[tuple[str, str]]:
    """Pick the services that the summary names: as many of the largest as there is room for."""
    ranked = sorted(
        ((abs(s.amount_minor), p.provider, s.service) for p in providers for s in p.services),
        key=lambda service: (-service[0], service[1:]),
    )
    names = [service[1:] for service in ranked]
    shown = len(names)
    while shown and _ROW_ROOM * (shown + len({provider for provider, _ in names[shown:]})) > room:
        shown -= 1
    return set(names[:shown])


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
        # A bar compares single services; several in one would be as long as the longest and say nothing.
        rows.append([label, figures.amount(sum(s.amount_minor for s in rest)), None])
    return rows


def _summary_row(name: str, amount_minor: int, largest: int, figures: Figures) -> list[object]:
    return [name, figures.amount(amount_minor), max(0, min(100, 100 * amount_minor // largest))]


def _service(service: ServiceCharges, figures: Figures, words: Mapping[str, str], *, merged: bool) -> dict[str, object]:
    return {
        "name": _service_name(service, words),
        "amount": figures.amount(service.amount_minor),
        "is_merged": merged and len(service.rows) == 1,
        "rows": [_row(row, figures, words) for row in service.rows],
    }


def _row(row: ChargeRow, figures: Figures, words: Mapping[str, str]) -> list[str]:
    """Return description, quantity, region, account, amount."""
    if row.grouped:
        return [words["smaller_items"].format(count=row.grouped), "", "", "", figures.amount(row.amount_minor)]
    return [
        _what(row, words),
        _quantity(row, figures),
        _in_column(row.region),
        _in_column(row.account),
        figures.amount(row.amount_minor),
    ]


def _what(row: ChargeRow, words: Mapping[str, str]) -> str:
    kind = words.get(f"charge_{row.charge_category.lower()}", _in_column(row.charge_category))
    description = _in_column(row.description)
    if not description:
        return kind
    is_plain = row.charge_category in {ChargeCategory.USAGE, ""} or kind.lower() in description.lower()
    return description if is_plain else f"{kind}: {description}"


def _quantity(row: ChargeRow, figures: Figures) -> str:
    if not row.usage_amount:
        return ""
    unit = _in_column(unit_after_quantity(unit=row.usage_unit))
    return f"{figures.quantity(row.usage_amount)} {unit}".strip()


def _in_column(text: str) -> str:
    return printable(text, longest_word=LONGEST_WORD_IN_COLUMN)


def _provider_name(provider: ProviderCharges, words: Mapping[str, str]) -> str:
    return printable(provider.provider) or words["no_provider"]


def _service_name(service: ServiceCharges, words: Mapping[str, str]) -> str:
    return printable(service.service) or words["no_service"]
