"""Rated costs and what is agreed about billing, made into a draft invoice."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from billow.invoicing.invoice import AdjustmentItem, BankAccount, ExchangeRate, Invoice, InvoiceLine, LineDelta, Party
from billow.invoicing.totals import calculate_totals, check_adjustment_item, line_minor_amounts
from billow.rating.rated_costs import RatedCosts, RatedLine, RuleDelta
from billow.terms.bulk import maker_of
from billow.terms.focus import CostBasis
from billow.terms.money import UnknownCurrency, currency_of
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule

_ONE = Decimal(1)
_invoice_line = maker_of(InvoiceLine)
_made_delta = maker_of(LineDelta)


class UnableToDraftInvoice(Exception):
    """The invoice cannot be drafted; ``code`` is stable, the message says what is missing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def draft(
    *,
    rated: RatedCosts,
    number: str,
    token: str,
    seller: Party,
    buyer: Party,
    bank: BankAccount,
    payment_terms_days: int,
    currency: str,
    adjustment_items: Sequence[AdjustmentItem] = (),
    exchange_rates: Sequence[ExchangeRate] = (),
    cost_basis: CostBasis = CostBasis.BILLED_COST,
    rounding_rule: RoundingRule = RoundingRule.EXACT_TOTAL,
    rule_titles: Mapping[str, str] | None = None,
    locale: str = "en",
) -> Invoice:
    """Return the draft invoice of a rated month; raise UnableToDraftInvoice with a stable code.

    Each line is converted exactly and rounded only by the rounding rule. ``exchange_rates`` are all that are on
    file; those used are kept in the invoice. Warnings: ``totals.invoice_warnings``.
    """
    _check_terms(currency, adjustment_items)
    sources = {line.currency for line in rated.lines}
    rates = choose_rates(
        source_currencies=sources, currency=currency, period=rated.period, exchange_rates=exchange_rates
    )
    lines = _lines(rated.lines, rates, currency, rounding_rule, rule_titles or {})
    calculated = calculate_totals(
        subtotal_minor=sum(line.amount_minor for line in lines), items=adjustment_items, currency=currency
    )
    return Invoice(
        number=number,
        token=token,
        period=rated.period,
        currency=currency,
        seller=seller,
        buyer=buyer,
        bank=bank,
        payment_terms_days=payment_terms_days,
        lines=lines,
        adjustments=calculated.adjustments,
        totals=calculated.totals,
        exchange_rates=rates,
        cost_basis=cost_basis,
        rounding_rule=rounding_rule,
        locale=locale,
    )


def choose_rates(
    *, source_currencies: Iterable[str], currency: str, period: BillingPeriod, exchange_rates: Sequence[ExchangeRate]
) -> tuple[ExchangeRate, ...]:
    """Return the rate into ``currency`` for each other source currency, by code.

    The latest rate of exactly that pair whose effective date lies in the month; a reverse pair
    or a way through a third currency is not used. Raises UnableToDraftInvoice ``missing_exchange_rate``.
    """
    needed = sorted(set(source_currencies) - {currency})
    return tuple(_rate_for(source, currency, period, exchange_rates) for source in needed)


def _rate_for(
    source: str, currency: str, period: BillingPeriod, exchange_rates: Sequence[ExchangeRate]
) -> ExchangeRate:
    fitting = [
        rate
        for rate in exchange_rates
        if (rate.base_currency, rate.currency) == (source, currency) and period.contains(rate.effective_date)
    ]
    if not fitting:
        raise UnableToDraftInvoice("missing_exchange_rate", f"No exchange rate {source} to {currency} for {period}")
    latest = max(fitting, key=lambda rate: rate.effective_date)
    if not latest.rate.is_finite() or latest.rate <= 0:
        raise UnableToDraftInvoice(
            "invalid_exchange_rate",
            f"The exchange rate {source} to {currency} of {latest.effective_date} is {latest.rate}; it must be above 0",
        )
    return latest


def _check_terms(currency: str, adjustment_items: Sequence[AdjustmentItem]) -> None:
    try:
        currency_of(currency)
    except UnknownCurrency as unknown:
        raise UnableToDraftInvoice("unknown_currency", str(unknown)) from unknown
    for item in adjustment_items:
        for issue in check_adjustment_item(item=item):
            raise UnableToDraftInvoice(issue.code, issue.message)


def _lines(
    rated_lines: Sequence[RatedLine],
    rates: Sequence[ExchangeRate],
    currency: str,
    rounding_rule: RoundingRule,
    rule_titles: Mapping[str, str],
) -> tuple[InvoiceLine, ...]:
    factors = {rate.base_currency: rate.rate for rate in rates}
    factors[currency] = _ONE
    exact = [
        line.rated_cost if line.currency == currency else line.rated_cost * factors[line.currency]
        for line in rated_lines
    ]
    minor = line_minor_amounts(exact_amounts=exact, currency=currency, rounding_rule=rounding_rule)
    return tuple(
        [
            _line(position, line, exact_amount, amount_minor, rule_titles)
            for position, (line, exact_amount, amount_minor) in enumerate(
                zip(rated_lines, exact, minor, strict=True), start=1
            )
        ]
    )


def _line(
    line_number: int, line: RatedLine, exact_amount: Decimal, amount_minor: int, rule_titles: Mapping[str, str]
) -> InvoiceLine:
    return _invoice_line(
        line_number,
        line.provider,
        line.billing_account_id or "",
        line.sub_account_id or "",
        line.sub_account_name or "",
        line.service,
        line.service_category or "",
        line.service_subcategory or "",
        line.charge_category,
        line.region or "",
        line.description or "",
        line.currency,
        line.provider_cost,
        line.rated_cost,
        tuple([_line_delta(delta, rule_titles) for delta in line.deltas]) if line.deltas else (),
        exact_amount,
        amount_minor,
        line.usage_amount,
        line.usage_unit or "",
        line.inserted_by or "",
    )


def _line_delta(delta: RuleDelta, rule_titles: Mapping[str, str]) -> LineDelta:
    token = delta.rule_token
    return _made_delta(token, rule_titles.get(token, token), delta.amount)
