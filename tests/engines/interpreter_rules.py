"""What each kind of rule does to a charge, and which lines rules add; written from docs/rules.md."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billow.billingrules.expression import Call, Case, Dataset, Function, Kind, Sum, Value
from billow.billingrules.price_list import PriceList, TieredPrice
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    ChargeRule,
    CreditRule,
    CustomRule,
    ExclusionRule,
    PublicPriceRule,
    Recurrence,
    RemoveCommitmentDiscountsRule,
    RetierRule,
    SupportFeeRule,
)
from billow.billingrules.statement import Delete, InsertSum, InsertValues, Statement, Update
from tests.engines.interpreter_charges import (
    ACCOUNT,
    CONVERSION_AMOUNTS,
    FED_BY,
    FEEDS_COSTS,
    PLAN_ARN,
    PUBLIC,
    RESERVATION_ARN,
    TYPE,
    UNBLENDED,
    Charge,
)
from tests.engines.interpreter_values import (
    COUNT,
    Fails,
    Form,
    NotSaid,
    Seen,
    adds_up,
    columns_in,
    form_of,
    holds,
    is_like,
    is_number,
    kept,
    number_of,
    numbers_in,
    text_of,
    texts_in,
)

Statements = Mapping[str, Statement]
"""What the SQL of custom rules says, by the rule's token."""

DISPLAY_NAMES = {
    "bundled discount": "bundleddiscount",
    "reserved instance discounted spend": "discountedusage",
    "enterprise discount program discount": "edpdiscount",
    "private rate discount": "privateratediscount",
    "reserved instance fee": "rifee",
    "ri volume discount": "rivolumediscount",
    "savings plan discounted spend": "savingsplancoveredusage",
    "savings plan negation": "savingsplannegation",
    "savings plan recurring fee": "savingsplanrecurringfee",
    "savings plan upfront fee": "savingsplanupfrontfee",
    "solution provider program discount": "sppdiscount",
}
_ONE = Fraction(1)


@dataclass(frozen=True)
class Deed:
    """What a rule does to one charge: new amounts, new texts, or it takes the charge away."""

    numbers: tuple[tuple[str, Form], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    deletes: bool = False
    on_aws: bool = False


def deed_of(rule: BillingRule, charge: Charge, statements: Statements, live: set[str]) -> Deed | None:
    """Give what a transforming rule does to the charge as it is now, or nothing."""
    if charge.is_deleted or not holds_on(rule, charge.day):
        return None
    if isinstance(rule, CustomRule):
        return _by_statement(statements[rule.token], charge, live)
    if isinstance(rule, ExclusionRule):
        return Deed(deletes=True) if _is_excluded(rule, charge) else None
    if isinstance(rule, AdjustmentRule):
        fits = rule.service in (None, charge.text("service")) and rule.category in (None, charge.text("cost_category"))
        return Deed(numbers=(("amount", {"amount": Fraction(rule.percentage) / 100}),)) if fits else None
    if isinstance(rule, PublicPriceRule):
        return _public_price(charge) if charge.is_aws_line else _list_price(charge)
    if isinstance(rule, RemoveCommitmentDiscountsRule):
        return _uncommitted(charge)
    return None


def holds_on(rule: BillingRule, day: date) -> bool:
    return (rule.start_date is None or rule.start_date <= day) and (rule.end_date is None or day <= rule.end_date)


def _by_statement(statement: Statement, charge: Charge, live: set[str]) -> Deed | None:
    if not isinstance(statement, Update | Delete):
        return None
    on_aws = statement.dataset is Dataset.AWS
    if on_aws and not charge.is_aws_line:
        return None
    seen = charge.seen()
    if statement.where is not None and not holds(statement.where, seen):
        return None
    if isinstance(statement, Delete):
        return Deed(deletes=True, on_aws=on_aws)
    for column, value in statement.assignments:
        if column.name not in live:
            _try(value, seen)
    told = [(column, value) for column, value in statement.assignments if column.name in live]
    return Deed(
        numbers=tuple(
            (column.name, form_of(value, seen) if adds_up(value) else {COUNT: number_of(value, seen) or Fraction(0)})
            for column, value in told
            if column.kind is Kind.NUMBER
        ),
        texts=tuple((column.name, text_of(value, seen)) for column, value in told if column.kind is Kind.TEXT),
        on_aws=on_aws,
    )


def _try(value: Value, seen: Seen) -> None:
    """Let nothing be compared where what nobody looks at cannot be worked out: does the rule fail?"""
    try:
        number_of(value, seen) if is_number(value) else text_of(value, seen)
    except Fails as fails:
        raise NotSaid from fails


def _is_excluded(rule: ExclusionRule, charge: Charge) -> bool:
    wanted = rule.charge_type.strip().lower()
    names = {wanted, DISPLAY_NAMES.get(wanted, wanted)}
    places = (TYPE, "x_ChargeType", "x_CostType", "ChargeCategory", "ChargeClass", "cost_type")
    return any(charge.text(place).lower() in names for place in places)


def _public_price(charge: Charge) -> Deed | None:
    if charge.text(TYPE) == "SavingsPlanNegation":
        return None
    if PUBLIC in charge.there:
        return Deed(numbers=((UNBLENDED, {PUBLIC: _ONE}),), on_aws=True)
    if charge.text(TYPE).endswith("Discount"):
        return Deed(numbers=((UNBLENDED, {}),), on_aws=True)
    return None


def _list_price(charge: Charge) -> Deed | None:
    is_usage = charge.text("ProviderName") == "AWS" and charge.text("ChargeCategory") == "Usage"
    if not is_usage or "ListCost" not in charge.there:
        return None
    return Deed(numbers=(("amount", {"ListCost": _ONE}),))


def _uncommitted(charge: Charge) -> Deed | None:
    if not charge.is_aws_line:
        used = charge.text("CommitmentDiscountStatus") == "Used"
        is_own = _names_account(charge.text("CommitmentDiscountId"), charge.text("SubAccountId"))
        return _list_price(charge) if used and not is_own else None
    kind, account = charge.text(TYPE), charge.text(ACCOUNT)
    if kind == "SavingsPlanCoveredUsage" and not _names_account(charge.text(PLAN_ARN), account):
        return Deed(texts=((TYPE, "Usage"),), on_aws=True)
    is_foreign = not _names_account(charge.text(RESERVATION_ARN), account)
    if kind == "DiscountedUsage" and PUBLIC in charge.there and is_foreign:
        return Deed(texts=((TYPE, "Usage"),), numbers=((UNBLENDED, {PUBLIC: _ONE}),), on_aws=True)
    return None


def _names_account(arn: str, account: str) -> bool:
    return is_like(arn, f"%:{account}:%")


def tier_price(rule: RetierRule, charge: Charge, prices: PriceList) -> int | None:
    """Give which price of the list counts for the charge, if any."""
    counts = charge.is_aws_line and charge.text(TYPE) == "Usage" and charge.currency == prices.currency
    if charge.is_deleted or not counts or not holds_on(rule, charge.day):
        return None
    for place, price in enumerate(prices.prices):
        is_of_product = charge.text("lineItem/ProductCode") == price.product_code
        if is_of_product and charge.text("lineItem/UsageType") in price.usage_types:
            was_free = "free tier" in charge.text("lineItem/LineItemDescription").lower()
            return place if not price.only_free_tier or (was_free and not rule.include_free_tier) else None
    return None


def tiered(price: TieredPrice, quantity: Decimal, include_free_tier: bool) -> Fraction:
    """Price a month's quantity, slice by slice."""
    cost, below = Fraction(0), Fraction(0)
    left = Fraction(quantity) - (Fraction(price.free) if include_free_tier else 0)
    for tier in price.tiers:
        top = left if tier.up_to is None else min(left, Fraction(tier.up_to))
        cost += max(top - below, Fraction(0)) * Fraction(tier.price)
        below = max(below, top)
    return cost


@dataclass(frozen=True)
class Line:
    """A line that a rule adds."""

    rule: BillingRule
    amount: Decimal
    texts: Mapping[str, str]
    day: date
    currency: str = ""


def fixed_line(rule: BillingRule, statements: Statements, first: date, last: date) -> Line | None:
    """Give the line that a charge, a credit or an INSERT … VALUES adds in the month."""
    if isinstance(rule, ChargeRule | CreditRule):
        day = _booking_day(rule, first, last)
        sign, kind = (-1, "Credit") if isinstance(rule, CreditRule) else (1, "Fee")
        texts = {
            "service": rule.service,
            "cost_category": rule.category,
            "cost_sub_category": rule.sub_category,
            "cost_type": kind,
        }
        return None if day is None else Line(rule, sign * rule.amount, texts, day)
    statement = statements.get(rule.token) if isinstance(rule, CustomRule) else None
    if not isinstance(statement, InsertValues):
        return None
    seen = _nothing_seen()
    written = statement.values.get("accrued_at")
    day = max(first, rule.start_date or first)
    if written is not None:
        day = date.fromisoformat(text_of(written, seen))
    if not (first <= day <= last and holds_on(rule, day)):
        return None
    return line_of(rule, statement, day, "", {})


def line_of(
    rule: BillingRule,
    statement: InsertValues | InsertSum,
    day: date,
    currency: str,
    sums: dict[Sum, Fraction],
) -> Line:
    seen = _nothing_seen()
    seen.sums = sums
    texts = {
        name: text_of(value, seen)
        for name, value in statement.values.items()
        if name not in {"amount", "usage_amount", "accrued_at"}
    }
    amount = kept(number_of(statement.values["amount"], seen) or Fraction(0))
    return Line(rule, amount, texts, day, texts.pop("currency", "") or currency)


def _nothing_seen() -> Seen:
    return Charge(date.min, {}, {}, frozenset(), (), "").seen()


def _booking_day(rule: ChargeRule | CreditRule, first: date, last: date) -> date | None:
    is_monthly = rule.end_date is not None and (rule.end_date.year, rule.end_date.month) > (
        rule.start_date.year,
        rule.start_date.month,
    )
    if rule.recurrence is not None:
        is_monthly = rule.recurrence is Recurrence.MONTHLY
    if not is_monthly:
        return rule.start_date if first <= rule.start_date <= last else None
    length = calendar.monthrange(first.year, first.month)[1]
    day = first.replace(day=min(rule.start_date.day, length))
    return day if rule.start_date <= day <= (rule.end_date or day) else None


def is_spend(rule: SupportFeeRule, charge: Charge) -> bool:
    kind = charge.text("cost_type")
    is_no_spend = kind in {"Credit", "Refund", "Tax", "Adjustment"} or kind.endswith("Discount")
    return (
        not is_no_spend
        and charge.text("cost_category") != "AWS Marketplace"
        and "Support" not in charge.text("service")
        and rule.provider in (None, charge.text("provider"))
    )


def support_fee(rule: SupportFeeRule, spend: Fraction, first: date, last: date, *, account: str) -> Fraction:
    fee, below = Fraction(0), Fraction(0)
    for tier in rule.tiers:
        top = spend if tier.up_to is None else min(spend, Fraction(tier.up_to))
        fee += max(top - below, Fraction(0)) * Fraction(tier.percentage) / 100
        below = max(below, top)
    days = (min(rule.end_date or last, last) - max(rule.start_date or first, first)).days + 1
    is_of_nobody = rule.per_account and not account
    return fee if is_of_nobody else max(fee, Fraction(rule.minimum) * days / last.day)


def group_of(rule: BillingRule, statements: Statements) -> int:
    """Give the execution group that the rule runs in."""
    if isinstance(rule, CustomRule):
        statement = statements[rule.token]
        if isinstance(statement, InsertValues):
            return 2
        if isinstance(statement, InsertSum):
            return 4
        return 1 if statement.dataset is Dataset.AWS else 3
    if isinstance(rule, ChargeRule | CreditRule):
        return 2
    if isinstance(rule, ExclusionRule | AdjustmentRule):
        return 3
    return 4 if isinstance(rule, SupportFeeRule) else 1


def sums_of(statement: InsertSum) -> list[Sum]:
    found: list[Sum] = []

    def look(node: object) -> None:
        if isinstance(node, Sum) and node not in found:
            found.append(node)
        elif isinstance(node, tuple):
            for each in node:
                look(each)
        elif hasattr(node, "__dataclass_fields__"):
            for name in node.__dataclass_fields__:
                look(getattr(node, name))

    for value in statement.values.values():
        look(value)
    return found


def decides_by_sums(node: object) -> bool:
    """Tell whether a value decides or caps by a sum, so that currencies must not be mixed."""
    is_choice = isinstance(node, Case) or (isinstance(node, Call) and node.function is not Function.COALESCE)
    if is_choice and _has_sum(node):
        return True
    parts = node if isinstance(node, tuple) else _fields(node)
    return any(decides_by_sums(each) for each in parts)


def _has_sum(node: object) -> bool:
    parts = node if isinstance(node, tuple) else _fields(node)
    return isinstance(node, Sum) or any(_has_sum(each) for each in parts)


def _fields(node: object) -> Sequence[object]:
    names = getattr(node, "__dataclass_fields__", ())
    return [getattr(node, name) for name in names]


def may_retype(rules: Sequence[BillingRule], statements: Statements) -> bool:
    """Tell whether some rule sets the type of lines of AWS's reports."""
    said = [statements.get(rule.token) for rule in rules]
    return any(isinstance(rule, RemoveCommitmentDiscountsRule) for rule in rules) or any(
        isinstance(each, Update) and any(column.name == TYPE for column, _ in each.assignments) for each in said
    )


def looked_at(rules: Sequence[BillingRule], statements: Statements, basis: str) -> set[str]:
    """Find the columns that people see or that some rule looks at; what is done to others does nothing."""
    found = {"amount", "usage_amount", "cost_category", "provider", *FED_BY, *FEEDS_COSTS, PLAN_ARN, RESERVATION_ARN}
    if basis == "billed_cost":
        found |= {UNBLENDED, PUBLIC}
    elif basis == "effective_cost":
        found |= CONVERSION_AMOUNTS
    if any(isinstance(rule, RetierRule) for rule in rules):
        found.add("lineItem/UsageAmount")
    said = [statements[rule.token] for rule in rules if isinstance(rule, CustomRule)]
    for statement in said:
        if isinstance(statement, Update | Delete | InsertSum) and statement.where is not None:
            found |= {column.name for column in columns_in(statement.where)}
        if isinstance(statement, InsertSum):
            found |= {column.name for value in statement.values.values() for column in columns_in(value)}
    assignments = [pair for each in said if isinstance(each, Update) for pair in each.assignments]
    while True:
        more = {name for column, value in assignments if column.name in found for name in _names(value)}
        if more <= found:
            return found
        found |= more


def _names(value: object) -> set[str]:
    return numbers_in(value) | texts_in(value)


def is_charge_by_charge(rules: Sequence[BillingRule], statements: Statements, live: set[str]) -> bool:
    """Tell whether some rule decides by an amount, or multiplies or rounds amounts."""
    for rule in rules:
        statement = statements.get(rule.token) if isinstance(rule, CustomRule) else None
        where = getattr(statement, "where", None)
        if numbers_in(where):
            return True
        if isinstance(statement, InsertSum) and not all(adds_up(each.operand) for each in sums_of(statement)):
            return True
        if isinstance(statement, Update):
            for column, value in statement.assignments:
                by_amount = numbers_in(value) if column.kind is Kind.TEXT else not adds_up(value)
                if column.name in live and by_amount:
                    return True
    return False
