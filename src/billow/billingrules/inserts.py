"""Lines that rules add: what they are in a month, before any later rule has changed them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from billow.billingrules.analysis import sums_in
from billow.billingrules.charge import charge_inserts
from billow.billingrules.compile import Compiler, amount_of
from billow.billingrules.credit import credit_inserts
from billow.billingrules.datasets import ACCRUED_AT, AMOUNT, COSTS_TEXTS, USAGE_AMOUNT
from billow.billingrules.evaluate import Holds, ReadsLinear, condition_of, number_of, text_of
from billow.billingrules.expression import (
    Call,
    Case,
    Column,
    Dataset,
    Function,
    Kind,
    Node,
    Sum,
    Value,
    columns_in,
    parts_of,
)
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import stored
from billow.billingrules.rule import BillingRule, ChargeRule, CreditRule, CustomRule, SupportFeeRule
from billow.billingrules.statement import InsertSum, InsertValues
from billow.billingrules.statements import RuleStatement
from billow.billingrules.step import Insert
from billow.billingrules.support_fee import share_of_month, support_fee
from billow.terms.period import BillingPeriod

_SUMS = "sum "
"""Before the number of a sum, where it stands in the row that an insert is calculated from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SumInsert:
    """A line made from sums over the customer's charges of the month.

    ``where`` chooses charges between the dates; ``sums`` say what of each is added up.
    """

    rule: CustomRule | SupportFeeRule
    period: BillingPeriod
    where: Holds | None
    sums: tuple[ReadsLinear, ...]
    values: Mapping[str, Value]
    booked_on: date
    looked_at: frozenset[str]
    weight: int

    def inserts(self, totals: Mapping[tuple[str, str | None], tuple[Decimal, ...]]) -> list[Insert]:
        """Return the lines for the sums, by currency and account; raise RuleFailed if they cannot be calculated."""
        if isinstance(self.rule, SupportFeeRule):
            return self._support_fees(self.rule, totals)
        by_currency: dict[str, list[Decimal]] = {}
        for (currency, _), sums in totals.items():
            known = by_currency.setdefault(currency, [Decimal(0)] * len(sums))
            by_currency[currency] = [one + other for one, other in zip(known, sums, strict=True)]
        if len(by_currency) > 1 and any(map(_decides, self.values.values())):
            raise RuleFailed(
                f"a decision by a sum over several currencies ({', '.join(sorted(by_currency))}); "
                "name one in WHERE: costs.currency = '…'"
            )
        return [self._line(currency, sums) for currency, sums in sorted(by_currency.items())]

    @property
    def by_account(self) -> bool:
        """Tell whether each of the customer's provider accounts is added up for itself."""
        return isinstance(self.rule, SupportFeeRule) and self.rule.per_account

    def _line(self, currency: str, sums: list[Decimal]) -> Insert:
        row = {f"{_SUMS}{number}": amount for number, amount in enumerate(sums)}
        return _insert(self.rule, self.values, row, self.booked_on, currency)

    def _support_fees(
        self, rule: SupportFeeRule, totals: Mapping[tuple[str, str | None], tuple[Decimal, ...]]
    ) -> list[Insert]:
        share = share_of_month(rule=rule, period=self.period)
        currencies = {currency for currency, _ in totals}
        if len(currencies) > 1:
            raise RuleFailed(f"a support fee on spend in several currencies ({', '.join(sorted(currencies))})")
        spends = dict(totals) or ({} if rule.per_account else {("", None): (Decimal(0),)})
        fees = []
        for (currency, account), (amount,) in sorted(spends.items(), key=lambda entry: entry[0][1] or ""):
            minimum = Decimal(0) if rule.per_account and not account else rule.minimum
            fee = support_fee(spend=max(amount, Decimal(0)), tiers=rule.tiers, minimum=minimum, share=share)
            row = {
                "provider": rule.provider,
                "service": rule.service,
                "cost_category": rule.category,
                "cost_sub_category": rule.sub_category,
                "cost_type": "Fee",
                "account_id": account,
            }
            if fee:
                fees.append(
                    Insert(
                        rule_token=rule.token,
                        row=row,
                        amount=fee,
                        day=self.booked_on,
                        currency=currency or None,
                        description=rule.title,
                    )
                )
        return fees


def fixed_inserts(
    *, rule: BillingRule, statements: tuple[RuleStatement, ...], period: BillingPeriod
) -> tuple[Insert, ...]:
    """Return the lines that the rule adds in the month whatever the charges are."""
    if isinstance(rule, ChargeRule):
        return charge_inserts(rule=rule, period=period)
    if isinstance(rule, CreditRule):
        return credit_inserts(rule=rule, period=period)
    return tuple(
        insert
        for each in statements
        if isinstance(each.statement, InsertValues)
        for insert in _values_inserted(each.rule, each.statement, period)
    )


def sum_inserts(
    *, statements: tuple[RuleStatement, ...], period: BillingPeriod, compiler: Compiler
) -> tuple[SumInsert, ...]:
    """Return the lines made from sums that the rules add in the month."""
    found = []
    for each in statements:
        statement, rule = each.statement, each.rule
        if not isinstance(statement, InsertSum) or not isinstance(rule, CustomRule | SupportFeeRule):
            continue
        last = min(rule.end_date or period.last_day, period.last_day)
        if last < period.start or (rule.start_date or date.min) > last:
            continue
        sums = sums_in(statement.values.values())
        places = {
            one: Column(dataset=Dataset.COSTS, name=f"{_SUMS}{n}", kind=Kind.NUMBER) for n, one in enumerate(sums)
        }
        found.append(
            SumInsert(
                rule=rule,
                period=period,
                where=None if statement.where is None else condition_of(statement.where),
                sums=tuple(amount_of(one.operand) for one in sums),
                values={name: _with_places(value, places) for name, value in statement.values.items()},
                booked_on=last,
                looked_at=compiler.analyse(statement).texts,
                weight=compiler.analyse(statement).weight,
            )
        )
    return tuple(found)


def _place(number: int) -> Column:
    return Column(dataset=Dataset.COSTS, name=f"{_SUMS}{number}", kind=Kind.NUMBER)


def _values_inserted(rule: BillingRule, statement: InsertValues, period: BillingPeriod) -> list[Insert]:
    first, last = rule.start_date or date.min, rule.end_date or date.max
    if ACCRUED_AT in statement.values:
        day = date.fromisoformat(text_of(statement.values[ACCRUED_AT])({}) or "")
    else:
        day = max(period.start, first)
    if not (period.contains(day) and first <= day <= last):
        return []
    return [_insert(rule, statement.values, {}, day, None)]


def _insert(
    rule: BillingRule, values: Mapping[str, Value], row: dict[str, Decimal], day: date, currency: str | None
) -> Insert:
    texts = {name: text_of(values[name])(row) or None for name in COSTS_TEXTS if name in values and name != ACCRUED_AT}
    usage = number_of(values[USAGE_AMOUNT])(row) if USAGE_AMOUNT in values else None
    return Insert(
        rule_token=rule.token,
        row={name: text for name, text in texts.items() if name != "currency"},
        amount=stored(number_of(values[AMOUNT])(row) or Decimal(0)),
        day=day,
        currency=texts.get("currency") or currency,
        usage_amount=usage,
    )


def _decides(value: Node) -> bool:
    """Tell whether a value is other than in proportion to its sums."""
    if isinstance(value, Case) or (isinstance(value, Call) and value.function is not Function.COALESCE):
        return any(column.name.startswith(_SUMS) for column in columns_in(value))
    return any(map(_decides, parts_of(value)))


def _with_places(value: Value, places: Mapping[Sum, Column]) -> Value:
    """Return the value with a column in place of each sum."""
    if isinstance(value, Sum):
        return places[value]
    replaced: Value = _replaced(value, places)
    return replaced


def _replaced(held: Any, places: Mapping[Sum, Column]) -> Any:
    if isinstance(held, Sum):
        return places[held]
    if isinstance(held, tuple):
        return tuple(_replaced(each, places) for each in held)
    if not isinstance(held, Node):
        return held
    return replace(held, **{field.name: _replaced(getattr(held, field.name), places) for field in fields(held)})
