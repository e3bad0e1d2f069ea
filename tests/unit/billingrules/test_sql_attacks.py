"""Rules written to break out, to hide something or to keep the machine busy."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billow.billingrules.datasets import NEEDED_IN_INSERT
from billow.billingrules.expression import Column, Comparison, Dataset, Every, Kind, Number, Opposite, Pattern, Text
from billow.billingrules.sql.read import read_statement
from billow.billingrules.sql.words import ARGUMENT_COUNTS, HINTS, KEYWORDS, SIGN_HINTS
from billow.billingrules.statement import Delete, Statement, Update
from tests.factories.sql_rules import costs
from tests.hostile_rules import EXHAUSTING, HARMLESS, REFUSED

PLACE = re.compile(r"Line (\d+), column (\d+): \S")
LONGEST_S = 1


def seconds_to_read(sql: str) -> float:
    started = time.process_time()
    read_statement(sql=sql)
    return time.process_time() - started


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in REFUSED])
def test_a_hostile_rule_is_refused_with_a_place_and_a_hint(sql: str) -> None:
    statement, issues = read_statement(sql=sql)
    assert statement is None
    assert issues and all(issue.is_error and PLACE.match(issue.message) for issue in issues)
    assert all(issue.message.isprintable() and len(issue.message) < 600 for issue in issues)


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in HARMLESS])
def test_a_rule_that_only_looks_hostile_is_read(sql: str) -> None:
    statement, issues = read_statement(sql=sql)
    assert statement is not None, issues
    assert not any(issue.is_error for issue in issues)


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in [*EXHAUSTING, *HARMLESS]])
def test_no_rule_keeps_the_machine_busy(sql: str) -> None:
    assert seconds_to_read(f"{sql}\n") < LONGEST_S


def test_what_stands_in_a_text_stays_a_text() -> None:
    sql = "UPDATE costs SET costs.service = '''; DROP TABLE costs; -- \\' WHERE costs.amount = 0"
    statement, _ = read_statement(sql=sql)
    assert statement == Update(
        dataset=Dataset.COSTS,
        assignments=((costs("service"), Text(value="'; DROP TABLE costs; -- \\")),),
        where=Comparison(operator="=", left=costs("amount"), right=Number(value=0)),  # type: ignore[arg-type]
    )


def test_what_stands_in_a_name_stays_a_name() -> None:
    statement, _ = read_statement(sql="DELETE FROM costs WHERE costs.tags.\"a\"\" = '1' OR 'b\" = 'x'")
    tag = Column(dataset=Dataset.COSTS, name="tags.a\" = '1' OR 'b", kind=Kind.TEXT)
    assert statement == Delete(dataset=Dataset.COSTS, where=Comparison(operator="=", left=tag, right=Text(value="x")))


def test_two_minuses_begin_a_comment_and_the_rest_is_read() -> None:
    statement, _ = read_statement(sql="UPDATE costs SET costs.amount = 5--3\n+ 1 WHERE costs.service NOT LIKE 'x'")
    assert isinstance(statement, Update)
    assert statement.where == Opposite(condition=Pattern(operand=costs("service"), pattern=Text(value="x")))
    assert "3" not in repr(statement.assignments)


def test_deep_brackets_mean_what_shallow_ones_mean() -> None:
    plain = "costs.amount = 1 AND (costs.service = 'x' OR NOT costs.region = 'y')"
    deep = plain
    for _ in range(48):
        deep = f"({deep})"
    assert (
        read_statement(sql=f"DELETE FROM costs WHERE {deep}")[0]
        == read_statement(sql=f"DELETE FROM costs WHERE {plain}")[0]
    )


def test_deep_cases_keep_their_branches_apart() -> None:
    value = "costs.amount"
    for level in range(50):
        value = f"CASE WHEN costs.service = 's{level}' THEN {level} ELSE {value} END"
    statement, issues = read_statement(sql=f"UPDATE costs SET costs.amount = {value}")
    assert isinstance(statement, Update), issues
    case = statement.assignments[0][1]
    for level in reversed(range(50)):
        ((condition, then),) = case.branches  # type: ignore[union-attr]
        assert condition == Comparison(operator="=", left=costs("service"), right=Text(value=f"s{level}"))
        assert then == Number(value=level)  # type: ignore[arg-type]
        case = case.otherwise  # type: ignore[union-attr]
    assert case == costs("amount")


def test_a_thousand_conditions_stay_in_their_order() -> None:
    conditions = " AND ".join(f"costs.service != 's{number}'" for number in range(600))
    statement, _ = read_statement(sql=f"DELETE FROM costs WHERE {conditions}")
    assert isinstance(statement, Delete)
    assert isinstance(statement.where, Every)
    assert [item.right for item in statement.where.conditions] == [  # type: ignore[union-attr]
        Text(value=f"s{number}") for number in range(600)
    ]


def is_whole(statement: Statement) -> bool:
    if isinstance(statement, Update):
        return bool(statement.assignments)
    return isinstance(statement, Delete) or set(NEEDED_IN_INSERT) <= set(statement.values)


WORDS = sorted(
    {*KEYWORDS, *ARGUMENT_COUNTS, *HINTS, *SIGN_HINTS}
    | {
        "costs",
        "aws",
        "costs.amount",
        "costs.service",
        "aws.lineItem/UnblendedCost",
        "costs.tags.team",
        "amount",
        "date",
    }
    | {
        "'x'",
        "'1'",
        "''",
        "1",
        "0",
        "-1",
        "1.5",
        "(",
        ")",
        ",",
        ";",
        "=",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "||",
        "--",
        "\n",
    }
    | {"UPDATE costs SET", "DELETE FROM costs WHERE", "INSERT INTO costs (", "VALUES (", "SELECT", "FROM costs", "SUM("}
    | {"costs.amount =", "CASE WHEN", "END", "IS NOT NULL", "NOT LIKE", "NOT IN (", "'"}
)
NEAR_SQL = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
BEGINNINGS = st.sampled_from(
    [
        "UPDATE costs SET costs.amount = ",
        "DELETE FROM costs WHERE ",
        "INSERT INTO costs (provider, amount) VALUES (",
        "",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.builds("{}{}".format, BEGINNINGS, st.one_of(NEAR_SQL, st.text(max_size=200))))
def test_any_text_is_read_or_refused_and_nothing_else_happens(sql: str) -> None:
    assert seconds_to_read(sql) < LONGEST_S
    statement, issues = read_statement(sql=sql)
    errors = [issue for issue in issues if issue.is_error]
    assert (statement is None) == bool(errors)
    assert statement is None or is_whole(statement)
    lines = re.split(r"\r\n|\r|\n", sql)
    for issue in issues:
        place = PLACE.match(issue.message)
        assert place is not None, issue.message
        line, column = int(place.group(1)), int(place.group(2))
        assert line == issue.row and line <= len(lines) and column <= len(lines[line - 1]) + 1


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=50))
def test_any_printable_text_comes_through_as_it_is_written(value: str) -> None:
    quoted = value.replace("'", "''")
    statement, issues = read_statement(sql=f"DELETE FROM costs WHERE costs.service = '{quoted}'")
    assert isinstance(statement, Delete), issues
    assert statement.where == Comparison(operator="=", left=costs("service"), right=Text(value=value))
