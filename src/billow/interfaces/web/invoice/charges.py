"""The charges of an invoice, grouped by provider and service, each line explained step by step."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import Amount, amount, amount_of_minor, exact_text
from billow.interfaces.web.shown.times import day
from billow.terms.unit import unit_after_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step from the provider's cost to the amount charged."""

    label: str
    value: str
    is_result: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as the page shows it; cost and rules in the source currency, the amount in the invoice's."""

    number: int
    title: str
    detail: str
    usage: str
    provider_cost: Amount | None
    rules: str
    amount: Amount
    steps: tuple[Step, ...]
    is_added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All lines of a provider's service in one source currency."""

    key: str
    name: str
    lines: tuple[Line, ...]
    provider_cost: Amount | None
    rules: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """All services of a provider."""

    name: str
    services: tuple[Service, ...]
    amount: Amount


def providers_of(invoice: Any) -> tuple[Provider, ...]:
    """Return the invoice's lines by provider and service, dearest first, what rules added last; with sub-totals."""
    rates = {rate.base_currency: rate for rate in invoice.exchange_rates}
    by_provider: dict[str, dict[tuple[str, str], list[Any]]] = {}
    for line in invoice.lines:
        services = by_provider.setdefault(line.provider, {})
        services.setdefault((line.service, line.source_currency), []).append(line)
    billed = {name: sum(map(_billed, services.values())) for name, services in by_provider.items()}
    providers = []
    for at, name in enumerate(sorted(billed, key=lambda name: (not name, -billed[name], name)), start=1):
        groups = sorted(by_provider[name].items(), key=lambda item: (-_billed(item[1]), item[0]))
        shown = tuple(
            _service(f"service-{at}-{place}", lines, invoice.currency, rates)
            for place, (_key, lines) in enumerate(groups, start=1)
        )
        total = amount_of_minor(billed[name], currency=invoice.currency)
        providers.append(Provider(name=name or _("Services and credits"), services=shown, amount=total))
    return tuple(providers)


def _billed(lines: Iterable[Any]) -> int:
    return sum(line.amount_minor for line in lines)


def _service(key: str, lines: list[Any], currency: str, rates: dict[str, Any]) -> Service:
    source = lines[0].source_currency
    return Service(
        key=key,
        name=lines[0].service,
        lines=tuple(_line(line, currency, rates.get(line.source_currency)) for line in lines),
        provider_cost=amount(_sum(line.provider_cost for line in lines), currency=source),
        rules=change(_sum(line.rated_cost - line.provider_cost for line in lines), currency=source),
        amount=amount_of_minor(_billed(lines), currency=currency),
    )


def _line(line: Any, currency: str, rate: Any) -> Line:
    return Line(
        number=line.line_number,
        title=line.title,
        detail=" · ".join(part for part in (line.account, line.region, line.kind) if part),
        usage=_usage(line),
        provider_cost=amount(line.provider_cost, currency=line.source_currency),
        rules=change(line.rated_cost - line.provider_cost, currency=line.source_currency),
        amount=amount_of_minor(line.amount_minor, currency=currency),
        steps=_steps(line, currency, rate),
        is_added=bool(line.inserted_by),
    )


def _usage(line: Any) -> str:
    if line.usage_amount is None:
        return ""
    return f"{exact_text(line.usage_amount)} {unit_after_quantity(unit=line.usage_unit)}".strip()


def _steps(line: Any, currency: str, rate: Any) -> tuple[Step, ...]:
    source = line.source_currency
    steps = [Step(label=_("Provider cost"), value=f"{exact_text(line.provider_cost)} {source}")]
    for delta in line.deltas:
        sign = "+" if delta.amount > 0 else ""
        changed = f"{sign}{exact_text(delta.amount)} {source}" if delta.amount else _("same cost, shown otherwise")
        steps.append(Step(label=delta.title, value=changed))
    steps.append(Step(label=_("Customer cost"), value=f"{exact_text(line.rated_cost)} {source}", is_result=True))
    if rate is not None and source != currency:
        steps.append(
            Step(label=_("× rate of %(day)s") % {"day": day(rate.effective_date)}, value=f"{rate.rate.normalize():f}")
        )
        steps.append(Step(label=_("Converted"), value=f"{exact_text(line.exact_amount)} {currency}"))
    charged = amount_of_minor(line.amount_minor, currency=currency)
    steps.append(Step(label=_("Charged, rounded"), value=f"{charged.text} {currency}", is_result=True))
    return tuple(steps)


def change(value: Decimal, *, currency: str) -> str:
    """Write a change of cost with its sign, rounded; empty when nothing changed."""
    shown = amount(value, currency=currency)
    if value == 0 or shown is None:
        return ""
    return shown.text if shown.is_negative or shown.is_zero else f"+{shown.text}"


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))
