"""What each kind of rule says, as statements: a rule of fields is a statement that nobody had to write."""

from dataclasses import dataclass

from billow.billingrules.adjustment import adjustment_statement
from billow.billingrules.exclusion import exclusion_statement
from billow.billingrules.public_price import public_price_statements
from billow.billingrules.remove_commitment_discounts import remove_commitment_statements
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    CustomRule,
    ExclusionRule,
    PublicPriceRule,
    RemoveCommitmentDiscountsRule,
    SupportFeeRule,
)
from billow.billingrules.sql.read import read_statement
from billow.billingrules.statement import Delete, InsertSum, InsertValues, Statement, Update
from billow.billingrules.support_fee import spend, spend_conditions


class UnableToReadRule(Exception):
    """A custom rule's SQL is not understood; the message names the rule and the first reason."""


@dataclass(frozen=True, slots=True)
class RuleStatement:
    """One statement of a rule."""

    rule: BillingRule
    statement: Statement


def statements_of(*, rule: BillingRule) -> tuple[RuleStatement, ...]:
    """Return the rule's statements; charges, credits and re-tiering are none. Raise UnableToReadRule."""
    return tuple(RuleStatement(rule, statement) for statement in _statements(rule))


def transforms_in(statements: tuple[RuleStatement, ...]) -> tuple[Update | Delete, ...]:
    """Return those that change charges."""
    return tuple(each.statement for each in statements if isinstance(each.statement, Update | Delete))


def custom_statement(*, rule: CustomRule) -> Statement:
    """Return what the SQL says; raise UnableToReadRule if it is not understood."""
    statement, issues = read_statement(sql=rule.sql_query)
    if statement is None:
        reason = next((issue.message for issue in issues if issue.is_error), "it is not understood")
        raise UnableToReadRule(f"The SQL of {rule.title} cannot be run: {reason}")
    return statement


def _statements(rule: BillingRule) -> tuple[Statement, ...]:  # noqa: PLR0911 - one for each kind of rule
    match rule:
        case ExclusionRule():
            return (exclusion_statement(rule=rule),)
        case AdjustmentRule():
            return (adjustment_statement(rule=rule),)
        case CustomRule():
            return (custom_statement(rule=rule),)
        case PublicPriceRule():
            return public_price_statements()
        case RemoveCommitmentDiscountsRule():
            return remove_commitment_statements()
        case SupportFeeRule():
            return (InsertSum(values={"amount": spend()}, where=spend_conditions(rule=rule)),)
    return ()


__all__ = ["InsertValues", "RuleStatement", "UnableToReadRule", "custom_statement", "statements_of", "transforms_in"]
