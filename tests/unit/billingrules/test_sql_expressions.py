"""Values and conditions: what binds tighter, what kind they are, and how columns are written."""

from decimal import Decimal

import pytest

from billow.billingrules.expression import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Comparison,
    Concatenation,
    Condition,
    Constant,
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
    Text,
    Value,
)
from billow.billingrules.sql.read import read_statement
from billow.billingrules.statement import Delete, Update
from tests.factories.sql_rules import aws, costs, equal, number, text

AMOUNT, SERVICE, REGION = costs("amount"), costs("service"), costs("region")


def condition(sql: str, *, dataset: str = "costs") -> Condition | None:
    statement, issues = read_statement(sql=f"DELETE FROM {dataset} WHERE {sql}")
    assert isinstance(statement, Delete), [issue.message for issue in issues]
    return statement.where


def value(sql: str, *, column: str = "costs.amount") -> Value:
    statement, issues = read_statement(sql=f"UPDATE costs SET {column} = {sql}")
    assert isinstance(statement, Update), [issue.message for issue in issues]
    return statement.assignments[0][1]


def of(operator: str, left: Value, right: Value) -> Arithmetic:
    return Arithmetic(operator=operator, left=left, right=right)


def is_(left: Value, operator: str, right: Value) -> Comparison:
    return Comparison(operator=operator, left=left, right=right)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1 + 2 * 3", of("+", number("1"), of("*", number("2"), number("3")))),
        ("(1 + 2) * 3", of("*", of("+", number("1"), number("2")), number("3"))),
        ("1 - 2 - 3", of("-", of("-", number("1"), number("2")), number("3"))),
        ("8 / 4 / 2", of("/", of("/", number("8"), number("4")), number("2"))),
        ("-costs.amount", of("*", number("-1"), AMOUNT)),
        ("- -5", number("5")),
        ("2 - -3", of("-", number("2"), number("-3"))),
        ("costs.amount*-'1.5'", of("*", AMOUNT, number("-1.5"))),
        (".5", number("0.5")),
        ("007.50", number("7.5")),
        ("ROUND(costs.amount, 2)", Call(function=Function.ROUND, arguments=(AMOUNT, number("2")))),
        ("round ( costs.amount )", Call(function=Function.ROUND, arguments=(AMOUNT,))),
        (
            "GREATEST(costs.amount, '0')",
            Call(function=Function.GREATEST, arguments=(AMOUNT, number("0"))),
        ),
        ("CAST(costs.tags.fee AS DECIMAL)", Cast(operand=costs("tags.fee"), kind=Kind.NUMBER)),
        ("CAST('1.5' AS DECIMAL)", number("1.5")),
        ("CAST(costs.usage_amount AS DECIMAL)", costs("usage_amount")),
        (
            "CASE WHEN TRUE THEN '1' ELSE costs.amount END",
            Case(branches=((Constant(holds=True), number("1")),), otherwise=AMOUNT, kind=Kind.NUMBER),
        ),
    ],
)
def test_numbers_are_calculated_in_the_order_of_arithmetic(sql: str, expected: Value) -> None:
    assert value(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("''", text("")),
        ("NULL", Missing()),
        ("'it''s'", text("it's")),
        (r"'a\n'", text("a\\n")),
        ("'a' || costs.region || 'b'", Concatenation(parts=(text("a"), REGION, text("b")))),
        ("CONCAT('a', costs.region)", Concatenation(parts=(text("a"), REGION))),
        ("CAST(costs.amount AS VARCHAR)", Cast(operand=AMOUNT, kind=Kind.TEXT)),
        ("CAST(1.50 AS VARCHAR)", text("1.50")),
        (
            "SUBSTR(costs.region, 1, 2)",
            Call(function=Function.SUBSTR, arguments=(REGION, number("1"), number("2"))),
        ),
        ("COALESCE(costs.region, 'x')", Call(function=Function.COALESCE, arguments=(REGION, text("x")))),
        (
            "CASE WHEN FALSE THEN 'x' END",
            Case(branches=((Constant(holds=False), text("x")),), otherwise=Missing(), kind=Kind.TEXT),
        ),
        (
            "CASE WHEN FALSE THEN NULL ELSE '5' END",
            Case(branches=((Constant(holds=False), Missing()),), otherwise=text("5"), kind=Kind.TEXT),
        ),
    ],
)
def test_texts_are_joined_and_may_be_missing(sql: str, expected: Value) -> None:
    assert value(sql, column="costs.service") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "costs.region || 'b' LIKE '%' || costs.service || '%'",
            Pattern(
                operand=Concatenation(parts=(REGION, text("b"))),
                pattern=Concatenation(parts=(text("%"), SERVICE, text("%"))),
            ),
        ),
        (
            "costs.service = 'a' OR costs.service = 'b' AND costs.region = 'c'",
            Either(conditions=(equal(SERVICE, "a"), Every(conditions=(equal(SERVICE, "b"), equal(REGION, "c"))))),
        ),
        (
            "(costs.service = 'a' OR costs.service = 'b') AND costs.region = 'c'",
            Every(conditions=(Either(conditions=(equal(SERVICE, "a"), equal(SERVICE, "b"))), equal(REGION, "c"))),
        ),
        (
            "NOT costs.service = 'a' AND costs.region = 'c'",
            Every(conditions=(Opposite(condition=equal(SERVICE, "a")), equal(REGION, "c"))),
        ),
        ("NOT (costs.service IS NULL)", Opposite(condition=IsMissing(operand=SERVICE))),
        ("costs.service IS NOT NULL", Opposite(condition=IsMissing(operand=SERVICE))),
        (
            "costs.service NOT IN ('a', 'b')",
            Opposite(condition=Membership(operand=SERVICE, values=(text("a"), text("b")))),
        ),
        ("costs.service NOT LIKE 'a_'", Opposite(condition=Pattern(operand=SERVICE, pattern=text("a_")))),
        (
            "costs.amount BETWEEN 1 AND '2' AND costs.region = 'c'",
            Every(
                conditions=(
                    Every(conditions=(is_(AMOUNT, ">=", number("1")), is_(AMOUNT, "<=", number("2")))),
                    equal(REGION, "c"),
                )
            ),
        ),
        (
            "costs.amount NOT BETWEEN 1 AND 2",
            Opposite(condition=Every(conditions=(is_(AMOUNT, ">=", number("1")), is_(AMOUNT, "<=", number("2"))))),
        ),
        ("costs.amount + 1 > 2 * 3", is_(of("+", AMOUNT, number("1")), ">", of("*", number("2"), number("3")))),
        ("costs.amount<>5", is_(AMOUNT, "!=", number("5"))),
        ("'5' = costs.amount", is_(number("5"), "=", AMOUNT)),
        ("costs.amount IN ('1', 2, -3)", Membership(operand=AMOUNT, values=(number("1"), number("2"), number("-3")))),
        ("costs.account_id = 012345678901", equal(costs("account_id"), "012345678901")),
        (
            "costs.account_id IN (012345678901, '12')",
            Membership(operand=costs("account_id"), values=(text("012345678901"), text("12"))),
        ),
        ("'10' < '9'", Comparison(operator="<", left=text("10"), right=text("9"))),
        ("'10' < 9", Comparison(operator="<", left=number("10"), right=number("9"))),
        ("TRUE", Constant(holds=True)),
    ],
)
def test_conditions_bind_as_in_sql(sql: str, expected: Condition) -> None:
    assert condition(sql) == expected


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("aws.lineItem/UsageType", "lineItem/UsageType"),
        ("AWS.LINEITEM/usagetype", "lineItem/UsageType"),
        ('aws."lineItem/UsageType"', "lineItem/UsageType"),
        ("aws.resourceTags/team", "resourceTags/team"),
        ("aws.resourcetags/user:cost-center.id", "resourceTags/user:cost-center.id"),
        ('aws."resourceTags/kubernetes.io/name"', "resourceTags/kubernetes.io/name"),
        ('aws.resourceTags/"my key"', "resourceTags/my key"),
        ("aws.costCategory/Team", "costCategory/Team"),
    ],
)
def test_columns_of_reports_are_written_with_and_without_quotes(written: str, name: str) -> None:
    assert condition(f"{written}='x'", dataset="aws") == equal(aws(name), "x")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Costs.Service", "service"),
        ('costs."service"', "service"),
        ("costs.date", "accrued_at"),
        ("costs.tags.team", "tags.team"),
        ("costs.tags.cost-center", "tags.cost-center"),
        ('costs.tags."my key"', "tags.my key"),
        ('costs.tags."say ""x"""', 'tags.say "x"'),
        ('costs."tags.my key"', "tags.my key"),
        ("costs.tags.Team", "tags.Team"),
    ],
)
def test_columns_of_costs_are_written_with_and_without_quotes(written: str, name: str) -> None:
    assert condition(f"{written}='x'") == equal(costs(name), "x")


def test_a_column_divided_is_not_a_longer_column() -> None:
    statement, _ = read_statement(
        sql="UPDATE aws SET lineItem/UnblendedCost=aws.lineItem/UnblendedCost/aws.lineItem/UsageAmount/2"
    )
    assert isinstance(statement, Update)
    cost, usage = aws("lineItem/UnblendedCost"), aws("lineItem/UsageAmount")
    assert statement.assignments == ((cost, of("/", of("/", cost, usage), number("2"))),)


def test_a_number_keeps_its_digits() -> None:
    long = "12345678901234567890.123456789012345678"
    assert value(long) == Number(value=Decimal(long))
    assert value("0." + "0" * 5_000) == number("0")


def test_the_left_side_of_set_may_leave_its_dataset_out() -> None:
    for name in ("amount", '"amount"', "costs.amount", "Costs.Amount"):
        statement, _ = read_statement(sql=f"UPDATE costs SET service = 'x', {name} = 1 WHERE costs.region = 'y'")
        assert isinstance(statement, Update)
        assert statement.assignments == ((SERVICE, Text(value="x")), (AMOUNT, number("1")))
