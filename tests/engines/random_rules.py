"""Random rules of every kind; what is said in SQL is said a second time as values, for the interpreter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Column,
    Comparison,
    Concatenation,
    Condition,
    Dataset,
    Either,
    Every,
    Function,
    IsMissing,
    Kind,
    Membership,
    Missing,
    Number,
    Opposite,
    Pattern,
    Sum,
    Text,
)
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    ChargeRule,
    CreditRule,
    CustomRule,
    ExclusionRule,
    FeeTier,
    PublicPriceRule,
    RemoveCommitmentDiscountsRule,
    RetierRule,
    SupportFeeRule,
)
from billow.billingrules.statement import Delete, InsertSum, InsertValues, Statement, Update
from tests.engines.interpreter_rules import group_of
from tests.engines.interpreter_values import numbers_in
from tests.engines.random_bills import OTHER, OWN, PLANS, days

AWS, COSTS = Dataset.AWS, Dataset.COSTS


@dataclass(frozen=True)
class Said:
    """The same thing as SQL and as a value."""

    sql: str
    value: Any


@dataclass(frozen=True)
class Drawn:
    """A rule, and what its SQL says."""

    rule: BillingRule
    statement: Statement | None = None


TEXTS = {
    COSTS: {
        "service": ("EC2", "S3", "AWS Support", "it's 50%_\\n\nline", ""),
        "cost_type": ("Usage", "Tax", "Credit", "Fee", "NCE", "DiscountedUsage"),
        "cost_category": ("Compute", "AWS Marketplace", "Storage", ""),
        "cost_sub_category": ("Actions", "BoxUsage:t2.micro", ""),
        "provider": ("aws", "azure", "gcp", "temporal"),
        "account_id": (OWN, OTHER),
        "resource_account_id": (OWN,),
        "region": ("eu-1", ""),
        "resource_id": ("/Providers/X", "i-1"),
        "currency": ("USD", "EUR"),
        "accrued_at": ("2026-03-01", "2026-03-14"),
        "tags.team": ("red", ""),
    },
    AWS: {
        "lineItem/LineItemType": ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "Credit", "Fee", "RIFee"),
        "lineItem/ProductCode": ("AmazonEC2", "AmazonS3"),
        "lineItem/UsageType": ("BoxUsage:t2.micro", "TimedStorage-ByteHrs"),
        "lineItem/UsageAccountId": (OWN, OTHER),
        "lineItem/LineItemDescription": ("Enterprise Discount", ""),
        "product/ProductName": ("EC2", "S3"),
        "product/productFamily": ("Storage", ""),
        "bill/BillingEntity": ("AWS Marketplace", "AWS"),
        "savingsPlan/SavingsPlanARN": (str(PLANS[0]), ""),
        "reservation/ReservationARN": ("arn", ""),
        "resourceTags/team": ("red", ""),
    },
}
AMOUNTS = {
    COSTS: ("amount", "usage_amount"),
    AWS: ("lineItem/UnblendedCost", "pricing/publicOnDemandCost", "lineItem/BlendedCost", "lineItem/UsageAmount"),
}
SET_TEXTS = {
    COSTS: ("service", "cost_category", "cost_sub_category", "cost_type", "region", "provider"),
    AWS: ("product/ProductName", "product/productFamily", "lineItem/LineItemType", "bill/BillingEntity"),
}
PATTERNS = ("%", "E%", "%2", "%Support%", "_3", "%\\n%", "%50\\%%", "", "%:" + OTHER + ":%", "/prov%", "%a%e%")
FACTORS = ("0.925", "1.03", "0.5", "1.2", "0.905", "3", "0", "1.000001", "0.333333333333333333")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(text: str) -> Said:
    return Said(quoted(text), Text(value=text))


def number(text: str) -> Said:
    return Said(text, Number(value=Decimal(text)))


@st.composite
def columns(draw: st.DrawFn, dataset: Dataset, names: Sequence[str], kind: Kind) -> Said:
    name = draw(st.sampled_from(sorted(names)))
    said = f'{dataset.value}."{name}"' if draw(st.booleans()) and "." not in name else f"{dataset.value}.{name}"
    return Said(
        said.upper() if draw(st.integers(0, 9)) == 0 and "tags" not in said.lower() else said,
        Column(dataset=dataset, name=name, kind=kind),
    )


@st.composite
def texts(draw: st.DrawFn, dataset: Dataset, deep: bool = True) -> Said:
    column = draw(columns(dataset, tuple(TEXTS[dataset]), Kind.TEXT))
    choice = draw(st.integers(0, 9)) if deep else 0
    if choice == 1:
        function = draw(st.sampled_from((Function.LOWER, Function.UPPER)))
        return Said(f"{function}({column.sql})", Call(function=function, arguments=(column.value,)))
    if choice == 2:
        other = draw(columns(dataset, tuple(TEXTS[dataset]), Kind.TEXT))
        parts = (column, literal("-x"), other)
        if draw(st.booleans()):
            said = " || ".join(part.sql for part in parts)
        else:
            said = f"CONCAT({', '.join(part.sql for part in parts)})"
        return Said(said, Concatenation(parts=tuple(part.value for part in parts)))
    if choice == 3:
        start, length = draw(st.sampled_from(((1, 2), (2, None), (3, 1), (0, 2)))), None
        first, length = start
        cut = [number(str(each)) for each in (first, length) if each is not None]
        said = f"SUBSTR({', '.join(each.sql for each in (column, *cut))})"
        arguments = (column.value, *(each.value for each in cut))
        return Said(said, Call(function=Function.SUBSTR, arguments=arguments))
    if choice == 4:
        value = Call(function=Function.COALESCE, arguments=(column.value, Text(value="none")))
        return Said(f"COALESCE({column.sql}, 'none')", value)
    if choice == 5:
        condition, other = draw(conditions(dataset, deep=False)), draw(texts(dataset, deep=False))
        chosen = Case(branches=((condition.value, other.value),), otherwise=Text(value="else"), kind=Kind.TEXT)
        return Said(f"CASE WHEN {condition.sql} THEN {other.sql} ELSE 'else' END", chosen)
    return column


@st.composite
def conditions(draw: st.DrawFn, dataset: Dataset, deep: bool = True, amounts: bool = False) -> Said:
    """Draw a condition; those that look at amounts let rules run charge by charge."""
    choice = draw(st.integers(0, 9))
    if amounts and choice < 4:
        amount = draw(columns(dataset, AMOUNTS[dataset][:2], Kind.NUMBER))
        edge = draw(st.sampled_from(("0", "100", "-5.5", "1")))
        if choice == 0:
            value: Condition = Every(
                conditions=(
                    Comparison(operator=">=", left=amount.value, right=Number(value=Decimal(edge))),
                    Comparison(operator="<=", left=amount.value, right=Number(value=Decimal(1000))),
                )
            )
            return Said(f"{amount.sql} BETWEEN {edge} AND '1000'", value)
        operator = draw(st.sampled_from(("=", "!=", "<", "<=", ">", ">=")))
        return Said(
            f"{amount.sql} {operator} {edge}",
            Comparison(operator=operator, left=amount.value, right=Number(value=Decimal(edge))),
        )
    if deep and choice in {4, 5, 6}:
        return draw(joined(dataset, amounts))
    column = draw(columns(dataset, tuple(TEXTS[dataset]), Kind.TEXT))
    known = TEXTS[dataset][column.value.name]
    if choice == 0:
        return Said(f"{column.sql} IS NULL", IsMissing(operand=column.value))
    if choice == 1:
        return Said(f"{column.sql} IS NOT NULL", Opposite(condition=IsMissing(operand=column.value)))
    if choice in {2, 3}:
        return draw(patterns(dataset, column))
    if choice == 7:
        listed = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        value = Membership(operand=column.value, values=tuple(Text(value=each) for each in listed))
        within = ", ".join(map(quoted, listed))
        if draw(st.booleans()):
            return Said(f"{column.sql} NOT IN ({within})", Opposite(condition=value))
        return Said(f"{column.sql} IN ({within})", value)
    if choice == 8 and deep:
        made = draw(texts(dataset))
        wanted = literal(draw(st.sampled_from(known)))
        operator = draw(st.sampled_from(("<", "<=", ">", ">=", "=")))
        return Said(
            f"{made.sql} {operator} {wanted.sql}", Comparison(operator=operator, left=made.value, right=wanted.value)
        )
    wanted = literal(draw(st.sampled_from(known)))
    operator = draw(st.sampled_from(("=", "=", "!=", "<>")))
    meant = "=" if operator == "=" else "!="
    return Said(
        f"{column.sql} {operator} {wanted.sql}", Comparison(operator=meant, left=column.value, right=wanted.value)
    )


@st.composite
def joined(draw: st.DrawFn, dataset: Dataset, amounts: bool) -> Said:
    one, other = (draw(conditions(dataset, deep=False, amounts=amounts)) for _ in range(2))
    if draw(st.booleans()):
        one = Said(f"NOT ({one.sql})", Opposite(condition=one.value))
    if draw(st.booleans()):
        return Said(f"{one.sql} AND ({other.sql})", Every(conditions=(one.value, other.value)))
    return Said(f"({one.sql} OR {other.sql})", Either(conditions=(one.value, other.value)))


@st.composite
def patterns(draw: st.DrawFn, dataset: Dataset, column: Said) -> Said:
    pattern = literal(draw(st.sampled_from(PATTERNS)))
    if draw(st.integers(0, 3)) == 0:
        other = draw(columns(dataset, tuple(TEXTS[dataset]), Kind.TEXT))
        parts = (Text(value="%"), other.value, Text(value="%"))
        pattern = Said(f"'%' || {other.sql} || '%'", Concatenation(parts=parts))
    value = Pattern(operand=column.value, pattern=pattern.value)
    if draw(st.booleans()):
        return Said(f"{column.sql} NOT LIKE {pattern.sql}", Opposite(condition=value))
    return Said(f"{column.sql} LIKE {pattern.sql}", value)


def calculated(left: Said, operator: str, right: Said) -> Said:
    sql = f"({left.sql} {operator} {right.sql})"
    return Said(sql, Arithmetic(operator=operator, left=left.value, right=right.value))


@st.composite
def amounts(draw: st.DrawFn, dataset: Dataset, column: Said, one_by_one: bool, deep: bool = True) -> Said:
    """Draw what an amount may become."""
    factor = draw(st.sampled_from(FACTORS))
    by = Said(quoted(factor), Number(value=Decimal(factor))) if draw(st.booleans()) else number(factor)
    choice = draw(st.integers(0, 14 if one_by_one else 9))
    other = draw(columns(dataset, AMOUNTS[dataset], Kind.NUMBER))
    if choice == 1:
        return calculated(by, "*", column)
    if choice == 2:
        return calculated(column, draw(st.sampled_from("+-")), by)
    if choice == 3:
        return calculated(column, "/", number(draw(st.sampled_from(("3", "8", "7")))))
    if choice == 4 and deep:
        chosen, otherwise = (draw(amounts(dataset, column, False, deep=False)) for _ in range(2))
        condition = draw(conditions(dataset, amounts=one_by_one))
        case = Case(branches=((condition.value, chosen.value),), otherwise=otherwise.value, kind=Kind.NUMBER)
        return Said(f"CASE WHEN {condition.sql} THEN {chosen.sql} ELSE {otherwise.sql} END", case)
    if choice == 5:
        return draw(st.sampled_from((by, other)))
    if choice == 6:
        return calculated(column, draw(st.sampled_from("+-")), calculated(other, "*", by))
    if choice == 7:
        return calculated(calculated(column, "+", by), "*", number("1.1"))
    if choice == 8:
        rate = Column(dataset=dataset, name="tags.rate" if dataset is COSTS else "resourceTags/rate", kind=Kind.TEXT)
        read = Cast(operand=rate, kind=Kind.NUMBER)
        known = Call(function=Function.COALESCE, arguments=(read, Number(value=Decimal(1))))
        return calculated(Said(f"COALESCE(CAST({dataset.value}.{rate.name} AS DECIMAL), 1)", known), "*", column)
    if choice > 9:
        return draw(decided(column, other, by))
    return calculated(column, "*", by)


@st.composite
def decided(draw: st.DrawFn, column: Said, other: Said, by: Said) -> Said:
    """Draw an amount that sums would not give."""
    choice = draw(st.integers(0, 4))
    if choice == 0:
        inner = calculated(column, "*", by)
        arguments = (inner.value, Number(value=Decimal(2)))
        return Said(f"ROUND({inner.sql}, 2)", Call(function=Function.ROUND, arguments=arguments))
    if choice == 1:
        return calculated(column, "*", other)
    if choice == 2:
        return Said(f"ABS({column.sql})", Call(function=Function.ABS, arguments=(column.value,)))
    function = Function.LEAST if choice == 3 else Function.GREATEST
    choices = (column.value, Number(value=Decimal(5)), other.value)
    return Said(f"{function}({column.sql}, 5, {other.sql})", Call(function=function, arguments=choices))


@st.composite
def transforms(draw: st.DrawFn, dataset: Dataset, one_by_one: bool) -> Said:
    """Draw an UPDATE or a DELETE."""
    where = draw(st.none() | conditions(dataset, amounts=one_by_one))
    behind = "" if where is None else f"\nWHERE {where.sql}"
    condition = None if where is None else where.value
    if draw(st.integers(0, 4)) == 0:
        return Said(f"DELETE FROM {dataset.value}{behind}", Delete(dataset=dataset, where=condition))
    assigned: dict[str, tuple[Said, Said]] = {}
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.integers(0, 2)) == 0:
            column = draw(columns(dataset, SET_TEXTS[dataset], Kind.TEXT))
            known = st.sampled_from(TEXTS[dataset][column.value.name])
            plain = known.map(literal) | st.just(Said("NULL", Missing()))
            value = draw(plain) if draw(st.booleans()) else draw(texts(dataset))
        else:
            column = draw(columns(dataset, (*AMOUNTS[dataset][:2], AMOUNTS[dataset][-1]), Kind.NUMBER))
            value = draw(amounts(dataset, column, one_by_one))
        assigned.setdefault(column.value.name, (column, value))
    said = ", ".join(f"{column.sql} = {value.sql}" for column, value in assigned.values())
    pairs = tuple((column.value, value.value) for column, value in assigned.values())
    return Said(
        f"UPDATE {dataset.value} SET {said}{behind}", Update(dataset=dataset, assignments=pairs, where=condition)
    )


@st.composite
def inserted_texts(draw: st.DrawFn) -> dict[str, Said]:
    given = {
        "provider": draw(st.sampled_from(("aws", "azure", "own"))),
        "service": draw(st.sampled_from(("EC2", "Fee", "AWS Support"))),
        "cost_type": draw(st.sampled_from(("Fee", "Credit", "Usage", "Odd"))),
    }
    if draw(st.booleans()):
        given["cost_category"] = draw(st.sampled_from(("Compute", "AWS Marketplace")))
    return {name: literal(text) for name, text in given.items()}


@st.composite
def value_inserts(draw: st.DrawFn) -> Said:
    values = draw(inserted_texts())
    values["amount"] = number(draw(st.sampled_from(("900", "-250", "0.005", "0.000000000000000001"))))
    if draw(st.booleans()):
        values["date"] = literal(draw(st.sampled_from(("2026-03-31", "2026-03-01", "2026-04-01"))))
    names, said = ", ".join(values), ", ".join(value.sql for value in values.values())
    meant = {"accrued_at" if name == "date" else name: value.value for name, value in values.items()}
    return Said(f"INSERT INTO costs ({names}) VALUES ({said});", InsertValues(values=meant))


@st.composite
def sum_inserts(draw: st.DrawFn, one_by_one: bool) -> Said:
    column = Said("costs.amount", Column(dataset=COSTS, name="amount", kind=Kind.NUMBER))
    operand = draw(st.just(column) | amounts(COSTS, column, one_by_one, deep=False))
    operand = operand if numbers_in(operand.value) else column
    total = Said(f"SUM({operand.sql})", Sum(operand=operand.value))
    choice = draw(st.integers(0, 4))
    if choice == 0:
        limit = Comparison(operator="<", left=total.value, right=Number(value=Decimal(1000)))
        otherwise = calculated(total, "*", number("0.05"))
        value = Case(
            branches=((limit, calculated(total, "*", number("0.1")).value),),
            otherwise=otherwise.value,
            kind=Kind.NUMBER,
        )
        amount = Said(
            f"CASE WHEN {total.sql} < 1000 THEN ({total.sql} * 0.1) ELSE {otherwise.sql} END",
            value,
        )
    elif choice == 1:
        amount = Said(
            f"LEAST({total.sql}, 500)",
            Call(function=Function.LEAST, arguments=(total.value, Number(value=Decimal(500)))),
        )
    else:
        amount = calculated(total, "*", number(draw(st.sampled_from(("0.08", "1", "0.015")))))
    values = {**draw(inserted_texts()), "amount": amount}
    where = draw(st.none() | conditions(COSTS, amounts=one_by_one))
    names, said = ", ".join(values), ", ".join(value.sql for value in values.values())
    sql = f"INSERT INTO costs ({names}) SELECT {said} FROM costs" + ("" if where is None else f" WHERE {where.sql}")
    meant = {name: value.value for name, value in values.items()}
    return Said(sql, InsertSum(values=meant, where=None if where is None else where.value))


@st.composite
def rules(draw: st.DrawFn, number_: int, *, one_by_one: bool = False) -> Drawn:
    """Draw a rule of any kind; ``one_by_one`` admits those that look at amounts."""
    token, kind = f"rule-{number_:02}", draw(st.integers(0, 14))
    start, end = draw(st.none() | st.none() | days), draw(st.none() | st.none() | days)
    if start is not None and end is not None and end < start:
        start, end = end, start
    dated: dict[str, Any] = {"token": token, "title": token, "start_date": start, "end_date": end}
    if kind > 6:
        said = draw(_statements(kind, one_by_one))
        return Drawn(CustomRule(sql_query=said.sql, **dated), said.value)
    return Drawn(draw(_plain_rules(kind, dated)))


def _statements(kind: int, one_by_one: bool) -> st.SearchStrategy[Said]:
    if kind == 7:
        return value_inserts()
    if kind == 8:
        return sum_inserts(one_by_one)
    return transforms(AWS if kind < 12 else COSTS, one_by_one)


@st.composite
def _plain_rules(draw: st.DrawFn, kind: int, dated: dict[str, Any]) -> BillingRule:
    if kind == 0:
        wanted = ("tax", "correction", "Savings Plan Negation", "RIFee", "nce", "Usage", " Credit ")
        return ExclusionRule(charge_type=draw(st.sampled_from(wanted)), **dated)
    if kind == 1:
        return AdjustmentRule(
            percentage=Decimal(draw(st.sampled_from(("90", "110", "97.125", "0", "100", "33.3333333")))),
            service=draw(st.sampled_from((None, None, "EC2"))),
            category=draw(st.sampled_from((None, None, "Compute"))),
            **dated,
        )
    if kind == 2:
        make: type[ChargeRule | CreditRule] = ChargeRule if draw(st.booleans()) else CreditRule
        amount = Decimal(draw(st.sampled_from(("300", "0.07", "12.345678901234567891"))))
        start = dated["start_date"] or date(2026, 3, 3)
        fields: dict[str, Any] = {"service": "Fee", "category": "Compute", "sub_category": "Once", "amount": amount}
        return make(**{**dated, "start_date": start, **fields})
    if kind == 3:
        return PublicPriceRule(**dated)
    if kind == 4:
        return RemoveCommitmentDiscountsRule(**dated)
    if kind == 5:
        return RetierRule(include_free_tier=draw(st.booleans()), **dated)
    tiers = (FeeTier(percentage=Decimal(10), up_to=Decimal(10_000)), FeeTier(percentage=Decimal("7.5")))
    return SupportFeeRule(
        service="Care",
        category="Services",
        sub_category="Monthly",
        tiers=tiers,
        minimum=Decimal(draw(st.sampled_from(("0", "100")))),
        per_account=draw(st.booleans()),
        provider=draw(st.sampled_from(("aws", None))),
        **dated,
    )


def in_order(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Sort by execution group, as an agreement has them."""
    statements = {each.rule.token: each.statement for each in drawn if each.statement is not None}
    key: Callable[[Drawn], int] = lambda each: group_of(each.rule, statements)  # noqa: E731
    return sorted(drawn, key=key)
