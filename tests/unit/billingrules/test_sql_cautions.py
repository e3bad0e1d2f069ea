"""Statements that are allowed, but probably do not do what was meant."""

import pytest

from billow.billingrules.sql.read import read_statement

RETYPE = "UPDATE aws SET aws.lineItem/LineItemType = 'Usage'"


def warnings_of(sql: str) -> list[str]:
    statement, issues = read_statement(sql=sql)
    assert statement is not None, [issue.message for issue in issues]
    assert not any(issue.is_error for issue in issues)
    return [issue.code for issue in issues]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("DELETE FROM costs", "deletes_everything"),
        ("DELETE FROM aws WHERE TRUE", "deletes_everything"),
        ("UPDATE costs SET costs.amount = 0", "sets_everything"),
        ("UPDATE aws SET aws.lineItem/UnblendedCost = '0'", "sets_everything"),
        ("DELETE FROM costs WHERE costs.accrued_at > '2026-03-01'", "date_compared"),
        ("DELETE FROM aws WHERE SUBSTR(aws.lineItem/UsageStartDate, 1, 7) = '2026-03'", "date_compared"),
        ("DELETE FROM aws WHERE aws.lineItem/UsageEndDate LIKE '2026-03%'", "date_compared"),
        ("DELETE FROM costs WHERE costs.date BETWEEN '2026-03-01' AND '2026-03-31'", "date_compared"),
        ("DELETE FROM costs WHERE costs.cost_type = 'AWS Marketplace'", "marketplace_cost_type"),
        ("DELETE FROM costs WHERE costs.cost_type NOT IN ('Tax', 'AWS Marketplace')", "marketplace_cost_type"),
        ("DELETE FROM costs WHERE costs.amount IS NULL", "number_never_missing"),
        ("UPDATE costs SET costs.amount = costs.amount * 0.095", "unusual_factor"),
        ("UPDATE aws SET aws.lineItem/UnblendedCost = 10 * aws.lineItem/UnblendedCost", "unusual_factor"),
        ("UPDATE costs SET costs.amount = costs.amount * -1", "unusual_factor"),
        (RETYPE, "discounted_usage_retyped"),
        (RETYPE + " WHERE aws.lineItem/UsageAccountId = '1'", "discounted_usage_retyped"),
        (RETYPE + " WHERE aws.lineItem/LineItemType = 'DiscountedUsage'", "discounted_usage_retyped"),
        (
            RETYPE + " WHERE aws.lineItem/LineItemType IN ('SavingsPlanCoveredUsage', 'DiscountedUsage')",
            "discounted_usage_retyped",
        ),
    ],
)
def test_a_doubtful_rule_is_read_with_a_warning(sql: str, code: str) -> None:
    assert warnings_of(sql) == [code]


@pytest.mark.parametrize(
    ("factor", "advice"),
    [
        ("0.095", "leaves 9.5 % of it; 9.5 % off is written * 0.905, 9.5 % on top * 1.095"),
        ("10", "leaves 1000 % of it; 10 % off is written * 0.9, 10 % on top * 1.1"),
        ("-1", "leaves -100 % of it; 10 % off is written * 0.90, 10 % on top * 1.10"),
        ("150", "leaves 15000 % of it; 10 % off is written * 0.90, 10 % on top * 1.10"),
    ],
)
def test_an_unusual_factor_is_answered_with_the_factor_that_was_probably_meant(factor: str, advice: str) -> None:
    _, (issue,) = read_statement(sql=f"UPDATE costs SET costs.amount = costs.amount * {factor}")
    assert issue.message.endswith(advice)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM costs WHERE costs.amount = 0",
        "UPDATE costs SET costs.amount = costs.amount * 0.5",
        "UPDATE costs SET costs.usage_amount = 0 WHERE costs.service = 'x'",
        "UPDATE costs SET costs.service = 'x'",
        "DELETE FROM costs WHERE costs.cost_category = 'AWS Marketplace'",
        RETYPE + " WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'",
        RETYPE + ", aws.lineItem/UnblendedCost = aws.pricing/publicOnDemandCost",
        "UPDATE aws SET aws.lineItem/LineItemType = 'Fee' WHERE aws.lineItem/LineItemType = 'DiscountedUsage'",
    ],
)
def test_a_plain_rule_gives_no_warning(sql: str) -> None:
    assert warnings_of(sql) == []


def test_a_warning_points_at_its_place() -> None:
    _, issues = read_statement(sql="DELETE FROM costs\nWHERE costs.region = 'x'\n  AND costs.date = '2026-03-01'")
    assert [(issue.row, issue.message[:20]) for issue in issues] == [(3, "Line 3, column 7: co")]
