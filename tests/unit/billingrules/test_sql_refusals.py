"""What is no rule is refused at its place, with what to write instead."""

import pytest

from billow.billingrules.sql.read import read_statement
from billow.terms.issue import Issue

INSERT = "INSERT INTO costs (provider, service, cost_type, amount) "


def refused(sql: str) -> tuple[Issue, ...]:
    statement, issues = read_statement(sql=sql)
    assert statement is None
    return issues


@pytest.mark.parametrize(
    ("sql", "place", "code", "hint"),
    [
        ("SELECT * FROM costs", "1:1", "unknown_statement", "one UPDATE, DELETE or INSERT"),
        ("DROP TABLE costs", "1:1", "unknown_statement", "one UPDATE, DELETE or INSERT"),
        ("DELETE FROM costs;\nDELETE FROM aws", "2:1", "second_statement", "make a second rule"),
        ("INSERT INTO aws (provider) VALUES ('aws')", "1:13", "insert_into_aws", "write INSERT INTO costs"),
        (
            "UPDATE aws\nSET aws.lineItem/UnblendedCosts = 1",
            "2:5",
            "unknown_column",
            "write aws.lineItem/UnblendedCost",
        ),
        ("DELETE FROM aws WHERE aws.lineItem/Foo = 'x'", "1:23", "unknown_column", "aws.lineItem/"),
        (
            "DELETE FROM aws WHERE aws.nothing/Like = 'x'",
            "1:23",
            "unknown_column",
            "one of the groups bill, costCategory",
        ),
        ("DELETE FROM costs WHERE costs.servise = 'x'", "1:25", "unknown_column", "write costs.service"),
        ("DELETE FROM costs WHERE costs.zzzzz = 'x'", "1:25", "unknown_column", "columns of costs are account_id"),
        ("DELETE FROM costs\r\nWHERE amount = 0", "2:7", "dataset_missing", "write costs.amount"),
        ("DELETE FROM costs WHERE date = '2026-03-01'", "1:25", "dataset_missing", "write costs.accrued_at"),
        ("DELETE FROM aws WHERE lineItem/UsageType = 'x'", "1:23", "dataset_missing", "write aws.lineItem/"),
        ("DELETE FROM costs WHERE 'x' = \"service\"", "1:31", "dataset_missing", "write costs.service"),
        ("DELETE FROM cost WHERE costs.amount = 0", "1:13", "unknown_dataset", "write aws or costs"),
        ("DELETE FROM azure WHERE azure.amount = 0", "1:13", "unknown_dataset", "azure is not a dataset; write aws or"),
        ("DELETE FROM costs WHERE costs.service = 'azure' AND azure.x = 0", "1:53", "unknown_dataset", "costs.column"),
        ("UPDATE Azure\nSET azure.amount = 0", "1:8", "unknown_dataset", "write aws or costs"),
        ("DELETE FROM costs WHERE azure.amount = 0", "1:25", "unknown_dataset", "aws.group/Column or costs.column"),
        ("DELETE FROM costs WHERE costs.amount > (SELECT 1)", "1:41", "sub_query", "columns of the statement's own"),
        ("DELETE FROM costs WHERE costs.service ILIKE 'x%'", "1:39", "not_understood", "LOWER(column) LIKE"),
        ("DELETE FROM costs WHERE costs.service == 'x'", "1:39", "not_understood", "write ="),
        ("DELETE FROM costs WHERE costs.amount = 0 && TRUE", "1:42", "not_understood", "write AND"),
        ("UPDATE costs SET costs.amount = costs.amount * 5%", "1:49", "not_understood", "as a number, 0.95"),
        ("DELETE FROM costs /* all */", "1:19", "not_understood", "write comments with --"),
        ("DELETE FROM costs c", "1:19", "not_understood", "no other name for the dataset"),
        ("DELETE FROM costs LIMIT 1", "1:19", "not_understood", "leave it out"),
        ("DELETE FROM costs\nWHERE costs.service = \u201cx\u201d", "2:23", "odd_character", 'straight double quote "'),
        ("DELETE FROM costs\u00a0WHERE TRUE", "1:18", "odd_character", "U+00A0 NO-BREAK SPACE"),
        ("DELETE FROM costs WHERE costs.\u0430mount = 0", "1:25", "unknown_column", "write it as costs.amount"),
        ("DELETE FROM costs WHERE \u0430 = 0", "1:25", "odd_character", "U+0430 CYRILLIC SMALL LETTER A"),
        ("DELETE FROM costs WHERE costs.service = 'x\x00'", "1:43", "odd_character", "U+0000 control character"),
        ("DELETE FROM costs WHERE costs.service = 'x", "1:41", "unclosed_text", "no closing '"),
        ('DELETE FROM costs WHERE "x = 1', "1:25", "unclosed_name", 'no closing "'),
        ("DELETE FROM costs WHERE (costs.amount = 0", "1:25", "unclosed_bracket", "add )"),
        ("DELETE FROM costs WHERE costs.amount = 0)", "1:41", "unclosed_bracket", "take it out"),
        ("UPDATE costs SET costs.amount = (CASE WHEN TRUE THEN 1)", "1:55", "unclosed_bracket", "add END before it"),
        ("UPDATE costs SET costs.amount = 1e5", "1:33", "number_not_understood", "1e5 is not a number"),
        ("UPDATE costs SET costs.amount = 'abc'", "1:33", "not_a_number", "write a number"),
        ("UPDATE costs SET costs.amount = NULL", "1:33", "null_misplaced", "0 for no amount"),
        ("UPDATE costs SET costs.amount = CASE WHEN TRUE THEN 1 END", "1:43", "else_missing", "write ELSE"),
        ("UPDATE costs SET costs.amount = costs.service", "1:33", "not_a_number", "CAST(costs.service AS DECIMAL)"),
        ("UPDATE costs SET costs.amount = 1 / 0.0", "1:37", "division_by_zero", "write another number"),
        ("UPDATE costs SET costs.amount = 123456789012345678901", "1:33", "number_too_long", "at most 20 before"),
        ("UPDATE costs SET costs.service = 5", "1:34", "not_a_text", "write '5'"),
        ("UPDATE costs SET costs.service = costs.amount", "1:34", "not_a_text", "CAST(costs.amount AS VARCHAR)"),
        ("UPDATE costs SET costs.currency = 'EUR'", "1:18", "not_writable", "set another column"),
        ("UPDATE costs SET costs.service = 'a', service = 'b'", "1:39", "column_twice", "leave one of the two out"),
        ("UPDATE costs SET aws.product/sku = 'x'", "1:18", "datasets_mixed", "write a column of costs"),
        ("DELETE FROM aws WHERE costs.amount = 0", "1:23", "datasets_mixed", "write a column of aws"),
        (
            "DELETE FROM costs WHERE costs.amount = costs.service",
            "1:40",
            "not_a_number",
            "CAST(costs.service AS DECIMAL)",
        ),
        ("DELETE FROM costs WHERE costs.amount LIKE '5%'", "1:25", "not_a_text", "CAST(costs.amount AS VARCHAR)"),
        ("DELETE FROM costs WHERE costs.service = NULL", "1:41", "null_misplaced", "write IS NULL"),
        ("DELETE FROM costs WHERE costs.service IS 'x'", "1:42", "not_understood", "write ="),
        ("DELETE FROM costs WHERE costs.service IN 'x'", "1:25", "not_understood", "IN ('a', 'b')"),
        ("DELETE FROM costs WHERE costs.service IN ()", "1:25", "not_understood", "at least one value"),
        ("DELETE FROM costs WHERE costs.service", "1:25", "condition_expected", "costs.service = 'x'"),
        ("UPDATE costs SET costs.amount = (costs.amount > 1)", "1:34", "value_expected", "CASE WHEN"),
        ("DELETE FROM costs WHERE", "1:19", "not_understood", "a value is missing behind WHERE"),
        ("DELETE FROM costs WHERE costs.amount = 0 AND", "1:42", "not_understood", "a value is missing behind AND"),
        ("DELETE FROM costs WHERE OR costs.amount = 0", "1:19", "not_understood", "a value is missing behind WHERE"),
        ("UPDATE costs SET costs.amount = CASE THEN 1 END", "1:38", "not_understood", "a value is missing before THEN"),
        ("UPDATE costs SET costs.amount = CASE END", "1:38", "not_understood", "CASE WHEN"),
        ("UPDATE costs SET costs.amount = 1,08", "1:35", "not_understood", "SET takes a column"),
        ("UPDATE costs SET", "1:14", "not_understood", "a value is missing behind SET"),
        ("UPDATE costs WHERE TRUE", "1:14", "not_understood", "UPDATE costs SET costs.amount"),
        ("UPDATE costs SET costs.amount 5", "1:31", "not_understood", "between them"),
        ("UPDATE costs SET costs.amount = 1,", "1:34", "not_understood", "a value is missing behind ,"),
        ("UPDATE costs SET costs.amount = * 2", "1:31", "not_understood", "a value is missing behind ="),
        ("UPDATE costs SET costs.amount = FLOOR(costs.amount)", "1:33", "unknown_function", "ABS, COALESCE, CONCAT"),
        ("UPDATE costs SET costs.amount = MAX(costs.amount, 0)", "1:33", "unknown_function", "write GREATEST"),
        ("UPDATE costs SET costs.amount = ABS(1, 2)", "1:33", "wrong_argument_count", "takes 1 value in its brackets"),
        ("UPDATE costs SET costs.amount = ROUND(1.5, -1)", "1:45", "whole_number_expected", "from 0 to 18"),
        ("UPDATE costs SET costs.amount = SUM(costs.amount)", "1:33", "sum_misplaced", "INSERT INTO costs (…) SELECT"),
        ("UPDATE costs SET costs.amount = CAST('x' AS DECIMAL)", "1:38", "not_a_number", "write a number"),
        (
            "UPDATE costs SET costs.amount = CAST('1' AS DATE)",
            "1:45",
            "not_understood",
            "use the rule's start and end date",
        ),
        ("INSERT INTO costs VALUES ('a')", "1:1", "column_missing", "name the columns"),
        ("INSERT INTO costs (provider, amount) VALUES ('a', 1)", "1:20", "column_missing", "add service, cost_type"),
        (INSERT + "VALUES ('', 'b', 'c', 1)", "1:66", "column_missing", "provider cannot be empty"),
        (INSERT + "VALUES ('a', 5, 'c', 1)", "1:71", "not_a_text", "write '5'"),
        (INSERT + "VALUES ('a', 'b', 'c', 'd')", "1:81", "not_a_number", "write a number"),
        (INSERT + "VALUES ('a', 'b', 'c')", "1:76", "wrong_count", "4 columns and 3 values"),
        (INSERT + "VALUES ('a', 'b', 'c', costs.amount)", "1:81", "column_misplaced", "SUM(costs.amount) FROM costs"),
        (INSERT + "SELECT 'a', 'b', 'c', 1 FROM costs", "1:58", "sum_missing", "write SUM(costs.amount)"),
        (INSERT + "SELECT 'a', 'b', 'c', costs.amount FROM costs", "1:80", "column_misplaced", "SUM(costs.amount)"),
        (INSERT + "SELECT 'a', 'b', 'c', SUM(1) FROM costs", "1:80", "sum_misplaced", "write SUM(costs.amount)"),
        (INSERT + "SELECT 'a', 'b', 'c', SUM(costs.service) FROM costs", "1:84", "not_a_number", "CAST(costs.service"),
        (INSERT.replace("amount", "amount, tags.team"), "1:58", "unknown_dataset", "costs.column"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_place(sql: str, place: str, code: str, hint: str) -> None:
    issue, *others = refused(sql)
    line, column = place.split(":")
    assert (issue.code, others) == (code, [])
    assert issue.message.startswith(f"Line {line}, column {column}: ")
    assert hint in issue.message
    assert (issue.row, issue.column) == (int(line), "sql_query")


def test_an_insert_takes_each_column_once_and_only_those_that_a_line_has() -> None:
    sql = (
        'INSERT INTO costs (provider, provider, colour, service, cost_type, amount, "tags.team") '
        "VALUES ('a', 'b', 'c', 'd', 'e', 1, 'f')"
    )
    assert [issue.code for issue in refused(sql)] == ["column_twice", "unknown_column", "unknown_column"]


@pytest.mark.parametrize("day", ["'2026-02-30'", "'31.03.2026'", "'20260331'", "NULL", "'2026' || '-03-31'"])
def test_a_day_is_written_out(day: str) -> None:
    sql = f"INSERT INTO costs (date, provider, service, cost_type, amount) VALUES ({day}, 'a', 'b', 'c', 1)"
    assert [issue.code for issue in refused(sql)] == ["not_a_date"]


def test_a_currency_is_one_that_exists() -> None:
    sql = "INSERT INTO costs (currency, provider, service, cost_type, amount) VALUES ('Euro', 'a', 'b', 'c', 1)"
    assert [issue.code for issue in refused(sql)] == ["unknown_currency"]


def test_a_line_of_sums_has_no_day_of_its_own() -> None:
    sql = (
        "INSERT INTO costs (date, provider, service, cost_type, amount) "
        "SELECT '2026-03-31', 'a', 'b', 'c', SUM(costs.amount) FROM costs"
    )
    assert [issue.code for issue in refused(sql)] == ["not_writable"]


def test_all_errors_are_found_at_once() -> None:
    sql = """UPDATE costs SET
      costs.amount = 'much',
      costs.colour = 'red'
    WHERE costs.service = NULL
      AND costs.servise = 'x'
      AND costs.amount = 0"""
    assert [(issue.code, issue.row) for issue in refused(sql)] == [
        ("not_a_number", 2),
        ("unknown_column", 3),
        ("null_misplaced", 4),
        ("unknown_column", 5),
    ]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    for end in ("\n", "\r\n", "\r"):
        sql = end.join(["-- one", "UPDATE costs -- 'two'", "SET costs.service = 'three", "four' , costs.colour = 'x'"])
        (issue,) = refused(sql)
        assert issue.message.startswith("Line 4, column 9: unknown column costs.colour")


def test_a_message_quotes_no_more_than_a_line() -> None:
    (issue,) = refused("UPDATE costs SET costs.amount = '" + "word\n" * 700 + "'")
    assert "\n" not in issue.message
    assert len(issue.message) < 300
