"""What is wrong with a rule as entered, whatever its kind."""

from collections.abc import Iterable
from datetime import date

from billow.billingrules.adjustment import check_adjustment
from billow.billingrules.booking import check_booking
from billow.billingrules.exclusion import check_exclusion
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    ChargeRule,
    CreditRule,
    CustomRule,
    ExclusionRule,
    SupportFeeRule,
)
from billow.billingrules.sql.read import read_statement
from billow.billingrules.support_fee import check_support_fee
from billow.terms.issue import Issue


def check_rule(*, rule: BillingRule) -> tuple[Issue, ...]:
    """Return every error of a rule, one for each field."""
    return (*_shared_faults(rule), *_own_faults(rule))


def _shared_faults(rule: BillingRule) -> Iterable[Issue]:
    if not rule.title.strip():
        yield Issue("blank_field", "Title can't be blank", column="title", value=rule.title)
    if (rule.start_date or date.min) > (rule.end_date or date.max):
        yield Issue(
            "end_before_start",
            f"The rule ends on {rule.end_date}, before it starts on {rule.start_date}; correct one of the dates",
            column="end_date",
            value=str(rule.end_date),
        )


def _own_faults(rule: BillingRule) -> Iterable[Issue]:
    match rule:
        case ExclusionRule():
            return check_exclusion(rule=rule)
        case AdjustmentRule():
            return check_adjustment(rule=rule)
        case ChargeRule() | CreditRule():
            return check_booking(rule=rule)
        case SupportFeeRule():
            return check_support_fee(rule=rule)
        case CustomRule():
            return [issue for issue in read_statement(sql=rule.sql_query)[1] if issue.is_error]
    return ()


def cautions_of(*, rule: BillingRule) -> tuple[Issue, ...]:
    """Return what a person should look at in the rule's own text; nothing of it is wrong."""
    if not isinstance(rule, CustomRule):
        return ()
    return tuple(issue for issue in read_statement(sql=rule.sql_query)[1] if not issue.is_error)
