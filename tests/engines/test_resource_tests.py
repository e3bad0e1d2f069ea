"""Conditions on resources are asked by the engine: that must be what the slow, obvious way finds, on any text."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billow.billingrules.resource_tests import ANSWER, ResourceTests
from billow.billingrules.rule import CustomRule
from billow.billingrules.sql.read import read_statement
from billow.terms.focus import CostBasis
from tests.engines.random_bills import bills
from tests.engines.random_rules import Drawn, in_order
from tests.engines.test_rules_against_interpreter import compare

NAMES = (None, "", "i-1", "I-1", "vm/i-12", "/Providers/X", "\u00c4rger/i-1", "stra\u00dfe", "\u0130", "50%_x", "a'b\n")
TEXTS = ("", "i-1", "vm/i-12", "/providers/x", "\u00e4rger/i-1", "STRASSE", "50%_x", "a''b\n", "i\u0307")
PATTERNS = ("%", "", "i-1", "%1", "vm%", "%/%", "%''b%", "/prov%", "\u00c4%", "_-1", "%a%e%", "%\u00df%", "%%")
READ = ("costs.resource_id", "LOWER(costs.resource_id)", "UPPER(costs.resource_id)")


@st.composite
def conditions(draw: st.DrawFn, depth: int = 0) -> str:
    """Draw a condition, mostly on resources and mostly one that an engine can be asked."""
    kind = draw(st.integers(0, 9 if depth < 2 else 6))
    read, text = draw(st.sampled_from(READ)), draw(st.sampled_from(TEXTS))
    match kind:
        case 0 | 1 | 2:
            like = draw(st.sampled_from(("LIKE", "NOT LIKE")))
            return f"{read} {like} '{draw(st.sampled_from(PATTERNS))}'"
        case 3:
            return f"{read} {draw(st.sampled_from(('=', '!=')))} '{text}'"
        case 4:
            return f"{read} {draw(st.sampled_from(('IN', 'NOT IN')))} ('{text}', 'i-1')"
        case 5:
            return f"costs.resource_id {draw(st.sampled_from(('IS NULL', 'IS NOT NULL')))}"
        case 6:
            return f"costs.service = '{draw(st.sampled_from(('EC2', 'S3')))}'"
        case 7:
            return f"NOT ({draw(conditions(depth + 1))})"
    joined = "AND" if kind == 8 else "OR"
    return f"({draw(conditions(depth + 1))} {joined} {draw(conditions(depth + 1))})"


@st.composite
def rules(draw: st.DrawFn, place: int) -> Drawn:
    """Draw a rule that looks at resources; now and then one that an engine cannot be asked."""
    where = draw(conditions())
    sql = {
        0: f"UPDATE costs SET costs.amount = costs.amount * 0.925 WHERE {where}",
        1: f"DELETE FROM costs WHERE {where}",
        2: "UPDATE costs SET costs.amount = CASE WHEN "
        f"{where} THEN costs.amount * 1.03 ELSE costs.amount * 0.333333333333333333 END",
        3: "INSERT INTO costs (provider, service, cost_type, amount) "
        f"SELECT 'aws', 'Care', 'Fee', SUM(costs.amount) * 0.07 FROM costs WHERE {where}",
        4: "INSERT INTO costs (provider, service, cost_type, amount, resource_id) "
        "VALUES ('aws', 'EC2', 'Fee', 5, 'i-1')",
        5: f"UPDATE costs SET costs.service = 'Of ' || costs.provider WHERE {where}",
        6: f"UPDATE costs SET costs.amount = costs.amount * 2 WHERE SUBSTR(costs.resource_id, 1, 1) = 'i' AND {where}",
        7: f"UPDATE costs SET costs.resource_id = 'i-1' WHERE {where}",
        8: f"UPDATE costs SET costs.amount = costs.amount * 1.1 WHERE costs.amount > 1 AND {where}",
    }[draw(st.sampled_from((0, 0, 0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7, 8, 8)))]
    statement, issues = read_statement(sql=sql)
    assert statement is not None, issues
    return Drawn(CustomRule(token=f"rule-{place}", title="", sql_query=sql), statement)


@st.composite
def lists(draw: st.DrawFn) -> list[list[Drawn]]:
    return [in_order([draw(rules(who * 50 + n)) for n in range(draw(st.integers(1, 6)))]) for who in range(2)]


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(bills(), st.lists(st.sampled_from(NAMES), min_size=40, max_size=40), lists())
def test_conditions_on_resources(bill: list[dict[str, Any]], names: list[str | None], drawn: list[list[Drawn]]) -> None:
    named = [{**charge, "ResourceId": names[place % len(names)]} for place, charge in enumerate(bill)]
    compare(named, drawn, CostBasis.BILLED_COST)


def test_conditions_that_an_engine_can_be_asked_are_and_others_are_not() -> None:
    half = "UPDATE costs SET costs.amount = costs.amount * 0.5 WHERE "
    texts = [half + "costs.resource_id LIKE 'i-%' AND costs.service = 'S3'", half + "costs.resource_id != 'i-1'"]
    tests = ResourceTests()
    statements = [statement for sql in texts if (statement := read_statement(sql=sql)[0]) is not None]
    asked, numbers = tests.asked(statements)
    assert numbers == {0, 1}
    assert all(ANSWER in repr(statement) for statement in asked)
    assert tests.asked(statements) == (asked, numbers)
    other = read_statement(sql=half + "costs.resource_id LIKE 'i_1'")[0]
    assert other is not None
    assert tests.asked([*statements, other]) == ([*statements, other], frozenset())


def test_a_month_with_very_many_different_conditions_asks_some_the_long_way() -> None:
    tests = ResourceTests()
    half = "UPDATE costs SET costs.amount = costs.amount * 0.5 WHERE costs.resource_id = 'i-{}'"
    found = []
    for number in range(205):
        statement = read_statement(sql=half.format(number))[0]
        assert statement is not None
        found.append(len(tests.asked([statement])[1]))
    assert (found[:200], found[200:]) == ([1] * 200, [0] * 5)


def test_one_customer_with_very_many_or_very_long_conditions_asks_them_the_long_way() -> None:
    where = "DELETE FROM costs WHERE {}"
    many = " OR ".join(f"costs.resource_id = 'i-{number}'" for number in range(51))
    long = " OR ".join(f"costs.resource_id LIKE '{'x' * 990}{number}%'" for number in range(11))
    for condition in (many, long):
        statement = read_statement(sql=where.format(condition))[0]
        assert statement is not None
        assert ResourceTests().asked([statement]) == ([statement], frozenset())
